//! From tokens to pieces: operators that phrases spell, and nouns that may be tables, columns or values.

mod adjectives;
mod amounts;
mod counts;
mod orders;
mod phrases;
mod shape;

use super::lexicon::{Lexicon, ValueKind};
use super::link::{Hit, LONGEST, Link, Target, links};
use super::query::{Aggregate, Operator, Period, Unit};
use super::vocabulary::{is_linking_verb, is_neutral, is_thing};
use super::words::{Kind, Token};
pub use adjectives::{WHEN, WHERE, adjective};
use phrases::phrase;

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
    /// "How many"; true for "the total number of".
    Count(bool),
    /// "How much".
    Much,
    /// "What percentage of".
    Share,
    /// "The ratio of … to …".
    Ratio,
    /// "How long", "how old": the adjective that says which column is asked for.
    Dimension(&'static str),
    /// Before values that must all be there.
    Both,
    Aggregate(Aggregate),
    Superlative(Superlative),
    /// "most common", "least popular".
    Common(Superlative),
    /// The comparing adjective, if it says what is compared: "older than".
    Compare(Operator, String, Option<String>),
    /// A comparison whose number comes after what is compared: "above age 20", "a greater weight than 10".
    Than(Operator),
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
    /// Leaves from (false) or goes to (true) what follows.
    Role(bool),
    /// A verb that only links what it stands between; its stem.
    Verb(String),
    /// By letters, backwards if true.
    Alphabetical(bool),
    Direction(bool),
    /// "From the youngest to the oldest": the adjective that it begins with.
    From(String),
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
        if let Some((nouns, length)) = shape::coordinated(lexicon, text, tokens, at) {
            for noun in nouns {
                out.extend(
                    [Piece::And, Piece::Noun(noun)]
                        .into_iter()
                        .skip(usize::from(!matches!(out.last(), Some(Piece::Noun(_))))),
                );
            }
            at += length;
            continue;
        }
        if let Some((noun, length)) = noun(lexicon, text, tokens, hits, at, 2) {
            out.push(Piece::Noun(noun));
            at += length;
            continue;
        }
        if let Some((mut piece, length)) = phrase(tokens, at) {
            // "last name", "total" as a column: the schema's own word wins over a lonely operator.
            if length == 1
                && (matches!(piece, Piece::Unit(_) | Piece::Both | Piece::Role(_))
                    // "the highest total": of nothing that follows.
                    || (matches!(piece, Piece::Aggregate(_)) && ends(&tokens[at + 1..])))
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
        if let Some(noun) = undone(lexicon, token) {
            out.push(Piece::Not);
            out.push(Piece::Noun(noun));
            at += 1;
            continue;
        }
        if token.is_any(&["started", "start", "starts", "begun", "began"]) {
            out.push(Piece::Role(false));
        } else if token.is_any(&["ended", "end", "ends", "finished"]) {
            out.push(Piece::Role(true));
        } else if token.kind == Kind::Word && is_linking_verb(&token.lower) {
            out.push(Piece::Verb(token.stem.clone()));
        } else if !(token.kind == Kind::Word && is_neutral(&token.lower)) {
            unknown.push(text[token.start..token.end].to_owned());
        }
        at += 1;
    }
    if unknown.is_empty() {
        Ok(shape::settled(out))
    } else {
        Err(NotUnderstood(unknown))
    }
}

/// "Unpaid": the day or flag that is lacking.
fn undone(lexicon: &Lexicon, token: &Token) -> Option<Noun> {
    let rest = token.lower.strip_prefix("un").filter(|r| r.len() > 3)?;
    let done = Token {
        stem: super::words::stem(rest),
        lower: rest.to_owned(),
        ..token.clone()
    };
    let mut links = links(lexicon, &[done], &[], 0, 1);
    links.retain(|l| {
        matches!(l.target, Target::Column(c)
            if matches!(lexicon.column(c).kind, ValueKind::Date | ValueKind::Bool))
    });
    (!links.is_empty()).then(|| Noun {
        text: token.lower.clone(),
        links,
        quoted: false,
    })
}

/// Whether nothing more is said.
fn ends(rest: &[Token]) -> bool {
    rest.iter().all(|t| matches!(t.kind, Kind::Punctuation(_)))
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
        let mut found = links(lexicon, tokens, hits, at, at + length);
        // "number of songs" counts them, unless a column is called so.
        if length > 2 && tokens[at].is_any(&["number", "count"]) && tokens[at + 1].is("of") {
            let counts = |c| {
                let words = &lexicon.column(c).words;
                words.first().is_some_and(|w| w == "number" || w == "count")
                    || words.last().is_some_and(|w| w == "count")
            };
            found.retain(|l| match l.target {
                Target::Column(c) => counts(c),
                _ => true,
            });
        }
        // "cheap to rent" is no rental rate.
        if length == 1 && at > 0 && tokens[at - 1].is("to") {
            found.retain(|l| !matches!(l.target, Target::Column(c) if l.score < 0.8 && lexicon.column(c).kind == ValueKind::Number));
        }
        let sure = found
            .first()
            .is_some_and(|l| length == 1 || l.score >= 0.83);
        // A schema may have a table of members all the same.
        let named = |l: &Link| {
            let schema = !matches!(l.target, Target::Value(..)) && is_thing(&tokens[at].lower);
            l.score >= 0.95 && at > 0 && (tokens[at].capital || schema)
        };
        let neutral = length == 1 && is_neutral(&tokens[at].lower) && !found.iter().any(named);
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
