//! Reads questions with gold SQL, from JSON lines or CSV.

use std::path::Path;

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::error::{Error, Result};

/// A question and every SQL that answers it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Question {
    #[serde(default, deserialize_with = "text")]
    pub id: String,
    /// Which database it is about; stands for `{db}` in the database's address.
    #[serde(default, deserialize_with = "text")]
    pub db: String,
    pub question: String,
    /// What a person would have to be told to answer it; given with the question.
    #[serde(default, deserialize_with = "text")]
    pub evidence: String,
    #[serde(alias = "sql", alias = "query", deserialize_with = "list")]
    pub gold_sql: Vec<String>,
    /// Further SQL that counts as right.
    #[serde(default, deserialize_with = "list")]
    pub gold_variants: Vec<String>,
}

impl Question {
    /// Every SQL whose result is a right answer.
    pub fn golds(&self) -> impl Iterator<Item = &str> {
        self.gold_sql
            .iter()
            .chain(&self.gold_variants)
            .map(String::as_str)
    }

    /// Whether the order of the rows is part of what is asked.
    pub fn wants_order(&self) -> bool {
        const WORDS: &[&str] = &[
            "order",
            "ordered",
            "sort",
            "sorted",
            "ascending",
            "descending",
            "alphabetical",
            "alphabetically",
            "ranked",
        ];
        let lower = self.question.to_lowercase();
        lower
            .split(|c: char| !c.is_alphanumeric())
            .any(|word| WORDS.contains(&word))
    }
}

fn text<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    Ok(match Value::deserialize(from)? {
        Value::Null => String::new(),
        Value::String(text) => text,
        other => other.to_string(),
    })
}

/// One text, or a list of them.
fn list<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    Ok(match Value::deserialize(from)? {
        Value::String(text) if !text.trim().is_empty() => vec![text],
        Value::Array(items) => items
            .into_iter()
            .filter_map(|v| v.as_str().map(str::to_owned))
            .collect(),
        _ => Vec::new(),
    })
}

/// The questions of a file; one ending in `.csv` has a header of the same names.
///
/// # Errors
/// A file that cannot be read, or a line of it, by its number.
pub fn load(path: &Path) -> Result<Vec<Question>> {
    let shown = path.display();
    let content = std::fs::read_to_string(path).map_err(|e| {
        Error::usage(format!("cannot read `{shown}`: {e}"))
            .with_hint("give a file of questions: JSON lines or CSV with `question` and `gold_sql`")
    })?;
    let bad = |line: usize, why: String| {
        Error::usage(format!("`{shown}`, line {line}: {why}"))
            .with_hint("each line wants at least `question` and `gold_sql`")
    };
    let mut questions: Vec<Question> = Vec::new();
    if path
        .extension()
        .is_some_and(|e| e.eq_ignore_ascii_case("csv"))
    {
        let mut reader = csv::ReaderBuilder::new()
            .flexible(true)
            .from_reader(content.as_bytes());
        let headers = reader.headers().map_err(|e| bad(1, e.to_string()))?.clone();
        for (i, record) in reader.records().enumerate() {
            let record = record.map_err(|e| bad(i + 2, e.to_string()))?;
            let line = record
                .position()
                .map_or(i + 2, |p| usize::try_from(p.line()).unwrap_or(i + 2));
            let object: serde_json::Map<String, Value> = headers
                .iter()
                .zip(&record)
                .map(|(name, value)| (name.trim().to_owned(), Value::String(value.to_owned())))
                .collect();
            questions.push(
                serde_json::from_value(Value::Object(object))
                    .map_err(|e| bad(line, e.to_string()))?,
            );
        }
    } else {
        for (i, line) in content
            .lines()
            .enumerate()
            .filter(|(_, l)| !l.trim().is_empty())
        {
            questions.push(serde_json::from_str(line).map_err(|e| bad(i + 1, e.to_string()))?);
        }
    }
    for (i, question) in questions.iter_mut().enumerate() {
        if question.id.is_empty() {
            question.id = (i + 1).to_string();
        }
        if question.golds().next().is_none() {
            return Err(bad(
                i + 1,
                format!("the question `{}` has no gold SQL", question.id),
            ));
        }
    }
    if questions.is_empty() {
        return Err(Error::usage(format!("`{shown}` holds no questions"))
            .with_hint("each line is one question with its gold SQL"));
    }
    Ok(questions)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(name: &str, content: &str) -> Result<Vec<Question>> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        load(&path)
    }

    #[test]
    fn reads_json_lines_and_csv_alike() {
        let json = written(
            "q.jsonl",
            "{\"id\": 7, \"question\": \"How many?\", \"gold_sql\": [\"SELECT 1\", \"SELECT 2\"], \"evidence\": null}\n\n{\"question\": \"Sort them\", \"gold_sql\": \"SELECT 3\"}\n",
        )
        .unwrap();
        assert_eq!(json[0].id, "7");
        assert_eq!(json[0].gold_sql, ["SELECT 1", "SELECT 2"]);
        assert!(!json[0].wants_order() && json[1].wants_order());
        let csv = written(
            "q.csv",
            "id,question,gold_sql\n7,How many?,\"SELECT 1, 2\"\n",
        )
        .unwrap();
        assert_eq!(csv[0].gold_sql, ["SELECT 1, 2"]);
    }

    #[test]
    fn names_the_line_that_is_wrong() {
        for (name, content, says) in [
            (
                "q.jsonl",
                "{\"question\": \"a\", \"gold_sql\": \"x\"}\n{\"question\": 1}",
                "line 2",
            ),
            (
                "q.jsonl",
                "{\"question\": \"a\", \"gold_sql\": []}",
                "no gold SQL",
            ),
            ("q.csv", "question,gold_sql\na,\n", "no gold SQL"),
            ("q.jsonl", "\n", "no questions"),
        ] {
            let error = written(name, content).unwrap_err();
            assert!(error.to_string().contains(says), "{error}");
        }
    }
}
