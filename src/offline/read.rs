//! From pieces to a [`Query`]: reads once for every choice among what the nouns may mean, and keeps the
//! one reading that is plainly the best.

use super::lexicon::{ColumnId, Lexicon, ValueKind};
use super::link::{Link, Target};
use super::pieces::{Noun, Piece, Superlative, adjective};
use super::query::{
    Aggregate, Condition, Key, Literal, Measure, Operator, Order, Output, Period, Query, Unit,
};
use super::sql::{self, Select};
use super::words::{root, stem};

/// Choices among meanings that are tried at the most.
const MOST_CHOICES: usize = 400;
/// A reading that costs more is a guess.
const DEAREST: f32 = 0.75;
/// Two readings nearer than this are a tie.
const MARGIN: f32 = 0.04;

/// A reading with its SQL.
#[derive(Debug, Clone)]
pub struct Reading {
    pub query: Query,
    pub sql: Select,
    pub cost: f32,
}

/// Why there is no sure reading.
#[derive(Debug, Clone, PartialEq)]
pub enum Unsure {
    /// No way of reading it is known.
    Shape(&'static str),
    /// Several readings are as good as each other.
    Tie(Vec<Query>),
}

type Step<T> = Result<T, &'static str>;

/// The one best reading of the pieces; `before` is the reading that a follow-up goes on from.
pub fn read(lexicon: &Lexicon, pieces: &[Piece]) -> Result<Reading, Unsure> {
    let mut readings: Vec<(Reading, String)> = Vec::new();
    let mut why = "it has no shape that is known";
    let pieces = &in_play(pieces);
    for choice in choices(pieces) {
        let mut reader = Reader::new(lexicon, pieces, &choice);
        let query = match reader.run() {
            Ok(query) => query,
            Err(reason) => {
                why = reason;
                continue;
            }
        };
        let told = |edge: usize| reader.speaks_for(edge);
        match sql::build(lexicon, &query, &told) {
            Ok(select) => {
                let text = select.to_string();
                let cost = reader.cost
                    + 0.16 * text.matches(" JOIN ").count() as f32
                    + 0.16 * text.matches("EXISTS (").count() as f32;
                match readings.iter_mut().find(|(_, t)| *t == text) {
                    Some((same, _)) if same.cost <= cost => {}
                    Some((same, _)) => same.cost = cost,
                    None => readings.push((
                        Reading {
                            query,
                            sql: select,
                            cost,
                        },
                        text,
                    )),
                }
            }
            Err(_) => why = "its tables do not hang together in one plain way",
        }
    }
    readings.sort_by(|a, b| a.0.cost.total_cmp(&b.0.cost));
    let mut sorted = readings.into_iter().map(|(r, _)| r);
    let Some(best) = sorted.next() else {
        return Err(Unsure::Shape(why));
    };
    if best.cost > DEAREST {
        return Err(Unsure::Shape("its words fit the schema only loosely"));
    }
    let ties: Vec<Query> = sorted
        .take_while(|r| r.cost - best.cost < MARGIN)
        .map(|r| r.query)
        .collect();
    if ties.is_empty() {
        return Ok(best);
    }
    Err(Unsure::Tie(
        std::iter::once(best.query).chain(ties).collect(),
    ))
}

/// Leaves a noun that many tables have ("name", "id") with the tables that the question speaks of.
fn in_play(pieces: &[Piece]) -> Vec<Piece> {
    let mut tables: Vec<usize> = Vec::new();
    for piece in pieces {
        let Piece::Noun(noun) = piece else { continue };
        let best = noun.links.first().map_or(0.0, |l| l.score);
        for link in noun.links.iter().filter(|l| l.score >= best - 0.05) {
            match &link.target {
                Target::Table(t) => tables.push(*t),
                Target::Column(c) | Target::Value(c, _) if noun.links.len() <= 2 => {
                    tables.push(c.table)
                }
                _ => {}
            }
        }
    }
    let mut kept = pieces.to_vec();
    for piece in &mut kept {
        let Piece::Noun(noun) = piece else { continue };
        let near = |link: &Link| match &link.target {
            Target::Table(_) => true,
            Target::Column(c) | Target::Value(c, _) => tables.contains(&c.table),
        };
        if noun.links.len() > 3 && noun.links.iter().any(near) {
            noun.links.retain(near);
        }
        noun.links.truncate(6);
    }
    kept
}

/// Every choice of one link for each noun, the best links first.
fn choices(pieces: &[Piece]) -> Vec<Vec<usize>> {
    let counts: Vec<usize> = pieces
        .iter()
        .map(|p| match p {
            Piece::Noun(n) => n.links.len().max(1),
            _ => 1,
        })
        .collect();
    let mut all = vec![Vec::new()];
    for count in counts {
        let mut next = Vec::new();
        for choice in &all {
            for link in 0..count {
                if next.len() >= MOST_CHOICES {
                    break;
                }
                let mut longer: Vec<usize> = choice.clone();
                longer.push(link);
                next.push(longer);
            }
        }
        all = next;
    }
    all
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Section {
    Head,
    Condition,
    Order,
}

struct Reader<'a> {
    lexicon: &'a Lexicon,
    pieces: &'a [Piece],
    choice: &'a [usize],
    at: usize,
    cost: f32,
    section: Section,
    entity: Option<usize>,
    outputs: Vec<Output>,
    /// Output tables beside the entity, shown by their labels.
    groups: Vec<Output>,
    /// Columns that "each" or "by" names themselves: shown whatever else is.
    group_columns: Vec<Output>,
    group_tables: Vec<usize>,
    conditions: Vec<Condition>,
    order: Vec<Order>,
    limit: Option<u64>,
    distinct: bool,
    /// Of the sort that is being read.
    descending: bool,
    /// What a "that" speaks of, if it is not the entity.
    focus: Option<usize>,
    mentioned: Vec<usize>,
    periods: Vec<(Period, Option<usize>)>,
    buckets: Vec<(Unit, bool)>,
    /// "top 5 customers" that still wants what it is by.
    top: Option<Superlative>,
    /// Open `NOT EXISTS`, which takes the conditions that follow.
    lacks: Option<usize>,
    negated: bool,
    asked: bool,
    /// A second sentence says what to show.
    restated: bool,
    /// Whether the question names the table that it asks about, and not only columns of it.
    is_named: bool,
    /// Columns and tables that the question names, to choose between keys.
    named: Vec<ColumnId>,
}

impl<'a> Reader<'a> {
    fn new(lexicon: &'a Lexicon, pieces: &'a [Piece], choice: &'a [usize]) -> Self {
        Self {
            lexicon,
            pieces,
            choice,
            at: 0,
            cost: 0.0,
            section: Section::Head,
            entity: None,
            outputs: Vec::new(),
            groups: Vec::new(),
            group_columns: Vec::new(),
            group_tables: Vec::new(),
            conditions: Vec::new(),
            order: Vec::new(),
            limit: None,
            distinct: false,
            descending: false,
            focus: None,
            mentioned: Vec::new(),
            periods: Vec::new(),
            buckets: Vec::new(),
            top: None,
            lacks: None,
            negated: false,
            asked: false,
            restated: false,
            is_named: false,
            named: Vec::new(),
        }
    }

