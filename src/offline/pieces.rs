//! From tokens to pieces: operators that phrases spell, and nouns that may be tables, columns or values.

use super::dates::{self, unit};
use super::lexicon::Lexicon;
use super::link::{Hit, LONGEST, Link, links};
use super::query::{Aggregate, Operator, Period, Unit};
use super::words::{Kind, Token, is_linking_verb, is_neutral};

#[derive(Debug, Clone, PartialEq)]
pub struct Noun {
    pub text: String,
    pub links: Vec<Link>,
    pub quoted: bool,
}

/// The most or the least of something.
#[derive(Debug, Clone, PartialEq)]
pub struct Superlative {
    pub descending: bool,
    pub limit: Option<u64>,
    pub word: String,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Piece {
    Count,
    /// "What percentage of".
    Share,
    Aggregate(Aggregate),
    Superlative(Superlative),
    /// "most common", "least popular".
    Common(Superlative),
    /// The comparing adjective, if it says what is compared: "older than".
    Compare(Operator, String, Option<String>),
    Between(String, String),
    /// Above or below the average, with the comparing adjective.
    Average(Operator, Option<String>),
    Number(String),
    Period(Period),
    Unit(Unit),
    /// What a number before it is measured in: minutes, metres.
    Measured(String),
    Not,
    Distinct,
    Each,
    By,
    /// Sorts by what follows, downwards if true.
    OrderBy(bool),
    /// One sentence ends, and another may follow.
    Sentence,
    /// A verb that only links what it stands between.
    Verb,
    Alphabetical,
    Direction(bool),
    And,
    Or,
    With,
    Contains,
    Begins,
    Ends,
    Preposition(String),
    /// Which, what, who: asks.
    Ask(String),
    /// That, who, whose: begins a condition.
    Relative,
    Noun(Noun),
}

/// What a superlative adjective compares: words of a column's name, and whether more of it is meant.
pub fn adjective(word: &str) -> Option<(&'static [&'static str], bool)> {
    Some(match word {
        "oldest" | "older" => (&["age"], true),
        "youngest" | "younger" => (&["age"], false),
        "longest" | "longer" => (&["length", "duration", "runtime"], true),
        "shortest" | "shorter" => (&["length", "duration", "height", "runtime"], false),
        "tallest" | "taller" => (&["height", "elevation", "altitude"], true),
        "heaviest" | "heavier" => (&["weight", "mass"], true),
        "lightest" | "lighter" => (&["weight", "mass"], false),
        "largest" | "biggest" | "larger" | "bigger" => {
            (&["area", "size", "capacity", "population"], true)
        }
        "smallest" | "smaller" => (&["area", "size", "capacity", "population"], false),
        "cheapest" | "cheaper" | "least expensive" => (&["price", "cost", "fee"], false),
        "most expensive" | "more expensive" | "costliest" => (&["price", "cost", "fee"], true),
        "most populous" | "most populated" => (&["population"], true),
        "least populous" | "least populated" => (&["population"], false),
        "latest" | "newest" | "most recent" | "last" => (&["date", "time", "year"], true),
        "earliest" | "first" => (&["date", "time", "year"], false),
        "wealthiest" | "richest" => (&["wealth", "income", "earn"], true),
        "deepest" => (&["depth"], true),
        "fastest" => (&["speed"], true),
        "slowest" => (&["speed"], false),
        "highest rated" | "best rated" => (&["rate", "score"], true),
        "lowest rated" | "worst rated" => (&["rate", "score"], false),
        _ => return None,
    })
}

fn superlative(word: &str) -> Option<bool> {
    Some(match word {
        "most" | "highest" | "greatest" | "top" | "best" | "maximal" => true,
        "least" | "lowest" | "fewest" | "bottom" | "minimal" | "worst" => false,
        // "last" and "first" mean names and periods as often.
        "last" | "first" | "older" | "younger" | "longer" | "shorter" | "larger" | "smaller"
        | "bigger" | "taller" | "heavier" | "lighter" | "cheaper" => return None,
        _ => return adjective(word).map(|(_, descending)| descending),
    })
}

