//! Tables, columns and values as they come: shown, asked about, or a condition.

use super::super::lexicon::{ColumnId, Lexicon, ValueKind};
use super::super::link::Target;
use super::super::pieces::{Piece, WHEN};
use super::super::query::{Aggregate, Condition, Key, Measure, Order, Output};
use super::finish::is_above;
use super::measure::{is_summable, is_total};
use super::reader::{Reader, Section, Step};

impl<'a> Reader<'a> {
    pub(super) fn a_noun(&mut self) -> Step<()> {
        let (_, target) = self.noun()?;
        match target {
            Target::Table(t) => self.a_table(*t),
            Target::Column(c) => self.a_column(*c),
            Target::Value(c, values) => self.a_value(*c, values.clone()),
        }
    }

    pub(super) fn a_table(&mut self, t: usize) -> Step<()> {
        if self.negated {
            self.negated = false;
            if self.entity.is_none() || self.entity == Some(t) {
                return Err("a negation that nothing is said of");
            }
            self.end_lacks();
            self.conditions.push(Condition::Lacks(t, Vec::new()));
            self.lacks = Some(self.conditions.len() - 1);
            return Ok(());
        }
        match (self.entity, self.section) {
            (_, Section::Order) => {
                let by = self
                    .lexicon
                    .label(t)
                    .next()
                    .ok_or("a table without a name to sort by")?;
                self.order.push(Order {
                    by: Key::Column(by),
                    descending: false,
                });
            }
            // "the name and the language": shown like a column.
            (None, Section::Head) if self.after_and() && !self.outputs.is_empty() => {
                let labels: Vec<Output> = self.lexicon.label(t).map(Output::Column).collect();
                self.outputs.extend(labels);
            }
            (None, _)
                if self.after_and() && self.outputs.is_empty() && !self.conditions.is_empty() =>
            {
                return Err("two things at once");
            }
            // "who directed …": what was done is no person.
            (None, _)
                if self.who
                    && self.outputs.is_empty()
                    && !self.lexicon.is_person(t)
                    && (self.lexicon.is_link(t)
                        || self.lexicon.tables[t].label == self.lexicon.tables[t].key) =>
            {
                self.mentioned.push(t);
            }
            (None, _) => {
                self.entity = Some(t);
                self.is_named = true;
            }
            (Some(e), _) if e == t => self.is_named = true,
            // "record labels" are labels.
            (Some(e), Section::Head)
                if self.outputs.is_empty()
                    && self.at >= 2
                    && self.lexicon.tables[t].label != self.lexicon.tables[t].key
                    && self.last_noun().is_some_and(|n| n.text.ends_with('s'))
                    && matches!(self.target(self.at - 2), Ok((n, Target::Table(b)))
                        if *b == e && !n.text.ends_with('s')) =>
            {
                self.mentioned.push(e);
                self.entity = Some(t);
            }
            (Some(_), Section::Head) if self.after_and() => {
                if self.outputs.is_empty() {
                    self.show_entity();
                }
                let labels: Vec<Output> = self.lexicon.label(t).map(Output::Column).collect();
                self.outputs.extend(labels);
            }
            _ => {
                if let Some(lacks) = self.lacks {
                    if let Condition::Lacks(_, inner) | Condition::Rows(_, _, _, inner) =
                        &mut self.conditions[lacks]
                    {
                        inner.push(Condition::Has(t));
                    }
                } else {
                    self.mentioned.push(t);
                    self.section = Section::Condition;
                }
            }
        }
        Ok(())
    }

    /// Whether the noun just taken follows "and" or a comma.
    pub(super) fn after_and(&self) -> bool {
        self.at >= 2 && matches!(self.pieces[self.at - 2], Piece::And)
    }

    pub(super) fn show_entity(&mut self) {
        if let Some(e) = self.entity {
            let labels: Vec<Output> = self.lexicon.label(e).map(Output::Column).collect();
            self.outputs.extend(labels);
        }
    }

