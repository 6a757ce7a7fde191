//! Words of questions and of identifiers: tokens, stems and parts of names.

use std::sync::LazyLock;

use rust_stemmers::{Algorithm, Stemmer};

static STEMMER: LazyLock<Stemmer> = LazyLock::new(|| Stemmer::create(Algorithm::English));

#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    Word,
    /// As it is written, without separators of thousands.
    Number(f64),
    /// Between quotation marks.
    Quoted,
    /// `YYYY-MM-DD`.
    Day,
    Punctuation(char),
}

/// One word of a question.
#[derive(Debug, Clone, PartialEq)]
pub struct Token {
    pub kind: Kind,
    pub lower: String,
    pub stem: String,
    /// Bytes of the question.
    pub start: usize,
    pub end: usize,
    pub capital: bool,
}

impl Token {
    pub fn is(&self, word: &str) -> bool {
        self.kind == Kind::Word && self.lower == word
    }

    pub fn is_any(&self, words: &[&str]) -> bool {
        self.kind == Kind::Word && words.contains(&self.lower.as_str())
    }

    pub fn number(&self) -> Option<f64> {
        match self.kind {
            Kind::Number(n) => Some(n),
            Kind::Word => number_word(&self.lower),
            _ => None,
        }
    }
}

/// Cuts a question into tokens.
pub fn tokens(text: &str) -> Vec<Token> {
    let mut found = Vec::new();
    let mut rest = text.char_indices().peekable();
    while let Some((start, c)) = rest.next() {
        let before = text[..start].chars().next_back();
        let opens = before.is_none_or(|b| !b.is_alphanumeric());
        if matches!(c, '\'' | '"' | '“' | '‘' | '`') && opens {
            let close = match c {
                '“' => '”',
                '‘' => '’',
                other => other,
            };
            let from = start + c.len_utf8();
            let end = text[from..].char_indices().find(|&(i, q)| {
                q == close
                    && i > 0
                    && text[from + i + q.len_utf8()..]
                        .chars()
                        .next()
                        .is_none_or(|n| !n.is_alphanumeric())
            });
            if let Some((i, _)) = end {
                found.push(token(text, Kind::Quoted, from, from + i));
                while rest.peek().is_some_and(|&(at, _)| at <= from + i) {
                    rest.next();
                }
                continue;
            }
        }
        if c.is_ascii_digit() && opens {
            let end = number_end(text, start);
            let written = &text[start..end];
            let kind = if is_day(written) {
                Kind::Day
            } else {
                match written.replace(',', "").parse() {
                    Ok(n) => Kind::Number(n),
                    Err(_) => Kind::Word,
                }
            };
            found.push(token(text, kind, start, end));
            while rest.peek().is_some_and(|&(at, _)| at < end) {
                rest.next();
            }
            continue;
        }
        if c.is_alphanumeric() {
            let mut end = start + c.len_utf8();
            while let Some(&(at, next)) = rest.peek() {
                if !next.is_alphanumeric() && next != '_' {
                    break;
                }
                end = at + next.len_utf8();
                rest.next();
            }
            // "e-mail"
            if text
                .get(start..start + 6)
                .is_some_and(|w| w.eq_ignore_ascii_case("e-mail"))
            {
                end = start + 6;
                while let Some(&(at, next)) = rest.peek() {
                    if at >= end && !next.is_alphanumeric() {
                        break;
                    }
                    end = end.max(at + next.len_utf8());
                    rest.next();
                }
                let mut mail = token(text, Kind::Word, start, end);
                mail.lower = mail.lower.replacen('-', "", 1);
                mail.stem = stem(&mail.lower);
                found.push(mail);
                continue;
            }
            // "'s" belongs to the word before it and says nothing by itself.
            let possessive = &text[start..end] == "s" && matches!(before, Some('\'' | '’'));
            if !possessive {
                found.push(token(text, Kind::Word, start, end));
            }
            continue;
        }
        // A sentence ends before a capital, and not after "St." or an initial.
        if matches!(c, '.' | '?') {
            let rest = text[start + 1..].trim_start();
            let next = rest.chars().next().is_some_and(char::is_uppercase);
            let short = found
                .last()
                .is_some_and(|t: &Token| t.end == start && t.end - t.start <= 2 && c == '.');
            if next && !short && rest.len() < text.len() - start - 1 {
                found.push(token(text, Kind::Punctuation('.'), start, start + 1));
            }
            continue;
        }
        if matches!(c, ',' | '%' | '>' | '<' | '=' | ';' | '/' | '+' | '*')
            || !c.is_ascii()
                && !c.is_whitespace()
                && !matches!(c, '’' | '‘' | '“' | '”' | '–' | '—' | '…' | '¿' | '€')
        {
            found.push(token(
                text,
                Kind::Punctuation(c),
                start,
                start + c.len_utf8(),
            ));
        }
    }
    found
}

fn token(text: &str, kind: Kind, start: usize, end: usize) -> Token {
    let written = &text[start..end];
    let lower = written.to_lowercase();
    Token {
        kind,
        stem: stem(&lower),
        lower,
        start,
        end,
        capital: written.chars().next().is_some_and(char::is_uppercase),
    }
}

fn number_end(text: &str, start: usize) -> usize {
    let bytes = text.as_bytes();
    let mut end = start;
    while end < bytes.len() {
        let digit_next = bytes.get(end + 1).is_some_and(u8::is_ascii_digit);
        match bytes[end] {
            b if b.is_ascii_alphanumeric() => end += 1,
            b'.' | b'-' | b'/' if digit_next => end += 1,
            // 1,000 but not "1, 2" or "3,5".
            b',' if digit_next
                && bytes[end + 1..]
                    .iter()
                    .take_while(|b| b.is_ascii_digit())
                    .count()
                    == 3 =>
            {
                end += 1
            }
            _ => break,
        }
    }
    end
}

