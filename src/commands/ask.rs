//! `pgagent ask`.

use super::conversation::{Conversation, exit_code, warn};
use super::{chart, format_for, from_stdin, note, output_to};
use crate::agent::Outcome;
use crate::cli::{AskCommand, text_and_chart};
use crate::config::{Config, Format};
use crate::error::{Error, Result};
use crate::render;

/// Bytes of a question that is read from stdin.
const MAX_QUESTION: usize = 100_000;

pub async fn run(config: &Config, ask: &AskCommand) -> Result<u8> {
    let (question, chart) = text_and_chart(ask.question.as_deref(), ask.chart.as_ref())?;
    let question = match question {
        Some(question) if question != "-" => question,
        _ => from_stdin("question", MAX_QUESTION)?,
    };
    if question.trim().is_empty() {
        return Err(Error::usage("the question is empty")
            .with_hint("ask something, for example \"How many customers are there?\""));
    }
    let conversation = Conversation::start(config, &ask.args).await?;
    if ask.args.session.is_some() && !conversation.sessions.is_lasting() {
        note(
            "note: the session is kept in memory and ends with this process; `--redis` or REDIS_URL keeps it",
        );
    }
    let file = ask.output.as_deref();
    let format = format_for(config.format, file, Format::Markdown);
    let answer = conversation.ask(&question, config, format).await?;
    let failed = match &answer.outcome {
        Outcome::Failed(error) => Some(error),
        _ => None,
    };
    // A failure in words goes to stderr; a program wants to see the steps that were done.
    if failed.is_none() || format == Format::Json {
        output_to(file, config, |out, look| {
            render::answer(out, &answer, format, look)
        })?;
    }
    if let Some(error) = failed {
        return Err(error.clone());
    }
    if let Some(chart) = &chart {
        chart::show(config, chart, &answer.question, answer.table())?;
    }
    warn(&answer);
    Ok(exit_code(&answer, ask.args.strict))
}
