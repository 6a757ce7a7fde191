//! Trigrams as `pg_trgm` counts them (<https://www.postgresql.org/docs/current/pgtrgm.html>), for ranking
//! without a server: a word has two blanks before it and one behind.

use std::collections::HashSet;

/// The trigrams of a text's words, in order.
fn trigrams(text: &str) -> Vec<[char; 3]> {
    let mut found = Vec::with_capacity(text.len() + 4);
    for word in text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|w| !w.is_empty())
    {
        let padded: Vec<char> = [' ', ' ']
            .into_iter()
            .chain(word.chars().flat_map(char::to_lowercase))
            .chain([' '])
            .collect();
        found.extend(padded.windows(3).map(|w| [w[0], w[1], w[2]]));
    }
    found
}

/// Shared trigrams over all: 1 for equal words.
pub fn similarity(a: &str, b: &str) -> f64 {
    let a: HashSet<_> = trigrams(a).into_iter().collect();
    let b: HashSet<_> = trigrams(b).into_iter().collect();
    let shared = a.intersection(&b).count();
    let all = a.len() + b.len() - shared;
    if all == 0 {
        0.0
    } else {
        shared as f64 / all as f64
    }
}

/// The greatest similarity between `name` and a stretch of `text`.
pub fn word_similarity(name: &str, text: &str) -> f64 {
    let wanted: HashSet<_> = trigrams(name).into_iter().collect();
    let all = trigrams(text);
    let mut best = 0.0_f64;
    for (start, first) in all.iter().enumerate() {
        if !wanted.contains(first) {
            continue;
        }
        let mut seen = HashSet::new();
        let mut shared = 0;
        // A stretch much longer than the name is never the most similar one.
        for trigram in all[start..].iter().take(wanted.len() * 2 + 4) {
            if seen.insert(*trigram) && wanted.contains(trigram) {
                shared += 1;
                best = best.max(shared as f64 / (wanted.len() + seen.len() - shared) as f64);
            }
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The expected values are what PostgreSQL 18 gives.
    #[test]
    fn agrees_with_pg_trgm() {
        assert_eq!(similarity("word", "two words"), 4.0 / 11.0);
        assert_eq!(word_similarity("word", "two words"), 0.8);
        assert_eq!(word_similarity("customer", "which Customer paid"), 1.0);
        assert_eq!(word_similarity("film actor", "who played"), 0.0);
    }
}
