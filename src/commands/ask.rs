//! `pgagent ask`.

use std::io::IsTerminal;

use tokio_util::sync::CancellationToken;

use super::parts::{self, Parts};
use super::{format_or, note, output};
use crate::agent::{Answer, Event, Observer, Outcome};
use crate::cli::AskCommand;
use crate::config::{Config, Format};
use crate::error::{Error, Result};
use crate::render::{self, Progress};
use crate::session::SessionId;

pub async fn run(config: &Config, ask: &AskCommand) -> Result<u8> {
    if ask.question.trim().is_empty() {
        return Err(Error::usage("the question is empty")
            .with_hint("ask something, for example \"How many customers are there?\""));
    }
    let settings = ask.args.settings();
    let Parts {
        supervisor,
        sessions,
        ..
    } = parts::parts(config, settings).await?;
    if ask.args.session.is_some() && !sessions.is_lasting() {
        note(
            "note: the session is kept in memory and ends with this process; `--redis` or REDIS_URL keeps it",
        );
    }
    let session = ask.args.session.clone().unwrap_or_else(SessionId::random);
    let progress = Progress::new(std::io::stderr().is_terminal(), config.verbose > 0);
    let cancel = CancellationToken::new();
    let observer = |event: &Event| progress.observe(event);
    let answering = supervisor.answer_with(&ask.question, &session, &observer, &cancel);
    let answer = until_ctrl_c(&cancel, answering).await;
    progress.clear();
    let answer = answer?;
    let format = format_or(config.format, Format::Markdown);
    match &answer.outcome {
        Outcome::Failed(error) => {
            if format == Format::Json {
                output(|out| render::answer(out, &answer, format))?;
            }
            return Err(error.clone());
        }
        _ => output(|out| render::answer(out, &answer, format))?,
    }
    warn(&answer);
    Ok(match answer.outcome {
        Outcome::Clarification => 1,
        _ if ask.args.strict && answer.is_doubtful() => 4,
        _ => 0,
    })
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
