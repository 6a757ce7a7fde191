//! Comparisons with numbers, averages and patterns.

use super::super::lexicon::{ColumnId, ValueKind};
use super::super::link::Target;
use super::super::pieces::Piece;
use super::super::query::{Condition, Measure, Operator, Output};
use super::super::words::stem;
use super::finish::is_above;
use super::reader::{Reader, Section, Step};

impl<'a> Reader<'a> {
    /// Reads "… is over 5", "… is Rome", "… contains x" after a column.
    pub(super) fn compared(&mut self, c: ColumnId) -> Step<bool> {
        let start = self.at;
        let kind = self.lexicon.column(c).kind;
        let mut negated = self.negated;
        let mut after_is = false;
        while let Some(piece) = self.peek() {
            match piece {
                Piece::Preposition(word) => {
                    after_is |= matches!(
                        word.as_str(),
                        "is" | "are" | "was" | "were" | "of" | "as" | "named" | "called"
                    );
                    self.at += 1;
                }
                Piece::By | Piece::Verb(_) => self.at += 1,
                Piece::Not if after_is || self.section == Section::Condition => {
                    negated = true;
                    self.at += 1;
                }
                _ => break,
            }
        }
        let taken = match self.peek() {
            Some(Piece::Compare(operator, n, _)) if kind == ValueKind::Number => {
                self.at += 1;
                let operator = if negated {
                    opposite(*operator)
                } else {
                    *operator
                };
                self.condition(Condition::Compare(c, operator, n.clone()))?;
                true
            }
            Some(Piece::Between(low, high)) if kind == ValueKind::Number && !negated => {
                self.at += 1;
                self.condition(Condition::Between(c, low.clone(), high.clone()))?;
                true
            }
            Some(Piece::Average(operator, _)) if kind == ValueKind::Number && !negated => {
                self.at += 1;
                self.average_of(c)?;
                self.condition(Condition::Average(c, *operator))?;
                true
            }
            Some(Piece::Period(period))
                if !negated
                    && (kind == ValueKind::Date || (self.is_year(c) && period.years.is_some())) =>
            {
                self.at += 1;
                self.a_period_of(c, period)?;
                true
            }
            Some(Piece::Number(n))
                if kind == ValueKind::Number
                    && (self.section == Section::Condition || after_is || self.at == start)
                    && !self.number_belongs_on() =>
            {
                self.at += 1;
                let operator = if negated {
                    Operator::NotEqual
                } else {
                    Operator::Equal
                };
                let mut numbers = vec![n.clone()];
                while let (Some(Piece::Or), Some(Piece::Number(n))) =
                    (self.peek(), self.pieces.get(self.at + 1))
                {
                    numbers.push(n.clone());
                    self.at += 2;
                }
                self.condition(match numbers.as_slice() {
                    [_] => Condition::Compare(c, operator, n.clone()),
                    _ if negated => Condition::NotIn(c, numbers),
                    _ => Condition::In(c, numbers),
                })?;
                true
            }
            Some(Piece::Contains | Piece::Begins | Piece::Ends)
                if kind == ValueKind::Text && !negated =>
            {
                self.pattern(c)?;
                true
            }
            Some(Piece::Noun(_)) => match self.peek_target() {
                Some(Target::Value(v, _)) if *v == c => {
                    let (_, target) = self.noun()?;
                    let Target::Value(_, value) = target else {
                        return Ok(false);
                    };
                    self.negated = negated;
                    self.a_value(c, value.clone())?;
                    return Ok(true);
                }
                _ => false,
            },
            _ => false,
        };
        if taken {
            self.negated = false;
        } else {
            self.at = start;
        }
        Ok(taken)
    }

    /// "contains x", "starts with x".
    pub(super) fn pattern(&mut self, c: ColumnId) -> Step<()> {
        let pattern = self.next();
        self.skip_links();
        let Some(Piece::Noun(noun)) = self.next() else {
            return Err("a pattern without a text");
        };
        if self.lexicon.column(c).kind != ValueKind::Text {
            return Err("a pattern of something that is no text");
        }
        let label = &self.lexicon.tables[c.table].label;
        let named = |i: usize| matches!(self.target(i), Ok((n, Target::Column(o))) if *o == c && n.links[self.choice[i]].score >= 0.95);
        if label.len() > 1 && label.contains(&c.column) && !(0..self.at).any(named) {
            return Err("a pattern of a name that several columns make");
        }
        let text = noun.text.clone();
        let condition = match pattern {
            Some(Piece::Begins) => Condition::Affix(c, text, true),
            Some(Piece::Ends) => Condition::Affix(c, text, false),
            _ => Condition::Contains(c, text),
        };
        self.condition(condition)
    }

