//! Tracing prose to results: every number in the answer must be a value, a count, or in the question.

use super::step::StepRecord;
use crate::db::Cell;

/// Numbers in `prose` that neither the results nor the question hold, as they are written.
pub fn unsourced(prose: &str, question: &str, records: &[StepRecord]) -> Vec<String> {
    let mut sources: Vec<f64> = numbers(question).into_iter().map(|n| n.value).collect();
    let mut words: Vec<String> = Vec::new();
    for record in records {
        let Some(table) = &record.table else { continue };
        sources.push(table.row_count() as f64);
        for column in table.columns() {
            for row in 0..table.row_count() {
                match column.cell(row) {
                    Cell::Int(n) => sources.push(n as f64),
                    Cell::Text(text) => match text.parse::<f64>() {
                        Ok(n) => sources.push(n),
                        Err(_) => words.push(text.to_lowercase()),
                    },
                    Cell::Null | Cell::Bool(_) => {}
                }
            }
        }
        // Numbers of the query itself: "the top 5", "since 2020".
        sources.extend(
            record
                .sql
                .iter()
                .flat_map(|sql| numbers(sql))
                .map(|n| n.value),
        );
    }
    sources.retain(|n| n.is_finite());
    sources.sort_by(f64::total_cmp);
    let mut missing: Vec<String> = numbers(prose)
        .into_iter()
        .filter(|n| {
            !n.is_in(&sources)
                && !words
                    .iter()
                    .any(|word| word.contains(&n.text.to_lowercase()))
        })
        .map(|n| n.text)
        .collect();
    missing.dedup();
    missing
}

struct Number {
    text: String,
    value: f64,
    decimals: u32,
    percent: bool,
}

impl Number {
    /// Whether a source rounds to it as it is written.
    fn is_in(&self, sources: &[f64]) -> bool {
        let half = 0.5 * 10f64.powi(-(self.decimals as i32)) * 1.000_001;
        let holds = |low: f64, high: f64| {
            let from = sources.partition_point(|source| *source < low);
            sources.get(from).is_some_and(|source| *source <= high)
        };
        let near = |value: f64, half: f64| {
            holds(value - half, value + half) || holds(-value - half, -value + half)
        };
        // A share may stand in the result as 0.25 and in the prose as 25 %.
        near(self.value, half) || (self.percent && near(self.value / 100.0, half / 100.0))
    }
}

/// Numbers as people write them: digits with separators of thousands and a point.
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
        // 12,345.6 or 12,345: commas before groups of three are separators.
        let plain = written.replace(',', "");
        let Ok(value) = plain.parse::<f64>() else {
            continue;
        };
        let decimals = plain.split_once('.').map_or(0, |(_, d)| d.len() as u32);
        let rest = text[at..].trim_start();
        found.push(Number {
            text: written.to_owned(),
            value,
            decimals,
            percent: rest.starts_with('%'),
        });
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(prose: &str, sources: &[f64]) -> Vec<String> {
        let mut sources = sources.to_vec();
        sources.sort_by(f64::total_cmp);
        numbers(prose)
            .into_iter()
            .filter(|n| !n.is_in(&sources))
            .map(|n| n.text)
            .collect()
    }

    #[test]
    fn numbers_are_found_as_they_are_rounded() {
        let sources = [1234567.891, 0.254, -3.5, 42.0];
        for prose in [
            "1,234,568",
            "1234567.9",
            "1,234,567.89",
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
