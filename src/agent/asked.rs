//! One question under way: does what [`Run`] decides, and keeps what came of it.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use super::answer::{Answer, Outcome as Ending, Timings, TotalUsage};
use super::checks;
use super::critic::{self, Critique};
use super::event::{Event, Observer};
use super::executor::{Executor, milliseconds};
use super::numbers::unsourced;
use super::plan::Plan;
use super::planner::{Feedback, Known, PlanRequest, Prose, feedback};
use super::prose;
use super::run::{Action, End, Outcome, Run};
use super::step::{Status, StepRecord};
use super::supervisor::{Mind, Supervisor};
use super::trace;
use crate::config::CriticMode;
use crate::db::Limits;
use crate::error::{Error, Kind, Result};
use crate::llm::{ChatModel, ChatReply, ChatRequest, ModelError, Telling, Usage, cost_usd};
use crate::schema::Retrieved;
use crate::session::{SessionId, Turn};
use crate::tools::{ErrorClass, StepError};

/// Earlier turns that are looked at; the planner sees those that fit its budget.
const HISTORY_TURNS: usize = 20;

/// One question under way.
pub(super) struct Asked<'a> {
    supervisor: &'a Supervisor,
    question: &'a str,
    session: &'a SessionId,
    observer: &'a dyn Observer,
    cancel: &'a CancellationToken,
    start: Instant,
    run: Run,
    history: Vec<Turn>,
    retrieved: Retrieved,
    clock: Clock,
    plan: Option<Plan>,
    /// Who puts this plan's results in words, if not a critic.
    prose: Option<Arc<dyn Prose>>,
    feedback: Option<Feedback>,
    records: Vec<StepRecord>,
    /// Good records of earlier attempts.
    kept: Vec<StepRecord>,
    failed_sql: HashMap<String, StepError>,
    critique: Option<Critique>,
    /// The answer that the critic doubted, in case nothing better comes.
    earlier: Option<(String, Vec<StepRecord>, Critique)>,
    error: Option<Error>,
    usage: TotalUsage,
    timings: Timings,
}

impl<'a> Asked<'a> {
    pub(super) fn new(
        supervisor: &'a Supervisor,
        question: &'a str,
        session: &'a SessionId,
        observer: &'a dyn Observer,
        cancel: &'a CancellationToken,
    ) -> Self {
        let settings = &supervisor.settings;
        Self {
            supervisor,
            question,
            session,
            observer,
            cancel,
            start: Instant::now(),
            run: Run::new(settings.retries, true),
            history: Vec::new(),
            retrieved: Retrieved::default(),
            clock: Clock::ours(),
            plan: None,
            prose: None,
            feedback: None,
            records: Vec::new(),
            kept: Vec::new(),
            failed_sql: HashMap::new(),
            critique: None,
            earlier: None,
            error: None,
            usage: TotalUsage::default(),
            timings: Timings::default(),
        }
    }

    /// Works until the question ends.
    ///
    /// # Errors
    /// What keeps it from being planned at all.
    pub(super) async fn run(&mut self) -> Result<()> {
        loop {
            let outcome = match self.run.next() {
                Action::Retrieve => self.retrieve().instrument(trace::retrieve()).await?,
                Action::Plan(attempt) => self.plan(attempt).instrument(trace::plan(attempt)).await,
                Action::Execute => self.execute().await,
                Action::Judge => self.judge().instrument(trace::critique()).await,
                Action::Finish(_) => return Ok(()),
            };
            self.run.record(outcome);
        }
    }

    async fn retrieve(&mut self) -> Result<Outcome> {
        let start = Instant::now();
        let (history, retrieved) = tokio::join!(
            self.supervisor.sessions.load(self.session, HISTORY_TURNS),
            async {
                tokio::select! {
                    biased;
                    () = self.cancel.cancelled() => Err(Error::interrupted()),
                    found = self.supervisor.index.retrieve(self.question) => found,
                }
            },
        );
        self.history = history.unwrap_or_else(|error| {
            self.notice(format!("earlier turns are not known: {error}"));
            Vec::new()
        });
        self.retrieved = retrieved?;
        for message in &self.retrieved.notices {
            self.notice(message.clone());
        }
        self.timings.retrieve = start.elapsed();
        trace::retrieved(self.retrieved.tables.len(), self.retrieved.context_tokens);
        self.observer.observe(&Event::Retrieved {
            tables: self
                .retrieved
                .tables
                .iter()
                .map(|t| format!("{}.{}", t.schema, t.name))
                .collect(),
            bindings: self.retrieved.bindings.clone(),
            whole_schema: self.retrieved.whole,
            context_tokens: self.retrieved.context_tokens,
            duration_ms: milliseconds(self.timings.retrieve),
        });
        Ok(Outcome::Retrieved)
    }

