//! Tracing prose to results: every number in the answer must be a value, a count, in the question or the
//! query, or come from values by one operation.

use super::step::StepRecord;
use crate::db::{Cell, Table};

/// Cells of a column, and columns of a row, that are combined with each other: the square of it is looked at.
const MOST_OPERANDS: usize = 60;

/// Numbers in `prose` that have no source, as they are written.
pub fn unsourced(prose: &str, question: &str, records: &[StepRecord]) -> Vec<String> {
    let mut sources: Vec<f64> = numbers(question).into_iter().map(|n| n.value()).collect();
    let mut words: Vec<String> = Vec::new();
    for record in records {
        // Numbers of the query itself: "the top 5", "since 2020".
        let sql = record.sql.iter().flat_map(|sql| numbers(sql));
        sources.extend(sql.map(|n| n.value()));
        let Some(table) = &record.table else { continue };
        sources.push(table.row_count() as f64);
        for column in table.columns() {
            for row in 0..table.row_count() {
                match column.cell(row) {
                    Cell::Text(text) if text.parse::<f64>().is_err() => {
                        words.push(text.to_lowercase());
                    }
                    cell => sources.extend(number(cell)),
                }
            }
        }
    }
    let sources = Sources::new(sources);
    let mut missing: Vec<Number> = numbers(prose)
        .into_iter()
        .filter(|n| !n.is_in(&sources))
        .filter(|n| {
            !words
                .iter()
                .any(|word| word.contains(&n.text.to_lowercase()))
        })
        .collect();
    if !missing.is_empty() {
        let tables = records.iter().filter_map(|r| r.table.as_deref());
        let derived = Sources::new(tables.flat_map(derived).collect());
        missing.retain(|n| !n.is_in(&derived));
    }
    let mut missing: Vec<String> = missing.into_iter().map(|n| n.text).collect();
    missing.dedup();
    missing
}

fn number(cell: Cell<'_>) -> Option<f64> {
    match cell {
        Cell::Int(n) => Some(n as f64),
        Cell::Text(text) => text.parse().ok(),
        Cell::Null | Cell::Bool(_) => None,
    }
}

/// What one operation makes of a table's values: totals, averages, differences, ratios and shares.
fn derived(table: &Table) -> Vec<f64> {
    let mut found = Vec::new();
    let mut pairs = |values: &[f64]| {
        for (i, a) in values.iter().enumerate() {
            for b in &values[i + 1..] {
                found.extend([a - b, a + b]);
                found.extend(
                    [a / b, b / a, (a - b) / b, (b - a) / a]
                        .into_iter()
                        .filter(|n| n.is_finite()),
                );
            }
        }
    };
    let numeric: Vec<_> = table.columns().iter().filter(|c| c.is_numeric()).collect();
    let mut totals = Vec::new();
    for column in &numeric {
        let values: Vec<f64> = (0..table.row_count())
            .filter_map(|row| number(column.cell(row)))
            .collect();
        pairs(&values[..values.len().min(MOST_OPERANDS)]);
        totals.push(values);
    }
    for row in 0..table.row_count().min(MOST_OPERANDS) {
        let values: Vec<f64> = numeric
            .iter()
            .take(MOST_OPERANDS)
            .filter_map(|column| number(column.cell(row)))
            .collect();
        pairs(&values);
    }
    for values in totals.iter().filter(|values| !values.is_empty()) {
        let sum: f64 = values.iter().sum();
        found.extend([sum, sum / values.len() as f64]);
        let first: f64 = values.iter().take(MOST_OPERANDS).map(|v| v / sum).sum();
        found.push(first);
        found.extend(values.iter().map(|value| value / sum));
    }
    found
}

/// Numbers that may be cited, sorted.
struct Sources(Vec<f64>);

impl Sources {
    fn new(mut values: Vec<f64>) -> Self {
        values.retain(|n| n.is_finite());
        values.sort_by(f64::total_cmp);
        Self(values)
    }

    fn between(&self, low: f64, high: f64) -> bool {
        let from = self.0.partition_point(|source| *source < low);
        self.0.get(from).is_some_and(|source| *source <= high)
    }
}

struct Number {
    text: String,
    /// The value and its decimals, in each way that the separators can be read.
    readings: Vec<(f64, u32)>,
    percent: bool,
}