    pub(super) fn is_year(&self, c: ColumnId) -> bool {
        // A year that is called after what happened in it.
        const HAPPENED: &[&str] = &[
            "founded",
            "established",
            "built",
            "published",
            "released",
            "launched",
            "born",
            "inaugurated",
            "incorporated",
        ];
        let column = self.lexicon.column(c);
        let happened =
            matches!(column.words.as_slice(), [word] if HAPPENED.iter().any(|h| *word == stem(h)));
        matches!(column.kind, ValueKind::Number | ValueKind::Text)
            && column.words.iter().any(|w| *w == stem("year"))
            || (column.kind == ValueKind::Number && column.words == [stem("season")])
            || (happened && column.kind == ValueKind::Number)
    }

    /// A comparison that stands before what it compares: "more than 4 cylinders", "at least 3 concerts".
    pub(super) fn comparison(&mut self) -> Step<()> {
        let piece = self.next();
        let negated = std::mem::take(&mut self.negated);
        if negated {
            return Err("a negated comparison");
        }
        let owner = self.focus.or(self.entity).or_else(|| {
            self.outputs.iter().rev().find_map(|o| match o {
                Output::Column(c) => Some(c.table),
                _ => None,
            })
        });
        let once = matches!(piece, Some(Piece::Compare(_, _, Some(word))) if word == "times");
        let hinted = match piece {
            Some(Piece::Compare(_, _, Some(word)) | Piece::Average(_, Some(word))) if !once => {
                let owner = owner.ok_or("a comparison of nothing that is known")?;
                // "rivers of Peru that are longer than …": what has a length is meant.
                let hinted = self.hinted(owner, word).or_else(|| {
                    self.focus = None;
                    self.entity.and_then(|e| self.hinted(e, word))
                });
                Some(hinted.ok_or("what is compared is no one column")?.0)
            }
            _ => None,
        };
        if let Some(c) = hinted {
            return match piece {
                Some(Piece::Compare(op, n, _))
                    if self.lexicon.column(c).kind == ValueKind::Number =>
                {
                    self.condition(Condition::Compare(c, *op, n.clone()))
                }
                Some(Piece::Average(op, _)) if self.lexicon.column(c).kind == ValueKind::Number => {
                    self.condition(Condition::Average(c, *op))
                }
                _ => Err("a comparison of something that is no number"),
            };
        }
        // "students whose age is … over 20" is read with the column; here the column comes after.
        if !matches!(self.peek(), Some(Piece::Noun(_) | Piece::Distinct)) {
            // "weighed more than 3500": the column was taken for an output just before.
            if let Some(Output::Column(c)) = self.outputs.last()
                && self.at >= 2
                && matches!(self.target(self.at - 2), Ok((_, Target::Column(before))) if before == c)
                && self.outputs.len() > 1
            {
                let c = *c;
                self.outputs.pop();
                return self.compare_with(piece, c);
            }
            // "rented only once", "more than 3 times"
            let counted = matches!(self.peek(), Some(Piece::Measured(unit)) if unit == "times");
            if counted || once {
                self.at += usize::from(counted);
                if let (Some(Piece::Compare(op, n, _)), Some(t), Some(entity)) =
                    (piece, self.mentioned.last().copied(), self.entity)
                    && self.mentioned.len() == 1
                    && self.lacks.is_none()
                    && !is_above(self.lexicon, entity, t)
                {
                    let n = n.parse().map_err(|_| "a count that is no whole number")?;
                    self.mentioned.clear();
                    self.conditions.push(Condition::Rows(t, *op, n, Vec::new()));
                    self.lacks = Some(self.conditions.len() - 1);
                    return Ok(());
                }
                return Err("a number of times of nothing that is known");
            }
            // "payments over 10 dollars"
            let c = owner
                .and_then(|owner| self.implied(owner))
                .ok_or("a comparison of nothing that is known")?;
            self.cost += 0.1;
            return self.compare_with(piece, c);
        }
        let mut values = Vec::new();
        while let Some(Target::Value(c, value)) = self.peek_target() {
            values.push(Condition::In(*c, value.clone()));
            self.noun()?;
        }
        let (_, target) = self.noun()?;
        match target {
            Target::Column(c) if values.is_empty() => self.compare_with(piece, *c),
            Target::Column(_) => Err("a value before a comparison of a column"),
            Target::Table(t) => {
                let Some(Piece::Compare(op, n, _)) = piece else {
                    return Err("a comparison of a table");
                };
                let n: u64 = n.parse().map_err(|_| "a count that is no whole number")?;
                let entity = owner.ok_or("a comparison of nothing that is known")?;
                if entity == *t && self.lacks.is_none() && self.shows_groups(*t) {
                    // "cities with more than 5 restaurants", where restaurants say their city.
                    self.cost += 0.15;
                    self.having.push((Measure::Rows(*t), *op, n.to_string()));
                    self.conditions.extend(values);
                    self.section = Section::Condition;
                    return Ok(());
                }
                if entity == *t || self.lacks.is_some() {
                    return Err("a count of the rows that are asked for");
                }
                // Each row has one of them: what is shown is what has several.
                if is_above(self.lexicon, entity, *t) {
                    if !self.shows_groups(entity) || !values.is_empty() {
                        return Err("a count of what each row has one of");
                    }
                    self.cost += 0.15;
                    self.having.push((Measure::Rows(*t), *op, n.to_string()));
                    self.section = Section::Condition;
                    return Ok(());
                }
                if !self.mentioned.is_empty() {
                    return Err("a count that may speak of several tables");
                }
                self.entity = Some(entity);
                self.conditions.push(Condition::Rows(*t, *op, n, values));
                self.lacks = Some(self.conditions.len() - 1);
                self.section = Section::Condition;
                Ok(())
            }
            Target::Value(..) => Err("a comparison with a value"),
        }
    }