    pub(super) fn a_column(&mut self, c: ColumnId) -> Step<()> {
        let column = self.lexicon.column(c);
        if self.section == Section::Order {
            self.order.push(Order {
                by: Key::Column(c),
                descending: self.descending,
            });
            return Ok(());
        }
        if self.compared(c)? {
            return Ok(());
        }
        // "population density": the last word says which number it is.
        if column.is_number()
            && matches!(self.peek(), Some(Piece::Noun(_)))
            && matches!(self.peek_target(), Some(Target::Column(o))
                if *o != c && o.table == c.table && self.lexicon.column(*o).kind == ValueKind::Number)
        {
            self.cost += 0.15;
            return self.a_noun();
        }
        let counted = matches!(self.outputs.last(), Some(Output::Measure(_))) && !self.after_and();
        let alone = self.outputs.is_empty() && !self.after_and();
        if column.kind == ValueKind::Bool
            && (self.section == Section::Condition || self.entity.is_none() || counted || alone)
        {
            let yes = !std::mem::take(&mut self.negated);
            return self.condition(Condition::True(c, yes));
        }
        // "never released an album": what follows is lacking.
        if self.negated
            && self.entity.is_some_and(|e| e != c.table)
            && matches!(self.peek_target(), Some(Target::Table(t)) if *t == c.table)
        {
            return Ok(());
        }
        if self.negated {
            self.negated = false;
            let had = self.at >= 2
                && self.pieces[..self.at - 1]
                    .iter()
                    .rev()
                    .take(2)
                    .any(|p| matches!(p, Piece::With | Piece::Not));
            let plain = column.kind == ValueKind::Date
                || self.last_score() >= 0.95
                || (had && self.last_score() >= 0.76);
            if plain && self.entity == Some(c.table) {
                return self.condition(Condition::Missing(c, true));
            }
            return Err("a negation of something that is no value");
        }
        // "departing from Rome" names the key by which Rome is meant.
        if self.lexicon.is_foreign_key(c) && self.role_of_value(c) {
            return Ok(());
        }
        // "When was account 5190 opened?"
        if self.dimension == Some(WHEN) && column.kind == ValueKind::Date && self.outputs.is_empty()
        {
            self.outputs.push(Output::Column(c));
            return Ok(());
        }
        // "born in Boston", "founded by Ann": what happened, and not when.
        let happened = self.last_noun().is_some_and(|n| {
            let word = n.text.to_lowercase();
            word == "born" || (word.ends_with("ed") && !word.contains(' '))
        });
        if happened
            && (column.kind == ValueKind::Date || self.is_year(c))
            && (self.dimension.is_some_and(|d| d != WHEN)
                || (self.dimension.is_none()
                    && (self.entity.is_some() || !self.outputs.is_empty() || self.who)))
            && !matches!(self.peek(), Some(Piece::Each | Piece::By | Piece::Unit(_)))
        {
            self.cost += 0.05;
            // "customers who rented …" speaks of rentals.
            if self.entity.is_some_and(|e| e != c.table) {
                // "released the most games" counts games.
                if matches!(self.peek(), Some(Piece::Superlative(_) | Piece::Common(_))) {
                    return Ok(());
                }
                if !self.mentioned.contains(&c.table) {
                    self.mentioned.push(c.table);
                }
                self.section = Section::Condition;
                return Ok(());
            }
            let birth = column.words.iter().any(|w| w.starts_with("birth"));
            // "How many stores are closed?": those that have a day of it.
            if column.kind == ValueKind::Date && column.is_nullable && !birth {
                return self.condition(Condition::Missing(c, false));
            }
            return Ok(());
        }
        if counted
            && self.section == Section::Head
            && self.group_tables.is_empty()
            && self.groups.is_empty()
        {
            return Err("a column beside a count");
        }
        let table_follows = matches!(self.peek_target(), Some(Target::Table(t)) if *t == c.table);
        if self.section == Section::Head
            && let Some(to) = self.plays(c)
        {
            if to == c.table {
                return Err("a row of the same table");
            }
            self.entity.get_or_insert(c.table);
            self.outputs
                .extend(self.lexicon.label(to).map(Output::Column));
            self.cost += 0.1;
            return Ok(());
        }
        match self.section {
            Section::Head => {
                let of = self.at >= 2
                    && matches!(&self.pieces[self.at - 2], Piece::Preposition(w) if matches!(w.as_str(), "of" | "for" | "in"));
                if of && matches!(self.outputs.last(), Some(Output::Column(_))) {
                    return Err("a column of a column");
                }
                if self.entity.is_some() && self.outputs.is_empty() && self.after_and() {
                    self.show_entity();
                }
                if self.at >= 2
                    && matches!(self.pieces[self.at - 2], Piece::Noun(_))
                    && matches!(self.target(self.at - 2), Ok((_, Target::Column(_))))
                {
                    self.cost += 0.35;
                }
                self.cost += self.of_another(c);
                // "which instructor advises the most" asks for the instructor, and not for the column advisor.
                let verb = self.last_score() < 0.845
                    && self.at >= 2
                    && matches!(self.pieces[self.at - 2], Piece::Noun(_));
                if verb && self.is_named && self.outputs.is_empty() && self.entity != Some(c.table)
                {
                    return Err("a verb that is no column");
                }
                // "Which films did Ann rent" does not ask for the rental rate.
                let loose = self.last_score() < 0.75 && !self.after_and();
                if loose && self.is_named && !self.conditions.is_empty() {
                    self.cost += 0.15;
                }
                if self.after_and()
                    && matches!(self.outputs.last(), Some(Output::Column(o)) if o.table != c.table)
                {
                    self.cost += 0.08;
                }
                self.named_sum |= self.last_noun().is_some_and(|n| is_total(&n.text));
                let label = &self.lexicon.tables[c.table].label;
                let whole = label.len() > 1
                    && label.first() == Some(&c.column)
                    && self.last_noun().is_some_and(|n| {
                        let text = n.text.to_lowercase();
                        let last = text.rsplit(' ').next().unwrap_or_default();
                        matches!(last, "name" | "names") && self.last_score() < 0.95
                    });
                let shown: Vec<ColumnId> = match whole {
                    true => self.lexicon.label(c.table).collect(),
                    false => vec![c],
                };
                for c in shown {
                    if !self.outputs.contains(&Output::Column(c)) {
                        self.outputs.push(Output::Column(c));
                    }
                }
                if let Some(Piece::Noun(noun)) = self.pieces.get(self.at - 1)
                    && is_summable(&noun.text)
                    && self.lexicon.column(c).kind == ValueKind::Number
                    && matches!(self.peek(), Some(Piece::Each | Piece::By))
                {
                    // "revenue per store" is a sum.
                    self.outputs.pop();
                    return self.put_measure(Measure::Of(Aggregate::Sum, c));
                }
                if column.is_number()
                    && matches!(self.peek(), Some(Piece::Each))
                    && self.outputs.len() == 1
                    && !matches!(self.target(self.at + 1), Ok((_, Target::Table(t))) if *t == c.table)
                {
                    return Err("a number for each of several rows, without what to make of them");
                }
                Ok(())
            }
            // "customers who have written a review": the verb of the table that follows.
            _ if column.kind == ValueKind::Date && self.last_score() < 0.9 && table_follows => {
                Ok(())
            }
            // "used a coupon", "with a phone number": it has any.
            _ if self.at >= 2
                && matches!(self.pieces[self.at - 2], Piece::With | Piece::Verb(_))
                && column.is_nullable
                && column.kind != ValueKind::Number
                && self.last_score() >= 0.66
                && !matches!(self.peek(), Some(Piece::Noun(_) | Piece::Number(_))) =>
            {
                self.cost += 0.15;
                self.condition(Condition::Missing(c, false))
            }
            _ => Err("a column of which nothing is said"),
        }
    }

