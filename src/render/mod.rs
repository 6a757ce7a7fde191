//! The only writers to stdout: answers and tables as text for a person, JSON, CSV and Markdown.

mod json;
mod progress;
mod table;

use std::io::{self, Write};

pub use json::search as search_json;
pub use progress::Progress;
pub use table::table;

use crate::agent::Answer;
use crate::config::Format;
use crate::error::Error;
use crate::schema::Retrieved;

/// What happened and what next.
pub fn error(out: &mut dyn Write, error: &Error, color: bool) -> io::Result<()> {
    let (red, cyan, off) = if color {
        ("\x1b[31m", "\x1b[36m", "\x1b[0m")
    } else {
        ("", "", "")
    };
    writeln!(out, "{red}error{off}: {}", clean(&error.to_string()))?;
    match error.hint() {
        Some(hint) => writeln!(out, "\n{cyan}hint{off}: {}", clean(hint)),
        None => Ok(()),
    }
}

/// An answer in the given form.
pub fn answer(out: &mut dyn Write, answer: &Answer, format: Format) -> io::Result<()> {
    match format {
        Format::Json => json::answer(out, answer),
        Format::Csv => match answer.table() {
            Some(result) => table(out, result, Format::Csv),
            None => Ok(()),
        },
        Format::Table | Format::Markdown => {
            writeln!(out, "{}", clean(&answer.answer))?;
            if let Some(result) = answer
                .table()
                .filter(|t| !t.is_empty() && answer.clarification.is_none())
            {
                writeln!(out)?;
                table(out, result, format)?;
                if result.is_truncated() {
                    writeln!(out, "\ncut off at {} rows", result.row_count())?;
                }
            }
            if answer.steps.iter().any(|s| s.sql.is_some()) {
                writeln!(out)?;
                let fence = format == Format::Markdown;
                if fence {
                    writeln!(out, "```sql")?;
                }
                statements(out, answer)?;
                if fence {
                    writeln!(out, "```")?;
                }
            }
            Ok(())
        }
    }
}

/// The SQL that ran.
pub fn statements(out: &mut dyn Write, answer: &Answer) -> io::Result<()> {
    for step in &answer.steps {
        if let Some(sql) = &step.sql {
            writeln!(out, "{};", clean(sql))?;
        }
    }
    Ok(())
}

/// What retrieval found, for a person.
pub fn search_text(out: &mut dyn Write, found: &Retrieved) -> io::Result<()> {
    for found in &found.tables {
        let via: Vec<String> = found
            .via
            .iter()
            .map(|v| format!("{v:?}").to_lowercase())
            .collect();
        writeln!(
            out,
            "{:.4}  {}.{}  {}",
            found.score,
            clean(&found.schema),
            clean(&found.name),
            via.join(", ")
        )?;
    }
    writeln!(
        out,
        "\n{}\n\n{} tokens",
        clean(&found.context),
        found.context_tokens
    )
}

/// Text without control characters: data must not steer the terminal.
fn clean(text: &str) -> String {
    text.chars()
        .map(|c| {
            if c.is_control() && c != '\n' && c != '\t' {
                '\u{fffd}'
            } else {
                c
            }
        })
        .collect()
}
