//! A reading's result in a sentence.

use super::lexicon::{ColumnId, Lexicon};
use super::query::{Measure, Output, Query, Unit};
use super::say;
use super::sql::unit_name;
use crate::agent::{Critique, Prose, StepRecord};
use crate::db::{Cell, Column, Table};

/// Rows that a sentence tells; the table shows them all.
const LISTED: usize = 5;
/// Characters of a value that a sentence tells.
const LONGEST: usize = 200;
/// Decimals that are told as they are: those of money and of prices by the litre.
const DECIMALS: usize = 4;

/// What a column of the result is, as far as the sentence depends on it.
#[derive(Debug, Clone, PartialEq)]
enum Part {
    /// A column by its name.
    Column(String),
    /// A first name, with the last one in the next column.
    FirstName,
    Bucket(Unit),
    Count,
    /// `total amount`
    Named(String),
    Share,
    Ratio,
}

/// The prose of one reading.
pub struct Words {
    reading: String,
    parts: Vec<Part>,
    /// How many rows were asked for.
    limit: Option<u64>,
}

impl Words {
    /// The words for what `query` finds, which was read as `reading` says.
    pub fn new(lexicon: &Lexicon, query: &Query, reading: String) -> Self {
        let outputs = query.outputs.as_slice();
        let part = |at: usize| match &outputs[at] {
            Output::Column(c) if is_first_name(lexicon, *c, outputs.get(at + 1)) => Part::FirstName,
            Output::Column(c) => Part::Column(say::column(lexicon, *c)),
            Output::Bucket(unit, _) => Part::Bucket(*unit),
            Output::Measure(Measure::Rows(_) | Measure::Different(_)) => Part::Count,
            Output::Measure(Measure::Of(aggregate, c)) => Part::Named(format!(
                "{} {}",
                say::aggregate_name(*aggregate),
                say::column(lexicon, *c)
            )),
            Output::Share => Part::Share,
            Output::Ratio(_) => Part::Ratio,
        };
        Self {
            reading,
            parts: (0..outputs.len()).map(part).collect(),
            limit: query.limit,
        }
    }

    /// Words for a question back, which has no result.
    pub fn none() -> Self {
        Self {
            reading: String::new(),
            parts: Vec::new(),
            limit: None,
        }
    }

    fn sentence(&self, table: &Table) -> String {
        match (table.row_count(), self.parts.as_slice()) {
            (0, _) => "Nothing in the data fits.".to_owned(),
            (1, [part]) => self.single(part, table),
            // Numbers alone say nothing without their names.
            (1, parts) if table.columns().iter().all(Column::is_numeric) => {
                let all: Vec<String> = parts
                    .iter()
                    .zip(table.row(0))
                    .map(|(part, cell)| {
                        let value = told(part, cell, true);
                        match part {
                            Part::Column(name) | Part::Named(name) => {
                                format!("the {name} is {value}")
                            }
                            Part::Bucket(unit) => format!("the {} is {value}", unit_name(*unit)),
                            Part::Share => format!("the share is {value} %"),
                            Part::Ratio => format!("the ratio is {value}"),
                            Part::Count | Part::FirstName => format!("the count is {value}"),
                        }
                    })
                    .collect();
                format!("{}.", capitalized(&all.join(", ")))
            }
            (1, _) => format!("The answer is {}.", self.row(table, 0)),
            (n, _) => {
                let shown: Vec<String> = (0..n.min(LISTED)).map(|at| self.row(table, at)).collect();
                let more = if n > LISTED { ", and more" } else { "" };
                let cut = if table.is_truncated() { " or more" } else { "" };
                let begin = if self.limit == Some(n as u64) {
                    format!("The first {n} are")
                } else {
                    format!("There are {n}{cut}:")
                };
                format!("{begin} {}{more}.", shown.join("; "))
            }
        }
    }

    /// One value.
    fn single(&self, part: &Part, table: &Table) -> String {
        let cell = table.row(0).next().unwrap_or(Cell::Null);
        let numeric = table.columns().first().is_some_and(|c| c.is_numeric());
        let value = told(part, cell, numeric);
        match (part, cell) {
            (Part::Count, Cell::Int(0)) => "There are none.".to_owned(),
            (Part::Count, Cell::Int(1)) => "There is 1.".to_owned(),
            (Part::Count, _) => format!("There are {value}."),
            (Part::Named(name), Cell::Null) => {
                format!("There is no {name}: no value fits.")
            }
            (Part::Named(name), _) => format!("The {name} is {value}."),
            (Part::Share | Part::Ratio, Cell::Null) => "There is nothing to divide by.".to_owned(),
            (Part::Share, _) => format!("The share is {value} %."),
            (Part::Ratio, _) => format!("The ratio is {value}."),
            (_, Cell::Null) => "It is not known.".to_owned(),
            _ => format!("The answer is {value}."),
        }
    }

