//! Ranking by words alone, in memory: for a schema that was never indexed.

use std::collections::HashMap;

use super::chunk::{Chunk, words};

/// Words that say nothing about which table is meant.
const STOP_WORDS: &[&str] = &[
    "a", "all", "an", "and", "any", "are", "as", "at", "by", "did", "do", "does", "each", "for",
    "from", "give", "had", "has", "have", "how", "i", "in", "is", "it", "list", "many", "me",
    "most", "much", "my", "of", "on", "or", "our", "per", "show", "that", "the", "their", "them",
    "there", "these", "this", "those", "to", "was", "we", "were", "what", "when", "where", "which",
    "who", "whose", "with", "you",
];

/// The question's words that count, in their basic form.
pub fn question_words(question: &str) -> Vec<String> {
    let mut found: Vec<String> = words(question)
        .split(' ')
        .filter(|word| word.len() > 1 && !STOP_WORDS.contains(word))
        .map(singular)
        .collect();
    found.dedup();
    found
}

/// Plurals meet their singulars; enough for names.
fn singular(word: &str) -> String {
    let stem = match word {
        w if w.len() > 4 && w.ends_with("ies") => return format!("{}y", &w[..w.len() - 3]),
        w if w.len() > 4 && (w.ends_with("sses") || w.ends_with("xes") || w.ends_with("ches")) => {
            &w[..w.len() - 2]
        }
        w if w.len() > 3 && w.ends_with('s') && !w.ends_with("ss") && !w.ends_with("us") => {
            &w[..w.len() - 1]
        }
        w => w,
    };
    stem.to_owned()
}

/// BM25 (Robertson and Zaragoza 2009, k1 = 1.2, b = 0.75) of each chunk's terms, in the chunks' order.
pub fn scores(question: &str, chunks: &[Chunk]) -> Vec<f64> {
    let documents: Vec<HashMap<String, f64>> = chunks
        .iter()
        .map(|chunk| {
            let mut counts = HashMap::new();
            for word in chunk.terms.split(' ').filter(|word| !word.is_empty()) {
                *counts.entry(singular(&word.to_lowercase())).or_insert(0.0) += 1.0;
            }
            counts
        })
        .collect();
    let lengths: Vec<f64> = documents.iter().map(|d| d.values().sum()).collect();
    let total = chunks.len() as f64;
    let average = (lengths.iter().sum::<f64>() / total.max(1.0)).max(1.0);
    let mut scores = vec![0.0; chunks.len()];
    for word in question_words(question) {
        let with = documents.iter().filter(|d| d.contains_key(&word)).count() as f64;
        let idf = ((total - with + 0.5) / (with + 0.5) + 1.0).ln();
        for (i, document) in documents.iter().enumerate() {
            if let Some(count) = document.get(&word) {
                scores[i] +=
                    idf * count * 2.2 / (count + 1.2 * (0.25 + 0.75 * lengths[i] / average));
            }
        }
    }
    scores
}

#[cfg(test)]
mod tests {
    use super::super::chunk::ChunkKind;
    use super::*;

    #[test]
    fn the_table_that_is_named_comes_first() {
        let chunk = |terms: &str| Chunk {
            kind: ChunkKind::Table,
            name: terms.to_owned(),
            content: String::new(),
            terms: terms.to_owned(),
            metadata: serde_json::Value::Null,
        };
        let chunks = [
            chunk("film id title"),
            chunk("customer id name email"),
            chunk("payment id amount customer id"),
        ];
        let scores = scores("Which customers have no e-mail?", &chunks);
        assert!(scores[1] > scores[2] && scores[2] > scores[0], "{scores:?}");
    }

    #[test]
    fn plurals_meet_singulars() {
        assert_eq!(
            question_words("How many cities and boxes of glass"),
            ["city", "box", "glass"]
        );
    }
}
