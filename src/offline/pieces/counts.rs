//! Phrases that count, and superlatives.

use super::adjectives::{adjective, superlative};
use super::{Piece, Superlative};
use crate::offline::words::{Kind, Token};

/// A count or a superlative that begins at `at`, and how many tokens spell it.
pub(super) fn count(tokens: &[Token], at: usize) -> Option<(Piece, usize)> {
    let word = |i: usize| {
        tokens
            .get(at + i)
            .filter(|t| t.kind == Kind::Word)
            .map_or("", |t| t.lower.as_str())
    };
    let number = |i: usize| tokens.get(at + i).filter(|t| t.number().is_some());
    let percent = tokens
        .get(at)
        .is_some_and(|t| t.kind == Kind::Punctuation('%'));
    if percent && word(1) == "of" {
        return Some((Piece::Share, 2));
    }
    // Counts.
    match (word(0), word(1), word(2)) {
        ("percentage" | "percent" | "share" | "proportion", "of", _) => {
            return Some((Piece::Share, 2));
        }
        ("how", "many", "people" | "inhabitants" | "residents" | "citizens")
            if matches!(word(3), "live" | "lives" | "lived" | "reside") =>
        {
            return None;
        }
        ("how", "many", _) => return Some((Piece::Count(false), 2)),
        ("number" | "count" | "quantity", "of", _) => return Some((Piece::Count(false), 2)),
        ("total", "number" | "count", "of") => return Some((Piece::Count(true), 3)),
        ("total", "count" | "number", _) => return Some((Piece::Count(true), 2)),
        ("count", "the", "number") if word(3) == "of" => return Some((Piece::Count(false), 4)),
        ("count", ..) if at == 0 || matches!(tokens[at - 1].kind, Kind::Punctuation(_)) => {
            return Some((Piece::Count(false), 1));
        }
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
        if matches!(
            what,
            "common" | "frequent" | "frequently" | "commonly" | "popular" | "often"
        ) {
            let used = what != "often" && word(2) == "used";
            let skip = if used { 3 } else { 2 };
            return Some((
                Piece::Common(Superlative {
                    descending,
                    limit: None,
                    word: what.to_owned(),
                }),
                skip,
            ));
        }
        if what == "recently" {
            return sup(descending, 2, "most recent".to_owned());
        }
        if what == "number" && word(2) == "of" {
            return sup(descending, 3, which.to_owned());
        }
        let both = format!("{which} {what}");
        if adjective(&both).is_some() {
            return superlative(&both).and_then(|d| sup(d, 2, both));
        }
    }
    // "the top 3 largest"
    if matches!(word(0), "top" | "bottom")
        && let Some(limit) = number(1).and_then(whole)
        && let Some((Piece::Superlative(s), length)) = count(tokens, at + 2)
        && s.limit.is_none()
    {
        let limit = Some(limit);
        return Some((Piece::Superlative(Superlative { limit, ..s }), length + 2));
    }
    // "the first student", "our last order"
    let told = at > 0 && tokens[at - 1].is_any(&["the", "our", "my", "its", "their", "very"]);
    let thing = !word(1).is_empty()
        && crate::offline::dates::unit(word(1)).is_none()
        && !matches!(word(1), "name" | "names" | "and" | "or" | "of" | "few");
    // "which club was founded first"
    let done = at > 1
        && tokens[at - 1].lower.ends_with("ed")
        && tokens
            .get(at + 1)
            .is_none_or(|t| matches!(t.kind, Kind::Punctuation(_)));
    if matches!(word(0), "first" | "last") && (done || (told && thing)) {
        return sup(word(0) == "last", 1, word(0).to_owned());
    }
    if let Some(descending) = superlative(word(0)) {
        let both = format!("{} {}", word(0), word(1));
        if adjective(&both).is_some() {
            return sup(descending, 2, both);
        }
        // "the highest number of"; an amount is no number of rows.
        if matches!(word(1), "amount" | "total" | "sum") && word(2) == "of" {
            return sup(
                descending,
                3,
                if descending { "highest" } else { "lowest" }.to_owned(),
            );
        }
        if matches!(word(1), "number" | "count" | "quantity") && word(2) == "of" {
            return sup(
                descending,
                3,
                if descending { "most" } else { "least" }.to_owned(),
            );
        }
        return sup(descending, 1, word(0).to_owned());
    }
    None
}

pub(super) fn whole(token: &Token) -> Option<u64> {
    token
        .number()
        .filter(|n| n.fract() == 0.0 && *n >= 1.0 && *n <= 10_000.0)
        .map(|n| n as u64)
}
