//! Answers a question from beginning to end.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use super::answer::{Answer, Outcome as Ending};
use super::asked::Asked;
use super::breaker::CircuitBreaker;
use super::event::{Event, Observer};
use super::executor::milliseconds;
use super::planner::Planner;
use super::trace;
use crate::config::{AskConfig, Share};
use crate::db::Database;
use crate::error::{Error, Result};
use crate::llm::{ChatModel, ChatReply, ChatRequest, ModelError, Telling};
use crate::schema::SchemaIndex;
use crate::session::{SessionId, SessionStore, Turn, TurnStep};
use crate::sql::Policy;
use crate::tools::{SearchTool, SqlTool};

/// Rows of a result that a session keeps.
const KEPT_ROWS: usize = 3;

/// Who plans and judges.
pub(super) enum Mind {
    Model(Arc<dyn ChatModel>),
    Planner(Arc<dyn Planner>),
}

impl Mind {
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Model(chat) => chat.name(),
            Self::Planner(planner) => planner.name(),
        }
    }
}

/// Answers questions about one database. Shared by any number of questions at once.
pub struct Supervisor {
    pub(super) mind: Mind,
    pub(super) index: Arc<dyn SchemaIndex>,
    pub(super) sessions: Arc<dyn SessionStore>,
    pub(super) sql: SqlTool,
    pub(super) search: Option<Arc<dyn SearchTool>>,
    pub(super) settings: AskConfig,
    model_breaker: CircuitBreaker,
}

impl Supervisor {
    pub fn new(
        chat: Arc<dyn ChatModel>,
        index: Arc<dyn SchemaIndex>,
        database: Arc<dyn Database>,
        sessions: Arc<dyn SessionStore>,
    ) -> Self {
        Self::of(Mind::Model(chat), index, database, sessions)
    }

    /// One that plans and judges without a model.
    pub fn with_planner(
        planner: Arc<dyn Planner>,
        index: Arc<dyn SchemaIndex>,
        database: Arc<dyn Database>,
        sessions: Arc<dyn SessionStore>,
    ) -> Self {
        Self::of(Mind::Planner(planner), index, database, sessions)
    }

    fn of(
        mind: Mind,
        index: Arc<dyn SchemaIndex>,
        database: Arc<dyn Database>,
        sessions: Arc<dyn SessionStore>,
    ) -> Self {
        Self {
            mind,
            index,
            sessions,
            sql: SqlTool::new(database, Policy::default()),
            search: None,
            settings: AskConfig::default(),
            model_breaker: CircuitBreaker::default(),
        }
    }

    /// Bounds and switches for every question.
    #[must_use]
    pub fn with_settings(mut self, settings: AskConfig) -> Self {
        self.settings = settings;
        self
    }

    /// What the guard lets through beyond its lists.
    #[must_use]
    pub fn with_policy(mut self, policy: Policy) -> Self {
        self.sql.set_policy(policy);
        self
    }

    /// Lets plans search the web.
    #[must_use]
    pub fn with_search(mut self, search: Arc<dyn SearchTool>) -> Self {
        self.search = Some(search);
        self
    }

    /// The model that plans and judges.
    pub fn model(&self) -> &str {
        self.mind.name()
    }

    /// Answers a question.
    ///
    /// # Errors
    /// What keeps it from being answered at all.
    pub async fn answer(&self, question: &str, session: &SessionId) -> Result<Answer> {
        let answer = self
            .answer_with(
                question,
                session,
                &|_: &Event| {},
                &CancellationToken::new(),
            )
            .await?;
        match answer.outcome {
            Ending::Failed(error) => Err(error),
            _ => Ok(answer),
        }
    }

    /// Answers a question while `observer` watches; `cancel` stops it, on the server too. A question that
    /// could be planned but not answered comes back with what was done ([`Ending::Failed`]).
    ///
    /// # Errors
    /// What keeps it from being planned at all.
    pub async fn answer_with(
        &self,
        question: &str,
        session: &SessionId,
        observer: &dyn Observer,
        cancel: &CancellationToken,
    ) -> Result<Answer> {
        let span = trace::question(session, self.model());
        let answering = self.answering(question, session, observer, cancel);
        let answer = answering.instrument(span.clone()).await;
        trace::answered(&span, &answer, self.settings.trace_content);
        answer
    }

