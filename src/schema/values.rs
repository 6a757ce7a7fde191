//! What a question's words mean in the data: the literals that it names, as the data spells them.

use std::cell::OnceCell;
use std::collections::HashSet;

use serde::Serialize;

use super::trigram::Trigrams;
use super::words::{is_stop_word, stem};

/// Words of a question that are matched together at the most.
const MAX_PHRASE: usize = 5;
/// Bindings of one question.
const MAX_BINDINGS: usize = 12;
/// Columns that one phrase is bound to.
const MAX_COLUMNS: usize = 4;
/// Trigram similarity from which a value is taken for a phrase that is spelt otherwise.
pub const SPELT_ALIKE: f64 = 0.5;

/// A value that stands in the data.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct KnownValue {
    pub schema: String,
    pub table: String,
    pub column: String,
    pub value: String,
    /// Its words in lower case and basic form, whatever the punctuation.
    pub folded: String,
}

/// A phrase of the question and the value that it means.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Binding {
    pub phrase: String,
    pub schema: String,
    pub table: String,
    pub column: String,
    pub value: String,
    /// 1 when they differ at most in case, punctuation or plural.
    pub similarity: f64,
}

/// Words in lower case and basic form, whatever the punctuation.
pub fn fold(text: &str) -> String {
    let words = text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(|word| stem(&word.to_lowercase()));
    words.collect::<Vec<_>>().join(" ")
}

/// A part of the question that may be a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phrase {
    pub text: String,
    pub folded: String,
    /// Worth comparing with values that are spelt otherwise.
    pub fuzzy: bool,
    /// The question's words from and to, to tell what lies within what.
    span: (usize, usize),
}

/// Quoted phrases, and runs of the question's words.
pub fn phrases(question: &str) -> Vec<Phrase> {
    let quoted: HashSet<String> = quoted(question).iter().map(|text| fold(text)).collect();
    let words: Vec<&str> = question
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    let mut found = Vec::new();
    for from in 0..words.len() {
        for to in from + 1..=words.len().min(from + MAX_PHRASE) {
            let run = &words[from..to];
            let text = run.join(" ");
            let folded = fold(&text);
            let is_quoted = quoted.contains(&folded);
            let stops = |word: &str| is_stop_word(&word.to_lowercase());
            let says_something = run.iter().any(|word| !stops(word) && word.len() > 1)
                && !run.iter().all(|word| word.chars().all(char::is_numeric));
            // A run such as "in progress" may be a value, but is not worth comparing with others.
            let edges =
                run.first().is_some_and(|w| stops(w)) || run.last().is_some_and(|w| stops(w));
            if is_quoted || says_something {
                let letters = folded.chars().count();
                found.push(Phrase {
                    fuzzy: is_quoted || (letters >= 5 && !edges),
                    text,
                    folded,
                    span: (from, to),
                });
            }
        }
    }
    found
}

/// What stands between quotation marks; an apostrophe within a word is none.
fn quoted(question: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (open, close) in [
        ('\'', '\''),
        ('"', '"'),
        ('“', '”'),
        ('‘', '’'),
        ('«', '»'),
        ('„', '“'),
    ] {
        let mut rest = question;
        let mut before = ' ';
        while let Some(at) = rest.find(open) {
            before = rest[..at].chars().next_back().unwrap_or(before);
            let inside = &rest[at + open.len_utf8()..];
            let Some(end) = inside.find(close).filter(|_| !before.is_alphanumeric()) else {
                rest = inside;
                before = open;
                continue;
            };
            found.push(inside[..end].to_owned());
            rest = &inside[end + close.len_utf8()..];
            before = close;
        }
    }
    found
}

