//! Two keys to one table: whether "from" or "to" is meant, of an airport, a city or an account.

use std::collections::BTreeSet;

use super::super::joins;
use super::super::lexicon::ColumnId;
use super::super::link::Target;
use super::super::pieces::Piece;
use super::super::query::{Condition, Output};
use super::super::words::stem;
use super::reader::{Reader, Step};

const FROM: &[&str] = &[
    "from",
    "origin",
    "source",
    "departure",
    "start",
    "sender",
    "pickup",
    "seller",
    "payer",
];
const TO: &[&str] = &[
    "to",
    "destination",
    "arrival",
    "end",
    "target",
    "receiver",
    "recipient",
    "dropoff",
    "buyer",
    "payee",
];

impl Reader<'_> {
    /// Which end a column is, if its name says so: true for where something goes.
    fn end(&self, c: ColumnId) -> Option<bool> {
        let words = &self.lexicon.column(c).words;
        let has = |ends: &[&str]| ends.iter().any(|e| words.contains(&stem(e)));
        match (has(FROM), has(TO)) {
            (true, false) => Some(false),
            (false, true) => Some(true),
            _ => None,
        }
    }

    /// Which end the words before the noun just taken speak of.
    fn end_before(&self) -> Option<bool> {
        let before = self.pieces[..self.at.saturating_sub(1)].iter().rev();
        for piece in before.take(4) {
            match piece {
                Piece::Role(to) => return Some(*to),
                Piece::Preposition(word) => match word.as_str() {
                    "from" => return Some(false),
                    "to" | "into" => return Some(true),
                    _ => {}
                },
                Piece::Verb(_) | Piece::By => {}
                // "from the city Rome"
                Piece::Noun(noun)
                    if matches!(
                        noun.links.first().map(|l| &l.target),
                        Some(Target::Table(_) | Target::Column(_))
                    ) => {}
                _ => return None,
            }
        }
        None
    }

    /// The keys of a table that lead to rows of another, each with the end that it is.
    fn ends(&self, table: usize, to: usize) -> Vec<(usize, bool)> {
        let leads = |at: usize| {
            at == to
                || joins::tree(&self.lexicon.edges, at, &BTreeSet::from([to]), &|_| false)
                    .is_ok_and(|hops| hops.iter().all(|h| h.single && h.to != table))
        };
        let edges = self.lexicon.edges.iter().enumerate();
        edges
            .filter(|(_, e)| e.from == table && e.to != table && leads(e.to))
            .filter_map(|(i, e)| match e.columns.as_slice() {
                [column] => Some((
                    i,
                    self.end(ColumnId {
                        table,
                        column: *column,
                    })?,
                )),
                _ => None,
            })
            .collect()
    }

    /// A condition on a value that just came, of the row at the end that the words before it speak of.
    ///
    /// # Errors
    /// When the value is of the other end.
    pub(super) fn at_its_end(&mut self, c: ColumnId, condition: Condition) -> Step<Condition> {
        let said = self.end_before();
        if let (Some(said), Some(own)) = (said, self.end(c))
            && said != own
        {
            return Err("a value of the other end");
        }
        if self.end(c).is_some() {
            return Ok(condition);
        }
        let shows = self
            .outputs
            .iter()
            .any(|o| matches!(o, Output::Column(s) if s.table == c.table));
        let Some(said) = said.filter(|_| self.entity != Some(c.table) && !shows) else {
            return Ok(condition);
        };
        let has_both = |table: &usize| {
            let ends = self.ends(*table, c.table);
            ends.iter().filter(|(_, to)| *to).count() == 1
                && ends.iter().filter(|(_, to)| !*to).count() == 1
        };
        let near = self.entity.iter().chain(&self.mentioned).copied();
        let table = near.into_iter().find(has_both).or_else(|| {
            let mut all = (0..self.lexicon.tables.len())
                .filter(|t| *t != c.table && !self.lexicon.tables[*t].is_view)
                .filter(has_both);
            all.next().filter(|_| all.next().is_none())
        });
        let of = |table| {
            self.ends(table, c.table)
                .into_iter()
                .find(|(_, to)| *to == said)
        };
        let Some((table, (edge, _))) = table.and_then(|t| Some((t, of(t)?))) else {
            return Ok(condition);
        };
        self.cost += 0.1;
        Ok(Condition::Via(table, edge, vec![condition]))
    }
}
