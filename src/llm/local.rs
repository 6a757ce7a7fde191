//! The embedding model in the binary: no key, no network, microseconds a text.
//!
//! Static token vectors distilled from all-MiniLM-L6-v2 by `scripts/local-embeddings.py`, averaged with the
//! tokens' weights. Weaker than the model they come from; with BM25 and trigrams close to it.

use std::collections::HashMap;
use std::sync::OnceLock;

use async_trait::async_trait;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::{Embedded, EmbeddingModel, EmbeddingTask, ModelError, Usage};

/// The name under which it is chosen and stored in the index.
pub const LOCAL_EMBEDDING_MODEL: &str = "local";

static ASSET: &[u8] = include_bytes!("../../assets/local-embeddings.bin");

/// Words longer than this are names of nothing that the vocabulary knows.
const MAX_WORD: usize = 100;

/// Letters of the shortest part of a compound.
const MIN_PART: usize = 3;

/// The vocabulary and where each token's vector stands; the vectors stay in the binary's own pages.
struct Weights {
    tokens: HashMap<&'static str, usize>,
    dimensions: usize,
    factors: &'static [u8],
    vectors: &'static [u8],
}

impl Weights {
    /// Read once; a quarter of a million bytes of vocabulary.
    fn get() -> Result<&'static Self, ModelError> {
        static WEIGHTS: OnceLock<Option<Weights>> = OnceLock::new();
        WEIGHTS
            .get_or_init(|| Self::parse(ASSET))
            .as_ref()
            .ok_or_else(|| ModelError::Garbage {
                model: LOCAL_EMBEDDING_MODEL.to_owned(),
                message: "the weights in the binary are damaged".to_owned(),
            })
    }

    fn parse(asset: &'static [u8]) -> Option<Self> {
        let (head, mut rest) = asset.split_at_checked(12)?;
        let number = |at: usize| -> Option<usize> {
            let bytes: [u8; 4] = head.get(at..at + 4)?.try_into().ok()?;
            usize::try_from(u32::from_le_bytes(bytes)).ok()
        };
        if !head.starts_with(b"PGE1") {
            return None;
        }
        let (count, dimensions) = (number(4)?, number(8)?);
        let mut tokens = HashMap::with_capacity(count.min(rest.len()));
        for index in 0..count {
            let (length, after) = rest.split_first()?;
            let (token, after) = after.split_at_checked(usize::from(*length))?;
            tokens.insert(std::str::from_utf8(token).ok()?, index);
            rest = after;
        }
        let (factors, vectors) = rest.split_at_checked(4 * count)?;
        (vectors.len() == count * dimensions).then_some(Self {
            tokens,
            dimensions,
            factors,
            vectors,
        })
    }

    fn add(&self, token: usize, sum: &mut [f32]) {
        let factor = self.factors[4 * token..4 * token + 4]
            .try_into()
            .map_or(0.0, f32::from_le_bytes);
        let row = &self.vectors[token * self.dimensions..(token + 1) * self.dimensions];
        for (sum, byte) in sum.iter_mut().zip(row) {
            *sum += factor * f32::from(byte.cast_signed());
        }
    }

    /// The longest pieces first, as WordPiece takes them; nothing when a rest is unknown.
    fn pieces(&self, word: &str) -> Option<Vec<usize>> {
        if word.len() > MAX_WORD {
            return None;
        }
        let mut pieces = Vec::new();
        let mut rest = word;
        let mut continued = String::new();
        while !rest.is_empty() {
            let (piece, length) = rest
                .char_indices()
                .map(|(at, c)| at + c.len_utf8())
                .rev()
                .find_map(|end| {
                    let piece = if pieces.is_empty() {
                        self.tokens.get(&rest[..end])
                    } else {
                        continued.clear();
                        continued.push_str("##");
                        continued.push_str(&rest[..end]);
                        self.tokens.get(continued.as_str())
                    };
                    piece.map(|piece| (*piece, end))
                })?;
            pieces.push(piece);
            rest = &rest[length..];
        }
        Some(pieces)
    }

    fn embed(&self, text: &str) -> Vec<f32> {
        let mut sum = vec![0.0; self.dimensions];
        for word in plain(text).split(|c: char| !c.is_alphanumeric()) {
            for piece in self.pieces(word).unwrap_or_default() {
                self.add(piece, &mut sum);
            }
        }
        let length = sum.iter().map(|x| x * x).sum::<f32>().sqrt();
        if length > 0.0 {
            sum.iter_mut().for_each(|x| *x /= length);
        }
        sum
    }
}

