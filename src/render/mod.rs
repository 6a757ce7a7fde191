//! The only writers to stdout: answers and tables as text for a person, JSON, CSV and Markdown.

mod chart;
mod events;
mod highlight;
mod json;
mod look;
mod progress;
mod table;

use std::io::{self, Write};

pub use chart::{chart, chart_file};
pub use events::EventLog;
pub use highlight::highlighted;
pub use json::search as search_json;
pub use look::Look;
pub use progress::Progress;
pub use table::table;

use crate::agent::{Answer, TotalUsage, Used};
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
pub fn answer(out: &mut dyn Write, answer: &Answer, format: Format, look: &Look) -> io::Result<()> {
    match format {
        Format::Json => json::answer(out, answer),
        Format::Csv => match answer.table() {
            Some(result) => table(out, result, Format::Csv, look),
            None => Ok(()),
        },
        Format::Table | Format::Markdown => {
            writeln!(out, "{}", look.wrapped(&clean(&answer.answer)))?;
            if !answer.assumptions.is_empty() {
                writeln!(out, "\nAssumed:")?;
                for assumption in &answer.assumptions {
                    let item = format!("- {}", clean(assumption).replace('\n', " "));
                    writeln!(out, "{}", look.wrapped(&item))?;
                }
            }
            if let Some(result) = answer
                .table()
                .filter(|t| !t.is_empty() && answer.clarification.is_none())
            {
                writeln!(out)?;
                table(out, result, format, look)?;
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
                statements(out, answer, look)?;
                if fence {
                    writeln!(out, "```")?;
                }
            }
            Ok(())
        }
    }
}

/// The SQL that ran.
pub fn statements(out: &mut dyn Write, answer: &Answer, look: &Look) -> io::Result<()> {
    for step in &answer.steps {
        if let Some(sql) = &step.sql {
            let sql = clean(sql);
            let sql = if look.color { highlighted(&sql) } else { sql };
            writeln!(out, "{sql};")?;
        }
    }
    Ok(())
}

/// Calls, tokens, and money where the price is known, on one line.
pub fn spent(model: &str, usage: &TotalUsage) -> String {
    let total = usage.total();
    format!("{} calls to {model}{}", total.calls, tokens(&total))
}

fn tokens(used: &Used) -> String {
    let money = used
        .cost_usd
        .map_or_else(String::new, |usd| format!(", ${usd:.4}"));
    let Used {
        input_tokens,
        output_tokens,
        ..
    } = used;
    format!(", {input_tokens} tokens in, {output_tokens} out{money}")
}

/// The same, stage by stage, for those that had any.
pub fn spent_by_stage(usage: &TotalUsage) -> Vec<String> {
    let stages = usage.stages().into_iter();
    stages
        .filter(|(_, used)| used.calls > 0)
        .map(|(stage, used)| format!("  {stage}: {} calls{}", used.calls, tokens(used)))
        .collect()
}

/// What retrieval found, for a person.
pub fn search_text(out: &mut dyn Write, found: &Retrieved) -> io::Result<()> {
    for found in &found.tables {
        let via: Vec<&str> = found.via.iter().map(|via| via.as_str()).collect();
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
pub fn clean(text: &str) -> String {
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
