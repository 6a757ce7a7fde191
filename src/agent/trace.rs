//! Spans of a question: `question > retrieve | plan | step | critique`, with the fields that OpenTelemetry's
//! semantic conventions give [agents](https://opentelemetry.io/docs/specs/semconv/gen-ai/) and
//! [databases](https://opentelemetry.io/docs/specs/semconv/database/). Prompts, replies and SQL, which
//! hold what people ask and what rows say, are recorded only with [`AskConfig::trace_content`].
//!
//! [`AskConfig::trace_content`]: crate::config::AskConfig::trace_content

use serde_json::json;
use tracing::field::{Empty, display};
use tracing::{Span, debug_span};

use super::answer::{Answer, Outcome};
use super::plan::{Step, StepType};
use super::step::StepRecord;
use crate::error::{Error, Kind, Result};
use crate::llm::{ChatModel, ChatReply, ChatRequest, ModelError};
use crate::session::SessionId;
use crate::tools::ErrorClass;

pub fn question(session: &SessionId, model: &str) -> Span {
    debug_span!(
        "question",
        gen_ai.operation.name = "invoke_agent",
        gen_ai.agent.name = "pgagent",
        gen_ai.conversation.id = %session,
        gen_ai.request.model = model,
        gen_ai.usage.input_tokens = Empty,
        gen_ai.usage.output_tokens = Empty,
        gen_ai.input.messages = Empty,
        gen_ai.output.messages = Empty,
        pgagent.attempts = Empty,
        pgagent.outcome = Empty,
        error.r#type = Empty,
        otel.status_code = Empty,
    )
}

pub fn retrieve() -> Span {
    debug_span!(
        "retrieve",
        db.system.name = "postgresql",
        pgagent.tables = Empty,
        pgagent.context_tokens = Empty,
    )
}

/// A span in which the model may be called.
macro_rules! calling {
    ($name:literal $(, $($field:tt)*)?) => {
        debug_span!(
            $name,
            gen_ai.operation.name = Empty,
            gen_ai.provider.name = Empty,
            gen_ai.request.model = Empty,
            gen_ai.usage.input_tokens = Empty,
            gen_ai.usage.output_tokens = Empty,
            gen_ai.system_instructions = Empty,
            gen_ai.input.messages = Empty,
            gen_ai.output.messages = Empty,
            error.r#type = Empty,
            otel.kind = Empty,
            otel.status_code = Empty,
            $($($field)*)?
        )
    };
}

pub fn plan(attempt: u32) -> Span {
    calling!("plan", pgagent.attempt = i64::from(attempt))
}

pub fn critique() -> Span {
    calling!("critique")
}

pub fn step(step: &Step) -> Span {
    let span = debug_span!(
        "step",
        gen_ai.operation.name = "execute_tool",
        gen_ai.tool.name = tool(step.step_type),
        pgagent.step.id = step.id,
        db.system.name = Empty,
        db.operation.name = Empty,
        db.query.text = Empty,
        db.response.returned_rows = Empty,
        db.response.status_code = Empty,
        error.r#type = Empty,
        otel.kind = Empty,
        otel.status_code = Empty,
    );
    if step.step_type == StepType::Sql {
        span.record("db.system.name", "postgresql");
        span.record("db.operation.name", "SELECT");
        span.record("otel.kind", "client");
    }
    span
}

fn tool(step_type: StepType) -> &'static str {
    match step_type {
        StepType::Sql => "sql",
        StepType::Analyze => "analyze",
        StepType::Search => "search",
        StepType::Verify => "verify",
    }
}

/// What was retrieved, in the span under way.
pub fn retrieved(tables: usize, context_tokens: usize) {
    let span = Span::current();
    span.record("pgagent.tables", count(tables));
    span.record("pgagent.context_tokens", count(context_tokens));
}

/// A call of the model and what came of it, in the span under way.
pub fn called(
    chat: &dyn ChatModel,
    request: &ChatRequest,
    reply: &Result<ChatReply, ModelError>,
    content: bool,
) {
    let span = Span::current();
    span.record("otel.kind", "client");
    span.record("gen_ai.operation.name", "chat");
    span.record("gen_ai.provider.name", chat.provider());
    span.record("gen_ai.request.model", chat.name());
    if content {
        let system = json!([text(&request.system)]).to_string();
        span.record("gen_ai.system_instructions", system);
        span.record("gen_ai.input.messages", message("user", &request.user));
    }
    match reply {
        Ok(reply) => {
            tokens(&span, reply.usage.input_tokens, reply.usage.output_tokens);
            if content {
                span.record("gen_ai.output.messages", message("assistant", &reply.text));
            }
        }
        Err(error) => failed(&span, error.class()),
    }
}

/// What came of a step, in the span under way.
pub fn stepped(record: &StepRecord, content: bool) {
    let span = Span::current();
    if let Some(sql) = record.sql.as_deref().filter(|_| content) {
        span.record("db.query.text", sql);
    }
    if let Some(table) = &record.table {
        span.record("db.response.returned_rows", count(table.row_count()));
    }
    if let Some(error) = &record.error {
        if let Some(sqlstate) = &error.sqlstate {
            span.record("db.response.status_code", display(sqlstate));
        }
        failed(
            &span,
            match error.class {
                ErrorClass::Refused => "refused",
                ErrorClass::Plan => "plan",
                ErrorClass::Timeout => "timeout",
                ErrorClass::Service => "service",
                ErrorClass::Cancelled => "cancelled",
            },
        );
    }
}

/// What came of the question.
pub fn answered(span: &Span, answer: &Result<Answer>, content: bool) {
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) => {
            span.record("pgagent.outcome", "failed");
            return failed(span, class(error));
        }
    };
    let used = answer.usage.total();
    tokens(span, used.input_tokens, used.output_tokens);
    span.record("pgagent.attempts", i64::from(answer.attempts));
    let outcome = match &answer.outcome {
        Outcome::Answered if answer.is_doubtful() => "doubted",
        Outcome::Answered => "answered",
        Outcome::Clarification => "clarification",
        Outcome::Failed(error) => {
            failed(span, class(error));
            "failed"
        }
    };
    span.record("pgagent.outcome", outcome);
    if content {
        span.record("gen_ai.input.messages", message("user", &answer.question));
        let said = message("assistant", &answer.answer);
        span.record("gen_ai.output.messages", said);
    }
}

fn class(error: &Error) -> &'static str {
    match error.kind() {
        Kind::Failed => "failed",
        Kind::Usage => "usage",
        Kind::Refused => "refused",
        Kind::Interrupted => "cancelled",
    }
}

fn failed(span: &Span, class: &str) {
    span.record("error.type", class);
    span.record("otel.status_code", "ERROR");
}

fn tokens(span: &Span, input: u64, output: u64) {
    let record = |name: &str, n: u64| {
        span.record(name, i64::try_from(n).unwrap_or(i64::MAX));
    };
    record("gen_ai.usage.input_tokens", input);
    record("gen_ai.usage.output_tokens", output);
}

fn count(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

fn text(content: &str) -> serde_json::Value {
    json!({"type": "text", "content": content})
}

fn message(role: &str, content: &str) -> String {
    json!([{"role": role, "parts": [text(content)]}]).to_string()
}