/// Lower case without accents, as the vocabulary is.
fn plain(text: &str) -> String {
    text.nfd()
        .filter(|c| !is_combining_mark(*c))
        .flat_map(char::to_lowercase)
        .collect()
}

/// The embedding model in the binary.
#[derive(Debug, Clone, Copy, Default)]
pub struct LocalEmbedding;

impl LocalEmbedding {
    /// The vector of a text, of length 1; zero when no word of it is known.
    ///
    /// # Errors
    /// [`ModelError::Garbage`] when the weights in the binary are damaged.
    pub fn embed_one(text: &str) -> Result<Vec<f32>, ModelError> {
        Ok(Weights::get()?.embed(text))
    }

    /// The known words that a written-together name is made of, such as `away` and `team`; nothing when it
    /// is a word itself, or no such words are known.
    pub fn compound(name: &str) -> Vec<&str> {
        let Ok(weights) = Weights::get() else {
            return Vec::new();
        };
        if name.len() < 2 * MIN_PART || weights.tokens.contains_key(name) {
            return Vec::new();
        }
        // Tokens are in the order of frequency: the common reading has the lowest of the rarest.
        let rank = |part: &str| {
            (part.len() >= MIN_PART)
                .then(|| weights.tokens.get(part).copied())
                .flatten()
        };
        name.char_indices()
            .filter_map(|(at, _)| {
                let (first, second) = name.split_at(at);
                Some((rank(first)?.max(rank(second)?), first, second))
            })
            .min()
            .map_or_else(Vec::new, |(_, first, second)| vec![first, second])
    }
}

#[async_trait]
impl EmbeddingModel for LocalEmbedding {
    fn name(&self) -> &str {
        LOCAL_EMBEDDING_MODEL
    }

    async fn embed(&self, texts: &[String], _: EmbeddingTask) -> Result<Embedded, ModelError> {
        let weights = Weights::get()?;
        Ok(Embedded {
            vectors: texts.iter().map(|text| weights.embed(text)).collect(),
            usage: Usage::default(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cosine(a: &str, b: &str) -> f32 {
        let (a, b) = (
            LocalEmbedding::embed_one(a).unwrap(),
            LocalEmbedding::embed_one(b).unwrap(),
        );
        a.iter().zip(&b).map(|(a, b)| a * b).sum()
    }

    #[test]
    fn near_meanings_are_near() {
        for (word, near, far) in [
            ("vocalists", "singer", "invoice"),
            ("doctors", "physician", "aircraft"),
            ("Which staff earn most?", "employee salary", "country code"),
            ("café", "cafe", "engine"),
        ] {
            assert!(cosine(word, near) > cosine(word, far) + 0.1, "{word}");
        }
    }

    #[test]
    fn the_order_of_names_parts_and_case_do_not_matter() {
        assert!(cosine("customer order", "ORDER_CUSTOMER") > 0.999);
    }

    #[test]
    fn nothing_known_is_no_direction() {
        for text in ["", "---", "顧客"] {
            assert!(
                LocalEmbedding::embed_one(text)
                    .unwrap()
                    .iter()
                    .all(|x| *x == 0.0)
            );
        }
    }

    #[test]
    fn compounds_are_taken_apart() {
        assert_eq!(LocalEmbedding::compound("awayteam"), ["away", "team"]);
        assert_eq!(LocalEmbedding::compound("orderdate"), ["order", "date"]);
        assert_eq!(LocalEmbedding::compound("customer"), [""; 0]);
        assert_eq!(LocalEmbedding::compound("xqzvbt"), [""; 0]);
    }

    #[test]
    fn damaged_weights_are_told() {
        for bad in [
            &b""[..],
            b"PGE1",
            b"PGE1\xff\xff\xff\xff\x01\0\0\0",
            b"XXXX\0\0\0\0\0\0\0\0",
        ] {
            assert!(Weights::parse(bad).is_none());
        }
    }
}
