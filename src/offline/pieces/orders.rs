//! Phrases that sort.

use super::Piece;
use super::adjectives::adjective;
use crate::offline::words::Token;

pub(super) fn is_alphabetical(word: &str) -> bool {
    matches!(
        word,
        "alphabetical" | "alphabetic" | "lexicographical" | "lexicographic"
    )
}

/// Whether a word turns an order around, or says that it goes up.
pub(super) fn direction_of(word: &str) -> Option<bool> {
    match word {
        "reverse" | "reversed" | "descending" | "decreasing" => Some(true),
        "ascending" | "increasing" => Some(false),
        _ => None,
    }
}

/// "from the oldest to the youngest", "from high to low".
pub(super) fn descent(tokens: &[Token], at: usize) -> Option<(Piece, usize)> {
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
    if adjective(&first.lower).is_some()
        && !matches!(first.lower.as_str(), "largest" | "smallest" | "biggest")
    {
        // "from the youngest to the oldest" says what it sorts by.
        let up = adjective(&second.lower).is_some() && first.lower != second.lower;
        up.then(|| (Piece::From(first.lower.clone()), length))
    } else if first.is_any(HIGH) && second.is_any(LOW) && first.lower != second.lower {
        Some((Piece::Direction(true), length))
    } else if first.is_any(LOW) && second.is_any(HIGH) {
        Some((Piece::Direction(false), length))
    } else {
        None
    }
}

/// "in descending order of population" sorts by what follows; alone it is a direction.
pub(super) fn direction(next: &str, descending: bool) -> (Piece, usize) {
    if matches!(next, "of" | "by") {
        (Piece::OrderBy(descending), 4)
    } else {
        (Piece::Direction(descending), 3)
    }
}