fn is_day(written: &str) -> bool {
    let parts: Vec<&str> = written.split('-').collect();
    matches!(parts.as_slice(), [y, m, d]
        if y.len() == 4 && (1..=2).contains(&m.len()) && (1..=2).contains(&d.len())
            && parts.iter().all(|p| p.bytes().all(|b| b.is_ascii_digit())))
}

/// "three" → 3.
pub fn number_word(word: &str) -> Option<f64> {
    const WORDS: [&str; 13] = [
        "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
        "eleven", "twelve",
    ];
    match word {
        "twenty" => Some(20.0),
        "hundred" => Some(100.0),
        "once" => Some(1.0),
        "twice" => Some(2.0),
        _ => WORDS.iter().position(|w| *w == word).map(|n| n as f64),
    }
}

/// The word's stem, irregular forms first.
pub fn stem(word: &str) -> String {
    let regular = match word {
        "people" | "persons" => "person",
        "salespeople" | "salesmen" => "salesperson",
        "children" => "child",
        "men" => "man",
        "women" => "woman",
        "paid" => "pay",
        "sold" => "sell",
        "bought" => "buy",
        "spent" => "spend",
        "wrote" | "written" => "write",
        "taught" => "teach",
        "taken" | "took" => "take",
        "won" => "win",
        "held" => "hold",
        "born" => "birth",
        "died" | "dead" => "death",
        "staff" => "staff",
        // No book.
        "booking" | "bookings" | "booked" => return "booking".to_owned(),
        // Not the rate.
        "rating" | "ratings" => return "rating".to_owned(),
        // Not the nation.
        "national" | "nationals" => return "national".to_owned(),
        "weigh" | "weighs" | "weighed" | "weighing" => "weight",
        "aged" => "age",
        "costs" | "costing" => "cost",
        other => other,
    };
    STEMMER.stem(regular).into_owned()
}

/// What is left of a stem without the endings that make nouns of verbs: "rental", "rented" → "rent".
pub fn root(stem: &str) -> &str {
    // Not the rate.
    if stem == "rating" {
        return stem;
    }
    for ending in [
        "ment", "ation", "ion", "al", "er", "or", "ing", "e", "i", "y",
    ] {
        if let Some(root) = stem.strip_suffix(ending)
            && root.len() >= 3
        {
            return root;
        }
    }
    stem
}

/// The parts of an identifier in lower case: `firstName`, `first_name` → first, name.
pub fn parts(identifier: &str) -> Vec<String> {
    let mut parts = Vec::new();
    let mut part = String::new();
    let mut before = ' ';
    let chars: Vec<char> = identifier.chars().collect();
    for (i, &c) in chars.iter().enumerate() {
        let lower_next = chars.get(i + 1).is_some_and(|n| n.is_lowercase());
        let hump =
            c.is_uppercase() && (before.is_lowercase() || (before.is_uppercase() && lower_next));
        if (!c.is_alphanumeric() || hump) && !part.is_empty() {
            parts.push(std::mem::take(&mut part));
        }
        if c.is_alphanumeric() {
            part.extend(c.to_lowercase());
        }
        before = c;
    }
    if !part.is_empty() {
        parts.push(part);
    }
    parts
}

/// Cuts `text` into words that `known` has, all of it or not at all; the fewest words win.
pub fn segmented(text: &str, known: &dyn Fn(&str) -> bool) -> Option<Vec<String>> {
    if !text.is_ascii() || text.len() > 40 {
        return None;
    }
    let mut best: Vec<Option<(usize, usize)>> = vec![None; text.len() + 1];
    best[0] = Some((0, 0));
    for end in 1..=text.len() {
        for start in 0..end {
            let Some((words, _)) = best[start] else {
                continue;
            };
            if (end - start >= 2)
                && known(&text[start..end])
                && best[end].is_none_or(|(n, _)| words + 1 < n)
            {
                best[end] = Some((words + 1, start));
            }
        }
    }
    let mut words = Vec::new();
    let mut at = text.len();
    while at > 0 {
        let (_, start) = best[at]?;
        words.push(text[start..at].to_owned());
        at = start;
    }
    words.reverse();
    Some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_are_cut_into_words() {
        let kinds: Vec<(String, Kind)> = tokens("Ada's films over 1,000.5 on 2022-03-01, 'A B'?")
            .into_iter()
            .map(|t| (t.lower, t.kind))
            .collect();
        assert_eq!(
            kinds,
            [
                ("ada".to_owned(), Kind::Word),
                ("films".to_owned(), Kind::Word),
                ("over".to_owned(), Kind::Word),
                ("1,000.5".to_owned(), Kind::Number(1000.5)),
                ("on".to_owned(), Kind::Word),
                ("2022-03-01".to_owned(), Kind::Day),
                (",".to_owned(), Kind::Punctuation(',')),
                ("a b".to_owned(), Kind::Quoted),
            ]
        );
    }

    #[test]
    fn identifiers_are_cut_into_words() {
        assert_eq!(parts("firstName"), ["first", "name"]);
        assert_eq!(parts("HTTPStatus_code2"), ["http", "status", "code2"]);
        assert_eq!(
            segmented("lifeexpectancy", &|w| ["life", "expectancy"].contains(&w)),
            Some(vec!["life".to_owned(), "expectancy".to_owned()])
        );
        assert_eq!(
            segmented("zzz", &|w| ["life", "expectancy"].contains(&w)),
            None
        );
    }

    #[test]
    fn verbs_and_their_nouns_have_one_root() {
        assert_eq!(root(&stem("rented")), root(&stem("rentals")));
        assert_eq!(root(&stem("paid")), root(&stem("payments")));
    }
}