impl Number {
    fn value(&self) -> f64 {
        self.readings.first().map_or(f64::NAN, |(value, _)| *value)
    }

    /// Whether a source rounds to it as it is written.
    fn is_in(&self, sources: &Sources) -> bool {
        self.readings.iter().any(|(value, decimals)| {
            let half = 0.5 * 10f64.powi(-(*decimals as i32)) * 1.000_001;
            let near = |value: f64, half: f64| {
                sources.between(value - half, value + half)
                    || sources.between(-value - half, -value + half)
            };
            // A share may stand in the result as 0.25 and in the prose as 25 %.
            near(*value, half) || (self.percent && near(value / 100.0, half / 100.0))
        })
    }
}

/// Numbers as people write them: digits with separators of thousands and of decimals.
fn numbers(text: &str) -> Vec<Number> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let attached = at > 0 && (bytes[at - 1].is_ascii_alphanumeric() || bytes[at - 1] == b'_');
        if !bytes[at].is_ascii_digit() || attached {
            at += 1;
            continue;
        }
        let start = at;
        while at < bytes.len()
            && (bytes[at].is_ascii_digit()
                || (matches!(bytes[at], b'.' | b',')
                    && bytes.get(at + 1).is_some_and(u8::is_ascii_digit)))
        {
            at += 1;
        }
        let written = &text[start..at];
        // 12,345.6 in English, 12.345,6 in most of Europe.
        let english = written.replace(',', "");
        let other = written.replace('.', "").replace(',', ".");
        let mut readings: Vec<(f64, u32)> = [english, other]
            .into_iter()
            .filter_map(|plain| {
                let decimals = plain.split_once('.').map_or(0, |(_, d)| d.len());
                Some((plain.parse().ok()?, u32::try_from(decimals).ok()?))
            })
            .collect();
        readings.dedup();
        if !readings.is_empty() {
            found.push(Number {
                text: written.to_owned(),
                readings,
                percent: text[at..].trim_start().starts_with('%'),
            });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::{Column, ColumnInfo, Values};

    fn found(prose: &str, sources: &[f64]) -> Vec<String> {
        let sources = Sources::new(sources.to_vec());
        numbers(prose)
            .into_iter()
            .filter(|n| !n.is_in(&sources))
            .map(|n| n.text)
            .collect()
    }

    fn table(columns: &[&[i64]]) -> Table {
        let columns = columns.iter().enumerate().map(|(i, values)| Column {
            info: ColumnInfo {
                name: format!("c{i}"),
                type_name: "bigint".to_owned(),
            },
            values: Values::Int(values.iter().copied().map(Some).collect()),
        });
        Table::new(columns.collect(), false)
    }

    #[test]
    fn one_operation_is_a_source_and_two_are_not() {
        let sources = Sources::new(derived(&table(&[&[60, 30, 10], &[5, 5, 1]])));
        for (prose, sourced) in [
            ("30 more", true),
            ("100 in all", true),
            ("33.3 on average", true),
            ("60 % of it", true),
            ("twice, 2 times", true),
            ("12 each", true),
            ("100 % more", true),
            ("77 of them", false),
            ("3.14", false),
        ] {
            assert_eq!(numbers(prose)[0].is_in(&sources), sourced, "{prose}");
        }
    }

    #[test]
    fn numbers_are_found_as_they_are_rounded() {
        let sources = [1234567.891, 0.254, -3.5, 42.0];
        for prose in [
            "1,234,568",
            "1234567.9",
            "1,234,567.89",
            "1.234.567,89",
            "25.4%",
            "25 %",
            "42 of them",
            "3.5 less",
            "B2B and v2",
        ] {
            assert_eq!(found(prose, &sources), Vec::<String>::new(), "{prose}");
        }
        assert_eq!(
            found("1,234,569 and 43.0 and 0.26", &sources),
            ["1,234,569", "43.0", "0.26"]
        );
    }

    #[test]
    fn a_number_at_the_end_of_a_sentence_has_no_point() {
        assert_eq!(found("There are 42.", &[42.0]), Vec::<String>::new());
        assert_eq!(numbers("7, 8, and 9.").len(), 3);
    }
}
