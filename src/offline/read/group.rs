//! Groups, rankings and time.

use super::super::lexicon::{ColumnId, ValueKind};
use super::super::link::Target;
use super::super::pieces::Piece;
use super::super::query::{Aggregate, Condition, Key, Measure, Order, Output, Period, Unit};
use super::super::words::root;
use super::finish::is_above;
use super::measure::is_summable;
use super::reader::{Reader, Section, Step};

impl<'a> Reader<'a> {
    pub(super) fn each(&mut self) -> Step<()> {
        self.end_lacks();
        // "… and the number of products for each."
        if matches!(self.peek(), None | Some(Piece::Sentence)) && self.entity.is_some() {
            return Ok(());
        }
        // "accounts created per year" counts them by that date.
        if let (Some(Piece::Unit(unit)), [Output::Column(c)], true) =
            (self.peek(), self.outputs.as_slice(), self.order.is_empty())
            && self.lexicon.column(*c).kind == ValueKind::Date
            && self.entity == Some(c.table)
        {
            let (unit, c) = (*unit, *c);
            self.at += 1;
            self.outputs = vec![Output::Measure(Measure::Rows(c.table))];
            self.groups.push(Output::Bucket(unit, c));
            self.order.push(Order {
                by: Key::Bucket(unit, c),
                descending: false,
            });
            self.cost += 0.1;
            return Ok(());
        }
        // "orders per month", "loans per branch" counts them.
        let plain = !self.asked
            && self.section == Section::Head
            && matches!(self.peek_target(), Some(Target::Table(_)));
        if (plain || matches!(self.peek(), Some(Piece::Unit(_))))
            && self.outputs.is_empty()
            && self.order.is_empty()
            && let Some(entity) = self.entity
        {
            self.outputs.push(Output::Measure(Measure::Rows(entity)));
            self.cost += 0.1;
        }
        loop {
            self.skip_links();
            if let Some(Piece::Unit(unit)) = self.peek() {
                self.at += 1;
                self.buckets.push(*unit);
            } else {
                let (_, target) = self.noun()?;
                match target {
                    Target::Table(t) => {
                        // "each customer has": the entity again.
                        if !self.group_tables.contains(t) {
                            self.group_tables.push(*t);
                            let labels: Vec<Output> =
                                self.lexicon.label(*t).map(Output::Column).collect();
                            self.groups.extend(labels);
                        }
                    }
                    Target::Column(c) => {
                        let output = Output::Column(*c);
                        // "each player and their first name" shows that name and no other.
                        if self.group_tables.contains(&c.table) {
                            self.groups
                                .retain(|g| !matches!(g, Output::Column(l) if l.table == c.table));
                        }
                        if !self.groups.contains(&output) {
                            self.groups.push(output.clone());
                            self.group_columns.push(output);
                        }
                    }
                    Target::Value(..) => return Err("a group by a value"),
                }
            }
            let more = matches!(self.peek(), Some(Piece::And))
                && matches!(
                    self.pieces.get(self.at + 1),
                    Some(Piece::Noun(_) | Piece::Unit(_))
                )
                && self.outputs.iter().any(|o| matches!(o, Output::Measure(_)));
            if !more {
                return Ok(());
            }
            self.at += 1;
        }
    }

    pub(super) fn by(&mut self) -> Step<()> {
        if self.top.is_some() {
            self.skip_links();
            return match self.peek() {
                Some(Piece::Count(_)) => {
                    self.at += 1;
                    // "by number of seats", which a column says.
                    if let Some(Target::Column(c)) = self.peek_target()
                        && self
                            .entity
                            .is_some_and(|e| e == c.table || is_above(self.lexicon, e, c.table))
                        && self.lexicon.column(*c).is_number()
                    {
                        let c = *c;
                        self.noun()?;
                        return self.order_by(Key::Column(c));
                    }
                    let measure = self.counted()?;
                    self.order_by(Key::Measure(measure))
                }
                Some(Piece::Aggregate(_)) => self.aggregates(),
                Some(Piece::Noun(_)) => {
                    let (noun, target) = self.noun()?;
                    match target {
                        Target::Column(c) if self.lexicon.column(*c).kind == ValueKind::Number => {
                            let c = *c;
                            let entity = self.entity.ok_or("a ranking of nothing")?;
                            if c.table == entity {
                                return self.order_by(Key::Column(c));
                            }
                            if is_summable(&noun.text) {
                                return self.order_by(Key::Measure(Measure::Of(Aggregate::Sum, c)));
                            }
                            Err("a ranking by single values of another table")
                        }
                        Target::Table(t) => self.order_by(Key::Measure(Measure::Rows(*t))),
                        _ => Err("a ranking by something that is no number"),
                    }
                }
                _ => Err("a ranking by nothing that is known"),
            };
        }
        self.skip_links();
        match self.peek() {
            // "written by Ann"
            Some(Piece::Noun(_)) if matches!(self.peek_target(), Some(Target::Value(..))) => Ok(()),
            Some(Piece::Noun(_) | Piece::Unit(_))
                if self.outputs.iter().any(|o| matches!(o, Output::Measure(_)))
                    || self.entity.is_some() =>
            {
                if !self.outputs.iter().any(|o| matches!(o, Output::Measure(_))) {
                    // "rentals by month", "films by category" count.
                    let entity = self.entity.ok_or("a grouping of nothing")?;
                    if self.asked || !self.outputs.is_empty() || self.section != Section::Head {
                        return Err("a grouping of nothing that is counted");
                    }
                    self.outputs.push(Output::Measure(Measure::Rows(entity)));
                    self.cost += 0.1;
                }
                self.each()
            }
            _ => Err("a \"by\" of nothing that is known"),
        }
    }

