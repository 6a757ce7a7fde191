//! Values of the data as conditions.

use super::super::lexicon::ColumnId;
use super::super::link::Target;
use super::super::pieces::Piece;
use super::super::query::{Condition, Output};
use super::finish::is_below;
use super::nouns::names_rows;
use super::reader::{Reader, Section, Step};

impl Reader<'_> {
    pub(super) fn a_value(&mut self, c: ColumnId, mut values: Vec<String>) -> Step<()> {
        // "country France", "written by Ann", "the Caribbean region" name the column and the value.
        if self.outputs.last() == Some(&Output::Column(c)) && self.noun_before(c) {
            self.outputs.pop();
        }
        let repeats = match self.peek_target() {
            Some(Target::Column(next)) => *next == c,
            // "a cat pet"
            Some(Target::Table(t)) => *t == c.table && self.negated,
            _ => false,
        };
        if repeats {
            self.noun()?;
        }
        while matches!(self.peek(), Some(Piece::Or)) {
            let before = self.at;
            self.at += 1;
            self.skip_links();
            // "or in …", "or country …" goes on about the same column.
            if matches!(self.peek_target(), Some(Target::Column(o)) if *o == c) {
                self.at += 1;
                self.skip_links();
            }
            match self.peek_target() {
                Some(Target::Value(other, text)) if *other == c => {
                    values.extend(text.iter().cloned());
                    self.noun()?;
                }
                _ => {
                    self.at = before;
                    break;
                }
            }
        }
        if matches!(self.peek(), Some(Piece::And)) && self.pieces.get(self.at + 1).is_some() {
            let before = self.at;
            self.at += 1;
            self.skip_links();
            let same = matches!(self.peek_target(), Some(Target::Value(other, _)) if *other == c);
            self.at = before;
            if same && self.both && self.holds_several(c) {
                return self.all_of(c, values);
            }
            if same {
                return Err("\"and\" between values of one column may mean both or either");
            }
        }
        // "cities in Victoria" are in no city, where something else is called so.
        let inside = self.at >= 2
            && matches!(&self.pieces[self.at - 2], Piece::Preposition(w) if matches!(w.as_str(), "in" | "from" | "at"));
        let else_where = self.last_noun().is_some_and(|n| {
            n.links
                .iter()
                .any(|l| matches!(&l.target, Target::Value(o, _) if *o != c))
        });
        if inside && else_where && names_rows(self.lexicon, c) && self.entity == Some(c.table) {
            self.cost += 0.3;
        }
        // "countries that border Peru": another row of the same table.
        let other = self.entity == Some(c.table)
            && names_rows(self.lexicon, c)
            && self.at >= 2
            && matches!(self.target(self.at - 2), Ok((_, Target::Table(t))) if *t != c.table && self.mentioned.last() == Some(t));
        if other {
            return Err("a row of the same table");
        }
        // "the name of the manager" asks about the manager, who is no table.
        let of = self.section == Section::Head
            && self.entity.is_none()
            && !names_rows(self.lexicon, c)
            && matches!(self.outputs.last(), Some(Output::Column(o)) if o.table != c.table);
        if of {
            return Err("a column of something that is a value");
        }
        let negated = std::mem::take(&mut self.negated);
        if self.entity.is_some() || !self.outputs.is_empty() {
            // What follows a value says more of the same rows.
            if self.section == Section::Head
                && !matches!(self.peek(), Some(Piece::Noun(_) | Piece::And))
            {
                self.section = Section::Condition;
            }
        }
        let condition = if negated {
            Condition::NotIn(c, values)
        } else {
            Condition::In(c, values)
        };
        let condition = self.at_its_end(c, condition)?;
        self.condition(condition)
    }

    /// The table whose rows a value is a kind of: its own, or the one that points to it, if a link between
    /// does; nothing if several may be meant.
    pub(super) fn rows_of_kind(&self, c: ColumnId) -> Option<usize> {
        if !names_rows(self.lexicon, c) {
            return Some(c.table);
        }
        let edges = &self.lexicon.edges;
        let mut found: Vec<usize> = Vec::new();
        for edge in edges
            .iter()
            .filter(|e| e.to == c.table && e.from != c.table)
        {
            if self.lexicon.tables[edge.from].is_view {
                continue;
            }
            if self.lexicon.is_link(edge.from) {
                let others = edges
                    .iter()
                    .filter(|e| e.from == edge.from && e.to != c.table);
                found.extend(others.map(|e| e.to));
            } else {
                found.push(edge.from);
            }
        }
        found.dedup();
        match found.as_slice() {
            [only]
                if self.lexicon.is_tag(c.table)
                    || self.lexicon.tables[c.table].columns.len() <= 4 =>
            {
                Some(*only)
            }
            _ => None,
        }
    }

    /// Whether a row of the entity may have several values of the column.
    fn holds_several(&self, c: ColumnId) -> bool {
        let entity = self.entity.or_else(|| match self.outputs.first() {
            Some(Output::Column(c)) => Some(c.table),
            _ => None,
        });
        self.lacks.is_none()
            && !self.negated
            && entity.is_some_and(|e| e != c.table && is_below(self.lexicon, e, c.table))
    }

    /// "both A and B": a row for each.
    fn all_of(&mut self, c: ColumnId, first: Vec<String>) -> Step<()> {
        self.both = false;
        self.settle();
        self.section = Section::Condition;
        self.condition(Condition::Also(c.table, vec![Condition::In(c, first)]))?;
        while matches!(self.peek(), Some(Piece::And)) {
            let before = self.at;
            self.at += 1;
            self.skip_links();
            match self.peek_target() {
                Some(Target::Value(other, values)) if *other == c => {
                    let values = values.clone();
                    self.noun()?;
                    self.condition(Condition::Also(c.table, vec![Condition::In(c, values)]))?;
                }
                _ => {
                    self.at = before;
                    break;
                }
            }
        }
        // "both thai and greek restaurants"
        if matches!(self.peek_target(), Some(Target::Table(t)) if *t == c.table) {
            self.noun()?;
        }
        Ok(())
    }
}
