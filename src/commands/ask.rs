//! `pgagent ask`.

use std::io::IsTerminal;

use super::chat::{Lines, Words};
use super::conversation::{Conversation, exit_code, warn};
use super::{chart, format_for, from_stdin, note, output_to};
use crate::agent::{Answer, Outcome};
use crate::cli::{AskCommand, text_and_chart};
use crate::config::{Config, Format};
use crate::error::{Error, Result};
use crate::render;

/// Bytes of a question that is read from stdin.
const MAX_QUESTION: usize = 100_000;
/// Questions back to the person before one goes without an answer.
const MOST_QUESTIONS_BACK: usize = 3;

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
    let mut answer = conversation.ask(&question, config, format).await?;
    if std::io::stdin().is_terminal() && std::io::stderr().is_terminal() {
        answer = clarified(config, &conversation, answer, format).await?;
    }
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

/// Puts questions back to the person, whose reply is the session's next question; nothing said leaves them
/// open.
async fn clarified(
    config: &Config,
    conversation: &Conversation,
    mut answer: Answer,
    format: Format,
) -> Result<Answer> {
    let mut lines = None;
    for _ in 0..MOST_QUESTIONS_BACK {
        if !matches!(answer.outcome, Outcome::Clarification) {
            break;
        }
        note(render::clean(&answer.answer));
        let lines = lines.get_or_insert_with(|| Lines::start(Words::default(), config.color));
        match lines.next("").await {
            Some(reply) if !reply.trim().is_empty() => {
                answer = conversation.ask(&reply, config, format).await?;
            }
            _ => break,
        }
    }
    Ok(answer)
}
