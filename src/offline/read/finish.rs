//! Puts what was read together, and refuses what does not fit together.

use super::super::joins;
use super::super::lexicon::{Lexicon, ValueKind};
use super::super::query::{
    Aggregate, Condition, Key, Measure, Operator, Order, Output, Query, Unit,
};
use super::super::words::stem;
use super::late::contradict;
use super::nouns::names_rows;
use super::reader::{Reader, Step};

impl<'a> Reader<'a> {
    /// Puts everything together.
    pub(super) fn finish(&mut self) -> Step<Query> {
        self.size()?;
        let values = self
            .conditions
            .iter()
            .filter(|c| matches!(c, Condition::In(..)));
        if self.both
            && (values.count() > 1 || (self.mentioned.is_empty() && self.outputs.len() < 2))
        {
            return Err("\"both\" of something that is not known");
        }
        if self.top.is_some() {
            return Err("a ranking by nothing that is said");
        }
        if self.negated {
            return Err("a negation of nothing that is known");
        }
        let measured = self.outputs.iter().any(|o| matches!(o, Output::Measure(_)));
        let first = self
            .outputs
            .iter()
            .chain(&self.groups)
            .find_map(|o| match o {
                Output::Column(c) | Output::Bucket(_, c) => Some(c.table),
                Output::Measure(Measure::Rows(t)) => Some(*t),
                Output::Measure(Measure::Different(c) | Measure::Of(_, c)) => Some(c.table),
                Output::Share | Output::Ratio(_) => None,
            });
        self.counted_elsewhere()?;
        let by_measure = self.order.iter().find_map(|o| match &o.by {
            Key::Measure(Measure::Rows(t)) => Some(*t),
            Key::Measure(Measure::Different(c) | Measure::Of(_, c)) => Some(c.table),
            _ => None,
        });
        let entity = self
            .entity
            .or_else(|| self.group_tables.first().copied().filter(|_| !measured))
            .or(first)
            .or(by_measure)
            .or(match self.conditions.as_slice() {
                // "Who are the managers?", "show me all turboprops"
                [Condition::In(c, _)]
                    if !self.who && !self.asked && self.rows_of_kind(*c).is_some() =>
                {
                    self.rows_of_kind(*c)
                }
                // "Who rented Night Boat?" does not ask for the film.
                [Condition::In(c, _)]
                    if self.who
                        && !self.lexicon.is_person(c.table)
                        && self.the_person().is_some() =>
                {
                    None
                }
                [Condition::In(c, _)] if self.asked || !names_rows(self.lexicon, *c) => {
                    Some(c.table)
                }
                [first @ Condition::In(c, _), ..]
                    if self.who
                        && self.lexicon.is_person(c.table)
                        && !names_rows(self.lexicon, *c) =>
                {
                    Some(first.table())
                }
                [first, ..] if !self.who => self.one_kind(first.table()).or_else(|| {
                    let Condition::In(c, _) = first else {
                        return None;
                    };
                    let kind = !self.asked && names_rows(self.lexicon, *c);
                    self.rows_of_kind(*c).filter(|_| kind)
                }),
                _ => None,
            })
            .or(self.the_person())
            .ok_or("it asks for nothing that is known")?;
        self.cost += self.values_of_others(entity);
        self.own_rows()?;
        let mut group = Vec::new();
        let mut outputs = std::mem::take(&mut self.outputs);
        if outputs.is_empty()
            && by_measure.is_none()
            && self.group_tables.is_empty()
            && !self.groups.is_empty()
        {
            return Err("a group of nothing that is counted");
        }
        if self.limit.is_some() && !measured && by_measure.is_none() && !self.groups.is_empty() {
            return Err("the first of each group");
        }
        if !self.buckets.is_empty() && !measured && by_measure.is_none() && !outputs.is_empty() {
            return Err("a unit of time of which nothing is said");
        }
        if !self.buckets.is_empty() {
            let table = by_measure.filter(|_| !measured).unwrap_or(entity);
            let date = self.date_of(&[table]).ok_or("no one date to group by")?;
            for unit in std::mem::take(&mut self.buckets) {
                if self.lexicon.column(date).kind != ValueKind::Date {
                    if unit != Unit::Year {
                        return Err("no one date to group by");
                    }
                    self.groups.push(Output::Column(date));
                } else {
                    self.groups.push(Output::Bucket(unit, date));
                }
            }
            if measured
                && self.order.is_empty()
                && let [Output::Bucket(unit, c)] = self.groups.as_slice()
                && *unit != Unit::Weekday
            {
                self.order.push(Order {
                    by: Key::Bucket(*unit, *c),
                    descending: false,
                });
            }
        }
        if measured {
            group.extend(&self.group_tables);
            // "How many concerts does each singer have": the group's own name columns may be asked for.
            let mut all: Vec<Output> = Vec::new();
            let asked_for = outputs
                .iter()
                .any(|o| matches!(o, Output::Column(c) if self.group_tables.contains(&c.table)));
            if !asked_for {
                all.append(&mut self.groups);
            }
            all.retain(|g| !outputs.contains(g));
            all.append(&mut outputs);
            outputs = all;
        } else if outputs.is_empty() && !self.groups.is_empty() {
            outputs = std::mem::take(&mut self.groups);
        } else {
            let mut all = std::mem::take(&mut self.group_columns);
            all.retain(|g| !outputs.contains(g));
            all.append(&mut outputs);
            outputs = all;
        }
        if outputs.is_empty() {
            outputs = self.lexicon.label(entity).map(Output::Column).collect();
        }
        if outputs.is_empty() {
            return Err("a table whose rows have no name");
        }
        if by_measure.is_some() && !measured {
            // What is shown is what is ranked.
            let shown_entity = outputs
                .iter()
                .all(|o| matches!(o, Output::Column(c) if c.table == entity));
            if shown_entity && self.is_named && by_measure != Some(entity) {
                group.push(entity);
            }
        } else if by_measure.is_some()
            && self.limit.is_some()
            && self.entity.is_some_and(|e| Some(e) != by_measure)
            && !group.contains(&entity)
        {
            group.push(entity);
        }
        let plain = outputs.iter().any(|o| matches!(o, Output::Column(_)));
        let measured = outputs.iter().any(|o| matches!(o, Output::Measure(_)));
        if measured && plain && group.is_empty() && self.groups.is_empty() {
            // "the name and the number of …" groups by what is shown beside it.
            let only_labels = outputs.iter().all(|o| match o {
                Output::Column(c) => {
                    self.group_columns.contains(o)
                        || self.lexicon.column(*c).kind != ValueKind::Number
                        || self.lexicon.column(*c).is_key
                        || self.is_year(*c)
                }
                _ => true,
            });
            if !only_labels {
                return Err("numbers beside a count of them");
            }
        }
        if measured
            && self
                .order
                .iter()
                .any(|o| matches!(o.by, Key::Column(c) if !outputs.contains(&Output::Column(c))))
        {
            return Err("a sort by what is not shown");
        }
        for (period, lacks, near) in std::mem::take(&mut self.periods) {
            let mut tables = Vec::new();
            if let Some(at) = lacks {
                let table = self.conditions[at].table();
                tables.push(table);
                // "rented more than 50 films in 2023" is no year of the films.
                if self
                    .mentioned
                    .iter()
                    .any(|m| *m != table && self.date_of(&[*m]).is_some())
                {
                    return Err("a time that may be of two things");
                }
            } else {
                tables.extend(near.filter(|t| self.date_of(&[*t]).is_some()));
                tables.extend(by_measure);
                tables.extend(outputs.iter().filter_map(|o| match o {
                    Output::Measure(Measure::Rows(t)) => Some(*t),
                    Output::Measure(Measure::Of(_, c) | Measure::Different(c)) => Some(c.table),
                    _ => None,
                }));
                tables.extend(self.mentioned.iter().rev().copied());
                tables.push(entity);
            }
            let date = self
                .date_of(&tables)
                .ok_or("no one date that the time could be of")?;
            if self.lexicon.column(date).kind != ValueKind::Date && period.years.is_none() {
                return Err("no one date that the time could be of");
            }
            let condition = Condition::During(date, period);
            match lacks.map(|at| &mut self.conditions[at]) {
                Some(Condition::Lacks(_, inner) | Condition::Rows(_, _, _, inner)) => {
                    inner.push(condition);
                }
                _ => self.conditions.push(condition),
            }
        }
        let lexicon = self.lexicon;
        let names_one = |o: &Output| matches!(o, Output::Column(c) if lexicon.tables[c.table].label.contains(&c.column) || lexicon.tables[c.table].key.contains(&c.column));
        let loose = outputs.iter().any(|o| {
            matches!(o, Output::Column(c) if self.is_named && c.table != entity && self.mentioned.contains(&c.table))
        });
        if loose && !measured && self.order.is_empty() && !self.conditions.is_empty() {
            self.cost += 0.15;
        }
        self.shows_whom(&outputs, entity)?;
        let lacking = self
            .conditions
            .iter()
            .any(|c| matches!(c, Condition::Lacks(..)));
        if lacking && !self.is_named && !outputs.iter().any(names_one) {
            return Err("an absence that may be of values or of rows");
        }
        // A column of a table that nothing else speaks of is a loose guess.
        for output in &outputs {
            let Output::Column(c) = output else { continue };
            if group.is_empty() && c.table != entity && !self.mentioned.contains(&c.table) {
                self.cost += 0.12;
            }
            if self.lexicon.is_foreign_key(*c) && !self.named.contains(c) {
                self.cost += 0.3;
            }
            if !self.group_tables.is_empty() && !self.group_tables.contains(&c.table) {
                self.cost += 0.25;
            }
        }
        let distinct = self.distinct && !measured && by_measure.is_none();
        // What is grouped by stands once anyway.
        if self.distinct && measured && !plain {
            return Err("different values beside a number");
        }
        // A value that is not had: no row of the other table has it.
        let conditions: Vec<Condition> = std::mem::take(&mut self.conditions)
            .into_iter()
            .map(|condition| match condition {
                Condition::NotIn(c, values)
                    if c.table != entity && !is_above(lexicon, entity, c.table) =>
                {
                    Condition::Lacks(c.table, vec![Condition::In(c, values)])
                }
                Condition::Via(t, edge, inner)
                    if t != entity
                        && !is_above(lexicon, entity, t)
                        && matches!(inner.as_slice(), [Condition::NotIn(..)]) =>
                {
                    let had = inner.into_iter().map(|c| match c {
                        Condition::NotIn(c, values) => Condition::In(c, values),
                        other => other,
                    });
                    Condition::Lacks(t, vec![Condition::Via(t, edge, had.collect())])
                }
                other => other,
            })
            .collect();
        self.on_the_way(entity, &conditions);
        let conditions = self.outward(entity, conditions)?;
        if contradict(&conditions) {
            return Err("conditions that no row can fulfil");
        }
        // "which rivers flow into the Amazon" does not ask for the Amazon.
        let told = |o: &Output| matches!(o, Output::Column(c) if conditions.iter().any(|k| matches!(k, Condition::In(i, _) if i == c)));
        if outputs.iter().all(told) && !distinct {
            return Err("it asks for what it says itself");
        }
        // "the largest state in Austria": the largest of those.
        let deep = conditions.iter().any(|c| match c {
            Condition::Rows(_, _, _, inner)
            | Condition::Lacks(_, inner)
            | Condition::Also(_, inner) => {
                inner.len() > 1 && inner.iter().any(|c| matches!(c, Condition::Extreme { .. }))
            }
            _ => false,
        });
        if deep {
            return Err("the largest of some rows, within a condition");
        }
        let twice = (1..conditions.len()).any(|i| {
            matches!(conditions[i], Condition::In(..)) && conditions[..i].contains(&conditions[i])
        });
        if twice
            && conditions
                .iter()
                .any(|c| matches!(c, Condition::Average(..)))
        {
            return Err("an average of some rows only");
        }
        let mut conditions = conditions;
        let others: Vec<Condition> = conditions
            .iter()
            .filter(|c| {
                !c.is_apart()
                    && !matches!(
                        c,
                        Condition::Extreme { .. } | Condition::Has(_) | Condition::Via(..)
                    )
            })
            .cloned()
            .collect();
        for condition in &mut conditions {
            if let Condition::Extreme { table, within, .. } = condition {
                // "the largest state of Austria", where Austria is a row of its own
                let narrowed = others
                    .iter()
                    .any(|c| c.table() != *table && is_above(lexicon, *table, c.table()));
                if narrowed {
                    return Err("the largest of rows that another table narrows");
                }
                within.extend(others.iter().filter(|c| c.table() == *table).cloned());
            }
        }
        // "the number of the course called Algebra" is one that the course has.
        let one_row = |c: &Condition| match c {
            Condition::In(i, values) => {
                i.table == entity
                    && values.len() == 1
                    && lexicon.tables[entity].unique.contains(&i.column)
            }
            _ => false,
        };
        if outputs == [Output::Measure(Measure::Rows(entity))] && conditions.iter().any(one_row) {
            return Err("a count of the one row that is named");
        }
        // "How much did we earn": one number.
        if let [Output::Column(c)] = outputs.as_slice()
            && (self.much || self.named_sum)
            && self.limit.is_none()
        {
            let c = *c;
            let one = conditions.iter().any(|k| match k {
                Condition::In(i, _) | Condition::Compare(i, Operator::Equal, _) => {
                    i.table == c.table && names_rows(lexicon, *i)
                }
                Condition::Extreme { .. } => true,
                _ => false,
            });
            // Of each row, or in an order, they are shown one by one; prices of single things have no sum.
            let plain = group.is_empty()
                && self.groups.is_empty()
                && self.group_tables.is_empty()
                && self.order.is_empty()
                && !distinct;
            let price = lexicon.column(c).words.iter().any(|w| {
                ["price", "cost", "fee", "rate", "fare"]
                    .iter()
                    .any(|p| *w == stem(p))
            });
            let amount = match self.named_sum {
                true => true,
                false => self.additive(c.table) == Some(c) && !price,
            };
            if !plain && !one && self.much {
                return Err("how much of several things");
            }
            match (one, amount && lexicon.column(c).kind == ValueKind::Number) {
                (true, _) => {}
                _ if !plain => {}
                (false, true) => outputs = vec![Output::Measure(Measure::Of(Aggregate::Sum, c))],
                (false, false) => return Err("how much of something that is no one amount"),
            }
        }
        if self.wanted.is_some() && self.limit.is_none() {
            return Err("a number of which nothing is said");
        }
        let mut part = std::mem::take(&mut self.part);
        if outputs.contains(&Output::Share) {
            let grouped = !self.group_tables.is_empty() || !self.groups.is_empty();
            if outputs.len() > 1 || self.limit.is_some() || grouped {
                return Err("a percentage beside something else");
            }
            if part.is_empty() {
                // "of the races since 2020": the time is of the whole.
                let (time, rest): (Vec<_>, Vec<_>) = conditions
                    .into_iter()
                    .partition(|c| matches!(c, Condition::During(..)));
                let (whole, rest) = if rest.is_empty() {
                    (rest, time)
                } else {
                    (time, rest)
                };
                if rest.len() != 1 || !self.mentioned.is_empty() {
                    return Err("a percentage by more than one condition");
                }
                (conditions, part) = (whole, rest);
            }
        }
        Ok(Query {
            part,
            entity,
            outputs,
            group,
            conditions,
            having: std::mem::take(&mut self.having),
            order: std::mem::take(&mut self.order),
            limit: self.limit,
            distinct,
            mentioned: std::mem::take(&mut self.mentioned),
        })
    }
}

/// Whether each row of `from` has one of `to`, by keys alone.
pub(super) fn is_above(lexicon: &Lexicon, from: usize, to: usize) -> bool {
    let wanted = std::collections::BTreeSet::from([to]);
    lexicon.edges.lead_up(from, to)
        && joins::tree(&lexicon.edges, from, &wanted, &|_| false)
            .is_ok_and(|hops| hops.iter().all(|h| h.single))
}

/// Whether rows of `from` may have several of `to`.
pub(super) fn is_below(lexicon: &Lexicon, from: usize, to: usize) -> bool {
    !is_above(lexicon, from, to)
}
