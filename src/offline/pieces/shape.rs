//! Pieces put in the order in which they are read, and nouns that share a word.

use super::{Lexicon, Noun, Piece, Target, links};
use crate::offline::words::{Kind, Token};

/// "first and last name": every word before the last one's noun, each with that noun.
pub(super) fn coordinated(
    lexicon: &Lexicon,
    text: &str,
    tokens: &[Token],
    at: usize,
) -> Option<(Vec<Noun>, usize)> {
    let joins = |t: &Token| t.is("and") || t.kind == Kind::Punctuation(',');
    let word = |i: usize| tokens.get(i).filter(|t| t.kind == Kind::Word && !joins(t));
    let mut modifiers = vec![word(at)?];
    let mut next = at + 1;
    while tokens.get(next).is_some_and(joins) {
        while tokens.get(next).is_some_and(joins) {
            next += 1;
        }
        modifiers.push(word(next)?);
        next += 1;
    }
    let head = word(next).filter(|_| modifiers.len() > 1)?;
    let mut nouns = Vec::new();
    for modifier in modifiers {
        let pair = [modifier.clone(), head.clone()];
        let mut found = links(lexicon, &pair, &[], 0, 2);
        found.retain(|l| l.score >= 0.95 && matches!(l.target, Target::Column(_)));
        if found.is_empty() {
            return None;
        }
        let written = |t: &Token| &text[t.start..t.end];
        nouns.push(Noun {
            text: format!("{} {}", written(modifier), written(head)),
            links: found,
            quoted: false,
        });
    }
    Some((nouns, next + 1 - at))
}

/// Puts a comparison where it is read: after the column that it speaks of, before the table that it counts.
pub(super) fn settled(pieces: Vec<Piece>) -> Vec<Piece> {
    let mut out: Vec<Piece> = Vec::new();
    let mut rest = pieces.into_iter().peekable();
    while let Some(piece) = rest.next() {
        let Piece::Than(operator) = piece else {
            out.push(piece);
            continue;
        };
        let Some(Piece::Noun(noun)) = rest.next_if(|p| matches!(p, Piece::Noun(_))) else {
            out.push(piece);
            continue;
        };
        while rest
            .next_if(|p| matches!(p, Piece::Preposition(_)))
            .is_some()
        {}
        let counts = matches!(
            noun.links.first().map(|l| &l.target),
            Some(Target::Table(_))
        );
        match rest.next_if(|p| matches!(p, Piece::Number(_))) {
            Some(Piece::Number(n)) if counts => {
                out.extend([Piece::Compare(operator, n, None), Piece::Noun(noun)]);
            }
            Some(Piece::Number(n)) => {
                out.extend([Piece::Noun(noun), Piece::Compare(operator, n, None)]);
            }
            // Left as it is, and refused.
            _ => out.extend([piece, Piece::Noun(noun)]),
        }
    }
    out
}