    /// The database's day and version: "this month" is meant where the data is.
    async fn server_clock(&self) -> Option<Clock> {
        let query = "SELECT to_char(current_date, 'FMDay, YYYY-MM-DD') AS today, split_part(version(), ' ', 2) AS version";
        let limits = Limits {
            timeout: Duration::from_secs(5),
            ..Limits::default()
        };
        let sql = &self.supervisor.sql;
        let row = sql.query(query, &limits, self.cancel).await.ok()?;
        let text = |name: &str| Some(row.column(name)?.cell(0).to_string());
        Some(Clock {
            today: text("today")?,
            version: text("version")?,
        })
    }

    fn notice(&self, message: String) {
        self.observer.observe(&Event::Notice { message });
    }

    async fn plan(&mut self, attempt: u32) -> Outcome {
        let start = Instant::now();
        if let Some(plan) = self.verified(attempt) {
            self.plan = Some(plan);
            return Outcome::Planned;
        }
        self.observer.observe(&Event::Planning { attempt });
        // Only a model needs to be told, and only once.
        if attempt == 1 && matches!(self.supervisor.mind, Mind::Model(_)) {
            self.clock = self.server_clock().await.unwrap_or_else(Clock::ours);
        }
        let retrieved = &self.retrieved;
        let examples = match self.supervisor.settings.examples {
            true => retrieved.examples_text(),
            false => String::new(),
        };
        let request = PlanRequest {
            question: self.question,
            context: match retrieved.schema.as_str() {
                "" => &retrieved.context,
                schema => schema,
            },
            whole_schema: retrieved.whole,
            known: Known {
                values: &retrieved.values_text(),
                examples: &examples,
                notes: &retrieved.notes_text(),
            },
            today: &self.clock.today,
            version: &self.clock.version,
            history: &self.history,
            web_search: self.supervisor.search.is_some(),
            feedback: self.feedback.as_ref(),
            kept: &self.kept,
        };
        let chat = match &self.supervisor.mind {
            Mind::Model(chat) => chat,
            Mind::Planner(planner) => {
                let planned = tokio::select! {
                    biased;
                    () = self.cancel.cancelled() => Err(Error::interrupted()),
                    planned = planner.plan(&request) => planned,
                };
                self.timings.plan += start.elapsed();
                return match planned {
                    Ok(planned) => {
                        self.prose = Some(planned.prose);
                        self.planned(planned.plan, attempt, start)
                    }
                    Err(error) => {
                        self.error = Some(error);
                        Outcome::GaveUp
                    }
                };
            }
        };
        let request = request.to_chat();
        let reply = self.call("plan", chat.as_ref(), &request, None).await;
        self.timings.plan += start.elapsed();
        let reply = match reply {
            Ok(reply) => reply,
            // Another try may give a whole reply; nothing else is worth one.
            Err(
                error @ (ModelError::Empty { .. }
                | ModelError::CutOff { .. }
                | ModelError::Garbage { .. }),
            ) => {
                return self.rejected(
                    attempt,
                    format!("the reply could not be read: {error}"),
                    error.into(),
                );
            }
            Err(error) => {
                self.error = Some(error.into());
                return Outcome::GaveUp;
            }
        };
        let known: BTreeSet<String> = self
            .kept
            .iter()
            .filter(|r| r.table.is_some())
            .map(|r| r.step.id.clone())
            .collect();
        let plan = match Plan::parse(&reply.text, &known) {
            Ok(plan) => plan,
            Err(error) => {
                let shown = Error::failed(format!(
                    "the model gave no plan that can be carried out: {error}"
                ))
                .with_hint("ask in other words, or use another `--model`");
                return self.rejected(
                    attempt,
                    format!("the plan cannot be carried out: {error}"),
                    shown,
                );
            }
        };
        self.planned(plan, attempt, start)
    }

