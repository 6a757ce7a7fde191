//! The only writers to stdout: answers and tables as text for a person, JSON, CSV and Markdown.

mod chart;
mod clean;
mod events;
mod highlight;
mod json;
mod look;
mod number;
mod progress;
mod spinner;
mod table;

use std::io::{self, Write};

pub use chart::{chart, chart_file};
pub use clean::{clean, json as to_json};
pub use events::EventLog;
pub use highlight::highlighted;
use highlight::wrapped;
pub use json::search as search_json;
pub use look::{Look, fitted, is_full_terminal, is_unicode};
pub use progress::Progress;
pub use spinner::{Spinner, leave_terminal};
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
    let message = fitted(&format!("error: {}", clean(&error.to_string())), 0);
    writeln!(
        out,
        "{}",
        message.replacen("error", &format!("{red}error{off}"), 1)
    )?;
    match error.hint() {
        Some(hint) => {
            let hint = fitted(&format!("hint: {}", clean(hint)), 0);
            writeln!(
                out,
                "\n{}",
                hint.replacen("hint", &format!("{cyan}hint{off}"), 1)
            )
        }
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
                let color = look.color && !fence;
                statements(out, answer, &Look { color, ..*look })?;
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
            let sql = format!("{};", clean(sql));
            let sql = match look.width {
                Some(width) => wrapped(&sql, width),
                None => sql,
            };
            let sql = if look.color { highlighted(&sql) } else { sql };
            writeln!(out, "{sql}")?;
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
