//! Trigrams as `pg_trgm` counts them (<https://www.postgresql.org/docs/current/pgtrgm.html>), for ranking
//! without a server: a word has two blanks before it and one behind.

use std::cmp::Ordering;
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

/// The different trigrams of a text, sorted, to be compared with many others.
pub struct Trigrams(Vec<[char; 3]>);

impl Trigrams {
    pub fn of(text: &str) -> Self {
        let mut found = trigrams(text);
        found.sort_unstable();
        found.dedup();
        Self(found)
    }

    /// Shared trigrams over all: 1 for equal words.
    pub fn similarity(&self, other: &Self) -> f64 {
        let (mut a, mut b) = (self.0.as_slice(), other.0.as_slice());
        let mut shared = 0;
        while let ([first, rest @ ..], [other, others @ ..]) = (a, b) {
            match first.cmp(other) {
                Ordering::Less => a = rest,
                Ordering::Greater => b = others,
                Ordering::Equal => {
                    shared += 1;
                    (a, b) = (rest, others);
                }
            }
        }
        let all = self.0.len() + other.0.len() - shared;
        if all == 0 {
            0.0
        } else {
            shared as f64 / all as f64
        }
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
        let similarity = |a, b| Trigrams::of(a).similarity(&Trigrams::of(b));
        assert_eq!(similarity("word", "two words"), 4.0 / 11.0);
        assert_eq!(similarity("word", "word"), 1.0);
        assert_eq!(similarity("", "word"), 0.0);
        assert_eq!(word_similarity("word", "two words"), 0.8);
        assert_eq!(word_similarity("customer", "which Customer paid"), 1.0);
        assert_eq!(word_similarity("film actor", "who played"), 0.0);
    }
}
