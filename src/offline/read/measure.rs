//! Counts, sums, averages and extremes.

use super::super::lexicon::{ColumnId, ValueKind};
use super::super::link::Target;
use super::super::pieces::{Noun, Piece, Superlative};
use super::super::query::{Aggregate, Condition, Key, Measure, Order, Output};
use super::super::words::stem;
use super::nouns::names_rows;
use super::reader::{Reader, Section, Step};

impl<'a> Reader<'a> {
    /// What is counted.
    pub(super) fn counted(&mut self) -> Step<Measure> {
        let distinct_before = std::mem::take(&mut self.distinct);
        // "number of French singers": values may stand before what is counted.
        while let Some(Target::Value(c, value)) = {
            self.skip_links();
            self.peek_target()
        } {
            let (c, value) = (*c, value.clone());
            self.noun()?;
            self.a_value(c, value)?;
            self.section = Section::Head;
        }
        if matches!(self.peek(), Some(Piece::Not)) {
            self.at += 1;
            self.negated = true;
        }
        while let Some(Target::Column(c)) = self.peek_target() {
            if self.lexicon.column(*c).kind != ValueKind::Bool {
                break;
            }
            let c = *c;
            self.noun()?;
            let yes = !std::mem::take(&mut self.negated);
            self.condition(Condition::True(c, yes))?;
            // "how many smokers are there"
            if !matches!(self.peek(), Some(Piece::Noun(_))) && self.entity.is_none() {
                return Ok(Measure::Rows(c.table));
            }
        }
        // "how many westerns are there": the films of that kind.
        if !matches!(self.peek(), Some(Piece::Noun(_)))
            && self.entity.is_none()
            && !self.distinct
            && let Some(Condition::In(c, _)) = self.conditions.last()
            && let Some(table) = self.rows_of_kind(*c)
        {
            self.distinct = distinct_before;
            return Ok(Measure::Rows(table));
        }
        let (noun, target) = self.noun()?;
        let different = std::mem::replace(&mut self.distinct, distinct_before);
        // "students major in …"
        let plural = noun.text.split_once(' ').is_some_and(|(first, rest)| {
            first.ends_with('s') && first.len() > 3 && !rest.starts_with("of ")
        });
        if plural && matches!(target, Target::Column(_)) {
            return Err("a count of rows or of what they have");
        }
        if matches!(target, Target::Table(_))
            && matches!(
                self.pieces.get(self.at + 1),
                None | Some(Piece::And | Piece::Each)
            )
            && matches!(self.peek_target(), Some(Target::Column(c))
                if matches!(self.lexicon.column(*c).kind, ValueKind::Text | ValueKind::Number))
        {
            return Err("a count of rows or of what they have");
        }
        match target {
            Target::Table(t) if self.lexicon.is_tag(*t) => {
                let label = self.lexicon.label(*t).next();
                Ok(label.map_or(Measure::Rows(*t), Measure::Different))
            }
            Target::Table(t) => Ok(Measure::Rows(*t)),
            Target::Column(c) => {
                if self.is_count(*c) && !different {
                    return Ok(Measure::Of(Aggregate::Sum, *c));
                }
                let column = self.lexicon.column(*c);
                if column.is_number() && !different {
                    return Err("a count of numbers may mean their sum");
                }
                if self.lexicon.tables[c.table].key == [c.column] {
                    return Ok(Measure::Rows(c.table));
                }
                Ok(Measure::Different(*c))
            }
            Target::Value(..) => Err("a count of a value"),
        }
    }

    /// Whether a column holds numbers of something: `review_count`.
    fn is_count(&self, c: ColumnId) -> bool {
        let column = self.lexicon.column(c);
        let name = column.name.to_lowercase();
        let plural = name.len() > 4
            && name.ends_with('s')
            && ![
                "ss", "us", "is", "hours", "minutes", "seconds", "days", "years", "stars",
            ]
            .iter()
            .any(|end| name.ends_with(end));
        column.is_number()
            && (plural
                || (column.words.len() > 1
                    && column
                        .words
                        .iter()
                        .any(|w| matches!(w.as_str(), "number" | "count"))))
    }

    /// Whether what follows is a column that says the number itself.
    pub(super) fn counts_already(&self) -> bool {
        let own = |c: ColumnId| {
            self.entity == Some(c.table)
                && self.after_and()
                && self.lexicon.column(c).kind == ValueKind::Number
        };
        matches!(self.peek_target(), Some(Target::Column(c)) if self.is_count(*c) || own(*c))
            && !matches!(self.pieces.get(self.at + 1), Some(Piece::Each | Piece::By))
    }