/// The best bindings of the phrases among `values`, in the order of `table_rank` (smaller is better; nothing
/// leaves a table out).
pub fn bind(
    phrases: &[Phrase],
    values: &[KnownValue],
    table_rank: impl Fn(&str, &str) -> Option<usize>,
) -> Vec<Binding> {
    struct Match<'a> {
        phrase: &'a Phrase,
        value: &'a KnownValue,
        similarity: f64,
        rank: usize,
    }
    let phrases: Vec<(&Phrase, Option<Trigrams>)> = phrases
        .iter()
        .map(|p| (p, p.fuzzy.then(|| Trigrams::of(&p.folded))))
        .collect();
    let mut matches = Vec::new();
    for value in values {
        let trigrams = OnceCell::new();
        let rank = OnceCell::new();
        for (phrase, wanted) in &phrases {
            let similarity = match wanted {
                _ if phrase.folded == value.folded => 1.0,
                Some(wanted) if near_in_length(&phrase.folded, &value.folded) => {
                    wanted.similarity(trigrams.get_or_init(|| Trigrams::of(&value.folded)))
                }
                _ => 0.0,
            };
            if similarity < SPELT_ALIKE {
                continue;
            }
            if let Some(rank) = *rank.get_or_init(|| table_rank(&value.schema, &value.table)) {
                matches.push(Match {
                    phrase,
                    value,
                    similarity,
                    rank,
                });
            }
        }
    }
    let length = |m: &Match<'_>| m.phrase.span.1 - m.phrase.span.0;
    matches.sort_by(|a, b| {
        (b.similarity.total_cmp(&a.similarity))
            .then_with(|| length(b).cmp(&length(a)))
            .then_with(|| a.rank.cmp(&b.rank))
            .then_with(|| (&a.value.column, &a.value.value).cmp(&(&b.value.column, &b.value.value)))
    });
    let mut kept: Vec<Match<'_>> = Vec::new();
    for candidate in matches {
        let (from, to) = candidate.phrase.span;
        let overlaps = |m: &&Match<'_>| m.phrase.span.0 < to && from < m.phrase.span.1;
        // What a better match covers already is not bound again to something less alike or shorter.
        let covered = kept
            .iter()
            .filter(overlaps)
            .any(|m| m.similarity > candidate.similarity || length(m) > length(&candidate));
        let columns = kept.iter().filter(overlaps).count();
        if !covered && columns < MAX_COLUMNS && kept.len() < MAX_BINDINGS {
            kept.push(candidate);
        }
    }
    kept.sort_by_key(|m| m.phrase.span);
    kept.iter()
        .map(|m| Binding {
            phrase: m.phrase.text.clone(),
            schema: m.value.schema.clone(),
            table: m.value.table.clone(),
            column: m.value.column.clone(),
            value: m.value.value.clone(),
            similarity: m.similarity,
        })
        .collect()
}

/// Texts of very different length share too few trigrams to be alike.
fn near_in_length(a: &str, b: &str) -> bool {
    let (a, b) = (a.len(), b.len());
    a <= 3 * b && b <= 3 * a
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bound(question: &str, values: &[(&str, &str)]) -> Vec<(String, String, String)> {
        let values: Vec<KnownValue> = values
            .iter()
            .map(|(column, value)| KnownValue {
                schema: "public".to_owned(),
                table: "t".to_owned(),
                column: (*column).to_owned(),
                value: (*value).to_owned(),
                folded: fold(value),
            })
            .collect();
        bind(&phrases(question), &values, |_, _| Some(0))
            .into_iter()
            .map(|b| (b.phrase, b.column, b.value))
            .collect()
    }

    #[test]
    fn phrases_find_values_that_are_spelt_otherwise() {
        let values = [
            ("kind", "GERMLINE"),
            ("state", "in-progress"),
            ("body", "SUV"),
            ("city", "São Paulo"),
            ("country", "United States of America"),
            ("status", "cancelled"),
            ("city", "York"),
            ("city", "New York"),
        ];
        for (question, expected) in [
            (
                "How many germline variants?",
                vec![("germline", "kind", "GERMLINE")],
            ),
            (
                "orders in progress",
                vec![("in progress", "state", "in-progress")],
            ),
            ("all SUVs sold", vec![("SUVs", "body", "SUV")]),
            (
                "customers in \"são paulo\"",
                vec![("são paulo", "city", "São Paulo")],
            ),
            (
                "who lives in the united states of america",
                vec![(
                    "united states of america",
                    "country",
                    "United States of America",
                )],
            ),
            ("canceled orders", vec![("canceled", "status", "cancelled")]),
            ("sales in New York", vec![("New York", "city", "New York")]),
            ("how many are there in total?", vec![]),
        ] {
            let expected: Vec<(String, String, String)> = expected
                .into_iter()
                .map(|(a, b, c)| (a.to_owned(), b.to_owned(), c.to_owned()))
                .collect();
            assert_eq!(bound(question, &values), expected, "{question}");
        }
    }

    #[test]
    fn an_apostrophe_is_no_quotation() {
        assert_eq!(
            quoted("What's the film 'Jaws' about, and who's in \"It\"?"),
            ["Jaws", "It"]
        );
    }
}