/// A word of the question that nothing accounts for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotUnderstood(pub Vec<String>);

/// Cuts the question into pieces; every word must be accounted for.
///
/// # Errors
/// The words that are not.
pub fn pieces(
    lexicon: &Lexicon,
    text: &str,
    tokens: &[Token],
    hits: &[Hit],
) -> Result<Vec<Piece>, NotUnderstood> {
    let mut out = Vec::new();
    let mut unknown = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        if let Some((noun, length)) = noun(lexicon, text, tokens, hits, at, 2) {
            out.push(Piece::Noun(noun));
            at += length;
            continue;
        }
        if let Some((mut piece, length)) = phrase(tokens, at) {
            // "last name", "total" as a column: the schema's own word wins over a lonely operator.
            if length == 1
                && matches!(piece, Piece::Unit(_))
                && let Some((noun, _)) = noun(lexicon, text, tokens, hits, at, 1)
                    .filter(|(n, _)| n.links[0].score >= 0.9)
            {
                piece = Piece::Noun(noun);
            }
            out.push(piece);
            at += length;
            continue;
        }
        if let Some((noun, length)) = noun(lexicon, text, tokens, hits, at, 1) {
            out.push(Piece::Noun(noun));
            at += length;
            continue;
        }
        let token = &tokens[at];
        if token.kind == Kind::Word && is_linking_verb(&token.lower) {
            out.push(Piece::Verb);
        } else if !(token.kind == Kind::Word && is_neutral(&token.lower)) {
            unknown.push(text[token.start..token.end].to_owned());
        }
        at += 1;
    }
    if unknown.is_empty() {
        Ok(out)
    } else {
        Err(NotUnderstood(unknown))
    }
}

/// The longest noun from `at` on, of at least `least` tokens.
fn noun(
    lexicon: &Lexicon,
    text: &str,
    tokens: &[Token],
    hits: &[Hit],
    at: usize,
    least: usize,
) -> Option<(Noun, usize)> {
    let quoted = tokens[at].kind == Kind::Quoted;
    let least = if quoted { 1 } else { least };
    for length in (least..=LONGEST.min(tokens.len() - at)).rev() {
        let found = links(lexicon, tokens, hits, at, at + length);
        let sure = found
            .first()
            .is_some_and(|l| length == 1 || l.score >= 0.83);
        let neutral = length == 1
            && is_neutral(&tokens[at].lower)
            && !found
                .iter()
                .any(|l| l.score >= 0.95 && tokens[at].capital && at > 0);
        if sure && !neutral {
            let text = text[tokens[at].start..tokens[at + length - 1].end].to_owned();
            return Some((
                Noun {
                    text,
                    links: found,
                    quoted,
                },
                length,
            ));
        }
    }
    // A quoted text that no value spells may still be looked for with LIKE.
    quoted.then(|| {
        let token = &tokens[at];
        (
            Noun {
                text: text[token.start..token.end].to_owned(),
                links: Vec::new(),
                quoted,
            },
            1,
        )
    })
}

