//! From pieces to a [`Query`]: reads once for every choice among what the nouns may mean, and keeps the
//! one reading that is plainly the best.

#[cfg(test)]
mod cases;
mod compare;
mod extreme;
mod finish;
mod group;
mod hints;
mod late;
mod measure;
mod nouns;
mod numbers;
mod ratio;
mod reader;
mod role;
mod sentence;
mod superlative;
mod units;
mod value;

use super::lexicon::{ColumnId, Lexicon};
use super::link::{Link, Target};
use super::pieces::Piece;
use super::query::{Condition, Output, Query};
use super::sql::{self, Select};
use reader::Reader;

/// Choices among meanings that are tried at the most.
const MOST_CHOICES: usize = 400;
/// A reading that costs more is a guess.
const DEAREST: f32 = 0.7;
/// Two readings nearer than this are a tie.
const MARGIN: f32 = 0.04;

/// A reading with its SQL.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    pub query: Query,
    pub sql: Select,
    pub cost: f32,
}

/// Why there is no sure reading.
#[derive(Debug, Clone, PartialEq)]
pub enum Unsure {
    /// No way of reading it is known.
    Shape(&'static str),
    /// Several readings are as good as each other.
    Tie(Vec<Reading>),
}

/// The one best reading of the pieces.
pub fn read(lexicon: &Lexicon, pieces: &[Piece]) -> Result<Reading, Unsure> {
    if let Some(parts) = ratio::parts(pieces) {
        return ratio::read(lexicon, &parts?);
    }
    let mut readings: Vec<(Reading, String)> = Vec::new();
    let mut why = "it has no shape that is known";
    let pieces = &in_play(pieces);
    for choice in choices(pieces) {
        let mut reader = Reader::new(lexicon, pieces, &choice);
        let query = match reader.run() {
            Ok(query) => query,
            Err(reason) => {
                tracing::trace!(reason, ?choice, "no reading");
                why = reason;
                continue;
            }
        };
        let told = |edge: usize| reader.speaks_for(edge);
        match sql::build(lexicon, &query, &told) {
            Ok(select) => {
                let text = select.to_string();
                // "both A and B" goes the same way twice.
                let again = query.conditions.iter();
                let again = again.filter(|c| matches!(c, Condition::Also(..))).count();
                // A key that is named leads straight to its row.
                let straight = query.conditions.iter();
                let straight = straight.filter(|c| matches!(c, Condition::Via(..))).count();
                let cost = reader.cost - 0.3 * again.saturating_sub(1) as f32
                    + far(text.matches(" JOIN ").count().saturating_sub(straight))
                    + far(text.matches("EXISTS (").count().saturating_sub(straight));
                match readings.iter_mut().find(|(_, t)| *t == text) {
                    Some((same, _)) if same.cost <= cost => {}
                    Some((same, _)) => same.cost = cost,
                    None => readings.push((
                        Reading {
                            query,
                            sql: select,
                            cost,
                        },
                        text,
                    )),
                }
            }
            Err(reason) => {
                tracing::trace!(?reason, ?query, "no join");
                why = "its tables do not hang together in one plain way";
            }
        }
    }
    readings.sort_by(|a, b| a.0.cost.total_cmp(&b.0.cost));
    for (reading, sql) in readings.iter().take(4) {
        tracing::trace!(cost = reading.cost, sql, "reading");
    }
    let mut sorted = readings.into_iter().map(|(r, _)| r);
    let Some(best) = sorted.next() else {
        return Err(Unsure::Shape(why));
    };
    if best.cost > DEAREST {
        return Err(Unsure::Shape("its words fit the schema only loosely"));
    }
    let ties: Vec<Reading> = sorted
        .take_while(|r| r.cost - best.cost < MARGIN)
        .filter(|r| canonical(lexicon, &r.query) != canonical(lexicon, &best.query))
        .collect();
    if ties.is_empty() {
        return Ok(best);
    }
    Err(Unsure::Tie(std::iter::once(best).chain(ties).collect()))
}

/// A reading with the keys of other tables in the place of what points to them: two that are the same then
/// have the same rows.
fn canonical(lexicon: &Lexicon, query: &Query) -> Query {
    let key = |c: ColumnId| {
        let edge = lexicon
            .edges
            .iter()
            .find(|e| !e.by_values && e.from == c.table && e.columns == [c.column]);
        match edge.map(|e| (e.to, e.to_columns.as_slice())) {
            Some((table, [column])) => ColumnId {
                table,
                column: *column,
            },
            _ => c,
        }
    };
    let mut same = query.clone();
    for condition in &mut same.conditions {
        if let Condition::Via(_, _, inner) = condition
            && let [only @ Condition::In(..)] = inner.as_slice()
        {
            *condition = only.clone();
        }
        if let Condition::In(c, _) = condition {
            *c = key(*c);
        }
    }
    let tables: Vec<usize> = same.conditions.iter().map(Condition::table).collect();
    same.mentioned.retain(|t| !tables.contains(t));
    for output in &mut same.outputs {
        if let Output::Column(c) = output {
            *c = key(*c);
        }
    }
    same
}

/// What joins cost. The path is the one shortest there is, so that the steps of a long one say little more
/// against a reading than its first two.
fn far(joins: usize) -> f32 {
    0.16 * joins.min(2) as f32 + 0.08 * joins.saturating_sub(2) as f32
}

/// Leaves a noun that many tables have ("name", "id") with the tables that the question speaks of.
fn in_play(pieces: &[Piece]) -> Vec<Piece> {
    let mut tables: Vec<usize> = Vec::new();
    for piece in pieces {
        let Piece::Noun(noun) = piece else { continue };
        let best = noun.links.first().map_or(0.0, |l| l.score);
        for link in noun.links.iter().filter(|l| l.score >= best - 0.05) {
            match &link.target {
                Target::Table(t) => tables.push(*t),
                Target::Column(c) | Target::Value(c, _) if noun.links.len() <= 2 => {
                    tables.push(c.table)
                }
                _ => {}
            }
        }
    }
    let mut kept = pieces.to_vec();
    for piece in &mut kept {
        let Piece::Noun(noun) = piece else { continue };
        let near = |link: &Link| match &link.target {
            Target::Table(_) => true,
            Target::Column(c) | Target::Value(c, _) => tables.contains(&c.table),
        };
        if noun.links.len() > 3 && noun.links.iter().any(near) {
            noun.links.retain(near);
        }
        noun.links.truncate(6);
    }
    kept
}

/// Every choice of one link for each noun, the best links first.
fn choices(pieces: &[Piece]) -> Vec<Vec<usize>> {
    let counts: Vec<usize> = pieces
        .iter()
        .map(|p| match p {
            Piece::Noun(n) => n.links.len().max(1),
            _ => 1,
        })
        .collect();
    let mut all = vec![Vec::new()];
    for count in counts {
        let mut next = Vec::new();
        for choice in &all {
            for link in 0..count {
                if next.len() >= MOST_CHOICES {
                    break;
                }
                let mut longer: Vec<usize> = choice.clone();
                longer.push(link);
                next.push(longer);
            }
        }
        all = next;
    }
    all
}