    fn planned(&mut self, plan: Plan, attempt: u32, start: Instant) -> Outcome {
        self.observer.observe(&Event::Planned {
            attempt,
            steps: plan.steps.len(),
            duration_ms: milliseconds(start.elapsed()),
        });
        let outcome = if plan.clarification.is_some() {
            Outcome::Clarified
        } else {
            Outcome::Planned
        };
        self.plan = Some(plan);
        outcome
    }

    /// The plan of a verified example that asks just this. Only the first attempt: when it fails, the
    /// planner is asked.
    fn verified(&self, attempt: u32) -> Option<Plan> {
        let example = self.retrieved.recalled.verified.as_ref();
        let example = example.filter(|_| attempt == 1 && self.supervisor.settings.examples)?;
        let plan = Plan::of_query(
            "the SQL of a verified example that asks the same",
            "the verified example's SQL",
            &example.sql,
        )
        .ok()?;
        self.notice(format!(
            "answered from verified example {}, without a planning call; `--no-examples` plans anew",
            example.id
        ));
        Some(plan)
    }

    fn rejected(&mut self, attempt: u32, message: String, error: Error) -> Outcome {
        self.observer.observe(&Event::Feedback {
            attempt,
            message: message.clone(),
        });
        self.feedback = Some(Feedback(message));
        self.error = Some(error);
        Outcome::PlanRejected
    }

    async fn execute(&mut self) -> Outcome {
        let start = Instant::now();
        let supervisor = self.supervisor;
        let Some(plan) = &self.plan else {
            return Outcome::GaveUp;
        };
        let executor = Executor {
            sql: &supervisor.sql,
            search: supervisor.search.as_deref(),
            index: supervisor.index.as_ref(),
            pattern: supervisor.settings.pattern,
            limits: Limits {
                max_rows: supervisor.settings.max_rows,
                timeout: supervisor.settings.step_timeout,
                max_cost: supervisor.settings.max_cost,
                ..Limits::default()
            },
            cancel: self.cancel,
            observer: self.observer,
            trace_content: supervisor.settings.trace_content,
        };
        let execution = executor.execute(plan, &self.kept, &self.failed_sql).await;
        self.timings.execute += start.elapsed();
        self.usage.model_calls += execution.model_calls;
        self.usage.tokens.input_tokens += execution.usage.input_tokens;
        self.usage.tokens.output_tokens += execution.usage.output_tokens;
        let ok = execution.is_ok();
        self.records = execution.records;
        if ok {
            self.error = None;
            return Outcome::Executed;
        }
        for record in &self.records {
            match record.status {
                Status::Ok => {
                    self.kept.retain(|k| k.step.id != record.step.id);
                    self.kept.push(record.clone());
                }
                Status::Failed => {
                    if let (Some(query), Some(error)) = (record.step.query(), &record.error)
                        && error.is_mendable()
                    {
                        self.failed_sql.insert(query.to_owned(), error.clone());
                    }
                }
                Status::Skipped => {}
            }
        }
        let failed = self
            .records
            .iter()
            .find_map(|r| Some((&r.step.id, r.error.as_ref()?)));
        let Some((id, error)) = failed else {
            return Outcome::GaveUp;
        };
        let mendable = self
            .records
            .iter()
            .filter_map(|r| r.error.as_ref())
            .all(StepError::is_mendable);
        self.error = Some(step_error(id, error));
        if !mendable || self.cancel.is_cancelled() {
            return Outcome::GaveUp;
        }
        let told = feedback(&self.records);
        self.observer.observe(&Event::Feedback {
            attempt: self.run.attempts(),
            message: told.0.clone(),
        });
        self.feedback = Some(told);
        Outcome::StepsFailed
    }

