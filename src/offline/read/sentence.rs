//! How clauses go on about what was said: "and", "who", "what is its", and a second sentence.

use super::super::lexicon::ColumnId;
use super::super::link::Target;
use super::super::pieces::Piece;
use super::super::query::{Condition, Key, Measure, Output};
use super::reader::{Reader, Section, Step};

impl Reader<'_> {
    /// Whether "and what is its …" asks for another column of the same rows.
    pub(super) fn asks_on(&mut self) -> bool {
        let before = self.at;
        self.skip_links();
        let column = match self.peek_target() {
            Some(Target::Column(c)) => Some(*c),
            _ => None,
        };
        self.at = before;
        let joins = before >= 2 && matches!(self.pieces[before - 2], Piece::And);
        let same = |c: ColumnId| {
            self.entity.is_none_or(|e| e == c.table)
                && !self.outputs.is_empty()
                && self
                    .outputs
                    .iter()
                    .all(|o| matches!(o, Output::Column(o) if o.table == c.table))
        };
        joins && column.is_some_and(same)
    }

    /// Takes the table that all outputs are of as the one that is asked about.
    pub(super) fn settle(&mut self) {
        if self.entity.is_some() {
            return;
        }
        let mut tables = self.outputs.iter().filter_map(|o| match o {
            Output::Column(c) => Some(c.table),
            _ => None,
        });
        if let Some(first) = tables.next()
            && tables.all(|t| t == first)
        {
            self.entity = Some(first);
        }
    }

    /// A second sentence says what to show.
    pub(super) fn sentence(&mut self) {
        let sorts = matches!(
            self.peek(),
            Some(Piece::OrderBy(_) | Piece::Alphabetical(_) | Piece::Direction(_) | Piece::From(_))
        );
        if sorts || self.peek().is_none() {
            return;
        }
        self.settle();
        self.end_lacks();
        self.focus = None;
        self.section = Section::Head;
        self.asked = false;
        self.restated = true;
        let groups = std::mem::take(&mut self.groups);
        // Its list stands for what was shown so far; what was grouped by stays the group.
        for output in std::mem::take(&mut self.outputs) {
            if let Output::Column(c) = output
                && self.order.iter().any(|o| matches!(o.by, Key::Measure(_)))
                && self.entity.is_none()
            {
                self.entity = Some(c.table);
            }
        }
        self.groups = groups;
    }

    /// The table named last, if it is not the one that is asked about: what "who" and "that" go on about.
    pub(super) fn spoken_of(&self) -> Option<usize> {
        let last = self
            .conditions
            .last()
            .filter(|c| !c.is_apart())
            .map(Condition::table);
        let last = last.or(self.mentioned.last().copied());
        last.filter(|t| self.entity.is_some_and(|e| e != *t))
    }

    pub(super) fn and(&mut self) -> Step<()> {
        self.end_lacks();
        self.focus = None;
        let counts = matches!(
            self.outputs.last(),
            Some(Output::Measure(Measure::Different(_) | Measure::Rows(_)))
        );
        if counts
            && self.section == Section::Head
            && self.groups.is_empty()
            && matches!(self.peek_target(), Some(Target::Column(_)))
        {
            return Err("what follows \"and\" may be counted too");
        }
        // After conditions, "and" goes on with conditions; after outputs, with outputs.
        Ok(())
    }
}
