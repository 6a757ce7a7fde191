//! The JSON forms that programs rely on.

use std::io::{self, Write};

use serde::Serialize;
use serde::ser::{SerializeStruct, Serializer};
use serde_json::json;

use super::clean;
use crate::agent::{Answer, StepRecord, milliseconds};
use crate::db::{ColumnInfo, Table};
use crate::schema::Retrieved;

/// A table by itself.
pub struct TableJson<'a>(pub &'a Table);

impl Serialize for TableJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("table", 4)?;
        object.serialize_field("columns", &self.0.infos().collect::<Vec<&ColumnInfo>>())?;
        object.serialize_field("rows", &self.0.json_rows(usize::MAX))?;
        object.serialize_field("row_count", &self.0.row_count())?;
        object.serialize_field("truncated", &self.0.is_truncated())?;
        object.end()
    }
}

struct StepJson<'a>(&'a StepRecord);

impl Serialize for StepJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(record) = self;
        let empty = Table::default();
        let table = record.table.as_deref().unwrap_or(&empty);
        let mut object = serializer.serialize_struct("step", 11)?;
        object.serialize_field("id", &record.step.id)?;
        object.serialize_field("type", &record.step.step_type)?;
        object.serialize_field("description", &record.step.description)?;
        object.serialize_field("status", &record.status)?;
        object.serialize_field("sql", &record.sql)?;
        object.serialize_field("columns", &table.infos().collect::<Vec<&ColumnInfo>>())?;
        object.serialize_field("rows", &table.json_rows(usize::MAX))?;
        object.serialize_field("row_count", &table.row_count())?;
        object.serialize_field("truncated", &table.is_truncated())?;
        object.serialize_field("duration_ms", &milliseconds(record.duration))?;
        object.serialize_field("error", &record.error.as_ref().map(ToString::to_string))?;
        object.end()
    }
}

struct AnswerJson<'a>(&'a Answer);

impl Serialize for AnswerJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(answer) = self;
        let critique = answer.critique.as_ref().map(|c| {
            json!({
                "answers_question": c.answers_question,
                "confidence": c.confidence,
                "reason": c.reason,
                "unsourced_numbers": c.unsourced_numbers,
            })
        });
        let timings = &answer.timings;
        let usage = answer.usage.total();
        let mut object = serializer.serialize_struct("answer", 14)?;
        object.serialize_field("question", &answer.question)?;
        object.serialize_field("session_id", &answer.session_id)?;
        object.serialize_field("answer", &answer.answer)?;
        object.serialize_field("reasoning", &answer.reasoning)?;
        object.serialize_field("clarification", &answer.clarification)?;
        object.serialize_field("bindings", &answer.bindings)?;
        object.serialize_field("assumptions", &answer.assumptions)?;
        object.serialize_field(
            "steps",
            &answer.steps.iter().map(StepJson).collect::<Vec<_>>(),
        )?;
        object.serialize_field("critique", &critique)?;
        object.serialize_field("attempts", &answer.attempts)?;
        object.serialize_field("model", &answer.model)?;
        object.serialize_field(
            "usage",
            &json!({
                "model_calls": usage.calls,
                "input_tokens": usage.input_tokens,
                "output_tokens": usage.output_tokens,
                "cost_usd": usage.cost_usd,
                "stages": answer.usage,
            }),
        )?;
        object.serialize_field(
            "timings_ms",
            &json!({
                "retrieve": milliseconds(timings.retrieve),
                "plan": milliseconds(timings.plan),
                "execute": milliseconds(timings.execute),
                "critique": milliseconds(timings.critique),
                "total": milliseconds(timings.total),
            }),
        )?;
        object.end()
    }
}

/// `ask --format json`.
pub fn answer(out: &mut dyn Write, answer: &Answer) -> io::Result<()> {
    clean::json(out, &AnswerJson(answer))
}

/// `search --format json`.
pub fn search(out: &mut dyn Write, question: &str, found: &Retrieved) -> io::Result<()> {
    #[derive(Serialize)]
    struct Search<'a> {
        question: &'a str,
        #[serde(flatten)]
        found: &'a Retrieved,
    }
    clean::json(out, &Search { question, found })
}