    async fn answering(
        &self,
        question: &str,
        session: &SessionId,
        observer: &dyn Observer,
        cancel: &CancellationToken,
    ) -> Result<Answer> {
        let question = question.trim();
        if question.is_empty() {
            return Err(Error::usage("the question is empty")
                .with_hint("ask something, for example \"How many customers are there?\""));
        }
        observer.observe(&Event::Started {
            question: question.to_owned(),
        });
        // The question's own token: its deadline must not cancel the caller's.
        let own = cancel.child_token();
        let mut asked = Asked::new(self, question, session, observer, &own);
        let timeout = self.settings.timeout;
        let late = {
            let work = asked.run();
            tokio::pin!(work);
            tokio::select! {
                done = &mut work => {
                    done?;
                    false
                }
                () = tokio::time::sleep(timeout) => {
                    // Everything under way hears of it and ends by itself.
                    own.cancel();
                    let _ = work.await;
                    true
                }
            }
        };
        let written_with = asked.written_with();
        let mut answer = asked.finish();
        if late && matches!(answer.outcome, Ending::Failed(_)) {
            answer.outcome = Ending::Failed(
                Error::failed(format!("no answer within {} s", timeout.as_secs_f32()))
                    .with_hint("raise `--timeout`, or ask for less"),
            );
        }
        if !matches!(answer.outcome, Ending::Failed(_)) {
            self.remember(session, &answer, written_with, observer)
                .await;
        }
        observer.observe(&Event::Finished {
            attempts: answer.attempts,
            duration_ms: milliseconds(answer.timings.total),
        });
        Ok(answer)
    }

    /// `written_with`: what the model saw that planned it, where one did.
    async fn remember(
        &self,
        session: &SessionId,
        answer: &Answer,
        written_with: Option<Share>,
        observer: &dyn Observer,
    ) {
        let steps = answer.steps.iter().filter_map(|record| {
            let table = record.table.as_ref()?;
            let rows = serde_json::to_value(table.json_rows(KEPT_ROWS)).ok()?;
            Some(TurnStep {
                sql: record.sql.clone()?,
                planned: record
                    .step
                    .query()
                    .filter(|_| written_with == Some(Share::None))
                    .map(str::to_owned),
                columns: table.infos().map(|c| c.name.clone()).collect(),
                row_count: table.row_count(),
                rows: serde_json::from_value(rows).ok()?,
            })
        });
        let turn = Turn {
            question: answer.question.clone(),
            answer: answer.answer.clone(),
            steps: steps.collect(),
            share: written_with,
            usage: answer.usage,
            at: SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(0, |d| d.as_secs()),
        };
        if let Err(error) = self.sessions.append(session, &turn).await {
            observer.observe(&Event::Notice {
                message: format!("this turn is not kept: {error}"),
            });
        }
    }

    /// Calls the model unless it failed repeatedly or the question is stopped.
    pub(super) async fn call(
        &self,
        chat: &dyn ChatModel,
        request: &ChatRequest,
        told: Option<&Telling<'_>>,
        cancel: &CancellationToken,
    ) -> Result<ChatReply, ModelError> {
        if let Err(wait) = self.model_breaker.admit() {
            return Err(ModelError::Unreachable {
                model: chat.name().to_owned(),
                message: format!(
                    "it failed repeatedly and is left alone for {} s",
                    wait.as_secs().max(1)
                ),
            });
        }
        let asking = async {
            match told {
                Some(told) => chat.chat_telling(request, told).await,
                None => chat.chat(request).await,
            }
        };
        let reply = tokio::select! {
            biased;
            () = cancel.cancelled() => Err(ModelError::Cancelled),
            reply = asking => reply,
        };
        match &reply {
            Ok(_) => self.model_breaker.succeeded(),
            Err(error) if error.is_transient() => self.model_breaker.failed(),
            Err(_) => self.model_breaker.undecided(),
        }
        reply
    }
}
