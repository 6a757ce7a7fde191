//! The most and the least of something.

use super::super::lexicon::ValueKind;
use super::super::link::Target;
use super::super::pieces::{Piece, Superlative, adjective};
use super::super::query::{Aggregate, Condition, Measure, Output};
use super::finish::is_below;
use super::hints::{adjective_direction, adjective_plain};
use super::measure::is_summable;
use super::reader::{Reader, Section, Step};

impl<'a> Reader<'a> {
    pub(super) fn superlative(&mut self, s: &Superlative) -> Step<()> {
        if self.negated {
            return Err("a negated superlative");
        }
        self.skip_links();
        let head = self.section == Section::Head
            && self.entity.is_none()
            && self.outputs.is_empty()
            && self.buckets.is_empty();
        let counted = match self.peek() {
            Some(Piece::Count(_)) => {
                self.at += 1;
                Some(self.counted()?)
            }
            Some(Piece::Aggregate(a)) => {
                let a = *a;
                self.at += 1;
                if let Some(Piece::Count(_)) = self.peek() {
                    self.at += 1;
                    Some(self.counted()?)
                } else {
                    let (_, target) = self.noun()?;
                    let c = match target {
                        Target::Column(c) => *c,
                        // "the longest average track": what the adjective compares.
                        Target::Table(t) => match self.hinted(*t, &s.word) {
                            Some((c, _)) => c,
                            None => self
                                .additive(*t)
                                .ok_or("a table without one plain amount")?,
                        },
                        Target::Value(..) => return Err("an aggregate of a value"),
                    };
                    if !self.fits(&s.word, c) {
                        return Err("what the adjective compares is another column");
                    }
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
        let valued = !values.is_empty();
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
                // "the most rented film": by how often it was.
                if counts
                    && self.entity.is_none()
                    && self.outputs.is_empty()
                    && super::super::link::is_past(&noun_text.to_lowercase())
                    && !self.lexicon.is_person(t)
                    && let Some(Target::Table(of)) = self.peek_target()
                    && *of != t
                {
                    let of = *of;
                    self.noun()?;
                    self.entity = Some(of);
                    self.is_named = true;
                    return self.extreme_measure(Measure::Rows(t), s);
                }
                // "Who has acted in the most movies?"
                if counts
                    && self.entity.is_none()
                    && self.outputs.is_empty()
                    && let Some(person) = self.the_person().filter(|p| *p != t)
                {
                    self.entity = Some(person);
                    self.is_named = true;
                    return self.extreme_measure(Measure::Rows(t), s);
                }
                let shared = self.entity.is_none()
                    && self.outputs.iter().all(|o| {
                        matches!(o, Output::Column(c)
                            if c.table == t && !self.lexicon.tables[t].unique.contains(&c.column))
                    });
                if counts && (self.entity == Some(t) || shared) && !self.outputs.is_empty() {
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
                    if self.is_ranked_by() {
                        self.top = Some(s.clone());
                        return Ok(());
                    }
                    let word = match s.word.as_str() {
                        "highest" | "lowest" => "tallest",
                        other => other,
                    };
                    if let Some((c, _)) = self.hinted(t, word) {
                        return self.extreme_of(c, s);
                    }
                    // The largest order is the one of the largest amount, where orders have no size.
                    let large = matches!(s.word.as_str(), "largest" | "biggest" | "smallest");
                    if let Some(c) = self.additive(t).filter(|_| large) {
                        return self.extreme_column(c, s);
                    }
                    let merit = matches!(s.word.as_str(), "best" | "worst");
                    if adjective(&s.word).is_none() || merit {
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
                    // "the movie that has the best rating", of which each has one
                    if self.entity.is_some_and(|e| {
                        !is_below(self.lexicon, e, t) && !is_below(self.lexicon, t, e)
                    }) {
                        return self.extreme_of(c, s);
                    }
                    if s.limit.is_some() {
                        return Err("several of the largest inside a condition");
                    }
                    return self.condition(Condition::Extreme {
                        table: t,
                        by: c,
                        descending: adjective_direction(
                            &s.word,
                            self.lexicon.column(c),
                            s.descending,
                        ),
                        within: Vec::new(),
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
                if !self.fits(&s.word, c) {
                    return Err("what the adjective compares is another column");
                }
                let aged = adjective(&s.word).is_some_and(|(hints, _)| hints == ["age"]);
                let descending = if matches!(
                    s.word.as_str(),
                    "most recent" | "latest" | "newest" | "earliest"
                ) {
                    s.descending
                } else if aged && kind == ValueKind::Date {
                    !s.descending
                } else {
                    adjective_plain(&s.word, s.descending)
                };
                let s = Superlative {
                    descending,
                    ..s.clone()
                };
                // "Which antibiotic has the highest price": asks for the row, not the price.
                if head
                    && self.which
                    && let Some(Condition::In(value, _)) = self.conditions.last()
                {
                    if value.table != c.table {
                        return Err("a highest of another table than the value's");
                    }
                    self.entity = Some(c.table);
                    return self.extreme_column(c, &s);
                }
                if head && s.limit.is_none() {
                    self.no_rank(c)?;
                    let aggregate = if descending {
                        Aggregate::Maximum
                    } else {
                        Aggregate::Minimum
                    };
                    return self.put_measure(Measure::Of(aggregate, c));
                }
                let amount = is_summable(&noun_text)
                    && matches!(
                        s.word.as_str(),
                        "highest" | "lowest" | "largest" | "smallest"
                    );
                let owner = self.entity.or_else(|| match self.outputs.first() {
                    Some(Output::Column(o)) => Some(o.table),
                    _ => None,
                });
                if amount
                    && owner.is_some_and(|e| e != c.table && is_below(self.lexicon, e, c.table))
                {
                    return Err("a highest that may be of one value or of a sum");
                }
                if matches!(s.word.as_str(), "most" | "least" | "fewest")
                    && self
                        .entity
                        .is_some_and(|e| e != c.table && is_below(self.lexicon, e, c.table))
                {
                    if is_summable(&noun_text) || self.adds_up(c) {
                        return self.extreme_measure(Measure::Of(Aggregate::Sum, c), &s);
                    }
                    return Err("a most that may be of one value or of a sum");
                }
                self.extreme_column(c, &s)
            }
            _ => {
                if valued {
                    self.settle();
                }
                // "Which customer paid the most?", "Who is the oldest?"
                if self.entity.is_none() && self.outputs.is_empty() {
                    self.entity = self.the_person();
                }
                if let Some(entity) = self.entity {
                    if let Some((c, _)) = self.hinted(entity, &s.word) {
                        return self.extreme_of(c, s);
                    }
                    if let (Some(last), "most" | "least") =
                        (self.mentioned.last().copied(), s.word.as_str())
                    {
                        let money = self.pieces.iter().any(|p| {
                            matches!(p, Piece::Noun(n) if ["pay", "paid", "pays", "spend", "spent", "spends", "payments"]
                                .contains(&n.text.to_lowercase().as_str()))
                        });
                        return match self.additive(last) {
                            Some(c) if money => {
                                self.extreme_measure(Measure::Of(Aggregate::Sum, c), s)
                            }
                            _ if is_below(self.lexicon, entity, last) => {
                                self.extreme_measure(Measure::Rows(last), s)
                            }
                            _ => Err("a superlative of nothing that is known"),
                        };
                    }
                }
                // "the cheapest headphones", where headphones are a category of products.
                if valued
                    && self.entity.is_none()
                    && self.outputs.is_empty()
                    && let Some((table, c)) = self.kind_of(&s.word)
                {
                    self.entity = Some(table);
                    self.cost += 0.1;
                    return self.extreme_of(c, s);
                }
                Err("a superlative of nothing that is known")
            }
        }
    }
}
