//! "The ratio of … to …": two questions for a number each, one divided by the other.

use super::super::lexicon::{ColumnId, Lexicon, ValueKind};
use super::super::link::Target;
use super::super::pieces::Piece;
use super::super::query::{Aggregate, Condition, Measure, Output, Query};
use super::super::sql;
use super::{Reading, Unsure};

/// What is divided, and by what.
type Parts = (Vec<Piece>, Vec<Piece>);

/// The pieces of both numbers, if it is a ratio that is asked for.
pub(super) fn parts(pieces: &[Piece]) -> Option<Result<Parts, Unsure>> {
    let at = pieces.iter().position(|p| matches!(p, Piece::Ratio))?;
    let asks = |p: &Piece| matches!(p, Piece::Ask(_) | Piece::Preposition(_));
    let rest = &pieces[at + 1..];
    let to = rest
        .iter()
        .position(|p| matches!(p, Piece::Preposition(w) if w == "to"))
        .or_else(|| rest.iter().position(|p| matches!(p, Piece::And)));
    Some(match to {
        Some(to) if pieces[..at].iter().all(asks) => {
            Ok((number(rest[..to].to_vec()), number(rest[to + 1..].to_vec())))
        }
        _ => Err(Unsure::Shape("a ratio of something that is no number")),
    })
}

/// Rows are counted where nothing says what to make of them.
fn number(mut pieces: Vec<Piece>) -> Vec<Piece> {
    let says = pieces
        .iter()
        .any(|p| matches!(p, Piece::Count(_) | Piece::Aggregate(_)));
    let best = pieces.iter().find_map(|p| match p {
        Piece::Noun(noun) => noun.links.first().map(|l| &l.target),
        _ => None,
    });
    if !says && !matches!(best, Some(Target::Column(_))) {
        pieces.insert(0, Piece::Count(false));
    }
    pieces
}

/// Reads both and divides them.
pub(super) fn read(lexicon: &Lexicon, (part, whole): &Parts) -> Result<Reading, Unsure> {
    let part = one_number(lexicon, super::read(lexicon, part)?)?;
    let whole = one_number(lexicon, super::read(lexicon, whole)?)?;
    // What is said of the second alone may be meant of both.
    if conditioned(&part.query) != conditioned(&whole.query) {
        return Err(Unsure::Shape(
            "a ratio whose condition may be of both numbers",
        ));
    }
    let entity = part.query.entity;
    Ok(Reading {
        cost: part.cost.max(whole.cost),
        sql: sql::ratio(part.sql, whole.sql),
        query: Query {
            entity,
            outputs: vec![Output::Ratio(Box::new((part.query, whole.query)))],
            group: Vec::new(),
            conditions: Vec::new(),
            part: Vec::new(),
            having: Vec::new(),
            order: Vec::new(),
            limit: None,
            distinct: false,
            mentioned: Vec::new(),
        },
    })
}

/// A column is summed over its rows; anything else but one measure is no number.
fn one_number(lexicon: &Lexicon, reading: Reading) -> Result<Reading, Unsure> {
    let no = Unsure::Shape("a ratio of something that is no number");
    let plain = reading.query.order.is_empty()
        && reading.query.limit.is_none()
        && reading.query.group.is_empty()
        && reading.query.having.is_empty();
    match reading.query.outputs.as_slice() {
        _ if !plain => Err(no),
        [Output::Measure(_)] => Ok(reading),
        [Output::Column(c)]
            if lexicon.column(*c).kind == ValueKind::Number && !lexicon.column(*c).is_key =>
        {
            let measure = Measure::Of(Aggregate::Sum, *c);
            let query = Query {
                outputs: vec![Output::Measure(measure)],
                distinct: false,
                ..reading.query
            };
            let select = sql::build(lexicon, &query, &|_| false).map_err(|_| no)?;
            Ok(Reading {
                query,
                sql: select,
                cost: reading.cost,
            })
        }
        _ => Err(no),
    }
}

/// The columns that the rows are narrowed by.
fn conditioned(query: &Query) -> Vec<Option<ColumnId>> {
    let mut columns: Vec<Option<ColumnId>> = query
        .conditions
        .iter()
        .map(|c| match c {
            Condition::In(c, _) | Condition::NotIn(c, _) | Condition::True(c, _) => Some(*c),
            Condition::Compare(c, ..) | Condition::Between(c, ..) | Condition::During(c, _) => {
                Some(*c)
            }
            _ => None,
        })
        .collect();
    columns.sort();
    columns
}
