//! What rows are ranked by: a column, a number over other rows, or how common they are.

use super::super::joins;
use super::super::lexicon::ColumnId;
use super::super::link::Target;
use super::super::pieces::{Piece, Superlative};
use super::super::query::{Condition, Key, Measure, Order, Output};
use super::finish::is_below;
use super::hints::adjective_direction;
use super::reader::{Reader, Step};

impl Reader<'_> {
    /// Whether a number to rank by is named later: "the biggest plane by number of seats".
    pub(super) fn is_ranked_by(&self) -> bool {
        let rest = &self.pieces[self.at.min(self.pieces.len())..];
        rest.iter().enumerate().any(|(i, piece)| {
            matches!(piece, Piece::By)
                && match rest.get(i + 1) {
                    Some(Piece::Count(_)) => true,
                    Some(Piece::Noun(_)) => {
                        matches!(self.target(self.at + i + 1), Ok((_, Target::Column(c)))
                            if self.lexicon.column(*c).is_number())
                    }
                    _ => false,
                }
        })
    }

    /// The one table whose rows the value that was just named is a kind of, with what the adjective compares.
    pub(super) fn kind_of(&self, word: &str) -> Option<(usize, ColumnId)> {
        let Some(Condition::In(value, _)) = self.conditions.last() else {
            return None;
        };
        let compared = |table| self.hinted(table, word).map(|(c, _)| (table, c));
        let edges = self.lexicon.edges.iter();
        let mut below = edges
            .filter(|e| e.to == value.table && e.from != value.table)
            .filter_map(|e| compared(e.from));
        compared(value.table)
            .or_else(|| below.next().filter(|_| below.next().is_none()))
            .or_else(|| self.rows_of_kind(*value).and_then(compared))
    }

    /// The most of a column, in the direction that the adjective means of it.
    pub(super) fn extreme_of(&mut self, c: ColumnId, s: &Superlative) -> Step<()> {
        let descending = adjective_direction(&s.word, self.lexicon.column(c), s.descending);
        self.extreme_column(
            c,
            &Superlative {
                descending,
                ..s.clone()
            },
        )
    }

    /// So many rows as the superlative, a ranking before it or the question's beginning says, or one.
    fn limit_to(&mut self, s: &Superlative) {
        let top = self.top.take().and_then(|t| t.limit);
        self.limit = Some(s.limit.or(top).or(self.wanted).unwrap_or(1));
    }

    pub(super) fn extreme_column(&mut self, c: ColumnId, s: &Superlative) -> Step<()> {
        self.no_rank(c)?;
        let measured = self.outputs.iter().any(|o| matches!(o, Output::Measure(_)));
        let nested = measured
            || self
                .entity
                .is_some_and(|e| e != c.table && self.mentioned.contains(&c.table));
        if nested {
            if s.limit.is_some() {
                return Err("several of the largest inside a condition");
            }
            return self.condition(Condition::Extreme {
                table: c.table,
                by: c,
                descending: s.descending,
                within: Vec::new(),
            });
        }
        if !self.order.is_empty() {
            return Err("two superlatives");
        }
        self.order.push(Order {
            by: Key::Column(c),
            descending: s.descending,
        });
        self.limit_to(s);
        Ok(())
    }

    pub(super) fn extreme_measure(&mut self, measure: Measure, s: &Superlative) -> Step<()> {
        if self.outputs.iter().any(|o| matches!(o, Output::Measure(_))) {
            return Err("a superlative of a count inside a condition");
        }
        if !self.order.is_empty() {
            return Err("two superlatives");
        }
        let table = match &measure {
            Measure::Rows(t) => *t,
            Measure::Different(c) | Measure::Of(_, c) => c.table,
        };
        // What only pairs the rows is no table of its own to count.
        let lexicon = self.lexicon;
        let way: Vec<usize> = self.entity.map_or_else(Vec::new, |e| {
            let wanted = std::collections::BTreeSet::from([table]);
            let way = joins::tree(&lexicon.edges, e, &wanted, &|_| false);
            way.unwrap_or_default().iter().map(|h| h.to).collect()
        });
        self.mentioned
            .retain(|m| !lexicon.is_link(*m) && (*m == table || !way.contains(m)));
        if !self.mentioned.iter().all(|m| *m == table) {
            return Err("a superlative that may count rows of several tables");
        }
        if self.entity.is_some_and(|e| e == table) && self.outputs.is_empty() {
            return Err("a count of the rows that are asked for");
        }
        if self.entity.is_none() && self.outputs.is_empty() && self.buckets.is_empty() {
            return Err("a superlative of nothing that is known");
        }
        self.order.push(Order {
            by: Key::Measure(measure),
            descending: s.descending,
        });
        self.limit_to(s);
        Ok(())
    }

    /// "the most common language": by how many rows have it.
    pub(super) fn common(&mut self, s: &Superlative) -> Step<()> {
        // "prescribed most often": by the rows of what was done.
        if let (Some(entity), [table], true) =
            (self.entity, self.mentioned.as_slice(), s.word == "often")
            && *table != entity
            && is_below(self.lexicon, entity, *table)
        {
            let table = *table;
            return self.extreme_measure(Measure::Rows(table), s);
        }
        let shown = matches!(self.outputs.as_slice(), [Output::Column(_)]);
        if s.word == "often" && !(shown && self.mentioned.is_empty()) {
            return Err("a most of nothing that is known");
        }
        let table = match self.peek() {
            Some(Piece::Noun(_)) => {
                let (_, target) = self.noun()?;
                match target {
                    Target::Column(c) if self.lexicon.tables[c.table].key == [c.column] => {
                        return Err("a column that every row has another value of");
                    }
                    // "the most common pickup zone"
                    Target::Column(c) if self.plays(*c).is_some() => {
                        let to = self.plays(*c).unwrap_or(c.table);
                        self.outputs
                            .extend(self.lexicon.label(to).map(Output::Column));
                        c.table
                    }
                    Target::Column(c) => {
                        self.outputs.push(Output::Column(*c));
                        c.table
                    }
                    _ => return Err("what is common is no column"),
                }
            }
            _ => match (self.outputs.as_slice(), self.entity) {
                ([Output::Column(c)], _) if self.lexicon.tables[c.table].key != [c.column] => {
                    c.table
                }
                _ => return Err("what is common is no column"),
            },
        };
        if self.entity.is_some_and(|e| e != table) || !self.order.is_empty() {
            return Err("what is common is no column");
        }
        // Where something else measures popularity, the number of rows may not be meant.
        if s.word == "popular" && self.measures_merit(table) {
            return Err("what is popular may be measured in several ways");
        }
        self.common = true;
        self.order.push(Order {
            by: Key::Measure(Measure::Rows(table)),
            descending: s.descending,
        });
        self.limit_to(s);
        Ok(())
    }
}