    async fn judge(&mut self) -> Outcome {
        let chat = match &self.supervisor.mind {
            Mind::Model(chat) => chat,
            // It knows what it asked for, and says so in `finish`.
            Mind::Planner(_) => return Outcome::NotJudged,
        };
        let start = Instant::now();
        let found = checks::findings(&self.supervisor.sql, &self.records, self.cancel).await;
        let mut findings = critic::findings(&self.records);
        findings.extend(found.iter().map(|f| f.message.clone()));
        // What the data itself contradicts goes back to the planner without a critic's call.
        if self.run.may_plan_again()
            && let Some(finding) = found.into_iter().find(|f| f.mendable)
        {
            self.timings.critique += start.elapsed();
            return self.doubt(Critique {
                answer: critic::plain_answer(&self.records),
                answers_question: false,
                confidence: 0.0,
                reason: finding.message,
                suggestion: None,
                unsourced_numbers: Vec::new(),
            });
        }
        let suspicious = !findings.is_empty() || self.run.attempts() > 1;
        let wanted = match self.supervisor.settings.critic {
            CriticMode::Always => true,
            CriticMode::Auto => suspicious,
            CriticMode::Never => false,
        };
        if !wanted {
            for finding in findings {
                self.notice(finding);
            }
            return Outcome::NotJudged;
        }
        self.observer.observe(&Event::Judging);
        let reasoning = self
            .plan
            .as_ref()
            .map(|p| p.reasoning.clone())
            .unwrap_or_default();
        let request = critic::request(self.question, &reasoning, &self.records, &findings);
        let observer = self.observer;
        let telling = telling(observer);
        let told = observer.wants_prose().then_some(&telling as &Telling<'_>);
        let reply = self.call("critique", chat.as_ref(), &request, told).await;
        self.timings.critique += start.elapsed();
        let critique = match reply {
            Ok(reply) => critic::parse(&reply.text),
            Err(ModelError::Cancelled) => {
                self.error = Some(Error::interrupted());
                return Outcome::GaveUp;
            }
            Err(error) => {
                self.notice(format!("the answer is not judged: {error}"));
                return Outcome::NotJudged;
            }
        };
        let Some(mut critique) = critique else {
            self.notice(
                "the answer is not judged: the critic's reply could not be read".to_owned(),
            );
            return Outcome::NotJudged;
        };
        critique.unsourced_numbers = unsourced(&critique.answer, self.question, &self.records);
        self.observer.observe(&Event::Judged {
            answers_question: critique.answers_question,
            confidence: critique.confidence,
            duration_ms: milliseconds(start.elapsed()),
        });
        if !critique.answers_question {
            return self.doubt(critique);
        }
        self.critique = Some(critique);
        Outcome::Accepted
    }

    /// Keeps the answer in case nothing better comes, and tells the planner what is wrong with it.
    fn doubt(&mut self, critique: Critique) -> Outcome {
        let mut message = format!(
            "the result does not answer the question: {}",
            critique.reason
        );
        if let Some(suggestion) = &critique.suggestion {
            message.push_str(&format!("\nsuggestion: {suggestion}"));
        }
        for record in &self.records {
            if let Some(sql) = &record.sql {
                message.push_str(&format!("\nstep {} ran: {sql}", record.step.id));
            }
        }
        self.observer.observe(&Event::Feedback {
            attempt: self.run.attempts(),
            message: message.clone(),
        });
        self.feedback = Some(Feedback(message));
        let reasoning = self.plan.as_ref().map(|p| p.reasoning.clone());
        self.earlier = Some((
            reasoning.unwrap_or_default(),
            self.records.clone(),
            critique.clone(),
        ));
        self.critique = Some(critique);
        Outcome::Doubted
    }

    async fn call(
        &mut self,
        stage: &'static str,
        chat: &dyn ChatModel,
        request: &ChatRequest,
        told: Option<&Telling<'_>>,
    ) -> Result<ChatReply, ModelError> {
        self.observer.observe(&Event::Prompt {
            stage,
            system: request.system.clone(),
            user: request.user.clone(),
        });
        let start = Instant::now();
        let reply = self.supervisor.call(chat, request, told, self.cancel).await;
        let content = self.supervisor.settings.trace_content;
        trace::called(chat, request, &reply, content);
        self.usage.model_calls += 1;
        let mut used = Usage::default();
        if let Ok(reply) = &reply {
            used = reply.usage;
            self.usage.tokens.input_tokens += used.input_tokens;
            self.usage.tokens.output_tokens += used.output_tokens;
            self.observer.observe(&Event::Reply {
                stage,
                text: reply.text.clone(),
            });
        }
        self.observer.observe(&Event::ModelCalled {
            stage,
            input_tokens: used.input_tokens,
            output_tokens: used.output_tokens,
            duration_ms: milliseconds(start.elapsed()),
            error: reply.as_ref().err().map(ToString::to_string),
        });
        reply
    }

    /// What came of it.
    pub(super) fn finish(mut self) -> Answer {
        let end = match self.run.next() {
            Action::Finish(end) => end,
            _ => End::Failed,
        };
        let plan = self.plan.take();
        let mut reasoning = plan
            .as_ref()
            .map(|p| p.reasoning.clone())
            .unwrap_or_default();
        let clarification = match end {
            End::Clarification => plan.and_then(|p| p.clarification),
            _ => None,
        };
        if end == End::EarlierAnswer
            && let Some((earlier, records, critique)) = self.earlier.take()
        {
            reasoning = earlier;
            self.records = records;
            self.critique = Some(critique);
        }
        let outcome = match end {
            End::Clarification => Ending::Clarification,
            End::Failed => Ending::Failed(self.error.take().unwrap_or_else(|| {
                Error::failed("the question could not be answered")
                    .with_hint("ask in other words, or use another `--model`")
            })),
            End::Answered | End::Doubted | End::EarlierAnswer => Ending::Answered,
        };
        if let (Ending::Answered, None, Some(prose)) = (&outcome, &self.critique, &self.prose) {
            let mut said = prose.say(&self.records);
            said.unsourced_numbers = unsourced(&said.answer, self.question, &self.records);
            self.critique = Some(said);
        }
        let answer = match (&outcome, &clarification, &self.critique) {
            (Ending::Failed(_), ..) => String::new(),
            (_, Some(clarification), _) => clarification.clone(),
            (_, _, Some(critique)) if !critique.answer.is_empty() => critique.answer.clone(),
            _ => critic::plain_answer(&self.records),
        };
        self.timings.total = self.start.elapsed();
        let model = self.supervisor.mind.name().to_owned();
        Answer {
            question: self.question.to_owned(),
            session_id: self.session.to_string(),
            answer,
            reasoning,
            clarification,
            bindings: self.retrieved.bindings,
            steps: self.records,
            critique: self.critique,
            attempts: self.run.attempts(),
            usage: TotalUsage {
                cost_usd: cost_usd(&model, self.usage.tokens),
                ..self.usage
            },
            model,
            timings: self.timings,
            outcome,
        }
    }
}

/// Hears a verdict as it comes, and tells `observer` of its prose.
fn telling(observer: &dyn Observer) -> impl Fn(&str) + Send + Sync + '_ {
    let heard = Mutex::new((String::new(), 0));
    move |piece| {
        let mut heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
        let (reply, told) = &mut *heard;
        reply.push_str(piece);
        let Some(prose) = prose::so_far(reply) else {
            return;
        };
        if let Some(delta) = prose.get(*told..).filter(|delta| !delta.is_empty()) {
            *told = prose.len();
            observer.observe(&Event::Prose {
                delta: delta.to_owned(),
            });
        }
    }
}

