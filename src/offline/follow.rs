//! Follow-ups: "and in 2022?", "by store instead", "only in Canada" go on from the question before, with
//! what they say again in the place of what was said.

use super::link::Target;
use super::pieces::{Noun, Piece};
use super::words::Token;

/// How follow-ups begin; longer ones first.
const OPENINGS: &[&[&str]] = &[
    &["and", "what", "about"],
    &["and", "how", "about"],
    &["what", "about"],
    &["how", "about"],
    &["and", "only"],
    &["and", "now"],
    &["the", "same"],
    &["now"],
    &["and"],
    &["but"],
    &["only"],
    &["just"],
    &["by"],
    &["per"],
    &["for", "each"],
    &["in"],
    &["since"],
    &["before"],
    &["after"],
];
/// Openings that mean something by themselves.
const KEPT: &[&str] = &["by", "per", "for", "in", "since", "before", "after"];

/// The tokens that a follow-up adds, if it is one.
pub fn addition(tokens: &[Token]) -> Option<&[Token]> {
    let opening = OPENINGS
        .iter()
        .find(|o| tokens.len() > o.len() && o.iter().zip(tokens).all(|(word, t)| t.is(word)))?;
    // A whole question that begins so, "In which city …", stands for itself.
    let whole = tokens.iter().skip(1).any(|t| {
        t.is_any(&[
            "which", "who", "whose", "many", "is", "are", "does", "did", "was", "were", "have",
            "has",
        ])
    });
    if whole {
        return None;
    }
    let rest = if KEPT.contains(&opening[0]) {
        tokens
    } else {
        &tokens[opening.len()..]
    };
    let end = rest
        .iter()
        .rposition(|t| !t.is("instead"))
        .map_or(0, |at| at + 1);
    (end > 0).then(|| &rest[..end])
}

fn value_column(noun: &Noun) -> Option<super::lexicon::ColumnId> {
    match noun.links.first()?.target {
        Target::Value(c, _) => Some(c),
        _ => None,
    }
}

/// The question before with what the follow-up changes.
pub fn joined(before: &[Piece], addition: Vec<Piece>) -> Vec<Piece> {
    let mut pieces = before.to_vec();
    pieces.retain(|p| !matches!(p, Piece::Sentence));
    for piece in &addition {
        match piece {
            Piece::Period(_) => pieces.retain(|p| !matches!(p, Piece::Period(_))),
            Piece::Noun(noun) => {
                let of = |p: &Piece| match p {
                    Piece::Noun(n) => value_column(n),
                    _ => None,
                };
                // Of two values of one column, as the ends of a journey are, none is told to go.
                let several = |c| pieces.iter().filter(|p| of(p) == Some(c)).count() > 1;
                if let Some(column) = value_column(noun).filter(|c| !several(*c)) {
                    pieces.retain(
                        |p| !matches!(p, Piece::Noun(n) if value_column(n) == Some(column)),
                    );
                }
            }
            Piece::By | Piece::Each => regroup(&mut pieces),
            _ => {}
        }
    }
    // "and the worst?" turns the question around.
    let mut addition = addition;
    let at = pieces
        .iter()
        .position(|p| matches!(p, Piece::Superlative(_)));
    let new = addition
        .iter()
        .position(|p| matches!(p, Piece::Superlative(_)));
    let plain = !addition.iter().any(|p| matches!(p, Piece::Noun(_)));
    if let (Some(at), Some(new), true) = (at, new, plain) {
        pieces[at] = addition.remove(new);
    }
    pieces.extend(addition);
    pieces
}

/// Takes out what was grouped by.
fn regroup(pieces: &mut Vec<Piece>) {
    let Some(at) = pieces
        .iter()
        .rposition(|p| matches!(p, Piece::By | Piece::Each))
    else {
        return;
    };
    if matches!(pieces.get(at + 1), Some(Piece::Noun(_) | Piece::Unit(_))) {
        pieces.drain(at..=at + 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::offline::words::tokens;

    #[test]
    fn a_follow_up_is_known_by_its_beginning() {
        for (text, adds) in [
            ("and in 2022?", Some("in 2022")),
            ("What about Canada?", Some("canada")),
            ("by store instead", Some("by store")),
            ("only in Lisbon", Some("in lisbon")),
            ("In which country is Porto?", None),
            ("How many customers are there?", None),
            ("and", None),
        ] {
            let tokens = tokens(text);
            let found = addition(&tokens).map(|t| {
                t.iter()
                    .map(|t| t.lower.as_str())
                    .collect::<Vec<_>>()
                    .join(" ")
            });
            assert_eq!(found.as_deref(), adds, "{text}");
        }
    }
}
