//! A session under way: what `ask` does once and `chat` again and again.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::interrupt::until_ctrl_c;
use super::parts::{self, Parts};
use super::{note, save};
use crate::agent::{Answer, Event, Observer, Outcome, Supervisor};
use crate::cli::AskArgs;
use crate::config::{Config, Format};
use crate::error::Result;
use crate::render::{EventLog, Look, Progress};
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
    pub async fn ask(&self, question: &str, config: &Config, form: Format) -> Result<Answer> {
        // Prose that is still coming is for who will read it on this screen.
        let look = Look::of_stdout(config.color_of_stdout);
        let look = Some(look).filter(|look| look.is_terminal() && form == Format::Table);
        let watching = Watching {
            progress: Progress::new(self.verbose, look),
            events: self.events.as_ref(),
        };
        let cancel = CancellationToken::new();
        let answering = self
            .supervisor
            .answer_with(question, &self.session, &watching, &cancel);
        let answer = until_ctrl_c(&cancel, answering).await;
        watching.progress.clear();
        let answer = answer?;
        if let Some(folder) = &self.args.save {
            save::turn(folder, &answer)?;
        }
        Ok(answer)
    }
}

/// Who watches a question being answered.
struct Watching<'a> {
    progress: Progress,
    events: Option<&'a EventLog>,
}

impl Observer for Watching<'_> {
    fn observe(&self, event: &Event) {
        self.progress.observe(event);
        if let Some(events) = self.events {
            events.observe(event);
        }
    }

    fn wants_prose(&self) -> bool {
        self.progress.wants_prose()
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
