//! Names and questions as words: split, stop words out, singular and plural together, abbreviations read.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::llm::LocalEmbedding;

/// Words that say nothing about which table is meant.
const STOP_WORDS: &[&str] = &[
    "a", "about", "all", "also", "an", "and", "any", "are", "as", "at", "be", "been", "between",
    "both", "but", "by", "can", "could", "did", "do", "does", "during", "each", "every", "find",
    "for", "from", "get", "give", "given", "had", "has", "have", "he", "her", "his", "how", "i",
    "if", "in", "into", "is", "it", "its", "list", "many", "me", "more", "most", "much", "my",
    "no", "not", "of", "on", "only", "or", "our", "out", "over", "per", "please", "return", "she",
    "show", "so", "some", "such", "tell", "than", "that", "the", "their", "them", "then", "there",
    "these", "they", "this", "those", "to", "too", "us", "was", "we", "were", "what", "when",
    "where", "which", "who", "whom", "whose", "will", "with", "would", "you", "your",
];

/// What names in databases are commonly shortened to, and what they stand for.
static ABBREVIATIONS: LazyLock<HashMap<&'static str, &'static str>> = LazyLock::new(|| {
    include_str!("abbreviations.txt")
        .lines()
        .filter_map(|line| line.split_once(' '))
        .collect()
});

/// A name as words: split at `_`, other punctuation, and where case or digits change
/// (`HTTPServer2` is `http server 2`).
pub fn words(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 4);
    let mut previous = ' ';
    let mut characters = name.chars().peekable();
    while let Some(c) = characters.next() {
        if !c.is_alphanumeric() {
            if previous != ' ' {
                out.push(' ');
            }
            previous = ' ';
            continue;
        }
        let next_is_lower = characters.peek().is_some_and(|next| next.is_lowercase());
        let boundary = (previous.is_lowercase() && c.is_uppercase())
            || (previous.is_uppercase() && c.is_uppercase() && next_is_lower)
            || (previous.is_alphabetic() && c.is_numeric())
            || (previous.is_numeric() && c.is_alphabetic());
        if boundary {
            out.push(' ');
        }
        out.extend(c.to_lowercase());
        previous = c;
    }
    out.truncate(out.trim_end().len());
    out
}

/// Whether a word says nothing by itself.
pub fn is_stop_word(word: &str) -> bool {
    STOP_WORDS.binary_search(&word).is_ok()
}

/// The question's words that count, in their basic form, each once.
pub fn question_words(question: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for word in words(question).split(' ') {
        let counts = word.chars().count() > 1 || word.starts_with(|c: char| c.is_numeric());
        let word = stem(word);
        if counts && !is_stop_word(&word) && !found.contains(&word) {
            found.push(word);
        }
    }
    found
}

/// Plurals meet their singulars; enough for names.
pub fn stem(word: &str) -> String {
    if is_stop_word(word) {
        return word.to_owned();
    }
    let cut = |by: usize| word[..word.len() - by].to_owned();
    match word {
        "people" => "person".to_owned(),
        "children" => "child".to_owned(),
        "men" => "man".to_owned(),
        "women" => "woman".to_owned(),
        w if w.len() > 4 && w.ends_with("ies") => cut(3) + "y",
        w if w.len() > 4
            && ["sses", "xes", "ches", "shes", "zes"]
                .iter()
                .any(|end| w.ends_with(end)) =>
        {
            cut(2)
        }
        w if w.len() > 3
            && w.ends_with('s')
            && !["ss", "us", "is"].iter().any(|end| w.ends_with(end)) =>
        {
            cut(1)
        }
        w => w.to_owned(),
    }
}

/// What a shortened word stands for.
pub fn long_form(word: &str) -> Option<&'static str> {
    ABBREVIATIONS.get(word).copied()
}

/// A name as words with what is shortened or written together spelt out.
pub fn spelt_out(name: &str) -> String {
    let mut parts = Vec::new();
    for word in words(name).split(' ') {
        match (long_form(word), LocalEmbedding::compound(word)) {
            (Some(long), _) => parts.push(long.to_owned()),
            (None, compound) if compound.is_empty() => parts.push(word.to_owned()),
            (None, compound) => parts.extend(compound.into_iter().map(str::to_owned)),
        }
    }
    parts.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_are_in_order() {
        assert!(STOP_WORDS.is_sorted());
        assert!(long_form("qty") == Some("quantity"));
        let lines: Vec<&str> = include_str!("abbreviations.txt").lines().collect();
        assert_eq!(lines.len(), ABBREVIATIONS.len());
    }

    #[test]
    fn names_become_words() {
        for (name, expected) in [
            ("sbCustCountry", "sb cust country"),
            ("rental_id", "rental id"),
            ("__a__B2c", "a b 2 c"),
            ("GrößeNord", "größe nord"),
            ("HTTPServerURL", "http server url"),
            ("CUSTOMER_ID", "customer id"),
        ] {
            assert_eq!(words(name), expected);
        }
    }

    #[test]
    fn plurals_meet_singulars() {
        assert_eq!(
            question_words("How many cities, addresses and boxes of glass has each of the people?"),
            ["city", "address", "box", "glass", "person"]
        );
    }
}
