//! How good retrieval is on questions whose tables and columns are known.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};

use super::{Retrieved, SchemaIndex};
use crate::error::Result;

/// A question with the tables (`table` or `schema.table`) and columns (`table.column` or
/// `schema.table.column`) that its answer takes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Expected {
    pub question: String,
    pub tables: Vec<String>,
    #[serde(default)]
    pub columns: Vec<String>,
}

/// Shares in percent.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Recall {
    pub questions: usize,
    /// Tables found among the first five, the mean over the questions.
    pub recall_at_5: f64,
    /// Questions with all of their tables among the first five.
    pub all_at_5: f64,
    pub recall_at_10: f64,
    pub all_at_10: f64,
    /// Columns that stand in the context, of all columns.
    pub columns: f64,
    /// Questions with all of their columns in the context.
    pub all_columns: f64,
    pub context_tokens: f64,
    /// Of one retrieval, in milliseconds.
    pub median_ms: f64,
    pub p99_ms: f64,
}

/// Retrieves for every question and compares.
///
/// # Errors
/// What keeps retrieval from working at all.
pub async fn recall(
    index: &dyn SchemaIndex,
    expected: &[Expected],
    mut progress: impl FnMut(usize),
) -> Result<Recall> {
    let mut sums = Recall::default();
    let (mut columns, mut columns_found) = (0, 0);
    let mut times = Vec::with_capacity(expected.len());
    for (done, item) in expected.iter().enumerate() {
        let start = std::time::Instant::now();
        let found = index.retrieve(&item.question).await?;
        times.push(start.elapsed().as_secs_f64() * 1e3);
        let at_5 = tables_found(&found, &item.tables, 5);
        let at_10 = tables_found(&found, &item.tables, 10);
        let share = |found: usize| found as f64 / item.tables.len().max(1) as f64;
        let all = |found: usize, of: usize| if found == of { 1.0 } else { 0.0 };
        sums.recall_at_5 += share(at_5);
        sums.recall_at_10 += share(at_10);
        sums.all_at_5 += all(at_5, item.tables.len());
        sums.all_at_10 += all(at_10, item.tables.len());
        let in_context = columns_in(&found, &item.columns);
        columns += item.columns.len();
        columns_found += in_context;
        sums.all_columns += all(in_context, item.columns.len());
        sums.context_tokens += found.context_tokens as f64;
        progress(done + 1);
    }
    let questions = expected.len().max(1) as f64;
    let percent = |sum: f64| 100.0 * sum / questions;
    times.sort_by(f64::total_cmp);
    let quantile = |share: f64| {
        let at = (times.len().saturating_sub(1) as f64 * share).round() as usize;
        times.get(at).copied().unwrap_or(0.0)
    };
    Ok(Recall {
        questions: expected.len(),
        recall_at_5: percent(sums.recall_at_5),
        all_at_5: percent(sums.all_at_5),
        recall_at_10: percent(sums.recall_at_10),
        all_at_10: percent(sums.all_at_10),
        columns: match columns {
            0 => 100.0,
            columns => 100.0 * f64::from(columns_found as u32) / columns as f64,
        },
        all_columns: percent(sums.all_columns),
        context_tokens: sums.context_tokens / questions,
        median_ms: quantile(0.5),
        p99_ms: quantile(0.99),
    })
}

/// How many of the tables are among the first `most`.
fn tables_found(found: &Retrieved, tables: &[String], most: usize) -> usize {
    let first: HashSet<String> = found
        .tables
        .iter()
        .take(most)
        .flat_map(|table| {
            [
                table.name.clone(),
                format!("{}.{}", table.schema, table.name),
            ]
        })
        .map(|name| name.to_lowercase())
        .collect();
    tables
        .iter()
        .filter(|table| first.contains(&table.to_lowercase()))
        .count()
}

/// How many of the columns stand in the text of their tables.
fn columns_in(found: &Retrieved, columns: &[String]) -> usize {
    let mut texts: HashMap<String, Vec<&str>> = HashMap::new();
    for chunk in found.chunks.iter().filter(|chunk| chunk.kind == "table") {
        let name = chunk
            .name
            .split(" [")
            .next()
            .unwrap_or_default()
            .to_lowercase();
        let short = name
            .split_once('.')
            .map_or("", |(_, short)| short)
            .to_owned();
        for name in [name, short] {
            texts.entry(name).or_default().push(&chunk.content);
        }
    }
    columns
        .iter()
        .filter(|column| {
            let Some((table, column)) = column.rsplit_once('.') else {
                return false;
            };
            texts
                .get(&table.to_lowercase())
                .into_iter()
                .flatten()
                .any(|text| found.context.contains(text) && has_column(text, column))
        })
        .count()
}

fn has_column(text: &str, column: &str) -> bool {
    let quoted = format!("\"{}\"", column.replace('"', "\"\""));
    text.lines().skip(1).any(|line| {
        let line = line.trim_start();
        let name = match line.strip_prefix('"') {
            Some(rest) => rest.find("\" ").map_or(line, |end| &line[..end + 2]),
            None => line.split(' ').next().unwrap_or_default(),
        };
        name.eq_ignore_ascii_case(column) || name.eq_ignore_ascii_case(&quoted)
    })
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;

    use super::super::{RetrievedChunk, RetrievedTable};
    use super::*;

    struct Fixed(Retrieved);

    #[async_trait]
    impl SchemaIndex for Fixed {
        async fn retrieve(&self, _: &str) -> Result<Retrieved> {
            Ok(self.0.clone())
        }

        async fn near(&self, _: &str) -> Vec<String> {
            Vec::new()
        }
    }

    #[tokio::test]
    async fn counts_what_is_there() {
        let names = ["a", "b", "c", "d", "e", "f"];
        let content = "table a\n  id integer\n  \"Full Name\" text";
        let found = Retrieved {
            tables: names
                .map(|name| RetrievedTable {
                    schema: "s".to_owned(),
                    name: name.to_owned(),
                    score: 0.0,
                    via: Vec::new(),
                })
                .to_vec(),
            chunks: vec![RetrievedChunk {
                kind: "table".to_owned(),
                name: "s.a".to_owned(),
                content: content.to_owned(),
                score: 0.0,
            }],
            context: content.to_owned(),
            ..Retrieved::default()
        };
        let expected = |tables: &[&str], columns: &[&str]| Expected {
            question: "q".to_owned(),
            tables: tables.iter().map(ToString::to_string).collect(),
            columns: columns.iter().map(ToString::to_string).collect(),
        };
        let items = [
            expected(&["s.A", "f"], &["a.id", "s.a.full name", "a.i"]),
            expected(&["a"], &["b.id"]),
        ];
        let recall = recall(&Fixed(found), &items, |_| {}).await.unwrap();
        assert_eq!(recall.recall_at_5, 75.0);
        assert_eq!(recall.all_at_5, 50.0);
        assert_eq!(recall.recall_at_10, 100.0);
        assert_eq!(recall.columns, 50.0);
        assert_eq!(recall.all_columns, 0.0);
    }
}
