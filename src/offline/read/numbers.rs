//! Numbers that stand for themselves: "account 5190", "8 cylinders", "which 3 categories".

use super::super::lexicon::{ColumnId, ValueKind};
use super::super::link::Target;
use super::super::pieces::Piece;
use super::super::query::{Condition, Operator};
use super::reader::{Reader, Section, Step};

impl Reader<'_> {
    /// Whether the number at hand speaks of the noun after it: "age of 3 dogs".
    pub(super) fn number_belongs_on(&self) -> bool {
        matches!(
            self.pieces.get(self.at + 1),
            Some(Piece::Noun(_) | Piece::Unit(_))
        )
    }

    /// "8 cylinders", "3 concerts".
    pub(super) fn bare_number(&mut self) -> Step<()> {
        let Some(Piece::Number(n)) = self.next() else {
            return Err("a number is missing");
        };
        // "account 5190"
        if let Ok((_, Target::Table(t))) = self.target(self.at.wrapping_sub(2))
            && let [key] = self.lexicon.tables[*t].key.as_slice()
            && !self.number_belongs_on()
        {
            let key = ColumnId {
                table: *t,
                column: *key,
            };
            if self.lexicon.column(key).kind == ValueKind::Number && !self.negated {
                self.section = Section::Condition;
                self.mentioned.retain(|m| m != t);
                return self.condition(Condition::Compare(key, Operator::Equal, n.clone()));
            }
        }
        // "five star hotels"
        if let (Some(Target::Column(c)), Ok((_, Target::Table(t)))) =
            (self.peek_target(), self.target(self.at + 1))
            && c.table == *t
            && self.lexicon.column(*c).is_number()
            && !self.negated
        {
            let c = *c;
            self.noun()?;
            return self.condition(Condition::Compare(c, Operator::Equal, n.clone()));
        }
        // "Which 3 categories have the most rentals?"
        let first = self.section == Section::Head
            && self.entity.is_none()
            && self.outputs.is_empty()
            && self.conditions.is_empty();
        let ranked = self.pieces[self.at..]
            .iter()
            .any(|p| matches!(p, Piece::Superlative(s) | Piece::Common(s) if s.limit.is_none()));
        if first && ranked && !self.negated && self.wanted.is_none() {
            let n: u64 = n.parse().map_err(|_| "a count that is no whole number")?;
            if matches!(self.peek(), Some(Piece::Noun(_))) && (1..=1_000).contains(&n) {
                self.wanted = Some(n);
                return Ok(());
            }
        }
        if self.section != Section::Condition || self.negated {
            return Err("a number of which nothing is said");
        }
        let (_, target) = self.noun()?;
        match target {
            Target::Column(c) if self.lexicon.column(*c).is_number() => {
                self.condition(Condition::Compare(*c, Operator::Equal, n.clone()))
            }
            Target::Table(t)
                if self.entity.is_some_and(|e| e != *t)
                    && self.mentioned.is_empty()
                    && self.lacks.is_none() =>
            {
                let n = n.parse().map_err(|_| "a count that is no whole number")?;
                self.conditions
                    .push(Condition::Rows(*t, Operator::Equal, n, Vec::new()));
                self.lacks = Some(self.conditions.len() - 1);
                Ok(())
            }
            _ => Err("a number of which nothing is said"),
        }
    }
}
