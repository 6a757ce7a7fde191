//! Which column an adjective compares.

use super::super::lexicon::{Column, ColumnId, ValueKind};
use super::super::pieces::adjective;
use super::super::words::stem;
use super::reader::{Reader, Step};

impl Reader<'_> {
    /// The column of a table that an adjective compares.
    pub(super) fn hinted(&self, table: usize, word: &str) -> Option<(ColumnId, bool)> {
        let (hints, more) = adjective(word)?;
        let columns = &self.lexicon.tables[table].columns;
        for hint in hints {
            let hint = stem(hint);
            let mut found = (0..columns.len()).filter(|&c| {
                let fits = matches!(columns[c].kind, ValueKind::Number | ValueKind::Date);
                fits && !columns[c].is_key && columns[c].words.contains(&hint)
            });
            if let Some(first) = found.next() {
                if found.next().is_some() {
                    return None;
                }
                return Some((
                    ColumnId {
                        table,
                        column: first,
                    },
                    more,
                ));
            }
        }
        if *hints.first()? == "date" {
            return Some((self.date_of(&[table])?, more));
        }
        // An age may be told by the day of birth.
        if hints == ["age"] {
            let column = columns.iter().position(is_birth)?;
            return Some((ColumnId { table, column }, !more));
        }
        None
    }
    pub(super) fn measures_merit(&self, table: usize) -> bool {
        const MERIT: &[&str] = &[
            "popular",
            "rate",
            "vote",
            "like",
            "view",
            "download",
            "rank",
            "score",
            "star",
            "follow",
            "percentage",
            "sale",
            "sold",
        ];
        self.lexicon.tables[table].columns.iter().any(|c| {
            c.kind == ValueKind::Number
                && c.words.iter().any(|w| MERIT.iter().any(|m| *w == stem(m)))
        })
    }

    /// Whether a superlative may be of the column: "youngest" is of no weight, "largest" of any number.
    pub(super) fn fits(&self, word: &str, c: ColumnId) -> bool {
        const ANY: &[&str] = &["largest", "biggest", "smallest", "best", "worst"];
        let Some((hints, _)) = adjective(word).filter(|_| !ANY.contains(&word)) else {
            return true;
        };
        let column = self.lexicon.column(c);
        let dated = hints.first() == Some(&"date") && column.kind == ValueKind::Date;
        let aged = hints.first() == Some(&"age") && is_birth(column);
        dated || aged || hints.iter().any(|h| column.words.contains(&stem(h)))
    }

    /// The highest rank is the lowest number, or the highest.
    pub(super) fn no_rank(&self, c: ColumnId) -> Step<()> {
        let rank = stem("rank");
        if self.lexicon.column(c).words.contains(&rank) {
            return Err("the best of a rank, which may be its lowest or highest");
        }
        Ok(())
    }
}

/// A day or a year of birth.
fn is_birth(column: &Column) -> bool {
    let has = |word: &str| column.words.iter().any(|w| *w == stem(word));
    let begun = ["founded", "established", "built", "inaugurated", "opened"]
        .iter()
        .any(|w| has(w));
    match column.kind {
        ValueKind::Date => has("birth") || begun,
        ValueKind::Number => {
            (has("birth") && has("year")) || (begun && (has("year") || column.words.len() == 1))
        }
        _ => false,
    }
}

/// "oldest" sorts ages downwards and days of birth upwards.
pub(super) fn adjective_direction(word: &str, column: &Column, descending: bool) -> bool {
    let ages = adjective(word).is_some_and(|(hints, _)| hints == ["age"]);
    if ages && is_birth(column) {
        !descending
    } else {
        descending
    }
}

pub(super) fn adjective_plain(word: &str, descending: bool) -> bool {
    adjective(word).map_or(descending, |(_, more)| more)
}
