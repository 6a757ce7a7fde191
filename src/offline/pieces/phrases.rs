//! Operators that phrases spell.

use super::adjectives::{WHEN, WHERE, adjective, comparative, dimension, is_comparative};
use super::amounts::{average_after, measure, than_average};
use super::orders::{descent, direction, direction_of, is_alphabetical};
use super::{Aggregate, Operator, Piece, Superlative, counts};
use crate::offline::dates::{self, unit};
use crate::offline::words::{Kind, Token};

/// An operator that begins at `at`, and how many tokens spell it.
pub(super) fn phrase(tokens: &[Token], at: usize) -> Option<(Piece, usize)> {
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
    let article = |i: usize| {
        usize::from(matches!(
            word(i),
            "the" | "a" | "an" | "our" | "their" | "its"
        ))
    };

    if let Some((period, length)) = dates::period(tokens, at) {
        return Some((Piece::Period(period), length));
    }
    if at > 0
        && tokens[at - 1].number().is_some()
        && let Some(unit) = measure(&tokens[at], tokens.get(at + 1))
    {
        return Some((Piece::Measured(unit.0.to_owned()), unit.1));
    }
    // Comparisons.
    if word(0) == "between"
        && let (Some(low), "and", Some(high)) = (number(1), word(2), number(3))
    {
        return Some((Piece::Between(written(low), written(high)), 4));
    }
    let operator = |op: Operator, length: usize, hint: Option<&str>| -> Option<(Piece, usize)> {
        let skip = length + article(length);
        // "above age 20", "under the age of 20"
        if length == 1 && number(length).is_none() {
            let after = (1..4).find(|i| number(skip + i).is_some());
            let plain = after.is_some_and(|after| {
                (skip..skip + after).all(|i| tokens[at + i].kind == Kind::Word)
            });
            if plain && !matches!(word(skip), "average" | "mean") {
                return Some((Piece::Than(op), skip));
            }
        }
        if matches!(word(skip), "average" | "mean") {
            return Some((Piece::Average(op, hint.map(str::to_owned)), skip + 1));
        }
        number(length).map(|n| {
            // "more than once"
            let hint = match n.is_any(&["once", "twice"]) {
                true => Some("times"),
                false => hint,
            };
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
        ("more" | "less", next, "than") if adjective(&format!("{} {next}", word(0))).is_some() => {
            let both = format!("{} {next}", word(0));
            let more = adjective(&both).is_some_and(|(_, more)| more);
            operator(than(more), 3, Some(&both))
        }
        // "more seats than the average restaurant"
        (comparing, next, _)
            if is_comparative(comparing)
                && next != "than"
                && than_average(tokens, at).is_some() =>
        {
            Some((Piece::Preposition("of".to_owned()), 1))
        }
        ("than", ..) if at > 0 && average_after(tokens, at).is_some() => {
            let op = (1..=at.min(6)).find_map(|back| {
                let token = &tokens[at - back];
                comparative(&token.lower).filter(|_| than_average(tokens, at - back) == Some(at))
            });
            op.zip(average_after(tokens, at)).map(|(more, length)| {
                let op = than(more);
                (Piece::Average(op, None), length)
            })
        }
        // "a greater weight than 10"
        (comparing, next, _) if is_comparative(comparing) && next != "than" => {
            let at_than = (2..5).find(|&i| word(i) == "than" && number(i + 1).is_some());
            let op = than(comparative(comparing) == Some(true));
            at_than.map(|_| (Piece::Than(op), 1))
        }
        ("than", ..) if number(1).is_some() => Some((Piece::Preposition("than".to_owned()), 1)),
        ("more" | "greater" | "higher", "than", _) => operator(Operator::Greater, 2, None),
        ("less" | "fewer" | "lower", "than", _) => operator(Operator::Less, 2, None),
        ("no" | "not", "more", "than") => operator(Operator::LessOrEqual, 3, None),
        ("no" | "not", "less" | "fewer", "than") => operator(Operator::GreaterOrEqual, 3, None),
        (adj, "than", _) if adjective(adj).is_some() => {
            let more = adjective(adj).is_some_and(|(_, more)| more);
            operator(than(more), 2, Some(adj))
        }
        ("at", "least", _) => operator(Operator::GreaterOrEqual, 2, None),
        ("at", "most", _) => operator(Operator::LessOrEqual, 2, None),
        ("up", "to", _) => operator(Operator::LessOrEqual, 2, None),
        (
            "over" | "above" | "exceeding" | "exceed" | "exceeds" | "exceeded" | "surpass"
            | "surpasses" | "surpassing",
            ..,
        ) => operator(Operator::Greater, 1, None),
        ("under" | "below", ..) => operator(Operator::Less, 1, None),
        ("exactly" | "only" | "just", ..) if number(1).is_some() => {
            operator(Operator::Equal, 1, None)
        }
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
    let pronoun = word(0) == "one" && at > 0 && tokens[at - 1].is("the");
    if let Some(n) = number(0).filter(|_| !pronoun) {
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
        if matches!(word(1), "year" | "years") && word(2) == "old" {
            return Some((
                Piece::Compare(Operator::Equal, written(n), Some("older".to_owned())),
                3,
            ));
        }
        // "the 5 largest"
        if number(1).is_none()
            && at + 1 < tokens.len()
            && let Some((Piece::Superlative(s), length)) = phrase(tokens, at + 1)
            && s.limit.is_none()
        {
            return Some((
                Piece::Superlative(Superlative {
                    limit: counts::whole(n),
                    ..s
                }),
                length + 1,
            ));
        }
        return Some((Piece::Number(written(n)), 1));
    }
    if let Some(found) = counts::count(tokens, at) {
        return Some(found);
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
        (
            "for" | "in" | "of" | "by" | "on" | "to" | "from" | "at" | "within" | "across",
            "each" | "every",
            _,
        ) => (Piece::Each, 2),
        ("ratio", "of" | "between", _) => (Piece::Ratio, 2),
        ("how", "much", "do" | "does" | "did" | "is" | "are" | "was" | "were") => (Piece::Much, 3),
        ("how", "much", "money") => (Piece::Much, 3),
        ("how", "much", _) => (Piece::Much, 2),
        ("how", "many", "people" | "inhabitants" | "residents" | "citizens")
            if matches!(word(3), "live" | "lives" | "lived" | "reside") =>
        {
            (Piece::Dimension("most populous"), 4)
        }
        ("how", adjective, _) if dimension(adjective).is_some() => {
            (Piece::Dimension(dimension(adjective)?), 2)
        }
        ("when", "did" | "was" | "were" | "is" | "does" | "do", _) if at == 0 => {
            (Piece::Dimension(WHEN), 2)
        }
        (
            "departing" | "departs" | "depart" | "departed" | "leaving" | "leaves" | "leave"
            | "originating" | "originate" | "originates",
            ..,
        ) => (Piece::Role(false), 1),
        ("out", "of", _) => (Piece::Role(false), 2),
        (
            "arriving" | "arrives" | "arrive" | "arrived" | "landing" | "lands" | "land" | "landed"
            | "heading" | "headed" | "bound" | "destined",
            ..,
        ) => (Piece::Role(true), 1),
        ("where", "did" | "was" | "were" | "is" | "are" | "does" | "do", _) if at == 0 => {
            (Piece::Dimension(WHERE), 2)
        }
        ("in", "percent" | "percentage", _) => (Piece::Preposition("of".to_owned()), 2),
        ("took" | "take" | "takes" | "taken" | "taking", "place", _) => {
            (Piece::Verb(String::new()), 2)
        }
        ("find" | "figure" | "carried" | "carry" | "point", "out", _) => {
            (Piece::Verb(String::new()), 2)
        }
        ("on", "record" | "file", _) => (Piece::Preposition("of".to_owned()), 2),
        ("came" | "come" | "comes" | "put", "out", _) => (Piece::Verb(String::new()), 2),
        ("in" | "on" | "at", "one", _) if !matches!(word(2), "of") => {
            (Piece::Preposition(word(0).to_owned()), 2)
        }
        ("home", "to", _) => (Piece::Verb(String::new()), 2),
        ("part", "of", _) => (Piece::Preposition("of".to_owned()), 2),
        ("both", ..) => (Piece::Both, 1),
        ("either", ..) => (Piece::Preposition("of".to_owned()), 1),
        ("in", "total" | "all", _) | ("so", "far", _) | ("at", "all", _) => {
            (Piece::Preposition("of".to_owned()), 2)
        }
        ("of", "all", "time") | ("at", "the" | "this", "moment") => {
            (Piece::Preposition("of".to_owned()), 3)
        }
        ("along" | "together", "with", _) => (Piece::And, 2),
        ("as", "well", "as") => (Piece::And, 3),
        ("but", ..) => (Piece::And, 1),
        (
            "order" | "sort" | "rank" | "arrange",
            "the",
            "results" | "result" | "list" | "output",
        ) if word(3) == "by" => (Piece::OrderBy(false), 4),
        ("order" | "sort" | "rank" | "arrange", "them" | "it" | "results", "by") => {
            (Piece::OrderBy(false), 3)
        }
        ("sorted" | "ordered", "alphabetically" | "descending" | "ascending" | "from", _) => {
            (Piece::Preposition("of".to_owned()), 1)
        }
        ("in", "the", "order") if word(3) == "of" => (Piece::OrderBy(false), 4),
        (
            "contain" | "contains" | "containing" | "has" | "have" | "with" | "includes"
            | "including" | "include",
            "the",
            "word" | "substring" | "letter" | "letters" | "phrase" | "string" | "text",
        ) if tokens
            .get(at + 3)
            .is_some_and(|t| t.kind == Kind::Quoted || t.lower.len() == 1) =>
        {
            (Piece::Contains, 3)
        }
        ("grouped" | "group" | "broken", "by" | "down", "by") => (Piece::Each, 3),
        ("grouped" | "group" | "split", "by", _) => (Piece::Each, 2),
        ("each" | "every" | "per", ..) => (Piece::Each, 1),
        ("from", ..) if descent(tokens, at).is_some() => return descent(tokens, at),
        ("in", reversed, letters)
            if is_alphabetical(letters)
                && direction_of(reversed).is_some()
                && word(3) == "order" =>
        {
            (Piece::Alphabetical(direction_of(reversed)?), 4)
        }
        ("in", letters, "order") if is_alphabetical(letters) => (Piece::Alphabetical(false), 3),
        ("alphabetically", ..) => (Piece::Alphabetical(false), 1),
        (letters, "order", _) if is_alphabetical(letters) => (Piece::Alphabetical(false), 2),
        ("in", "ascending" | "increasing", "order") => direction(word(3), false),
        ("in", "descending" | "decreasing", "order") => direction(word(3), true),
        ("in", "order", "of") => (Piece::OrderBy(false), 3),
        ("sorted" | "ordered" | "sort" | "order" | "ranked", "by", _) => (Piece::OrderBy(false), 2),
        ("sorted" | "ordered" | "sort" | "order", "in", next)
            if direction_of(next).is_some() || is_alphabetical(next) =>
        {
            (Piece::OrderBy(false), 1)
        }
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
        ("by", ..) if tokens[0].is_any(&["sort", "order", "rank", "arrange"]) => {
            (Piece::OrderBy(false), 1)
        }
        ("sort" | "order" | "rank" | "arrange", ..) if at == 0 => {
            (Piece::Preposition("of".to_owned()), 1)
        }
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
            "not" | "non" | "nobody" | "never" | "without" | "no" | "isn" | "aren" | "don"
            | "doesn" | "didn" | "haven" | "hasn",
            ..,
        ) => (Piece::Not, if word(1) == "t" { 2 } else { 1 }),
        (
            "and",
            "return" | "show" | "list" | "give" | "display" | "tell" | "report" | "provide"
            | "state",
            "the" | "me" | "their" | "its" | "us" | "his" | "her" | "them" | "all",
        ) if at > 1 => (Piece::Sentence, 2),
        (
            "state" | "name" | "report",
            "the" | "all" | "each" | "every" | "which" | "how" | "what" | "their",
            _,
        ) if at == 0 || matches!(tokens[at - 1].kind, Kind::Punctuation(_)) => {
            (Piece::Preposition("of".to_owned()), 1)
        }
        ("one" | "ones", ..) if at > 0 && tokens[at - 1].is("the") => {
            (Piece::Preposition("of".to_owned()), 1)
        }
        ("which", "one" | "ones", _) => (Piece::Ask("which".to_owned()), 2),
        ("and", ..) => (Piece::And, 1),
        ("or", ..) => (Piece::Or, 1),
        ("with" | "having", ..) => (Piece::With, 1),
        ("whose" | "where", ..) => (Piece::Relative, 1),
        ("that", ..) => (Piece::Relative, 1),
        ("which" | "who" | "what" | "whom", ..) => (Piece::Ask(word(0).to_owned()), 1),
        ("has" | "have" | "had", ..) if at > 0 => (Piece::With, 1),
        (
            "across" | "throughout" | "through" | "into" | "via" | "near" | "in" | "of" | "from"
            | "for" | "at" | "on" | "to" | "named" | "called" | "is" | "are" | "was" | "were"
            | "within" | "among" | "as" | "between",
            ..,
        ) => (Piece::Preposition(word(0).to_owned()), 1),
        _ => match tokens[at].kind {
            Kind::Punctuation(',') => (Piece::And, 1),
            Kind::Punctuation('.') => (Piece::Sentence, 1),
            _ => return None,
        },
    })
}

/// What "more than" or "less than" compares by.
fn than(more: bool) -> Operator {
    if more {
        Operator::Greater
    } else {
        Operator::Less
    }
}