    /// Whether all that is shown are columns of the table that many of its rows share.
    fn shows_groups(&self, table: usize) -> bool {
        let words = &self.lexicon.tables[table];
        !self.is_named
            && !self.outputs.is_empty()
            && self.outputs.iter().all(|o| {
                matches!(o, Output::Column(c) if c.table == table
                    && !words.unique.contains(&c.column)
                    && !words.key.contains(&c.column))
            })
    }

    /// "… the average rating of all restaurants": what is said again of the same column and table.
    fn average_of(&mut self, c: ColumnId) -> Step<()> {
        let start = self.at;
        let mut said = false;
        loop {
            self.skip_links();
            match self.peek_target() {
                Some(Target::Column(o)) if *o == c => said = true,
                Some(Target::Table(t)) if *t == c.table && said => {}
                _ => break,
            }
            self.noun()?;
        }
        if !said {
            self.at = start;
            return Ok(());
        }
        // What follows may narrow the average or the rows.
        match self.peek() {
            None | Some(Piece::Sentence | Piece::And | Piece::OrderBy(_)) => Ok(()),
            _ => Err("an average of some rows only"),
        }
    }

    pub(super) fn compare_with(&mut self, piece: Option<&Piece>, c: ColumnId) -> Step<()> {
        let column = self.lexicon.column(c);
        if column.kind != ValueKind::Number || column.is_key {
            return Err("a comparison of something that is no number");
        }
        self.section = Section::Condition;
        match piece {
            Some(Piece::Compare(op, n, _)) => self.condition(Condition::Compare(c, *op, n.clone())),
            Some(Piece::Between(low, high)) => {
                self.condition(Condition::Between(c, low.clone(), high.clone()))
            }
            Some(Piece::Average(op, _)) => self.condition(Condition::Average(c, *op)),
            _ => Err("a comparison of nothing that is known"),
        }
    }
}

pub(super) fn opposite(operator: Operator) -> Operator {
    match operator {
        Operator::Equal => Operator::NotEqual,
        Operator::NotEqual => Operator::Equal,
        Operator::Less => Operator::GreaterOrEqual,
        Operator::LessOrEqual => Operator::Greater,
        Operator::Greater => Operator::LessOrEqual,
        Operator::GreaterOrEqual => Operator::Less,
    }
}