    /// Whether the question names a column of the edge.
    fn speaks_for(&self, edge: usize) -> bool {
        let edge = &self.lexicon.edges[edge];
        self.named
            .iter()
            .any(|c| c.table == edge.from && edge.columns.contains(&c.column))
    }

    fn peek(&self) -> Option<&'a Piece> {
        self.pieces.get(self.at)
    }

    fn next(&mut self) -> Option<&'a Piece> {
        let piece = self.pieces.get(self.at);
        self.at += 1;
        piece
    }

    /// Passes over words that only link what stands around them.
    fn skip_links(&mut self) {
        while matches!(self.peek(), Some(Piece::Preposition(_) | Piece::Distinct)) {
            if matches!(self.peek(), Some(Piece::Distinct)) {
                self.distinct = true;
            }
            self.at += 1;
        }
    }

    /// The noun's chosen meaning.
    fn target(&mut self, at: usize) -> Step<(&'a Noun, &'a Target)> {
        let Some(Piece::Noun(noun)) = self.pieces.get(at) else {
            return Err("a noun is missing");
        };
        let link = noun
            .links
            .get(self.choice[at])
            .ok_or("a quoted text is nowhere in the data")?;
        Ok((noun, &link.target))
    }

    /// How surely the noun just taken means what was chosen.
    fn last_score(&self) -> f32 {
        let at = self.at.saturating_sub(1);
        match self.pieces.get(at) {
            Some(Piece::Noun(noun)) => noun.links.get(self.choice[at]).map_or(0.0, |l| l.score),
            _ => 0.0,
        }
    }

    /// The next piece's meaning, if it is a noun; takes it.
    fn noun(&mut self) -> Step<(&'a Noun, &'a Target)> {
        self.skip_links();
        let at = self.at;
        let (noun, target) = self.target(at)?;
        self.cost += 1.0 - noun.links[self.choice[at]].score;
        self.at += 1;
        if let Target::Column(c) | Target::Value(c, _) = target {
            self.named.push(*c);
        }
        Ok((noun, target))
    }

    fn peek_target(&mut self) -> Option<&'a Target> {
        let at = self.at;
        self.target(at).ok().map(|(_, t)| t)
    }

    fn run(&mut self) -> Step<Query> {
        while let Some(piece) = self.peek() {
            match piece {
                Piece::Noun(_) => self.a_noun()?,
                Piece::Count => {
                    self.at += 1;
                    let measure = self.counted()?;
                    self.put_measure(measure)?;
                }
                Piece::Aggregate(_) => self.aggregates()?,
                Piece::Superlative(s) => {
                    self.at += 1;
                    self.superlative(s)?;
                }
                Piece::Common(s) => {
                    self.at += 1;
                    self.common(s)?;
                }
                Piece::Compare(..) | Piece::Between(..) | Piece::Average(..) => {
                    self.comparison()?
                }
                Piece::Number(_) => self.bare_number()?,
                Piece::Period(period) => {
                    self.at += 1;
                    self.a_period(period, None)?;
                }
                Piece::Unit(unit) => {
                    self.at += 1;
                    self.a_unit(*unit)?;
                }
                Piece::Not => {
                    self.at += 1;
                    self.negated = true;
                    self.settle();
                    self.section = Section::Condition;
                }
                Piece::Distinct => {
                    self.at += 1;
                    self.distinct = true;
                }
                Piece::Each => {
                    self.at += 1;
                    self.each()?;
                }
                // "owned by students" links; it does not group.
                Piece::By if self.at > 0 && matches!(self.pieces[self.at - 1], Piece::Verb) => {
                    self.at += 1;
                }
                Piece::By => {
                    self.at += 1;
                    self.by()?;
                }
                Piece::OrderBy(descending) => {
                    self.at += 1;
                    self.end_lacks();
                    self.descending = *descending;
                    self.section = Section::Order;
                }
                Piece::Alphabetical => {
                    self.at += 1;
                    let first = self.outputs.iter().find_map(|o| match o {
                        Output::Column(c) => Some(*c),
                        _ => None,
                    });
                    let by = first
                        .or_else(|| self.entity.and_then(|e| self.lexicon.label(e).next()))
                        .ok_or("nothing to sort by letters")?;
                    self.order.push(Order {
                        by: Key::Column(by),
                        descending: false,
                    });
                }
                Piece::Direction(descending) => {
                    self.at += 1;
                    let last = self.order.last_mut();
                    match last {
                        Some(order) => order.descending = *descending,
                        None => {
                            let by = match self.outputs.first() {
                                Some(Output::Column(c)) if self.outputs.len() == 1 => *c,
                                _ => return Err("a direction without a column to sort by"),
                            };
                            self.order.push(Order {
                                by: Key::Column(by),
                                descending: *descending,
                            });
                        }
                    }
                }
                Piece::And => {
                    self.at += 1;
                    self.and()?;
                }
                Piece::Or => return Err("an \"or\" that joins no two values of one column"),
                Piece::With => {
                    self.at += 1;
                    if self.entity.is_some() || !self.outputs.is_empty() {
                        self.settle();
                        self.section = Section::Condition;
                    }
                }
                Piece::Relative => {
                    self.at += 1;
                    self.settle();
                    self.focus = self.spoken_of();
                    if self.entity.is_some() || !self.outputs.is_empty() {
                        self.section = Section::Condition;
                    }
                }
                Piece::Ask(word) => {
                    self.at += 1;
                    if self.asked || self.entity.is_some() || !self.outputs.is_empty() {
                        if word == "what" {
                            return Err("two questions at once");
                        }
                        self.focus = self.spoken_of();
                        self.section = Section::Condition;
                    }
                    self.asked = true;
                }
                Piece::Preposition(word) => {
                    self.at += 1;
                    if matches!(word.as_str(), "is" | "are" | "was" | "were") {
                        // "What is …" asks, "… that is …" says.
                        continue;
                    }
                }
                Piece::Sentence => {
                    self.at += 1;
                    self.sentence();
                }
                Piece::Verb => {
                    self.at += 1;
                    self.cost += 0.05;
                }
                Piece::Contains | Piece::Begins | Piece::Ends => {
                    return Err("a pattern without a column");
                }
            }
        }
        self.finish()
    }

    fn a_noun(&mut self) -> Step<()> {
        let (_, target) = self.noun()?;
        match target {
            Target::Table(t) => self.a_table(*t),
            Target::Column(c) => self.a_column(*c),
            Target::Value(c, values) => self.a_value(*c, values.clone()),
        }
    }

    fn a_table(&mut self, t: usize) -> Step<()> {
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
            (None, _) => {
                self.entity = Some(t);
                self.is_named = true;
            }
            (Some(e), _) if e == t => self.is_named = true,
            (Some(_), Section::Head) if self.after_and() => {
                if self.outputs.is_empty() {
                    self.show_entity();
                }
                let labels: Vec<Output> = self.lexicon.label(t).map(Output::Column).collect();
                self.outputs.extend(labels);
            }
            _ => {
                if let Some(lacks) = self.lacks {
                    if let Condition::Lacks(_, inner) = &mut self.conditions[lacks] {
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
    fn after_and(&self) -> bool {
        self.at >= 2 && matches!(self.pieces[self.at - 2], Piece::And)
    }

    fn show_entity(&mut self) {
        if let Some(e) = self.entity {
            let labels: Vec<Output> = self.lexicon.label(e).map(Output::Column).collect();
            self.outputs.extend(labels);
        }
    }

    fn a_column(&mut self, c: ColumnId) -> Step<()> {
        let column = self.lexicon.column(c);
        if self.section == Section::Order {
            self.order.push(Order {
                by: Key::Column(c),
                descending: self.descending,
            });
            return Ok(());
        }
        if self.compared(c)? {
            self.weakly(c.table);
            return Ok(());
        }
        if column.kind == ValueKind::Bool
            && (self.section == Section::Condition || self.entity.is_none())
        {
            let yes = !std::mem::take(&mut self.negated);
            return self.condition(Condition::True(c, yes));
        }
        if self.negated {
            self.negated = false;
            let plain = column.kind == ValueKind::Date || self.last_score() >= 0.95;
            if plain && self.entity == Some(c.table) {
                return self.condition(Condition::Missing(c, true));
            }
            return Err("a negation of something that is no value");
        }
        // "departing from Rome" names the key by which Rome is meant.
        if self.lexicon.is_foreign_key(c) && self.role_of_value(c) {
            return Ok(());
        }
        let table_follows = matches!(self.peek_target(), Some(Target::Table(t)) if *t == c.table);
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
                if !self.outputs.contains(&Output::Column(c)) {
                    self.outputs.push(Output::Column(c));
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
                if column.kind == ValueKind::Number
                    && !column.is_key
                    && matches!(self.peek(), Some(Piece::Each))
                    && self.outputs.len() == 1
                {
                    return Err("a number for each of several rows, without what to make of them");
                }
                Ok(())
            }
            // "customers who have written a review": the verb of the table that follows.
            _ if column.kind == ValueKind::Date && self.last_score() < 0.9 && table_follows => {
                Ok(())
            }
            _ => Err("a column of which nothing is said"),
        }
    }

    /// Whether a value of the table that the key points to follows.
    fn role_of_value(&mut self, c: ColumnId) -> bool {
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

    /// Reads "… is over 5", "… is Rome", "… contains x" after a column.
    fn compared(&mut self, c: ColumnId) -> Step<bool> {
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
                Piece::By | Piece::Verb => self.at += 1,
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
                self.condition(Condition::Compare(c, operator, Literal::Number(n.clone())))?;
                true
            }
            Some(Piece::Between(low, high)) if kind == ValueKind::Number && !negated => {
                self.at += 1;
                self.condition(Condition::Between(
                    c,
                    Literal::Number(low.clone()),
                    Literal::Number(high.clone()),
                ))?;
                true
            }
            Some(Piece::Average(operator, _)) if kind == ValueKind::Number && !negated => {
                self.at += 1;
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
                self.condition(Condition::Compare(c, operator, Literal::Number(n.clone())))?;
                true
            }
            Some(Piece::Contains | Piece::Begins | Piece::Ends)
                if kind == ValueKind::Text && !negated =>
            {
                let pattern = self.next();
                self.skip_links();
                let Some(Piece::Noun(noun)) = self.next() else {
                    return Err("a pattern without a text");
                };
                let text = noun.text.clone();
                let condition = match pattern {
                    Some(Piece::Begins) => Condition::Affix(c, text, true),
                    Some(Piece::Ends) => Condition::Affix(c, text, false),
                    _ => Condition::Contains(c, text),
                };
                self.condition(condition)?;
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

    /// Whether the number at hand speaks of the noun after it: "age of 3 dogs".
    fn number_belongs_on(&self) -> bool {
        matches!(
            self.pieces.get(self.at + 1),
            Some(Piece::Noun(_) | Piece::Unit(_))
        )
    }

    fn is_year(&self, c: ColumnId) -> bool {
        let column = self.lexicon.column(c);
        matches!(column.kind, ValueKind::Number | ValueKind::Text)
            && column.words.iter().any(|w| *w == stem("year"))
    }

    fn a_value(&mut self, c: ColumnId, mut values: Vec<String>) -> Step<()> {
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
            if same {
                return Err("\"and\" between values of one column may mean both or either");
            }
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
        self.condition(if negated {
            Condition::NotIn(c, values)
        } else {
            Condition::In(c, values)
        })
    }

    /// Takes the table that all outputs are of as the one that is asked about.
    fn settle(&mut self) {
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
    fn sentence(&mut self) {
        if self.peek().is_none() {
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
    fn spoken_of(&self) -> Option<usize> {
        let last = self
            .conditions
            .last()
            .filter(|c| !c.is_apart())
            .map(Condition::table);
        let last = last.or(self.mentioned.last().copied());
        last.filter(|t| self.entity.is_some_and(|e| e != *t))
    }

    /// Whether the noun before the one just taken is that column, with nothing but links between.
    fn noun_before(&mut self, c: ColumnId) -> bool {
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
    fn condition(&mut self, condition: Condition) -> Step<()> {
        if self.focus.is_some_and(|t| t != condition.table()) {
            return Err("a condition that may speak of two things");
        }
        if let Some(lacks) = self.lacks
            && let Condition::Lacks(_, inner) = &mut self.conditions[lacks]
        {
            inner.push(condition);
            return Ok(());
        }
        self.conditions.push(condition);
        Ok(())
    }

    fn end_lacks(&mut self) {
        self.lacks = None;
    }

    fn weakly(&mut self, _table: usize) {}

    fn and(&mut self) -> Step<()> {
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

    /// What is counted.
    fn counted(&mut self) -> Step<Measure> {
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
        while let Some(Target::Column(c)) = self.peek_target() {
            if self.lexicon.column(*c).kind != ValueKind::Bool {
                break;
            }
            let c = *c;
            self.noun()?;
            self.condition(Condition::True(c, true))?;
        }
        let (_, target) = self.noun()?;
        let different = std::mem::replace(&mut self.distinct, distinct_before);
        match target {
            Target::Table(t) => Ok(Measure::Rows(*t)),
            Target::Column(c) => {
                let column = self.lexicon.column(*c);
                if column.kind == ValueKind::Number && !column.is_key && !different {
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

    fn put_measure(&mut self, measure: Measure) -> Step<()> {
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
            self.group_tables.extend(tables);
        }
        let output = Output::Measure(measure);
        if !self.outputs.contains(&output) {
            self.outputs.push(output);
        }
        Ok(())
    }

    fn order_by(&mut self, by: Key) -> Step<()> {
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
    fn aggregates(&mut self) -> Step<()> {
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
        if matches!(self.peek(), Some(Piece::Count)) {
            if all == [Aggregate::Sum] {
                return Ok(());
            }
            return Err("an average of counts");
        }
        if matches!(self.peek(), Some(Piece::Distinct)) {
            return Err("an aggregate of different values");
        }
        if let [only @ (Aggregate::Maximum | Aggregate::Minimum)] = all.as_slice()
            && (self.section == Section::Condition || self.entity.is_some())
            && !self.restated
            && self
                .outputs
                .iter()
                .all(|o| !matches!(o, Output::Measure(_)))
        {
            let descending = *only == Aggregate::Maximum;
            return self.superlative(&Superlative {
                descending,
                limit: None,
                word: "most".to_owned(),
            });
        }
        let (noun, target) = self.noun()?;
        let c = match target {
            Target::Column(c) => *c,
            Target::Table(t) => self
                .additive(*t)
                .ok_or("a table without one plain amount")?,
            Target::Value(..) => return Err("an aggregate of a value"),
        };
        let column = self.lexicon.column(c);
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

    /// The one column of a table that holds amounts.
    fn additive(&self, table: usize) -> Option<ColumnId> {
        let columns = &self.lexicon.tables[table].columns;
        let amounts = ["amount", "price", "total", "cost", "value", "revenu", "sum"];
        let mut found = (0..columns.len()).filter(|&c| {
            let column = &columns[c];
            column.kind == ValueKind::Number
                && !column.is_key
                && column.words.iter().any(|w| amounts.contains(&w.as_str()))
        });
        let first = found.next()?;
        found.next().is_none().then_some(ColumnId {
            table,
            column: first,
        })
    }

    /// The column of a table that an adjective compares.
    fn hinted(&self, table: usize, word: &str) -> Option<(ColumnId, bool)> {
        let (hints, more) = adjective(word)?;
        let columns = &self.lexicon.tables[table].columns;
        for hint in hints {
            let hint = stem(hint);
            let mut found = (0..columns.len()).filter(|&c| {
                let fits = matches!(columns[c].kind, ValueKind::Number | ValueKind::Date);
                fits && !columns[c].is_key && columns[c].words.contains(&hint)
            });
            if let Some(first) = found.next() {
                if found.next().is_some() {
                    return None;
                }
                return Some((
                    ColumnId {
                        table,
                        column: first,
                    },
                    more,
                ));
            }
        }
        if *hints.first()? == "date" {
            return Some((self.date_of(&[table])?, more));
        }
        // An age may be told by the day of birth.
        if hints == ["age"] {
            let column = columns.iter().position(|c| {
                c.kind == ValueKind::Date && c.words.iter().any(|w| *w == stem("birth"))
            })?;
            return Some((ColumnId { table, column }, !more));
        }
        None
    }

    fn superlative(&mut self, s: &Superlative) -> Step<()> {
        if self.negated {
            return Err("a negated superlative");
        }
        self.skip_links();
        let head =
            self.section == Section::Head && self.entity.is_none() && self.outputs.is_empty();
        let counted = match self.peek() {
            Some(Piece::Count) => {
                self.at += 1;
                Some(self.counted()?)
            }
            Some(Piece::Aggregate(a)) => {
                let a = *a;
                self.at += 1;
                if matches!(self.peek(), Some(Piece::Count)) {
                    self.at += 1;
                    Some(self.counted()?)
                } else {
                    let (_, target) = self.noun()?;
                    let c = match target {
                        Target::Column(c) => *c,
                        Target::Table(t) => self
                            .additive(*t)
                            .ok_or("a table without one plain amount")?,
                        Target::Value(..) => return Err("an aggregate of a value"),
                    };
                    if self.lexicon.column(c).kind != ValueKind::Number {
                        return Err("an aggregate of something that is no number");
                    }
                    Some(Measure::Of(a, c))
                }
            }
            _ => None,
        };
        if let Some(measure) = counted {
            return self.extreme_measure(measure, s);
        }
        let mut values = Vec::new();
        while let Some(Target::Value(c, value)) = self.peek_target() {
            values.push((*c, value.clone()));
            self.noun()?;
        }
        for (c, value) in values {
            self.conditions.push(Condition::In(c, value));
        }
        let noun = match self.peek() {
            Some(Piece::Noun(_)) => Some(self.noun()?),
            _ => None,
        };
        let noun_text = noun.map_or_else(String::new, |(n, _)| n.text.clone());
        match noun.map(|(_, target)| target) {
            Some(Target::Table(t)) => {
                let t = *t;
                let counts = matches!(s.word.as_str(), "most" | "least" | "fewest");
                if counts && self.entity == Some(t) && !self.outputs.is_empty() {
                    return self.extreme_measure(Measure::Rows(t), s);
                }
                if head
                    || self.entity == Some(t)
                    || (self.entity.is_none()
                        && self.buckets.is_empty()
                        && self.section == Section::Head)
                {
                    self.entity = Some(t);
                    self.is_named = true;
                    if let Some((c, more)) = self.hinted(t, &s.word) {
                        let _ = more;
                        let descending =
                            adjective_direction(&s.word, self.lexicon.column(c).kind, s.descending);
                        return self.extreme_column(
                            c,
                            &Superlative {
                                descending,
                                ..s.clone()
                            },
                        );
                    }
                    if adjective(&s.word).is_none() {
                        self.top = Some(s.clone());
                        return Ok(());
                    }
                    return Err("what the adjective compares is no one column");
                }
                if matches!(
                    s.word.as_str(),
                    "most" | "least" | "fewest" | "highest" | "lowest"
                ) {
                    return self.extreme_measure(Measure::Rows(t), s);
                }
                // "cities in the largest state"
                if let Some((c, _)) = self.hinted(t, &s.word) {
                    let descending =
                        adjective_direction(&s.word, self.lexicon.column(c).kind, s.descending);
                    if s.limit.is_some() {
                        return Err("several of the largest inside a condition");
                    }
                    return self.condition(Condition::Extreme {
                        table: t,
                        by: c,
                        descending,
                    });
                }
                Err("what the adjective compares is no one column")
            }
            Some(Target::Column(c)) => {
                let c = *c;
                let kind = self.lexicon.column(c).kind;
                if head
                    && matches!(s.word.as_str(), "top" | "bottom")
                    && (kind == ValueKind::Text || self.is_year(c))
                {
                    self.outputs.push(Output::Column(c));
                    self.top = Some(s.clone());
                    return Ok(());
                }
                if !matches!(kind, ValueKind::Number | ValueKind::Date)
                    || self.lexicon.column(c).is_key
                {
                    if self.lexicon.column(c).kind == ValueKind::Text
                        && matches!(s.word.as_str(), "most" | "least" | "fewest")
                    {
                        return self.extreme_measure(Measure::Different(c), s);
                    }
                    return Err("a superlative of something that is no number");
                }
                let descending = if matches!(
                    s.word.as_str(),
                    "most recent" | "latest" | "newest" | "earliest"
                ) {
                    s.descending
                } else {
                    adjective_plain(&s.word, s.descending)
                };
                let s = Superlative {
                    descending,
                    ..s.clone()
                };
                if head && s.limit.is_none() {
                    let aggregate = if descending {
                        Aggregate::Maximum
                    } else {
                        Aggregate::Minimum
                    };
                    return self.put_measure(Measure::Of(aggregate, c));
                }
                if matches!(s.word.as_str(), "most" | "least")
                    && self
                        .entity
                        .is_some_and(|e| e != c.table && is_below(self.lexicon, e, c.table))
                {
                    if is_summable(&noun_text) {
                        return self.extreme_measure(Measure::Of(Aggregate::Sum, c), &s);
                    }
                    return Err("a most that may be of one value or of a sum");
                }
                self.extreme_column(c, &s)
            }
            _ => {
                // "Which customer paid the most?", "Who is the oldest?"
                let at_end = true;
                if let Some(entity) = self.entity.filter(|_| at_end) {
                    if let Some((c, _)) = self.hinted(entity, &s.word) {
                        let descending =
                            adjective_direction(&s.word, self.lexicon.column(c).kind, s.descending);
                        return self.extreme_column(
                            c,
                            &Superlative {
                                descending,
                                ..s.clone()
                            },
                        );
                    }
                    if let (Some(last), "most" | "least") =
                        (self.mentioned.last().copied(), s.word.as_str())
                        && let Some(c) = self.additive(last)
                    {
                        return self.extreme_measure(Measure::Of(Aggregate::Sum, c), s);
                    }
                }
                Err("a superlative of nothing that is known")
            }
        }
    }

    fn extreme_column(&mut self, c: ColumnId, s: &Superlative) -> Step<()> {
        let measured = self.outputs.iter().any(|o| matches!(o, Output::Measure(_)));
        let nested = measured
            || self
                .entity
                .is_some_and(|e| e != c.table && self.mentioned.contains(&c.table));
        if nested {
            if s.limit.is_some() {
                return Err("several of the largest inside a condition");
            }
            let entity_filter = self.conditions.iter().any(|k| k.table() == c.table);
            if entity_filter {
                return Err("a superlative among some rows, inside a condition");
            }
            return self.condition(Condition::Extreme {
                table: c.table,
                by: c,
                descending: s.descending,
            });
        }
        if !self.order.is_empty() {
            return Err("two superlatives");
        }
        self.order.push(Order {
            by: Key::Column(c),
            descending: s.descending,
        });
        let top = self.top.take().and_then(|t| t.limit);
        self.limit = Some(s.limit.or(top).unwrap_or(1));
        Ok(())
    }

    fn extreme_measure(&mut self, measure: Measure, s: &Superlative) -> Step<()> {
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
        if !self.mentioned.iter().all(|m| *m == table) {
            return Err("a superlative that may count rows of several tables");
        }
        if self.entity.is_some_and(|e| e == table) && self.outputs.is_empty() {
            return Err("a count of the rows that are asked for");
        }
        if self.entity.is_none() && self.outputs.is_empty() && self.buckets.is_empty() {
            return Err("a superlative of nothing that is known");
        }
        let top = self.top.take().and_then(|t| t.limit);
        self.order.push(Order {
            by: Key::Measure(measure),
            descending: s.descending,
        });
        self.limit = Some(s.limit.or(top).unwrap_or(1));
        Ok(())
    }

    /// "the most common language": by how many rows have it.
    fn common(&mut self, s: &Superlative) -> Step<()> {
        let table = match self.peek() {
            Some(Piece::Noun(_)) => {
                let (_, target) = self.noun()?;
                match target {
                    Target::Column(c) => {
                        self.outputs.push(Output::Column(*c));
                        c.table
                    }
                    _ => return Err("what is common is no column"),
                }
            }
            _ => match (self.outputs.as_slice(), self.entity) {
                ([Output::Column(c)], _) => c.table,
                _ => return Err("what is common is no column"),
            },
        };
        if self.entity.is_some_and(|e| e != table) || !self.order.is_empty() {
            return Err("what is common is no column");
        }
        self.order.push(Order {
            by: Key::Measure(Measure::Rows(table)),
            descending: s.descending,
        });
        let top = self.top.take().and_then(|t| t.limit);
        self.limit = Some(s.limit.or(top).unwrap_or(1));
        Ok(())
    }

    /// A comparison that stands before what it compares: "more than 4 cylinders", "at least 3 concerts".
    fn comparison(&mut self) -> Step<()> {
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
        let hinted = match piece {
            Some(Piece::Compare(_, _, Some(word)) | Piece::Average(_, Some(word))) => {
                let owner = owner.ok_or("a comparison of nothing that is known")?;
                Some(
                    self.hinted(owner, word)
                        .ok_or("what is compared is no one column")?
                        .0,
                )
            }
            _ => None,
        };
        if let Some(c) = hinted {
            return match piece {
                Some(Piece::Compare(op, n, _))
                    if self.lexicon.column(c).kind == ValueKind::Number =>
                {
                    self.condition(Condition::Compare(c, *op, Literal::Number(n.clone())))
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
                && matches!(self.pieces[self.at - 2], Piece::Noun(_))
                && self.outputs.len() > 1
            {
                let c = *c;
                self.outputs.pop();
                return self.compare_with(piece, c);
            }
            return Err("a comparison of nothing that is known");
        }
        let (_, target) = self.noun()?;
        match target {
            Target::Column(c) => self.compare_with(piece, *c),
            Target::Table(t) => {
                let Some(Piece::Compare(op, n, _)) = piece else {
                    return Err("a comparison of a table");
                };
                let n: u64 = n.parse().map_err(|_| "a count that is no whole number")?;
                let entity = owner.ok_or("a comparison of nothing that is known")?;
                if entity == *t || self.lacks.is_some() {
                    return Err("a count of the rows that are asked for");
                }
                if !self.mentioned.is_empty() {
                    return Err("a count that may speak of several tables");
                }
                self.entity = Some(entity);
                self.conditions.push(Condition::Rows(*t, *op, n));
                self.section = Section::Condition;
                Ok(())
            }
            Target::Value(..) => Err("a comparison with a value"),
        }
    }

    fn compare_with(&mut self, piece: Option<&Piece>, c: ColumnId) -> Step<()> {
        let column = self.lexicon.column(c);
        if column.kind != ValueKind::Number || column.is_key {
            return Err("a comparison of something that is no number");
        }
        self.section = Section::Condition;
        match piece {
            Some(Piece::Compare(op, n, _)) => {
                self.condition(Condition::Compare(c, *op, Literal::Number(n.clone())))
            }
            Some(Piece::Between(low, high)) => self.condition(Condition::Between(
                c,
                Literal::Number(low.clone()),
                Literal::Number(high.clone()),
            )),
            Some(Piece::Average(op, _)) => self.condition(Condition::Average(c, *op)),
            _ => Err("a comparison of nothing that is known"),
        }
    }

    /// "8 cylinders", "3 concerts".
    fn bare_number(&mut self) -> Step<()> {
        let Some(Piece::Number(n)) = self.next() else {
            return Err("a number is missing");
        };
        if self.section != Section::Condition || self.negated {
            return Err("a number of which nothing is said");
        }
        let (_, target) = self.noun()?;
        match target {
            Target::Column(c)
                if self.lexicon.column(*c).kind == ValueKind::Number
                    && !self.lexicon.column(*c).is_key =>
            {
                self.condition(Condition::Compare(
                    *c,
                    Operator::Equal,
                    Literal::Number(n.clone()),
                ))
            }
            Target::Table(t)
                if self.entity.is_some_and(|e| e != *t)
                    && self.mentioned.is_empty()
                    && self.lacks.is_none() =>
            {
                let n = n.parse().map_err(|_| "a count that is no whole number")?;
                self.conditions
                    .push(Condition::Rows(*t, Operator::Equal, n));
                Ok(())
            }
            _ => Err("a number of which nothing is said"),
        }
    }

    fn a_period(&mut self, period: &Period, _table: Option<usize>) -> Step<()> {
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
        let lacks = self.lacks;
        self.periods.push((period.clone(), lacks));
        if self.entity.is_some() {
            self.section = Section::Condition;
        }
        Ok(())
    }

    fn a_period_of(&mut self, c: ColumnId, period: &Period) -> Step<()> {
        self.condition(Condition::During(c, period.clone()))
    }

    fn a_unit(&mut self, unit: Unit) -> Step<()> {
        if self.section == Section::Head
            && self.asked
            && self.outputs.is_empty()
            && self.entity.is_none()
        {
            // "Which month had the most rentals?"
            self.buckets.push((unit, true));
            return Ok(());
        }
        if matches!(unit, Unit::Day) && self.at >= 2 {
            return Err("a day of which nothing is said");
        }
        Err("a unit of time of which nothing is said")
    }

    fn each(&mut self) -> Step<()> {
        self.end_lacks();
        loop {
            self.skip_links();
            if let Some(Piece::Unit(unit)) = self.peek() {
                self.at += 1;
                self.buckets.push((*unit, true));
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

    fn by(&mut self) -> Step<()> {
        if self.top.is_some() {
            self.skip_links();
            return match self.peek() {
                Some(Piece::Count) => {
                    self.at += 1;
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

    /// Puts everything together.
    fn finish(&mut self) -> Step<Query> {
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
                Output::Share { .. } => None,
            });
        let by_measure = self.order.iter().find_map(|o| match &o.by {
            Key::Measure(Measure::Rows(t)) => Some(*t),
            Key::Measure(Measure::Different(c) | Measure::Of(_, c)) => Some(c.table),
            _ => None,
        });
        let entity = self
            .entity
            .or_else(|| {
                if measured {
                    None
                } else {
                    self.group_tables.first().copied()
                }
            })
            .or(first)
            .or(by_measure)
            .or_else(|| match self.conditions.as_slice() {
                // "Who are the managers?"
                [Condition::In(c, _)] if self.asked => Some(c.table),
                _ => None,
            })
            .ok_or("it asks for nothing that is known")?;
        let mut group = Vec::new();
        let mut outputs = std::mem::take(&mut self.outputs);
        if !self.buckets.is_empty() {
            let table = by_measure.filter(|_| !measured).unwrap_or(entity);
            let date = self.date_of(&[table]).ok_or("no one date to group by")?;
            for (unit, _) in std::mem::take(&mut self.buckets) {
                if self.lexicon.column(date).kind != ValueKind::Date {
                    if unit != Unit::Year {
                        return Err("no one date to group by");
                    }
                    self.groups.push(Output::Column(date));
                } else {
                    self.groups.push(Output::Bucket(unit, date));
                }
            }
            if measured && self.groups.len() == 1 && self.order.is_empty() {
                if let Some(Output::Bucket(unit, c)) = self.groups.first()
                    && *unit != Unit::Weekday
                {
                    self.order.push(Order {
                        by: Key::Bucket(*unit, *c),
                        descending: false,
                    });
                }
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
        for (period, lacks) in std::mem::take(&mut self.periods) {
            let mut tables = Vec::new();
            if let Some(at) = lacks {
                tables.push(self.conditions[at].table());
            } else {
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
                Some(Condition::Lacks(_, inner)) => inner.push(condition),
                _ => self.conditions.push(condition),
            }
        }
        let lexicon = self.lexicon;
        let names_rows = |o: &Output| matches!(o, Output::Column(c) if lexicon.tables[c.table].label.contains(&c.column) || lexicon.tables[c.table].key.contains(&c.column));
        let lacking = self
            .conditions
            .iter()
            .any(|c| matches!(c, Condition::Lacks(..)));
        if lacking && !self.is_named && !outputs.iter().any(names_rows) {
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
        if self.distinct && measured {
            return Err("different values beside a number");
        }
        // A value that is not had: no row of the other table has it.
        let conditions = std::mem::take(&mut self.conditions)
            .into_iter()
            .map(|condition| match condition {
                Condition::NotIn(c, values)
                    if c.table != entity && !is_above(lexicon, entity, c.table) =>
                {
                    Condition::Lacks(c.table, vec![Condition::In(c, values)])
                }
                other => other,
            })
            .collect();
        Ok(Query {
            entity,
            outputs,
            group,
            conditions,
            order: std::mem::take(&mut self.order),
            limit: self.limit,
            distinct,
            mentioned: std::mem::take(&mut self.mentioned),
        })
    }

    /// The one date, or year, of the first of the tables that has any.
    fn date_of(&self, tables: &[usize]) -> Option<ColumnId> {
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

/// Whether rows of `from` may have several of `to`.
fn is_below(lexicon: &Lexicon, from: usize, to: usize) -> bool {
    !is_above(lexicon, from, to)
}

/// Whether each row of `from` has one of `to`, by keys alone.
fn is_above(lexicon: &Lexicon, from: usize, to: usize) -> bool {
    let wanted = std::collections::BTreeSet::from([to]);
    super::joins::tree(&lexicon.edges, from, &wanted, &|_| false)
        .is_ok_and(|hops| hops.iter().all(|h| h.upward))
}

fn opposite(operator: Operator) -> Operator {
    match operator {
        Operator::Equal => Operator::NotEqual,
        Operator::NotEqual => Operator::Equal,
        Operator::Less => Operator::GreaterOrEqual,
        Operator::LessOrEqual => Operator::Greater,
        Operator::Greater => Operator::LessOrEqual,
        Operator::GreaterOrEqual => Operator::Less,
    }
}

/// "oldest" sorts ages downwards and days of birth upwards.
fn adjective_direction(word: &str, kind: ValueKind, descending: bool) -> bool {
    let ages = adjective(word).is_some_and(|(hints, _)| hints == ["age"]);
    if ages && kind == ValueKind::Date {
        !descending
    } else {
        descending
    }
}

fn adjective_plain(word: &str, descending: bool) -> bool {
    adjective(word).map_or(descending, |(_, more)| more)
}

/// Words for amounts that are only of use as a sum.
fn is_summable(word: &str) -> bool {
    [
        "revenue", "sales", "turnover", "income", "earnings", "spending", "amount",
    ]
    .iter()
    .any(|w| word.to_lowercase().contains(w))
}
