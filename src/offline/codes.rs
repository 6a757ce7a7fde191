//! Values that stand for words: flags written as letters, sexes, and codes that a comment explains.

use super::lexicon::{ColumnId, Lexicon};
use super::link::Hit;
use super::vocabulary::{is_linking_verb, is_neutral};
use super::words::{Kind, Token, stem, tokens};

/// What is written for yes and for no.
const FLAGS: &[[&str; 2]] = &[
    ["y", "n"],
    ["yes", "no"],
    ["t", "f"],
    ["true", "false"],
    ["1", "0"],
    ["+", "-"],
    ["on", "off"],
];
/// With so many typical values a column may have more.
pub const COMPLETE: usize = 6;
/// A column with more values than this is no list of codes.
const MOST_VALUES: usize = 6;
/// Words that explain one code.
const MOST_WORDS: usize = 4;

/// What a column's values are for yes and no, if they are nothing else; of the one that the rows lack, the
/// usual spelling.
pub fn flag(values: &[String]) -> Option<[String; 2]> {
    if values.is_empty() {
        return None;
    }
    let [yes, no] = FLAGS.iter().find(|pair| {
        values
            .iter()
            .all(|v| pair.contains(&v.trim().to_lowercase().as_str()))
    })?;
    let written = |which: &str| {
        let found = values.iter().find(|v| v.trim().eq_ignore_ascii_case(which));
        let upper = values.iter().any(|v| v.chars().any(char::is_uppercase));
        found.cloned().unwrap_or_else(|| {
            if upper {
                which.to_uppercase()
            } else {
                which.to_owned()
            }
        })
    };
    Some([written(yes), written(no)])
}

/// Words, as stems, and the value that they mean.
pub type Codes = Vec<(Vec<String>, String)>;

/// The codes of a column called so, which holds these values and is explained so.
pub fn codes(words: &[String], values: &[String], comment: Option<&str>) -> Codes {
    let mut found = explained(values, comment.unwrap_or_default());
    let sex = words.iter().any(|w| matches!(w.as_str(), "gender" | "sex"));
    if sex && values.len() <= MOST_VALUES {
        let begins = |letters: &[char]| {
            let mut all = values.iter().filter(|v| {
                let first = v.trim().chars().next();
                first.is_some_and(|c| letters.contains(&c.to_ascii_lowercase()))
            });
            all.next().filter(|_| all.next().is_none()).cloned()
        };
        let mut add = |value: Option<String>, words: &[&str]| {
            let value = value.into_iter();
            found.extend(value.flat_map(|v| words.iter().map(move |w| (vec![stem(w)], v.clone()))));
        };
        add(begins(&['f', 'w']), &["female", "woman", "girl", "lady"]);
        add(begins(&['m']), &["male", "man", "boy", "gentleman"]);
    }
    found
}

/// "A = active, F = frozen": every word that explains one code alone means it, and all of them together.
fn explained(values: &[String], comment: &str) -> Codes {
    let mut pairs: Vec<(String, Vec<String>)> = Vec::new();
    for part in comment.split([',', ';', '(', ')', '|', '\n', '/']) {
        let pair = ["=", ":", " - "]
            .iter()
            .find_map(|sign| part.split_once(sign));
        let Some((code, text)) = pair else {
            continue;
        };
        // "status: A" explains the status, and A is what follows.
        let code = code.rsplit(' ').find(|w| !w.is_empty()).unwrap_or_default();
        let code = code.trim_matches(['\'', '"', '`', '’', '‘']);
        let is_code = match values.is_empty() {
            true => code.len() <= 3 && !code.is_empty() && !code.chars().any(char::is_lowercase),
            false => values.iter().any(|v| v == code),
        };
        let words: Vec<String> = tokens(text)
            .into_iter()
            .filter(|t| t.kind == Kind::Word && !is_neutral(&t.lower))
            .map(|t| t.stem)
            .collect();
        if is_code && !words.is_empty() && words.len() <= MOST_WORDS {
            pairs.push((code.to_owned(), words));
        }
    }
    if pairs.len() < 2 {
        return Codes::new();
    }
    let mut codes = Codes::new();
    for (code, words) in &pairs {
        codes.push((words.clone(), code.clone()));
        for word in words.iter().filter(|_| words.len() > 1) {
            let only = pairs
                .iter()
                .filter(|(_, other)| other.contains(word))
                .count()
                == 1;
            if only && word.len() > 3 && !is_linking_verb(word) {
                codes.push((vec![word.clone()], code.clone()));
            }
        }
    }
    codes
}

/// The stretches of a question that mean a code.
pub fn hits(lexicon: &Lexicon, tokens: &[Token]) -> Vec<Hit> {
    let mut hits: Vec<Hit> = Vec::new();
    let mut add = |column: ColumnId, words: &[String], value: &str| {
        for (start, span) in tokens.windows(words.len()).enumerate() {
            let said = span
                .iter()
                .zip(words)
                .all(|(t, w)| t.kind == Kind::Word && t.stem == *w);
            let end = start + words.len();
            let known = |h: &Hit| h.start == start && h.end == end && h.column == column;
            if said && !hits.iter().any(known) {
                hits.push(Hit {
                    start,
                    end,
                    column,
                    values: vec![value.to_owned()],
                    score: 0.9,
                });
            }
        }
    };
    for (id, column) in lexicon.columns() {
        for (words, value) in &column.codes {
            add(id, words, value);
        }
    }
    hits
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(values: &[&str]) -> Vec<String> {
        values.iter().map(|v| (*v).to_owned()).collect()
    }

    #[test]
    fn flags_are_known_by_their_values() {
        for (values, found) in [
            (vec!["Y", "N"], Some(["Y", "N"])),
            (vec!["Y"], Some(["Y", "N"])),
            (vec!["no", "yes"], Some(["yes", "no"])),
            (vec!["+", "-"], Some(["+", "-"])),
            (vec!["Y", "N", "U"], None),
            (vec!["M", "F"], None),
            (vec![], None),
        ] {
            let told = flag(&texts(&values));
            let told = told.as_ref().map(|[yes, no]| [yes.as_str(), no.as_str()]);
            assert_eq!(told, found, "{values:?}");
        }
    }

    #[test]
    fn comments_explain_codes() {
        let meaning = |word: &str, codes: &Codes| {
            let found = codes.iter().find(|(words, _)| *words == [stem(word)]);
            found.map(|(_, value)| value.clone())
        };
        let codes = codes(
            &texts(&["statu"]),
            &texts(&["A", "F", "C"]),
            Some("State of the account: A = active, F = frozen by the bank, C = closed"),
        );
        assert_eq!(meaning("active", &codes).as_deref(), Some("A"));
        assert_eq!(meaning("frozen", &codes).as_deref(), Some("F"));
        assert_eq!(meaning("state", &codes), None);
    }

    #[test]
    fn sexes_are_known_by_their_first_letters() {
        let codes = codes(&texts(&["sex"]), &texts(&["M", "F"]), None);
        assert!(codes.contains(&(vec![stem("women")], "F".to_owned())));
        assert!(codes.contains(&(vec![stem("male")], "M".to_owned())));
    }
}