    /// "the percentage of customers that are active": of the rows of one table, by one condition.
    pub(super) fn share(&mut self) -> Step<()> {
        // "the percentage of women among the patients"
        self.skip_links();
        let before = self.conditions.len();
        while let Some(Target::Value(c, value)) = self.peek_target() {
            let (c, value) = (*c, value.clone());
            self.noun()?;
            self.condition(Condition::In(c, value))?;
        }
        if self.conditions.len() > before && matches!(self.peek(), Some(Piece::Preposition(_))) {
            self.skip_links();
            if let Some(Target::Table(t)) = self.peek_target()
                && self.conditions[before..].iter().all(|c| c.table() == *t)
                && self.entity.is_none()
                && self.outputs.is_empty()
            {
                // "women among the patients are smokers": of the women, or of the patients.
                let says = |p: &Piece| matches!(p, Piece::Preposition(w) if matches!(w.as_str(), "is" | "are" | "was" | "were"));
                if self.pieces[self.at..].iter().any(says) {
                    return Err("a percentage that may be of two things");
                }
                self.entity = Some(*t);
                self.is_named = true;
                self.noun()?;
                self.part = self.conditions.split_off(before);
                self.outputs.push(Output::Share);
                self.section = Section::Condition;
                return Ok(());
            }
        }
        let Measure::Rows(table) = self.counted()? else {
            return Err("a percentage of something that is no table");
        };
        if self.entity.is_some() || !self.outputs.is_empty() {
            return Err("a percentage beside something else");
        }
        self.entity = Some(table);
        self.is_named = true;
        self.outputs.push(Output::Share);
        self.section = Section::Condition;
        Ok(())
    }

    pub(super) fn put_measure(&mut self, measure: Measure) -> Step<()> {
        if self.section == Section::Order || self.top.is_some() {
            return self.order_by(Key::Measure(measure));
        }
        if self.section == Section::Condition {
            // "… with a number of products over 5" and the like.
            return Err("a number inside a condition");
        }
        let table = match &measure {
            Measure::Rows(t) => *t,
            Measure::Different(c) | Measure::Of(_, c) => c.table,
        };
        if self.entity.is_none() && self.outputs.iter().all(|o| matches!(o, Output::Measure(_))) {
            if matches!(measure, Measure::Rows(_)) || self.group_tables.is_empty() {
                self.is_named |= matches!(measure, Measure::Rows(_));
                self.entity = Some(table);
            }
        } else if self.entity.is_some_and(|e| e != table)
            && self.outputs.is_empty()
            && self.group_tables.is_empty()
        {
            // "customers and the number of their rentals"
            let e = self.entity.unwrap_or(table);
            self.show_entity();
            self.group_tables.push(e);
        } else if let Some(e) = self.entity.filter(|e| *e != table)
            && !self.group_tables.contains(&e)
            && self.outputs.iter().any(|o| matches!(o, Output::Column(_)))
        {
            self.group_tables.push(e);
        } else if self
            .outputs
            .iter()
            .any(|o| matches!(o, Output::Column(c) if c.table != table))
            && self.entity.is_none()
        {
            let tables: Vec<usize> = self
                .outputs
                .iter()
                .filter_map(|o| match o {
                    Output::Column(c) => Some(c.table),
                    _ => None,
                })
                .collect();
            if tables.contains(&table) {
                self.cost += 0.3;
            }
            let lexicon = self.lexicon;
            let names = |t: &usize| {
                self.outputs.iter().any(|o| {
                    matches!(o, Output::Column(c) if c.table == *t
                        && (names_rows(lexicon, *c)
                            || lexicon.tables[*t].key.contains(&c.column)
                            || lexicon.tables[*t].unique.contains(&c.column)))
                })
            };
            self.group_tables.extend(tables.into_iter().filter(names));
        }
        let output = Output::Measure(measure);
        if !self.outputs.contains(&output) {
            self.outputs.push(output);
        }
        Ok(())
    }

    pub(super) fn order_by(&mut self, by: Key) -> Step<()> {
        let descending = match self.top.take() {
            Some(top) => {
                self.limit = Some(top.limit.unwrap_or(1));
                if let Key::Measure(m) = &by {
                    // People who ask for the top by something want to see it.
                    if self.outputs.is_empty() {
                        self.show_entity();
                    }
                    let output = Output::Measure(m.clone());
                    if !self.outputs.contains(&output) {
                        self.outputs.push(output);
                    }
                }
                top.descending
            }
            None => self.descending,
        };
        self.order.push(Order { by, descending });
        Ok(())
    }

