//! A session under way: what `ask` does once and `chat` again and again.

use std::io::IsTerminal;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::parts::{self, Parts};
use super::{note, save};
use crate::agent::{Answer, Event, Observer, Outcome, Supervisor};
use crate::cli::AskArgs;
use crate::config::Config;
use crate::error::Result;
use crate::render::{EventLog, Progress};
use crate::schema::PgSchemaIndex;
use crate::session::{SessionId, SessionStore};

pub struct Conversation {
    pub supervisor: Supervisor,
    pub sessions: Arc<dyn SessionStore>,
    pub index: Arc<PgSchemaIndex>,
    pub session: SessionId,
    args: AskArgs,
    events: Option<EventLog>,
    verbose: bool,
}

impl Conversation {
    pub async fn start(config: &Config, args: &AskArgs) -> Result<Self> {
        let session = args.session.clone().unwrap_or_else(SessionId::random);
        let events = match &args.events {
            Some(path) => Some(EventLog::open(path, session.clone(), args.prompts)?),
            None => None,
        };
        let Parts {
            supervisor,
            sessions,
            index,
        } = parts::parts(config, args.settings()).await?;
        Ok(Self {
            supervisor,
            sessions,
            index,
            session,
            args: args.clone(),
            events,
            verbose: config.verbose > 0,
        })
    }

    /// Asks, shows what happens meanwhile, and keeps what was asked to be kept. Ctrl-C stops the question,
    /// on the server too, and leaves the session as it was.
    pub async fn ask(&self, question: &str) -> Result<Answer> {
        let progress = Progress::new(std::io::stderr().is_terminal(), self.verbose);
        let cancel = CancellationToken::new();
        let observer = |event: &Event| {
            progress.observe(event);
            if let Some(events) = &self.events {
                events.observe(event);
            }
        };
        let answering = self
            .supervisor
            .answer_with(question, &self.session, &observer, &cancel);
        let answer = until_ctrl_c(&cancel, answering).await;
        progress.clear();
        let answer = answer?;
        if let Some(folder) = &self.args.save {
            save::turn(folder, &answer)?;
        }
        Ok(answer)
    }
}

/// A doubt is a warning; the answer stands.
pub fn warn(answer: &Answer) {
    let Some(critique) = &answer.critique else {
        return;
    };
    if !critique.answers_question {
        note(format!(
            "warning: the critic doubts this answer: {}",
            critique.reason
        ));
    }
    if !critique.unsourced_numbers.is_empty() {
        note(format!(
            "warning: not found in the results: {}",
            critique.unsourced_numbers.join(", ")
        ));
    }
}

/// The exit code that an answer means.
pub fn exit_code(answer: &Answer, strict: bool) -> u8 {
    match &answer.outcome {
        Outcome::Failed(error) => error.exit_code(),
        Outcome::Clarification => 1,
        Outcome::Answered if strict && answer.is_doubtful() => 4,
        Outcome::Answered => 0,
    }
}

/// Runs `work`; Ctrl-C cancels it, on the server too, and waits for its end.
pub async fn until_ctrl_c<T>(cancel: &CancellationToken, work: impl Future<Output = T>) -> T {
    tokio::pin!(work);
    tokio::select! {
        done = &mut work => done,
        _ = tokio::signal::ctrl_c() => {
            cancel.cancel();
            work.await
        }
    }
}
