//! What can only be told when everything is read: which column a size is, where the commonest is counted,
//! and what conditions narrow.

use super::super::joins;
use super::super::lexicon::{ColumnId, ValueKind};
use super::super::link::Target;
use super::super::pieces::{Piece, WHEN, WHERE};
use super::super::query::{Aggregate, Condition, Key, Measure, Operator, Output};
use super::super::vocabulary::agents;
use super::super::words::stem;
use super::finish::is_above;
use super::nouns::names_rows;
use super::reader::{Reader, Step};

impl Reader<'_> {
    /// "How long is the Danube", "how many people live in Rome": the column that the adjective asks for.
    pub(super) fn size(&mut self) -> Step<()> {
        let Some(word) = self.dimension.take() else {
            return Ok(());
        };
        let dated = matches!(self.outputs.as_slice(), [Output::Column(c)]
            if self.lexicon.column(*c).kind == ValueKind::Date || self.is_year(*c));
        if word == WHEN && dated {
            return Ok(());
        }
        let placed = matches!(self.outputs.as_slice(), [Output::Column(c)] if self.is_place(*c));
        if word == WHERE && placed {
            return Ok(());
        }
        if !self.outputs.is_empty() || !self.groups.is_empty() || self.top.is_some() {
            return Err("a size beside something else");
        }
        let named = match self.conditions.as_slice() {
            [Condition::In(c, values)] if values.len() == 1 => Some(*c),
            _ => None,
        };
        let table = self
            .entity
            .or(named.map(|c| c.table))
            .ok_or("a size of nothing that is known")?;
        if word == WHERE {
            let columns = 0..self.lexicon.tables[table].columns.len();
            let mut places = columns
                .map(|column| ColumnId { table, column })
                .filter(|c| self.is_place(*c));
            let place = places.next().filter(|_| places.next().is_none());
            drop(places);
            let place = place.ok_or("no one place that is asked for")?;
            self.entity = Some(table);
            self.outputs.push(Output::Column(place));
            return Ok(());
        }
        if word == WHEN {
            let date = self
                .date_of(&[table])
                .ok_or("no one date that is asked for")?;
            self.entity = Some(table);
            self.outputs.push(Output::Column(date));
            return Ok(());
        }
        let (column, _) = self
            .hinted(table, word)
            .ok_or("what the adjective asks for is no one column")?;
        if self.lexicon.column(column).kind != ValueKind::Number {
            return Err("what the adjective asks for is no number");
        }
        let one = named.is_some_and(|c| c.table == table && names_rows(self.lexicon, c));
        self.entity = Some(table);
        self.outputs.push(if one || word != "most populous" {
            Output::Column(column)
        } else {
            Output::Measure(Measure::Of(Aggregate::Sum, column))
        });
        Ok(())
    }

    /// The table, if all conditions are of it and one at least says what kind of row it is.
    pub(super) fn one_kind(&self, table: usize) -> Option<usize> {
        let kinds = self
            .conditions
            .iter()
            .any(|c| matches!(c, Condition::In(c, _) if !names_rows(self.lexicon, *c)));
        let same = self
            .conditions
            .iter()
            .all(|c| c.table() == table && !c.is_apart());
        (kinds && same).then_some(table)
    }

    /// What it costs that values are looked for elsewhere which the rows that are asked for have themselves.
    pub(super) fn values_of_others(&self, entity: usize) -> f32 {
        let apart = (0..self.pieces.len()).filter(|&at| {
            let Some(Piece::Noun(noun)) = self.pieces.get(at) else {
                return false;
            };
            let chosen = noun.links.get(self.choice[at]);
            let elsewhere = chosen
                .is_some_and(|l| matches!(&l.target, Target::Value(c, _) if c.table != entity));
            let own = noun
                .links
                .iter()
                .any(|l| matches!(&l.target, Target::Value(c, _) if c.table == entity));
            let column = chosen.and_then(|l| match &l.target {
                Target::Column(c) if c.table != entity => Some(l.score),
                _ => None,
            });
            let own_column = column.is_some_and(|score| {
                noun.links.iter().any(|l| {
                    l.score >= score - 0.02
                        && matches!(&l.target, Target::Column(c) if c.table == entity)
                })
            });
            (elsewhere && own) || own_column
        });
        apart.count() as f32 * 0.1
    }

    /// Whom "who" asks for, where only one table is of people.
    pub(super) fn the_person(&self) -> Option<usize> {
        if !self.who {
            return None;
        }
        let only = |found: Vec<usize>| match found.as_slice() {
            [only] => Some(*only),
            _ => None,
        };
        let people: Vec<usize> = (0..self.lexicon.tables.len())
            .filter(|t| self.lexicon.is_person(*t))
            .collect();
        // Of several those that a table of what was done names, or that are called after it.
        let named = |t: &usize| {
            self.mentioned.last().is_some_and(|m| {
                self.lexicon
                    .edges
                    .iter()
                    .any(|e| e.from == *m && e.to == *t)
            })
        };
        let called = |t: &usize| {
            let words = &self.lexicon.tables[*t].words;
            self.pieces.iter().any(|p| {
                matches!(p, Piece::Verb(verb)
                    if agents(verb).iter().any(|a| words.last().is_some_and(|w| *w == stem(a))))
            })
        };
        only(people.iter().copied().filter(called).collect())
            .or_else(|| only(people.iter().copied().filter(named).collect()))
            .or_else(|| only(people.clone()))
    }

    /// Whether people are shown where "who" asks for them.
    pub(super) fn shows_whom(&self, outputs: &[Output], entity: usize) -> Step<()> {
        if !self.who {
            return Ok(());
        }
        let lexicon = self.lexicon;
        let all = |fits: &dyn Fn(ColumnId) -> bool| {
            outputs
                .iter()
                .all(|o| matches!(o, Output::Column(c) if fits(*c)))
        };
        let any = |fits: &dyn Fn(ColumnId) -> bool| {
            outputs
                .iter()
                .any(|o| matches!(o, Output::Column(c) if fits(*c)))
        };
        let kind = |c: ColumnId| lexicon.column(c).kind;
        let measures = outputs
            .iter()
            .all(|o| matches!(o, Output::Measure(Measure::Of(..))));
        let numbers = all(&|c| {
            kind(c) == ValueKind::Number && !lexicon.tables[c.table].label.contains(&c.column)
        });
        if measures || numbers {
            return Err("it asks who, and a number is no person");
        }
        let people = (0..lexicon.tables.len()).any(|t| lexicon.is_person(t));
        let shown = any(&|c| lexicon.is_person(c.table) && c.table != entity);
        // "Who is the director of …?" may be a column.
        let named = all(&|c| self.asked_for.contains(&c) && kind(c) == ValueKind::Text);
        let strangers = people && !lexicon.is_person(entity) && !shown && !named;
        let nameless =
            any(&|c| lexicon.tables[c.table].key.contains(&c.column) && !self.named.contains(&c));
        if strangers || nameless {
            return Err("it asks who, and the rows that fit are no persons");
        }
        Ok(())
    }

    /// Whether a column says where a row is; where somebody was born is a place of birth and no other.
    fn is_place(&self, c: ColumnId) -> bool {
        const PLACES: &[&str] = &[
            "place",
            "city",
            "location",
            "country",
            "address",
            "birthplac",
            "hometown",
            "region",
            "state",
            "town",
            "village",
            "venue",
            "headquart",
        ];
        let born = self
            .pieces
            .iter()
            .any(|p| matches!(p, Piece::Noun(n) if n.text.eq_ignore_ascii_case("born")));
        let column = self.lexicon.column(c);
        let words = &column.words;
        let birth = words.iter().any(|w| w.starts_with("birth"));
        column.kind == ValueKind::Text
            && !names_rows(self.lexicon, c)
            && birth == born
            && words.iter().any(|w| PLACES.contains(&w.as_str()))
    }

    /// "The type most commonly used in documents" is counted in documents.
    pub(super) fn counted_elsewhere(&mut self) -> Step<()> {
        if !self.common || self.mentioned.is_empty() {
            return Ok(());
        }
        let ([table], [order]) = (self.mentioned.as_slice(), self.order.as_mut_slice()) else {
            return Err("what is common may be counted in several tables");
        };
        if let Key::Measure(Measure::Rows(own)) = order.by {
            // "the most common diagnosis among female patients"
            if is_above(self.lexicon, own, *table) {
                return Ok(());
            }
            order.by = Key::Measure(Measure::Rows(*table));
            self.mentioned.clear();
        }
        Ok(())
    }

    /// "likes per tip": the average over the rows themselves is no group.
    pub(super) fn own_rows(&mut self) -> Step<()> {
        let [Output::Measure(Measure::Of(aggregate, c))] = self.outputs.as_slice() else {
            return Ok(());
        };
        let (aggregate, table) = (*aggregate, c.table);
        if !self.group_tables.contains(&table) {
            return Ok(());
        }
        if aggregate != Aggregate::Average {
            return Err("a number for each row that it is of");
        }
        let labels = self.lexicon.tables[table].label.clone();
        self.group_tables.retain(|t| *t != table);
        self.groups
            .retain(|g| !matches!(g, Output::Column(l) if l.table == table && labels.contains(&l.column) && !self.group_columns.contains(g)));
        Ok(())
    }

    /// "visited both …": the visits lead to what both are said of, and say no more.
    pub(super) fn on_the_way(&mut self, entity: usize, conditions: &[Condition]) {
        for condition in conditions {
            let Condition::Also(table, _) = condition else {
                continue;
            };
            let wanted = std::collections::BTreeSet::from([*table]);
            let way = joins::tree(&self.lexicon.edges, entity, &wanted, &|_| false);
            let way = way.unwrap_or_default();
            self.mentioned
                .retain(|m| m != table && !way.iter().any(|h| h.to == *m));
        }
    }

    /// Conditions on the entity itself do not narrow what is counted of it.
    pub(super) fn outward(
        &self,
        entity: usize,
        conditions: Vec<Condition>,
    ) -> Step<Vec<Condition>> {
        let mut all = Vec::new();
        for condition in conditions {
            let Condition::Rows(table, operator, n, inner) = condition else {
                all.push(condition);
                continue;
            };
            let own = |c: &Condition| {
                c.table() == entity
                    || (c.table() != table && is_above(self.lexicon, entity, c.table()))
            };
            // Stores in California, or customers there: both have an address.
            let shared = |c: &Condition| {
                let wanted = std::collections::BTreeSet::from([c.table()]);
                let way = joins::tree(&self.lexicon.edges, table, &wanted, &|_| false);
                way.is_ok_and(|hops| {
                    !hops.is_empty() && hops.iter().all(|h| h.single && h.to != entity)
                })
            };
            if inner
                .iter()
                .any(|c| c.table() != entity && own(c) && shared(c))
            {
                return Err("a condition that may be of two things");
            }
            let (outer, inner): (Vec<_>, Vec<_>) = inner.into_iter().partition(own);
            all.extend(outer);
            all.push(Condition::Rows(table, operator, n, inner));
        }
        Ok(all)
    }
}

