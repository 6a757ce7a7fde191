//! One pass over the pieces: what is at hand decides who reads on.

use super::super::lexicon::{ColumnId, Lexicon};
use super::super::link::{Link, Target};
use super::super::pieces::{Noun, Piece, Superlative};
use super::super::query::{Condition, Key, Measure, Operator, Order, Output, Period, Query, Unit};

/// A part of the reading, or why it fails.
pub(super) type Step<T> = Result<T, &'static str>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Section {
    Head,
    Condition,
    Order,
}

pub(super) struct Reader<'a> {
    pub(super) lexicon: &'a Lexicon,
    pub(super) pieces: &'a [Piece],
    pub(super) choice: &'a [usize],
    pub(super) at: usize,
    pub(super) cost: f32,
    pub(super) section: Section,
    pub(super) entity: Option<usize>,
    pub(super) outputs: Vec<Output>,
    /// Output tables beside the entity, shown by their labels.
    pub(super) groups: Vec<Output>,
    /// Columns that "each" or "by" names themselves: shown whatever else is.
    pub(super) group_columns: Vec<Output>,
    pub(super) group_tables: Vec<usize>,
    pub(super) conditions: Vec<Condition>,
    pub(super) order: Vec<Order>,
    pub(super) limit: Option<u64>,
    pub(super) distinct: bool,
    /// Of the sort that is being read.
    pub(super) descending: bool,
    /// What a "that" speaks of, if it is not the entity.
    pub(super) focus: Option<usize>,
    pub(super) mentioned: Vec<usize>,
    /// With the open absence that they belong to, and the table that was mentioned last before them.
    pub(super) periods: Vec<(Period, Option<usize>, Option<usize>)>,
    pub(super) buckets: Vec<Unit>,
    /// "top 5 customers" that still wants what it is by.
    pub(super) top: Option<Superlative>,
    /// Whether rows are asked for: "which", "who".
    pub(super) which: bool,
    /// Within "that …" or "who …".
    pub(super) clause: bool,
    /// Open `NOT EXISTS`, which takes the conditions that follow.
    pub(super) lacks: Option<usize>,
    pub(super) negated: bool,
    pub(super) asked: bool,
    /// Whether a person is asked for.
    pub(super) who: bool,
    /// A second sentence says what to show.
    pub(super) restated: bool,
    /// Whether the question names the table that it asks about, and not only columns of it.
    pub(super) is_named: bool,
    /// What is asked for is the commonest of its kind.
    pub(super) common: bool,
    /// "Both" was said of the values that follow.
    pub(super) both: bool,
    /// "How long": the adjective that says which column is asked for.
    pub(super) dimension: Option<&'static str>,
    /// "Which 3 categories have the most …".
    pub(super) wanted: Option<u64>,
    /// A word for sums was what is shown: "revenue".
    pub(super) named_sum: bool,
    /// "How much": one number is asked for.
    pub(super) much: bool,
    /// Conditions of "the percentage of women among …".
    pub(super) part: Vec<Condition>,
    pub(super) having: Vec<(Measure, Operator, String)>,
    /// Columns that the question names itself, and not by their values.
    pub(super) asked_for: Vec<ColumnId>,
    /// Columns and tables that the question names, to choose between keys.
    pub(super) named: Vec<ColumnId>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(lexicon: &'a Lexicon, pieces: &'a [Piece], choice: &'a [usize]) -> Self {
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
            which: false,
            clause: false,
            lacks: None,
            negated: false,
            asked: false,
            who: false,
            restated: false,
            is_named: false,
            common: false,
            both: false,
            dimension: None,
            wanted: None,
            named_sum: false,
            much: false,
            part: Vec::new(),
            having: Vec::new(),
            asked_for: Vec::new(),
            named: Vec::new(),
        }
    }

    /// Whether the question names a column of the edge.
    pub(super) fn speaks_for(&self, edge: usize) -> bool {
        let edge = &self.lexicon.edges[edge];
        self.named
            .iter()
            .any(|c| c.table == edge.from && edge.columns.contains(&c.column))
    }

    pub(super) fn peek(&self) -> Option<&'a Piece> {
        self.pieces.get(self.at)
    }

    pub(super) fn next(&mut self) -> Option<&'a Piece> {
        let piece = self.pieces.get(self.at);
        self.at += 1;
        piece
    }

    /// Passes over words that only link what stands around them.
    pub(super) fn skip_links(&mut self) {
        while matches!(self.peek(), Some(Piece::Preposition(_) | Piece::Distinct)) {
            if matches!(self.peek(), Some(Piece::Distinct)) {
                self.distinct = true;
            }
            self.at += 1;
        }
    }

    /// The noun's chosen meaning.
    pub(super) fn target(&self, at: usize) -> Step<(&'a Noun, &'a Target)> {
        let Some(Piece::Noun(noun)) = self.pieces.get(at) else {
            return Err("a noun is missing");
        };
        let link = noun
            .links
            .get(self.choice[at])
            .ok_or("a quoted text is nowhere in the data")?;
        Ok((noun, &link.target))
    }

    /// The next piece's meaning, if it is a noun; takes it.
    pub(super) fn noun(&mut self) -> Step<(&'a Noun, &'a Target)> {
        self.skip_links();
        let at = self.at;
        let (noun, target) = self.target(at)?;
        self.cost += 1.0 - noun.links[self.choice[at]].score;
        self.at += 1;
        if let Target::Value(c, _) = target {
            self.cost += self.apart_from_entity(noun, *c);
            // "border Bavaria"
            if self.named.last() == Some(c) && self.noun_before(*c) {
                self.cost -= 0.2;
            }
        }
        if let Target::Column(c) = target {
            self.asked_for.push(*c);
        }
        if let Target::Column(c) | Target::Value(c, _) = target {
            self.named.push(*c);
        }
        Ok((noun, target))
    }

    /// What it costs to look for a value elsewhere when the rows that are asked for have it themselves.
    fn apart_from_entity(&self, noun: &Noun, c: ColumnId) -> f32 {
        let name = &self.lexicon.column(c).name;
        let own = |l: &Link| {
            matches!(&l.target, Target::Value(o, _)
                if Some(o.table) == self.entity && self.lexicon.column(*o).name == *name)
        };
        if self.entity.is_some_and(|e| e != c.table) && noun.links.iter().any(own) {
            0.1
        } else {
            0.0
        }
    }

    /// The noun just taken.
    pub(super) fn last_noun(&self) -> Option<&'a Noun> {
        match self.pieces.get(self.at.saturating_sub(1)) {
            Some(Piece::Noun(noun)) => Some(noun),
            _ => None,
        }
    }

    /// How surely the noun just taken means what was chosen.
    pub(super) fn last_score(&self) -> f32 {
        let at = self.at.saturating_sub(1);
        match self.pieces.get(at) {
            Some(Piece::Noun(noun)) => noun.links.get(self.choice[at]).map_or(0.0, |l| l.score),
            _ => 0.0,
        }
    }

    pub(super) fn peek_target(&self) -> Option<&'a Target> {
        let at = self.at;
        self.target(at).ok().map(|(_, t)| t)
    }

    pub(super) fn run(&mut self) -> Step<Query> {
        while let Some(piece) = self.peek() {
            match piece {
                Piece::Noun(_) => self.a_noun()?,
                Piece::Count(total) => {
                    self.at += 1;
                    // "hotels and their number of stars"
                    let beside = self.after_and() && self.entity.is_some();
                    if beside && self.outputs.is_empty() {
                        self.show_entity();
                    }
                    if *total || !self.counts_already() {
                        let measure = self.counted()?;
                        self.put_measure(measure)?;
                    }
                }
                Piece::Both => {
                    self.at += 1;
                    self.both = true;
                }
                Piece::Dimension(word) => {
                    self.at += 1;
                    if self.dimension.replace(word).is_some() {
                        return Err("two questions at once");
                    }
                    self.asked = true;
                }
                Piece::Ratio => return Err("a ratio of something that is no number"),
                Piece::Than(_) => return Err("a comparison of nothing that is known"),
                Piece::Measured(unit) => {
                    self.at += 1;
                    self.measured_in(unit)?;
                }
                Piece::Much => {
                    self.at += 1;
                    self.much = true;
                    self.asked = true;
                }
                Piece::Share => {
                    self.at += 1;
                    self.share()?;
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
                    self.a_period(period)?;
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
                Piece::By if self.at > 0 && matches!(self.pieces[self.at - 1], Piece::Verb(_)) => {
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
                    if let Some(Piece::Direction(direction)) = self.peek() {
                        self.descending = *direction;
                        self.at += 1;
                    }
                    self.section = Section::Order;
                }
                Piece::Alphabetical(descending) => {
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
                        descending: *descending,
                    });
                }
                Piece::From(word) => {
                    self.at += 1;
                    self.end_lacks();
                    self.settle();
                    let entity = self.entity.ok_or("nothing to sort")?;
                    let (c, more) = self
                        .hinted(entity, word)
                        .ok_or("what the adjective compares is no one column")?;
                    match self.order.last_mut() {
                        Some(order) if order.by == Key::Column(c) => order.descending = more,
                        Some(_) => return Err("two sorts"),
                        None => self.order.push(Order {
                            by: Key::Column(c),
                            descending: more,
                        }),
                    }
                }
                Piece::Direction(descending) => {
                    self.at += 1;
                    // "the top five … in descending order" is one ranking.
                    if let Some(top) = &self.top {
                        if top.descending != *descending {
                            return Err("a ranking in two directions");
                        }
                        continue;
                    }
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
                    self.clause = true;
                    self.focus = self.spoken_of();
                    if self.entity.is_some() || !self.outputs.is_empty() {
                        self.section = Section::Condition;
                    }
                }
                Piece::Ask(word) => {
                    self.at += 1;
                    let groups_only = !self.asked
                        && self.outputs.is_empty()
                        && self.entity.is_none()
                        && self.conditions.is_empty()
                        && !self.groups.is_empty();
                    if (self.asked || self.entity.is_some() || !self.outputs.is_empty())
                        && !groups_only
                    {
                        if word == "what" && self.asks_on() {
                            self.focus = None;
                            self.section = Section::Head;
                            continue;
                        }
                        if word == "what" {
                            return Err("two questions at once");
                        }
                        self.focus = self.spoken_of();
                        self.clause = true;
                        self.section = Section::Condition;
                    }
                    let first = self.entity.is_none() && self.outputs.is_empty();
                    self.which |= matches!(word.as_str(), "which" | "who") && !self.asked;
                    self.who |= word == "who" && !self.asked && first;
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
                Piece::Verb(_) | Piece::Role(_) => {
                    self.at += 1;
                    self.cost += 0.05;
                }
                Piece::Contains | Piece::Begins | Piece::Ends => {
                    let entity = self.entity.ok_or("a pattern without a column")?;
                    let mut labels = self.lexicon.label(entity);
                    let (Some(label), None) = (labels.next(), labels.next()) else {
                        return Err("a pattern without a column");
                    };
                    self.pattern(label)?;
                }
            }
        }
        self.finish()
    }
}
