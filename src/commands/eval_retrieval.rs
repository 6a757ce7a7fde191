//! `pgagent eval --retrieval FILE`: how good retrieval is on questions whose tables and columns are known.

use std::path::Path;

use super::{format_for, output, parts};
use crate::config::{Config, Format};
use crate::error::{Error, Result};
use crate::render;
use crate::schema::{self, Expected, Recall};

pub async fn run(config: &Config, file: &Path) -> Result<u8> {
    let expected = read(file)?;
    let database = parts::database(config)?;
    let index = parts::schema_index(config, &database, parts::embedder(config)?)?;
    let bar = render::Spinner::new();
    let progress = |done| bar.set_message(format!("question {done} of {}", expected.len()));
    let recall = schema::recall(&index, &expected, progress).await;
    drop(bar);
    let recall = recall?;
    output(
        |out| match format_for(config.format, None, Format::Markdown) {
            Format::Json => render::to_json(out, &recall),
            _ => write!(out, "{}", report(&recall)),
        },
    )?;
    Ok(0)
}

fn read(file: &Path) -> Result<Vec<Expected>> {
    let shown = file.display();
    let text = std::fs::read_to_string(file).map_err(|e| {
        Error::usage(format!("`{shown}` cannot be read: {e}"))
            .with_hint("give a file of JSON lines with `question` and `tables`")
    })?;
    let mut expected = Vec::new();
    for (number, line) in text
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty())
    {
        let item: Expected = serde_json::from_str(line).map_err(|e| {
            Error::usage(format!("`{shown}`, line {}: {e}", number + 1))
                .with_hint("each line is {\"question\": \"…\", \"tables\": [\"schema.table\"], \"columns\": [\"schema.table.column\"]}")
        })?;
        // A question that takes no table says nothing about retrieval.
        if !item.tables.is_empty() {
            expected.push(item);
        }
    }
    if expected.is_empty() {
        return Err(
            Error::usage(format!("`{shown}` has no question with tables"))
                .with_hint("each line is {\"question\": \"…\", \"tables\": [\"schema.table\"]}"),
        );
    }
    Ok(expected)
}

fn report(recall: &Recall) -> String {
    format!(
        "questions                  {}\n\
         table recall at 5          {:.1} %\n\
         all tables at 5            {:.1} %\n\
         table recall at 10         {:.1} %\n\
         all tables at 10           {:.1} %\n\
         columns in the context     {:.1} %\n\
         all columns in the context {:.1} %\n\
         tokens of context          {:.0}\n\
         time, median and p99       {:.1} ms, {:.1} ms\n",
        recall.questions,
        recall.recall_at_5,
        recall.all_at_5,
        recall.recall_at_10,
        recall.all_at_10,
        recall.columns,
        recall.all_columns,
        recall.context_tokens,
        recall.median_ms,
        recall.p99_ms,
    )
}
