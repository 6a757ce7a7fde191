//! What a model is told of the data: every result and every error passes here on its way to a prompt, and
//! is cut down to what the person shares.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::planner::{Feedback, shortened};
use super::step::{Status, StepRecord};
use crate::config::Share;
use crate::db::{Cell, Table};
use crate::sql::masked;

/// Rows of a kept result that the planner sees.
const KEPT_ROWS: usize = 3;
/// Rows of each result that the critic sees.
const SAMPLE_ROWS: usize = 40;
/// Characters of all results together that the critic sees.
const SAMPLE_CHARS: usize = 24_000;

/// A query as it may be told. What a model wrote that saw no value holds none; any other is told to such
/// a model without its constants.
pub fn query(sql: &str, written_with: Option<Share>, share: Share) -> String {
    match written_with {
        Some(with) if with >= share => sql.to_owned(),
        _ if share == Share::Rows => sql.to_owned(),
        _ => masked(sql),
    }
}

/// Good results of earlier attempts, for the planner.
pub fn kept(records: &[StepRecord], share: Share) -> String {
    let hidden = named_by_data(records);
    let mut text = String::new();
    for record in records {
        let _ = write!(
            text,
            "step {} ({})",
            record.step.id,
            record.step.step_type.name()
        );
        if let Some(query) = record.step.query() {
            let _ = write!(text, ": {query}");
        }
        if let Some(table) = &record.table {
            let hides = hidden.contains(record.step.id.as_str());
            let _ = write!(text, "\n  {}", shape(table, share, hides));
            for row in samples(table.row_count().min(KEPT_ROWS), share) {
                let _ = write!(text, "\n  {}", cells(table, row));
            }
        }
        text.push('\n');
    }
    text
}

/// What was run and what came of it, for the critic.
pub fn results(records: &[StepRecord], share: Share) -> String {
    let hidden = named_by_data(records);
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
        let hides = hidden.contains(record.step.id.as_str());
        let _ = writeln!(text, "{}", shape(table, share, hides));
        let mut before = None;
        for row in samples(table.row_count(), share) {
            if text.len() > SAMPLE_CHARS {
                let _ = writeln!(text, "… (no more is shown)");
                break;
            }
            let skipped = row - before.map_or(0, |before: usize| before + 1);
            if skipped > 0 {
                let _ = writeln!(text, "… ({skipped} rows are not shown)");
            }
            before = Some(row);
            let _ = writeln!(text, "{}", cells(table, row));
        }
        text.push('\n');
    }
    text
}

/// What the planner is told about steps that failed.
pub fn feedback(records: &[StepRecord], written_with: Option<Share>, share: Share) -> Feedback {
    let mut text = String::new();
    for record in records.iter().filter(|r| r.status == Status::Failed) {
        let Some(error) = &record.error else { continue };
        let bare = match &error.bare {
            Some(bare) if share > Share::Rows => Some(bare.to_string()),
            // Whoever wrote the query saw more than this model may.
            None if written_with.is_none_or(|with| with < share) && share > Share::Rows => {
                Some("it does not run any more".to_owned())
            }
            _ => None,
        };
        let _ = write!(
            text,
            "step {} ({}) failed: ",
            record.step.id,
            record.step.step_type.name()
        );
        text.push_str(&bare.clone().unwrap_or_else(|| error.to_string()));
        if let Some(code) = error.sqlstate.as_ref().filter(|_| bare.is_some()) {
            let _ = write!(text, " (SQLSTATE {code})");
        }
        if let Some(planned) = record.step.query() {
            let _ = write!(text, "\n  its SQL: {}", query(planned, written_with, share));
            if let Some(at) = error
                .position
                .filter(|_| bare.is_none() && record.sql.as_deref() == Some(planned))
            {
                let _ = write!(text, "\n  the error is at character {at}");
            }
        }
        if let Some(hint) = error.hint.as_ref().filter(|_| bare.is_none()) {
            let _ = write!(text, "\n  hint: {hint}");
        }
        if !error.near.is_empty() {
            let _ = write!(text, "\n  names that are there: {}", error.near.join(", "));
        }
        text.push('\n');
    }
    Feedback(text.trim_end().to_owned())
}

fn shape(table: &Table, share: Share, named_by_data: bool) -> String {
    let rows = match (share, table.is_truncated()) {
        (Share::None, _) => String::new(),
        (_, false) => format!("{} rows; ", table.row_count()),
        (_, true) => format!(
            "{} rows, cut off at the limit: there are more; ",
            table.row_count()
        ),
    };
    let columns: Vec<String> = table
        .infos()
        .map(|c| match named_by_data && share > Share::Rows {
            true => format!("… {}", c.type_name),
            false => format!("{} {}", c.name, c.type_name),
        })
        .collect();
    format!("{rows}columns: {}", columns.join(", "))
}

/// Rows that stand for all: half from the beginning, the last ones, and the rest evenly from between.
fn samples(rows: usize, share: Share) -> Vec<usize> {
    if share > Share::Rows {
        return Vec::new();
    }
    sample(rows, SAMPLE_ROWS)
}

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

fn cells(table: &Table, row: usize) -> String {
    let cells: Vec<String> = table
        .row(row)
        .map(|cell| match cell {
            Cell::Null => "NULL".to_owned(),
            cell => shortened(&cell.to_string()),
        })
        .collect();
    cells.join(" | ")
}

/// Steps whose columns are called as values: a pivot's, and what is made of it.
pub fn named_by_data(records: &[StepRecord]) -> BTreeSet<&str> {
    let mut found: BTreeSet<&str> = BTreeSet::new();
    for record in records {
        let step = &record.step;
        let builds_on_one = step.depends_on.iter().any(|id| found.contains(id.as_str()));
        if step.names_columns_by_data() || (step.query().is_none() && builds_on_one) {
            found.insert(&step.id);
        }
    }
    found
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
    fn a_query_is_told_as_it_is_to_those_who_see_no_less_than_its_author() {
        use Share::{None as Nothing, Rows, Shape};
        let sql = "SELECT 1";
        for (with, share, told) in [
            (None, Rows, sql),
            (Some(Rows), Rows, sql),
            (Some(Nothing), Nothing, sql),
            (Some(Nothing), Shape, sql),
            (Some(Shape), Shape, sql),
            (Some(Rows), Shape, "SELECT …"),
            (Some(Shape), Nothing, "SELECT …"),
            (None, Shape, "SELECT …"),
        ] {
            assert_eq!(query(sql, with, share), told, "{with:?} {share:?}");
        }
    }
}