    pub(super) fn a_unit(&mut self, unit: Unit) -> Step<()> {
        if self.section == Section::Head
            && self.asked
            && self.outputs.is_empty()
            && self.entity.is_none()
        {
            // "Which month had the most rentals?"
            self.buckets.push(unit);
            return Ok(());
        }
        if matches!(unit, Unit::Day) && self.at >= 2 {
            return Err("a day of which nothing is said");
        }
        Err("a unit of time of which nothing is said")
    }

    pub(super) fn a_period(&mut self, period: &Period) -> Step<()> {
        if self.negated {
            return Err("a negated period");
        }
        // A column named just before is what the period is of: "created in 2020".
        if self.at >= 2
            && let Piece::Noun(_) = &self.pieces[self.at - 2]
            && let Ok((_, Target::Column(c))) = self.target(self.at - 2)
        {
            let c = *c;
            if self.lexicon.column(c).kind == ValueKind::Date
                || (self.is_year(c) && period.years.is_some())
            {
                if self.outputs.last() == Some(&Output::Column(c)) {
                    self.outputs.pop();
                }
                return self.a_period_of(c, period);
            }
        }
        // "born after 1950 and before 1980"
        if self.at >= 2
            && matches!(self.pieces[self.at - 2], Piece::And)
            && let Some(Condition::During(c, _)) = self.conditions.last()
            && self.lacks.is_none()
        {
            return self.a_period_of(*c, period);
        }
        // "the 2018 season"
        if let Some(Target::Column(c)) = self.peek_target()
            && self.is_year(*c)
            && period.years.is_some()
        {
            let c = *c;
            self.noun()?;
            return self.a_period_of(c, period);
        }
        let lacks = self.lacks;
        let near = self.mentioned.last().copied().filter(|_| self.clause);
        self.periods.push((period.clone(), lacks, near));
        if self.entity.is_some() {
            self.section = Section::Condition;
        }
        Ok(())
    }

    pub(super) fn a_period_of(&mut self, c: ColumnId, period: &Period) -> Step<()> {
        self.condition(Condition::During(c, period.clone()))
    }

    /// The one date, or year, of the first of the tables that has any.
    pub(super) fn date_of(&self, tables: &[usize]) -> Option<ColumnId> {
        for &table in tables {
            let columns = &self.lexicon.tables[table].columns;
            let housekeeping = |words: &[String]| {
                words
                    .iter()
                    .any(|w| ["updat", "modifi", "delet", "sync", "load"].contains(&w.as_str()))
            };
            let dates: Vec<usize> = (0..columns.len())
                .filter(|&c| {
                    (columns[c].kind == ValueKind::Date
                        || self.is_year(ColumnId { table, column: c }))
                        && !housekeeping(&columns[c].words)
                        && !columns[c].joined.contains("updated")
                        && !columns[c]
                            .words
                            .iter()
                            .any(|w| w.starts_with("birth") || w == "born")
                })
                .collect();
            let own = |c: &&usize| {
                columns[**c].words.iter().any(|w| {
                    self.lexicon.tables[table]
                        .words
                        .iter()
                        .any(|t| root(t) == root(w))
                })
            };
            let pick = match dates.as_slice() {
                [] => continue,
                [one] => Some(*one),
                many => {
                    let mut own = many.iter().filter(own);
                    own.next().filter(|_| own.next().is_none()).copied()
                }
            };
            return pick.map(|column| ColumnId { table, column });
        }
        None
    }
}