    /// `name (value, value)`
    fn row(&self, table: &Table, at: usize) -> String {
        let mut cells: Vec<String> = Vec::new();
        let mut joins = false;
        for (i, (cell, column)) in table.row(at).zip(table.columns()).enumerate() {
            let Some(part) = self.parts.get(i) else {
                continue;
            };
            let value = told(part, cell, column.is_numeric());
            match cells.last_mut() {
                Some(last) if joins => last.push_str(&format!(" {value}")),
                _ => cells.push(value),
            }
            joins = *part == Part::FirstName;
        }
        match cells.as_slice() {
            [name, rest @ ..] if !rest.is_empty() => format!("{name} ({})", rest.join(", ")),
            _ => cells.join(", "),
        }
    }
}

impl Prose for Words {
    fn say(&self, records: &[StepRecord]) -> Critique {
        let table = records.iter().rev().find_map(|r| r.table.as_deref());
        let said = table.map_or_else(String::new, |table| self.sentence(table));
        Critique {
            answer: format!("Read as: {}.\n{said}", self.reading),
            answers_question: true,
            confidence: 0.9,
            reason: "the question's every word is accounted for".to_owned(),
            suggestion: None,
            unsourced_numbers: Vec::new(),
        }
    }
}

fn is_first_name(lexicon: &Lexicon, at: ColumnId, next: Option<&Output>) -> bool {
    let Some(Output::Column(next)) = next else {
        return false;
    };
    let label = &lexicon.tables[at.table].label;
    next.table == at.table && *label == [at.column, next.column]
}

/// A value in a sentence.
fn told(part: &Part, cell: Cell<'_>, numeric: bool) -> String {
    let text = match cell {
        Cell::Null => return "unknown".to_owned(),
        Cell::Bool(yes) => return if yes { "yes" } else { "no" }.to_owned(),
        Cell::Int(n) => return n.to_string(),
        Cell::Text(text) => text,
    };
    if numeric {
        return rounded(text);
    }
    if let Part::Bucket(unit) = part
        && let Some(period) = period(*unit, text)
    {
        return period;
    }
    let text = text.strip_suffix(" 00:00:00").unwrap_or(text);
    let one_line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match one_line.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", &one_line[..at]),
        None => one_line,
    }
}

/// A quotient's endless decimals are cut to two, or to three digits that say something; the table has all.
fn rounded(text: &str) -> String {
    let decimals = text.split_once('.').map_or(0, |(_, d)| d.len());
    let value: f64 = match text.parse() {
        Ok(value) if decimals > DECIMALS => value,
        _ => return text.to_owned(),
    };
    let mut places = 2;
    while value != 0.0 && places < decimals && value.abs() * 10f64.powi(places as i32) < 100.0 {
        places += 1;
    }
    let short = format!("{value:.places$}");
    short.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// The unit that begins on a day.
fn period(unit: Unit, day: &str) -> Option<String> {
    let mut fields = day.splitn(3, '-');
    let year = fields.next()?;
    let month: usize = fields.next()?.parse().ok()?;
    Some(match unit {
        Unit::Month => format!("{} {year}", say::MONTHS.get(month.checked_sub(1)?)?),
        Unit::Quarter => format!("Q{} {year}", month.checked_sub(1)? / 3 + 1),
        Unit::Week => format!("week of {day}"),
        Unit::Year | Unit::Day | Unit::Weekday | Unit::Hour => return None,
    })
}

fn capitalized(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(chars).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quotient_is_rounded_and_money_is_not() {
        for (number, said) in [
            ("12.3684210526315789", "12.37"),
            ("2.1200000000000000", "2.12"),
            ("51330.000000000000", "51330"),
            ("0.00000000000000000000", "0"),
            ("0.0123456789", "0.0123"),
            ("-0.3333333333", "-0.333"),
            ("1.50", "1.50"),
            ("0.0001", "0.0001"),
            ("12345678901234567890", "12345678901234567890"),
            ("NaN", "NaN"),
        ] {
            assert_eq!(rounded(number), said);
        }
    }

    #[test]
    fn units_of_the_calendar_are_called_by_their_names() {
        for (unit, day, said) in [
            (Unit::Month, "2024-03-01", Some("March 2024")),
            (Unit::Quarter, "2024-10-01", Some("Q4 2024")),
            (Unit::Week, "2024-01-01", Some("week of 2024-01-01")),
            (Unit::Day, "2024-01-01", None),
            (Unit::Month, "infinity", None),
            (Unit::Month, "2024-00-01", None),
        ] {
            assert_eq!(period(unit, day).as_deref(), said, "{day}");
        }
    }
}
