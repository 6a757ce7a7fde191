//! Judgement: what the critic is shown, how its verdict is read, and the prose when nobody is asked.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::json::{lenient_object, text_of};
use super::planner::{fence, shortened};
use super::step::StepRecord;
use crate::llm::{ChatRequest, ReplySchema};

/// Rows of each result that the critic sees.
const SAMPLE_ROWS: usize = 40;
/// Characters of all results together that the critic sees.
const SAMPLE_CHARS: usize = 24_000;

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
    findings: &[String],
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
        fence("results", &results(records))
    );
    ChatRequest {
        system: include_str!("prompts/critic.md").to_owned(),
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

fn results(records: &[StepRecord]) -> String {
    let mut text = String::new();
    for record in records {
        let _ = writeln!(text, "step {}: {}", record.step.id, record.step.description);
        if let Some(sql) = &record.sql {
            let _ = writeln!(text, "SQL: {sql}");
        }
        let Some(table) = &record.table else {
            let _ = writeln!(text, "verified\n");
            continue;
        };
        let names: Vec<&str> = table.infos().map(|c| c.name.as_str()).collect();
        let _ = writeln!(
            text,
            "{} rows{}\n{}",
            table.row_count(),
            if table.is_truncated() {
                ", cut off at the limit: there are more"
            } else {
                ""
            },
            names.join(" | ")
        );
        let mut before = None;
        for row in sample(table.row_count(), SAMPLE_ROWS) {
            if text.len() > SAMPLE_CHARS {
                let _ = writeln!(text, "… (no more is shown)");
                break;
            }
            let skipped = row - before.map_or(0, |before: usize| before + 1);
            if skipped > 0 {
                let _ = writeln!(text, "… ({skipped} rows are not shown)");
            }
            before = Some(row);
            let cells: Vec<String> = table
                .row(row)
                .map(|cell| match cell {
                    crate::db::Cell::Null => "NULL".to_owned(),
                    cell => shortened(&cell.to_string()),
                })
                .collect();
            let _ = writeln!(text, "{}", cells.join(" | "));
        }
        text.push('\n');
    }
    text
}

/// Rows that stand for all: half from the beginning, the last ones, and the rest evenly from between.
fn sample(rows: usize, most: usize) -> Vec<usize> {
    if rows <= most {
        return (0..rows).collect();
    }
    let (first, last) = (most / 2, most / 8);
    let between = most - first - last;
    let gap = rows - first - last;
    (0..first)
        .chain((0..between).map(|i| first + gap * (2 * i + 1) / (2 * between)))
        .chain(rows - last..rows)
        .collect()
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
pub fn findings(records: &[StepRecord]) -> Vec<String> {
    let mut findings = Vec::new();
    for record in records {
        let Some(table) = &record.table else { continue };
        let id = &record.step.id;
        if table.is_empty() {
            findings.push(format!("the result of step {id} is empty"));
            continue;
        }
        if table.is_truncated() {
            findings.push(format!(
                "the result of step {id} is cut off at {} rows",
                table.row_count()
            ));
        }
        for column in table.columns() {
            if (0..table.row_count()).all(|row| column.cell(row) == crate::db::Cell::Null) {
                findings.push(format!(
                    "every value of {} in step {id} is null",
                    column.info.name
                ));
            }
        }
    }
    findings
}

/// The answer in words when no model writes it.
pub fn plain_answer(records: &[StepRecord]) -> String {
    let Some(table) = result_table(records) else {
        return "Done.".to_owned();
    };
    let rows = table.row_count();
    let cut = if table.is_truncated() {
        " (cut off; there are more)"
    } else {
        ""
    };
    match (rows, table.columns()) {
        (0, _) => "Nothing was found.".to_owned(),
        (1, [column]) => format!("{}: {}", column.info.name, shown(column.cell(0))),
        (1, columns) => {
            let parts: Vec<String> = columns
                .iter()
                .take(6)
                .map(|c| format!("{}: {}", c.info.name, shown(c.cell(0))))
                .collect();
            parts.join(", ")
        }
        (rows, _) => format!("{rows} rows{cut}."),
    }
}

fn shown(cell: crate::db::Cell<'_>) -> String {
    match cell {
        crate::db::Cell::Null => "none".to_owned(),
        cell => shortened(&cell.to_string()),
    }
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
    fn a_sample_is_spread_over_all_rows() {
        assert_eq!(sample(3, 40), [0, 1, 2]);
        assert_eq!(sample(100, 8), [0, 1, 2, 3, 19, 51, 83, 99]);
        let many = sample(1_000, 40);
        assert_eq!(many.len(), 40);
        assert!(many.is_sorted_by(|a, b| a < b), "{many:?}");
    }

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