/// Whether bounds of one column leave nothing: "before 1945 and after 1955" is said of two rows.
pub(super) fn contradict(conditions: &[Condition]) -> bool {
    let bounds = |condition: &Condition| -> Option<(ColumnId, f64, f64)> {
        let (low, high) = (f64::NEG_INFINITY, f64::INFINITY);
        match condition {
            Condition::Compare(c, operator, n) => {
                let n = n.parse().ok()?;
                Some(match operator {
                    Operator::Greater | Operator::GreaterOrEqual => (*c, n, high),
                    Operator::Less | Operator::LessOrEqual => (*c, low, n),
                    Operator::Equal => (*c, n, n),
                    Operator::NotEqual => return None,
                })
            }
            Condition::During(c, period) => {
                let (first, last) = period.years?;
                let year = |y: Option<i64>, open: f64| y.map_or(open, |y| y as f64);
                Some((*c, year(first, low), year(last, high)))
            }
            _ => None,
        }
    };
    let values: Vec<(&ColumnId, &Vec<String>)> = conditions
        .iter()
        .filter_map(|c| match c {
            Condition::In(c, values) => Some((c, values)),
            _ => None,
        })
        .collect();
    let ends: Vec<(usize, usize, &Vec<Condition>)> = conditions
        .iter()
        .filter_map(|c| match c {
            Condition::Via(table, edge, inner) => Some((*table, *edge, inner)),
            _ => None,
        })
        .collect();
    let two_ends = ends
        .iter()
        .any(|a| ends.iter().any(|b| (a.0, a.1) == (b.0, b.1) && a.2 != b.2));
    if two_ends {
        return true;
    }
    let apart = values.iter().any(|(c, these)| {
        values
            .iter()
            .any(|(d, those)| c == d && these.iter().all(|v| !those.contains(v)))
    });
    if apart {
        return true;
    }
    let all: Vec<_> = conditions.iter().filter_map(bounds).collect();
    all.iter()
        .any(|(c, low, _)| all.iter().any(|(d, _, high)| c == d && high < low))
}