    /// What it costs that a column is said to be of a table that has no such column.
    pub(super) fn of_another(&self, c: ColumnId) -> f32 {
        let mut at = self.at;
        while matches!(&self.pieces.get(at), Some(Piece::Preposition(w)) if matches!(w.as_str(), "of" | "for"))
        {
            at += 1;
        }
        match self.target(at) {
            Ok((_, Target::Table(t))) if at > self.at && *t != c.table => {
                // "flight number" names its table itself, "name" does not.
                let named = matches!(self.pieces.get(self.at.wrapping_sub(1)),
                    Some(Piece::Noun(n)) if n.text.contains(' '));
                let own = self.last_noun().is_some_and(|noun| {
                    noun.links.iter().any(|l| {
                        matches!(l.target, Target::Column(o) if o.table == *t)
                            && l.score >= self.last_score() - 0.1
                    })
                });
                if own {
                    return 0.5;
                }
                let goes_on =
                    matches!(self.outputs.last(), Some(Output::Column(o)) if o.table == c.table);
                if is_above(self.lexicon, *t, c.table) {
                    0.07
                } else if named || goes_on {
                    0.1
                } else {
                    0.7
                }
            }
            _ => 0.0,
        }
    }

    /// The table whose row a key names by what it is to the other: the head of a department.
    pub(super) fn plays(&self, c: ColumnId) -> Option<usize> {
        let text = self.last_noun()?.text.to_lowercase();
        let said = !text
            .split([' ', '_'])
            .any(|w| matches!(w, "id" | "ids" | "code" | "codes" | "number"));
        let to = self.lexicon.role(c)?;
        said.then_some(to)
    }

    /// Whether a value of the table that the key points to follows.
    pub(super) fn role_of_value(&mut self, c: ColumnId) -> bool {
        let start = self.at;
        self.skip_links();
        let value = match self.peek_target() {
            Some(Target::Value(v, _)) => Some(v.table),
            _ => None,
        };
        self.at = start;
        self.lexicon
            .edges
            .iter()
            .any(|e| e.from == c.table && e.columns == [c.column] && Some(e.to) == value)
    }

    /// Whether the noun before the one just taken is that column, with nothing but links between.
    pub(super) fn noun_before(&mut self, c: ColumnId) -> bool {
        let mut at = self.at.saturating_sub(1);
        while at > 0 {
            at -= 1;
            match &self.pieces[at] {
                Piece::Preposition(_) | Piece::By => {}
                Piece::Noun(_) => {
                    return matches!(self.target(at), Ok((_, Target::Column(b))) if *b == c);
                }
                _ => return false,
            }
        }
        false
    }

    /// Adds a condition, inside an open absence if there is one.
    pub(super) fn condition(&mut self, condition: Condition) -> Step<()> {
        if self.focus.is_some_and(|t| t != condition.table()) {
            return Err("a condition that may speak of two things");
        }
        if let Some(lacks) = self.lacks
            && let Condition::Lacks(_, inner) | Condition::Rows(_, _, _, inner) =
                &mut self.conditions[lacks]
        {
            inner.push(condition);
            return Ok(());
        }
        self.conditions.push(condition);
        Ok(())
    }

    pub(super) fn end_lacks(&mut self) {
        self.lacks = None;
    }
}

/// Whether the column names rows of its table.
pub(super) fn names_rows(lexicon: &Lexicon, c: ColumnId) -> bool {
    let table = &lexicon.tables[c.table];
    table.label.contains(&c.column) || table.key == [c.column]
}
