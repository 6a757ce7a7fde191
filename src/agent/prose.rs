//! Answers in words by a template, where no model writes them.

use super::critic::result_table;
use super::planner::shortened;
use super::step::StepRecord;
use crate::db::{Cell, Table};

/// Rows that a sentence tells; the table shows them all.
const LISTED: usize = 5;
/// Columns of a single row that are named.
const NAMED: usize = 6;

/// A result in a sentence.
pub fn in_words(table: &Table) -> String {
    let row = |at: usize| {
        let cells: Vec<String> = table
            .row(at)
            .map(|cell| match cell {
                Cell::Null => "nothing".to_owned(),
                other => shortened(&other.to_string()),
            })
            .collect();
        match cells.as_slice() {
            [name, rest @ ..] if !rest.is_empty() => format!("{name} ({})", rest.join(", ")),
            _ => cells.join(", "),
        }
    };
    match table.row_count() {
        0 => "There is nothing of the kind.".to_owned(),
        1 if table.columns().len() == 1 => format!("The answer is {}.", row(0)),
        1 => format!("It is {}.", row(0)),
        n => {
            let shown: Vec<String> = (0..n.min(LISTED)).map(row).collect();
            let more = if n > LISTED { ", and more" } else { "" };
            let cut = if table.is_truncated() { " or more" } else { "" };
            format!("There are {n}{cut}: {}{more}.", shown.join("; "))
        }
    }
}

/// The final result in a sentence.
pub fn answer_in_words(records: &[StepRecord]) -> String {
    result_table(records).map_or_else(|| "Done.".to_owned(), in_words)
}

/// The final result in no more than names and values.
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
        (1, columns) => {
            let parts: Vec<String> = columns
                .iter()
                .take(NAMED)
                .map(|c| format!("{}: {}", c.info.name, shown(c.cell(0))))
                .collect();
            parts.join(", ")
        }
        (rows, _) => format!("{rows} rows{cut}."),
    }
}

fn shown(cell: Cell<'_>) -> String {
    match cell {
        Cell::Null => "none".to_owned(),
        cell => shortened(&cell.to_string()),
    }
}