/// A failed step as the question's error.
fn step_error(id: &str, error: &StepError) -> Error {
    let kind = match error.class {
        ErrorClass::Refused => Kind::Refused,
        ErrorClass::Cancelled => Kind::Interrupted,
        _ => Kind::Failed,
    };
    let message = match error.class {
        ErrorClass::Cancelled => "interrupted".to_owned(),
        _ => format!("step {id} failed: {error}"),
    };
    let hint = match (&error.hint, error.class) {
        (Some(hint), _) => hint,
        (None, ErrorClass::Refused) => "pgagent only reads; ask for what is in the data",
        (None, ErrorClass::Plan) => {
            "ask in other words, allow more `--retries`, or use another `--model`"
        }
        (None, ErrorClass::Timeout) => "ask for less, or raise `--timeout`",
        (None, ErrorClass::Service) => "try again in a moment",
        (None, ErrorClass::Cancelled) => return Error::new(kind, message),
    };
    Error::new(kind, message).with_hint(hint)
}

/// What the planner is told of the server.
struct Clock {
    /// As in `Saturday, 2026-11-21`.
    today: String,
    /// As in `18.1`; empty where it is not known.
    version: String,
}

impl Clock {
    /// The day in UTC, where the server does not tell.
    fn ours() -> Self {
        let now = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
        Self {
            today: now.get(..10).unwrap_or_default().to_owned(),
            version: String::new(),
        }
    }
}