/// An operator that begins at `at`, and how many tokens spell it.
fn phrase(tokens: &[Token], at: usize) -> Option<(Piece, usize)> {
    let word = |i: usize| {
        tokens
            .get(at + i)
            .filter(|t| t.kind == Kind::Word)
            .map_or("", |t| t.lower.as_str())
    };
    let number = |i: usize| tokens.get(at + i).filter(|t| t.number().is_some());
    let written = |t: &Token| match t.kind {
        Kind::Word => t.number().map_or_else(String::new, |n| n.to_string()),
        _ => t.lower.replace(',', ""),
    };
    let article = |i: usize| usize::from(matches!(word(i), "the" | "a" | "an"));

    if let Some((period, length)) = dates::period(tokens, at) {
        return Some((Piece::Period(period), length));
    }
    const MEASURES: &[&str] = &[
        "minutes", "minute", "hours", "hour", "days", "years", "metres", "meters", "feet", "km",
        "kg", "cm", "pounds", "miles",
    ];
    if at > 0 && tokens[at - 1].number().is_some() && MEASURES.contains(&word(0)) {
        return Some((Piece::Measured(tokens[at].stem.clone()), 1));
    }
    // Comparisons.
    if word(0) == "between"
        && let (Some(low), "and", Some(high)) = (number(1), word(2), number(3))
    {
        return Some((Piece::Between(written(low), written(high)), 4));
    }
    let operator = |op: Operator, length: usize, hint: Option<&str>| -> Option<(Piece, usize)> {
        let skip = length + article(length);
        if matches!(word(skip), "average" | "mean") {
            return Some((Piece::Average(op, hint.map(str::to_owned)), skip + 1));
        }
        number(length).map(|n| {
            (
                Piece::Compare(op, written(n), hint.map(str::to_owned)),
                length + 1,
            )
        })
    };
    let compared = match (word(0), word(1), word(2)) {
        ("more" | "greater" | "higher", "than", "or") if word(3) == "equal" && word(4) == "to" => {
            operator(Operator::GreaterOrEqual, 5, None)
        }
        ("more" | "greater" | "higher", "than", _) => operator(Operator::Greater, 2, None),
        ("less" | "fewer" | "lower", "than", _) => operator(Operator::Less, 2, None),
        ("no" | "not", "more", "than") => operator(Operator::LessOrEqual, 3, None),
        ("no" | "not", "less" | "fewer", "than") => operator(Operator::GreaterOrEqual, 3, None),
        (adj, "than", _) if adjective(adj).is_some() => {
            let more = adjective(adj).is_some_and(|(_, more)| more);
            operator(
                if more {
                    Operator::Greater
                } else {
                    Operator::Less
                },
                2,
                Some(adj),
            )
        }
        ("at", "least", _) => operator(Operator::GreaterOrEqual, 2, None),
        ("at", "most", _) => operator(Operator::LessOrEqual, 2, None),
        ("up", "to", _) => operator(Operator::LessOrEqual, 2, None),
        ("over" | "above" | "exceeding", ..) => operator(Operator::Greater, 1, None),
        ("under" | "below", ..) => operator(Operator::Less, 1, None),
        ("exactly", ..) => operator(Operator::Equal, 1, None),
        ("equal" | "equals", "to", _) => operator(Operator::Equal, 2, None),
        _ => match tokens[at].kind {
            Kind::Punctuation('>') => operator(Operator::Greater, 1, None),
            Kind::Punctuation('<') => operator(Operator::Less, 1, None),
            Kind::Punctuation('=') => operator(Operator::Equal, 1, None),
            _ => None,
        },
    };
    if compared.is_some() {
        return compared;
    }
    if let Some(n) = number(0) {
        if word(1) == "or" {
            let op = match word(2) {
                "more" | "above" | "higher" | "greater" => Some(Operator::GreaterOrEqual),
                "less" | "fewer" | "below" | "lower" => Some(Operator::LessOrEqual),
                _ => None,
            };
            if let Some(op) = op {
                return Some((Piece::Compare(op, written(n), None), 3));
            }
        }
        // "the 5 largest"
        if at + 1 < tokens.len()
            && let Some((Piece::Superlative(s), length)) = phrase(tokens, at + 1)
            && s.limit.is_none()
        {
            return Some((
                Piece::Superlative(Superlative {
                    limit: whole(n),
                    ..s
                }),
                length + 1,
            ));
        }
        return Some((Piece::Number(written(n)), 1));
    }
    // Counts.
    match (word(0), word(1), word(2)) {
        ("percentage" | "percent" | "share" | "proportion", "of", _) => {
            return Some((Piece::Share, 2));
        }
        ("how", "many", _) => return Some((Piece::Count, 2)),
        ("number" | "count" | "quantity", "of", _) => return Some((Piece::Count, 2)),
        ("total", "number" | "count", "of") => return Some((Piece::Count, 3)),
        ("total", "count" | "number", _) => return Some((Piece::Count, 2)),
        ("count", "the", "number") if word(3) == "of" => return Some((Piece::Count, 4)),
        ("count", ..) if at == 0 => return Some((Piece::Count, 1)),
        ("more", "than", "once") => return None,
        _ => {}
    }
    // Superlatives.
    let sup = |descending: bool, length: usize, name: String| {
        let limit = number(length).and_then(whole);
        let taken = length + usize::from(limit.is_some());
        Some((
            Piece::Superlative(Superlative {
                descending,
                limit,
                word: name,
            }),
            taken,
        ))
    };
    if let (which @ ("most" | "least"), what) = (word(0), word(1)) {
        let descending = which == "most";
        if matches!(what, "common" | "frequent" | "frequently" | "commonly") {
            let skip = if word(2) == "used" { 3 } else { 2 };
            return Some((
                Piece::Common(Superlative {
                    descending,
                    limit: None,
                    word: what.to_owned(),
                }),
                skip,
            ));
        }
        if what == "number" && word(2) == "of" {
            return sup(descending, 3, which.to_owned());
        }
        let both = format!("{which} {what}");
        if adjective(&both).is_some() {
            return superlative(&both).and_then(|d| sup(d, 2, both));
        }
    }
    if let Some(descending) = superlative(word(0)) {
        if word(1) == "rated" {
            return sup(descending, 2, format!("{} rated", word(0)));
        }
        // "the highest number of", "the largest amount of"
        if matches!(
            word(1),
            "number" | "amount" | "total" | "count" | "quantity"
        ) && word(2) == "of"
        {
            return sup(
                descending,
                3,
                if descending { "most" } else { "least" }.to_owned(),
            );
        }
        return sup(descending, 1, word(0).to_owned());
    }
    let aggregate = match word(0) {
        "average" | "mean" | "avg" => Some(Aggregate::Average),
        "total" | "sum" | "combined" => Some(Aggregate::Sum),
        "maximum" | "max" => Some(Aggregate::Maximum),
        "minimum" | "min" => Some(Aggregate::Minimum),
        _ => None,
    };
    if let Some(aggregate) = aggregate {
        return Some((Piece::Aggregate(aggregate), 1));
    }
    if let Some(u) = unit(word(0)) {
        return Some((Piece::Unit(u), 1));
    }
    Some(match (word(0), word(1), word(2)) {
        ("for" | "in" | "of" | "by" | "on" | "to" | "from" | "at", "each" | "every", _) => {
            (Piece::Each, 2)
        }
        ("grouped" | "group" | "broken", "by" | "down", "by") => (Piece::Each, 3),
        ("grouped" | "group" | "split", "by", _) => (Piece::Each, 2),
        ("each" | "every" | "per", ..) => (Piece::Each, 1),
        ("from", ..) if descent(tokens, at).is_some() => return descent(tokens, at),
        ("in", "alphabetical", "order") | ("in", "alphabetic", "order") => (Piece::Alphabetical, 3),
        ("alphabetically", ..) => (Piece::Alphabetical, 1),
        ("alphabetical", "order", _) => (Piece::Alphabetical, 2),
        ("in", "ascending" | "increasing", "order") => direction(word(3), false),
        ("in", "descending" | "decreasing", "order") => direction(word(3), true),
        ("in", "order", "of") => (Piece::OrderBy(false), 3),
        ("sorted" | "ordered" | "sort" | "order" | "ranked", "by", _) => (Piece::OrderBy(false), 2),
        ("sorted" | "ordered" | "sort" | "order", "in", _) => (Piece::OrderBy(false), 1),
        ("ascending", "order", "of") => (Piece::OrderBy(false), 3),
        ("descending", "order", "of") => (Piece::OrderBy(true), 3),
        ("ascending", ..) => (Piece::Direction(false), 1),
        ("descending", ..) => (Piece::Direction(true), 1),
        ("inclusive", "of", _) => {
            let rest = tokens[at..].iter().take(8);
            let end = rest
                .clone()
                .position(|t| t.is_any(&["ago", "today", "dates", "date"]))?;
            (Piece::Preposition("of".to_owned()), end + 1)
        }
        ("inclusive", ..) => (Piece::Preposition("of".to_owned()), 1),
        ("based", "on", _) => (Piece::By, 2),
        ("in", "terms", "of") => (Piece::By, 3),
        ("by", ..) => (Piece::By, 1),
        ("contain" | "contains" | "containing", ..) => (Piece::Contains, 1),
        ("start" | "starts" | "starting" | "begin" | "begins" | "beginning", "with", _) => {
            (Piece::Begins, 2)
        }
        ("end" | "ends" | "ending", "with" | "in", _) => (Piece::Ends, 2),
        ("different" | "distinct" | "unique", ..) => (Piece::Distinct, 1),
        ("without", "any", _) => (Piece::Not, 2),
        (
            "not" | "never" | "without" | "no" | "isn" | "aren" | "don" | "doesn" | "didn"
            | "haven" | "hasn",
            ..,
        ) => (Piece::Not, if word(1) == "t" { 2 } else { 1 }),
        ("and", ..) => (Piece::And, 1),
        ("or", ..) => (Piece::Or, 1),
        ("with" | "having", ..) => (Piece::With, 1),
        ("whose" | "where", ..) => (Piece::Relative, 1),
        ("that", ..) => (Piece::Relative, 1),
        ("which" | "who" | "what" | "whom", ..) => (Piece::Ask(word(0).to_owned()), 1),
        ("has" | "have" | "had", ..) if at > 0 => (Piece::With, 1),
        (
            "in" | "of" | "from" | "for" | "at" | "on" | "to" | "named" | "called" | "is" | "are"
            | "was" | "were" | "within" | "among" | "as" | "between",
            ..,
        ) => (Piece::Preposition(word(0).to_owned()), 1),
        _ => match tokens[at].kind {
            Kind::Punctuation(',') => (Piece::And, 1),
            Kind::Punctuation('.') => (Piece::Sentence, 1),
            _ => return None,
        },
    })
}

