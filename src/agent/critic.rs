//! Judgement: what the critic is shown, and how its verdict is read.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::checks::Finding;
use super::json::{lenient_object, text_of};
use super::planner::{fence, shortened};
use super::step::StepRecord;
use super::told;
use crate::config::Share;
use crate::llm::{ChatRequest, ReplySchema};

/// The critic's verdict, and what was found about its prose.
#[derive(Debug, Clone, PartialEq)]
pub struct Critique {
    pub answer: String,
    pub answers_question: bool,
    pub confidence: f64,
    pub reason: String,
    pub suggestion: Option<String>,
    /// Numbers in the prose that no result holds.
    pub unsourced_numbers: Vec<String>,
}

/// The request for a verdict.
pub fn request(
    question: &str,
    reasoning: &str,
    records: &[StepRecord],
    findings: &[&str],
    share: Share,
) -> ChatRequest {
    let mut user = format!("The question:\n{}\n\n", fence("question", question));
    if !reasoning.is_empty() {
        let _ = write!(
            user,
            "The planner's reasoning: {}\n\n",
            shortened(reasoning)
        );
    }
    if !findings.is_empty() {
        let _ = write!(user, "Checks found:\n- {}\n\n", findings.join("\n- "));
    }
    let _ = write!(
        user,
        "What was run, and its results:\n{}\n",
        fence("results", &told::results(records, share))
    );
    ChatRequest {
        system: match share {
            Share::Rows => include_str!("prompts/critic.md").to_owned(),
            Share::Shape | Share::None => concat!(
                include_str!("prompts/critic.md"),
                include_str!("prompts/critic_unseen.md")
            )
            .to_owned(),
        },
        user,
        schema: Some(ReplySchema {
            name: "verdict",
            schema: reply_schema(),
        }),
        web_search: false,
    }
}

fn reply_schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "answer": { "type": "string" },
            "answers_question": { "type": "boolean" },
            "confidence": { "type": "number" },
            "reason": { "type": "string" },
            "suggestion": { "type": ["string", "null"] }
        },
        "required": ["answer", "answers_question", "confidence", "reason", "suggestion"],
        "additionalProperties": false
    })
}

/// Reads a verdict leniently.
pub fn parse(reply: &str) -> Option<Critique> {
    let value = lenient_object(reply)?;
    let answers_question = match value.get("answers_question")? {
        Value::Bool(b) => *b,
        Value::String(s) => s.eq_ignore_ascii_case("true"),
        _ => return None,
    };
    let number = |v: &Value| v.as_f64().or_else(|| v.as_str()?.parse().ok());
    Some(Critique {
        answer: text_of(value.get("answer"))?.trim().to_owned(),
        answers_question,
        confidence: value
            .get("confidence")
            .and_then(number)
            .unwrap_or(0.5)
            .clamp(0.0, 1.0),
        reason: text_of(value.get("reason")).unwrap_or_default(),
        suggestion: text_of(value.get("suggestion")).filter(|s| !s.trim().is_empty()),
        unsourced_numbers: Vec::new(),
    })
}

/// What can be seen without a model: empty, all null, cut off.
pub fn findings(records: &[StepRecord]) -> Vec<Finding> {
    let named_by_data = told::named_by_data(records);
    let mut findings = Vec::new();
    for record in records {
        let Some(table) = &record.table else { continue };
        let id = &record.step.id;
        if table.is_empty() {
            findings.push(Finding::plain(format!("the result of step {id} is empty")));
            continue;
        }
        if table.is_truncated() {
            findings.push(Finding::plain(format!(
                "the result of step {id} is cut off at {} rows",
                table.row_count()
            )));
        }
        for column in table.columns() {
            if (0..table.row_count()).all(|row| column.cell(row) == crate::db::Cell::Null) {
                let of = |name: &str| format!("every value of {name} in step {id} is null");
                let finding = Finding::plain(of(&column.info.name));
                findings.push(match named_by_data.contains(id.as_str()) {
                    true => finding.hiding(of("a column")),
                    false => finding,
                });
            }
        }
    }
    findings
}

/// The table that is the answer: the last step's that has one and is no search.
pub fn result_table(records: &[StepRecord]) -> Option<&crate::db::Table> {
    let tables = || {
        records
            .iter()
            .rev()
            .filter(|r| r.is_ok())
            .filter(|r| r.table.is_some())
    };
    tables()
        .find(|r| r.step.step_type != super::plan::StepType::Search)
        .or_else(|| tables().next())
        .and_then(|r| r.table.as_deref())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_is_read_leniently() {
        let full = r#"{"answer":" a ","answers_question":true,"confidence":0.9,"reason":"r","suggestion":null}"#;
        let critique = parse(full).unwrap();
        assert_eq!(
            (
                critique.answer.as_str(),
                critique.answers_question,
                critique.confidence
            ),
            ("a", true, 0.9)
        );
        let loose =
            "```json\n{\"answer\":\"a\",\"answers_question\":\"True\",\"confidence\":\"7\"}\n```";
        assert_eq!(parse(loose).unwrap().confidence, 1.0);
        for garbage in [
            "",
            "fine",
            "{}",
            r#"{"answer":"a"}"#,
            r#"{"answers_question":true}"#,
        ] {
            assert_eq!(parse(garbage), None, "{garbage}");
        }
    }
}