    /// "average, minimum and maximum age", "total number of", "the maximum capacity of".
    pub(super) fn aggregates(&mut self) -> Step<()> {
        let mut all = Vec::new();
        while let Some(Piece::Aggregate(a)) = self.peek() {
            all.push(*a);
            self.at += 1;
            while matches!(self.peek(), Some(Piece::Preposition(_)))
                || (matches!(self.peek(), Some(Piece::And)) && {
                    let mut next = self.at + 1;
                    while matches!(self.pieces.get(next), Some(Piece::And)) {
                        next += 1;
                    }
                    matches!(self.pieces.get(next), Some(Piece::Aggregate(_)))
                })
            {
                self.at += 1;
            }
        }
        if matches!(self.peek(), Some(Piece::Count(_))) {
            if all == [Aggregate::Sum] {
                return Ok(());
            }
            self.at += 1;
            self.skip_links();
            // "the average number of likes": a column that holds numbers.
            let surely = |noun: &Noun| noun.links[self.choice[self.at]].score >= 0.75;
            let plain = match (self.peek(), self.peek_target()) {
                (Some(Piece::Noun(noun)), Some(Target::Column(c))) => {
                    self.lexicon.column(*c).kind == ValueKind::Number
                        && !self.is_year(*c)
                        && (surely(noun) || self.is_count(*c))
                }
                _ => false,
            };
            if !plain {
                return Err("an average of counts");
            }
        }
        if matches!(self.peek(), Some(Piece::Distinct)) {
            return Err("an aggregate of different values");
        }
        if let [only @ (Aggregate::Maximum | Aggregate::Minimum)] = all.as_slice()
            && (self.section == Section::Condition || self.entity.is_some())
            && !self.restated
            && !self.pieces[self.at..]
                .iter()
                .any(|p| matches!(p, Piece::Each))
            && self.groups.is_empty()
            && self
                .outputs
                .iter()
                .all(|o| !matches!(o, Output::Measure(_)))
        {
            let descending = *only == Aggregate::Maximum;
            return self.superlative(&Superlative {
                descending,
                limit: None,
                word: if descending { "highest" } else { "lowest" }.to_owned(),
            });
        }
        let (mut noun, mut target) = self.noun()?;
        // "the average pit stop duration"
        if let Target::Table(t) = target
            && matches!(self.pieces.get(self.at), Some(Piece::Noun(_)))
            && matches!(self.peek_target(), Some(Target::Column(c)) if c.table == *t)
        {
            (noun, target) = self.noun()?;
        }
        let c = match target {
            Target::Column(c) => *c,
            Target::Table(t) => self
                .additive(*t)
                .ok_or("a table without one plain amount")?,
            Target::Value(..) => return Err("an aggregate of a value"),
        };
        let column = self.lexicon.column(c);
        self.cost += self.of_another(c);
        for aggregate in all {
            let possible = match (aggregate, column.kind) {
                (_, ValueKind::Number) => !column.is_key,
                (Aggregate::Minimum | Aggregate::Maximum, ValueKind::Date) => true,
                _ => false,
            };
            if !possible {
                return Err("an aggregate of something that is no number");
            }
            if aggregate == Aggregate::Sum
                && matches!(target, Target::Table(_))
                && noun.text.is_empty()
            {
                return Err("a sum of nothing");
            }
            self.put_measure(Measure::Of(aggregate, c))?;
        }
        Ok(())
    }

    /// Whether the most of a column is plainly its sum: of days, units, goals.
    pub(super) fn adds_up(&self, c: ColumnId) -> bool {
        const UNITS: &[&str] = &[
            "day", "hour", "minute", "goal", "unit", "quantity", "sold", "spent", "download",
        ];
        let column = self.lexicon.column(c);
        column.is_number()
            && column
                .words
                .iter()
                .any(|w| UNITS.iter().any(|u| *w == stem(u)))
    }

    /// The one column of a table that holds amounts.
    pub(super) fn additive(&self, table: usize) -> Option<ColumnId> {
        let columns = &self.lexicon.tables[table].columns;
        let amounts = ["amount", "price", "total", "cost", "value", "revenu", "sum"];
        let mut found = (0..columns.len()).filter(|&c| {
            let column = &columns[c];
            column.is_number() && column.words.iter().any(|w| amounts.contains(&w.as_str()))
        });
        let first = found.next()?;
        found.next().is_none().then_some(ColumnId {
            table,
            column: first,
        })
    }
}

/// Words for sums that need no word for summing.
pub(super) fn is_total(word: &str) -> bool {
    has_any(word, &["revenue", "turnover", "earnings", "sales"])
}

fn has_any(word: &str, parts: &[&str]) -> bool {
    let word = word.to_lowercase();
    parts.iter().any(|part| word.contains(part))
}

/// Words for amounts that are only of use as a sum.
pub(super) fn is_summable(word: &str) -> bool {
    has_any(
        word,
        &[
            "revenue", "sales", "turnover", "income", "earnings", "spending", "amount",
        ],
    )
}