/// "from the oldest to the youngest", "from high to low".
fn descent(tokens: &[Token], at: usize) -> Option<(Piece, usize)> {
    const HIGH: &[&str] = &[
        "oldest", "old", "highest", "high", "largest", "most", "longest", "newest", "latest",
        "biggest",
    ];
    const LOW: &[&str] = &[
        "youngest", "young", "lowest", "low", "smallest", "least", "shortest", "oldest", "earliest",
    ];
    let rest: Vec<&Token> = tokens[at + 1..]
        .iter()
        .take(5)
        .filter(|t| !t.is("the"))
        .collect();
    let [first, to, second, ..] = rest.as_slice() else {
        return None;
    };
    let length = tokens[at..].iter().position(|t| t.start == second.start)? + 1;
    if !to.is("to") {
        return None;
    }
    if first.is_any(HIGH) && second.is_any(LOW) && first.lower != second.lower {
        Some((Piece::Direction(true), length))
    } else if first.is_any(LOW) && second.is_any(HIGH) {
        Some((Piece::Direction(false), length))
    } else {
        None
    }
}

/// "in descending order of population" sorts by what follows; alone it is a direction.
fn direction(next: &str, descending: bool) -> (Piece, usize) {
    if matches!(next, "of" | "by") {
        (Piece::OrderBy(descending), 4)
    } else {
        (Piece::Direction(descending), 3)
    }
}

fn whole(token: &Token) -> Option<u64> {
    token
        .number()
        .filter(|n| n.fract() == 0.0 && *n >= 1.0 && *n <= 10_000.0)
        .map(|n| n as u64)
}
