//! Ranking by words: BM25 over the words of names and comments, as weights that are worked out once and
//! summed for a question, here or in SQL.

use std::collections::HashMap;

use super::chunk::Chunk;
use super::trigram::Trigrams;
use super::words::{is_stop_word, long_form, question_words, stem, words};
use crate::llm::LocalEmbedding;

/// BM25's parameters as Robertson and Zaragoza (2009) recommend them.
const K1: f32 = 1.2;
const B: f32 = 0.75;
/// What a guess at a word's meaning counts, beside the word itself.
const GUESS: f32 = 0.8;
/// Chunks that are kept for one word: a word of more chunks says next to nothing.
const MAX_POSTINGS: usize = 1_000;
/// Trigram similarity from which a word of the question is taken for a misspelt one of the schema.
const FUZZY: f64 = 0.5;

/// Words with what each counts in one chunk.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Bag(HashMap<String, f32>);

impl Bag {
    /// Adds a name or a text; each of its words counts `weight`.
    pub fn add(&mut self, text: &str, weight: f32) {
        for word in words(text).split(' ').filter(|word| !word.is_empty()) {
            if let Some(long) = long_form(word) {
                self.count(stem(long), weight * GUESS);
            } else {
                for part in LocalEmbedding::compound(word) {
                    self.count(stem(part), weight * GUESS);
                }
            }
            let word = stem(word);
            if !is_stop_word(&word) {
                self.count(word, weight);
            }
        }
    }

    fn count(&mut self, word: String, weight: f32) {
        *self.0.entry(word).or_insert(0.0) += weight;
    }
}

/// A question's word and what it may be called in a schema.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    pub word: String,
    /// The word itself and its long form.
    pub forms: Vec<String>,
}

/// The words that a question is searched with.
pub fn asked(question: &str) -> Vec<Asked> {
    let forms = |word: &String| {
        let long = long_form(word).map(stem);
        [word.clone()].into_iter().chain(long).collect()
    };
    let words = question_words(question);
    words
        .iter()
        .map(|word| Asked {
            forms: forms(word),
            word: word.clone(),
        })
        .collect()
}

/// For each word, the chunks that have it and its BM25 weight there.
#[derive(Debug, Clone, Default)]
pub struct Lexicon {
    postings: HashMap<String, Vec<(usize, f32)>>,
    chunks: usize,
}

impl Lexicon {
    /// `chunks` are numbered in the order they come.
    pub fn new<'a>(chunks: impl Iterator<Item = &'a Chunk>) -> Self {
        let mut postings: HashMap<String, Vec<(usize, f32)>> = HashMap::new();
        let mut lengths = Vec::new();
        for (i, chunk) in chunks.enumerate() {
            lengths.push(chunk.bag.0.values().sum::<f32>());
            for (word, count) in &chunk.bag.0 {
                postings.entry(word.clone()).or_default().push((i, *count));
            }
        }
        let total = lengths.len() as f32;
        let average = (lengths.iter().sum::<f32>() / total.max(1.0)).max(1.0);
        for list in postings.values_mut() {
            let with = list.len() as f32;
            let idf = ((total - with + 0.5) / (with + 0.5) + 1.0).ln();
            for (chunk, weight) in list.iter_mut() {
                let length = 1.0 - B + B * lengths[*chunk] / average;
                *weight = idf * *weight * (K1 + 1.0) / (*weight + K1 * length);
            }
            if list.len() > MAX_POSTINGS {
                list.sort_by(|a, b| b.1.total_cmp(&a.1));
                list.truncate(MAX_POSTINGS);
            }
        }
        Self {
            postings,
            chunks: lengths.len(),
        }
    }

    /// All words with their chunks, for storing.
    pub fn into_postings(self) -> HashMap<String, Vec<(usize, f32)>> {
        self.postings
    }

    /// What each chunk has of the question.
    pub fn scores(&self, question: &str) -> Vec<f32> {
        let mut scores = vec![0.0; self.chunks];
        for asked in asked(question) {
            // The best of a word's forms counts, not their sum.
            let mut best: HashMap<usize, f32> = HashMap::new();
            for (form, factor) in self.forms(&asked) {
                for (chunk, weight) in self.postings.get(form).into_iter().flatten() {
                    let entry = best.entry(*chunk).or_insert(0.0);
                    *entry = entry.max(weight * factor);
                }
            }
            for (chunk, weight) in best {
                scores[chunk] += weight;
            }
        }
        scores
    }

    /// The schema's words that the asked one may mean, with what each counts. As `queries/by_text.sql` does.
    fn forms<'a>(&'a self, asked: &'a Asked) -> Vec<(&'a str, f32)> {
        let known: Vec<(&str, f32)> = asked
            .forms
            .iter()
            .filter(|form| self.postings.contains_key(*form))
            .map(|form| (form.as_str(), 1.0))
            .collect();
        if !known.is_empty() || asked.word.chars().count() < 4 {
            return known;
        }
        let wanted = Trigrams::of(&asked.word);
        self.postings
            .keys()
            .filter_map(|word| {
                let near = wanted.similarity(&Trigrams::of(word));
                (near >= FUZZY).then_some((word.as_str(), near as f32))
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::chunk::ChunkKind;
    use super::*;

    fn scores(question: &str, tables: &[&str]) -> Vec<f32> {
        let chunks: Vec<Chunk> = tables
            .iter()
            .map(|text| {
                let mut bag = Bag::default();
                bag.add(text, 1.0);
                Chunk {
                    bag,
                    ..Chunk::new(ChunkKind::Table, (*text).to_owned())
                }
            })
            .collect();
        Lexicon::new(chunks.iter()).scores(question)
    }

    #[test]
    fn the_table_that_is_named_comes_first() {
        let tables = [
            "film id title",
            "customer id name email",
            "payment id amount customer id",
        ];
        let scores = scores("Which customers have no e-mail?", &tables);
        assert!(scores[1] > scores[2] && scores[2] > scores[0], "{scores:?}");
    }

    #[test]
    fn shortened_joined_and_misspelt_words_are_found() {
        for (question, table) in [
            ("customers by department", "cust_dept"),
            ("which team plays away", "awayteam"),
            ("how many receits", "receipt"),
            ("qty of each", "quantity"),
        ] {
            let scores = scores(question, &["film title", table, "store region"]);
            assert!(
                scores[1] > 0.0 && scores[0] == 0.0,
                "{question}: {scores:?}"
            );
        }
    }
}
