//! Schema linking: which tables, columns and values the words of a question may mean, with how sure
//! that is.

use super::lexicon::{ColumnId, Lexicon, ValueKind};
use super::vocabulary::{are_near, are_synonyms, is_neutral};
use super::words::{Kind, Token, root};

/// Below this a match is no match.
const LEAST: f32 = 0.55;
/// Tokens of the longest span that is looked at.
pub const LONGEST: usize = 6;

#[derive(Debug, Clone, PartialEq)]
pub enum Target {
    Table(usize),
    Column(ColumnId),
    /// A value as it is stored, in every way of writing it.
    Value(ColumnId, Vec<String>),
}

#[derive(Debug, Clone, PartialEq)]
pub struct Link {
    pub target: Target,
    pub score: f32,
}

/// A stored value that some tokens of the question spell.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    pub start: usize,
    pub end: usize,
    pub column: ColumnId,
    pub values: Vec<String>,
    pub score: f32,
}

/// What the tokens from `start` to `end` may mean, best first.
pub fn links(
    lexicon: &Lexicon,
    tokens: &[Token],
    hits: &[Hit],
    start: usize,
    end: usize,
) -> Vec<Link> {
    let span = &tokens[start..end];
    let mut found: Vec<Link> = hits
        .iter()
        .filter(|h| h.start == start && h.end == end)
        .map(|h| Link {
            target: Target::Value(h.column, h.values.clone()),
            score: h.score,
        })
        .collect();
    if span.iter().all(|t| t.kind == Kind::Word) {
        let values: Vec<ColumnId> = hits
            .iter()
            .filter(|h| h.start == start && h.end == end && h.score >= 0.86)
            .map(|h| h.column)
            .collect();
        let joined: String = span.iter().map(|t| t.lower.as_str()).collect();
        let mut schema = Vec::new();
        schema_links(lexicon, span, &mut schema);
        // "severe" is a severity, and not the severity.
        schema.retain(|l| {
            !matches!(l.target, Target::Column(c) if values.contains(&c)
                && !joined.starts_with(&lexicon.column(c).joined)
                && !lexicon.column(c).joined.starts_with(&joined))
        });
        found.extend(schema);
    }
    // Texas is rather the row that it names than the ones that point to it.
    for link in &mut found {
        if let Target::Value(c, _) = &link.target
            && lexicon.is_foreign_key(*c)
        {
            link.score -= 0.06;
        }
    }
    // What names a row is meant rather than what only mentions the name.
    let names = |link: &Link| matches!(&link.target, Target::Value(c, _) if lexicon.tables[c.table].label == [c.column]);
    if found.iter().any(names) {
        for link in &mut found {
            if matches!(link.target, Target::Value(..)) && !names(link) {
                link.score -= 0.05;
            }
        }
    }
    // A table wins over columns of its name.
    let tables: Vec<usize> = found
        .iter()
        .filter_map(|l| match l.target {
            Target::Table(t) if l.score >= 0.88 => Some(t),
            _ => None,
        })
        .collect();
    if !tables.is_empty() {
        for link in &mut found {
            if let Target::Column(c) = link.target {
                link.score -= if tables.contains(&c.table) {
                    0.15
                } else {
                    0.07
                };
            }
        }
    }
    found.sort_by(|a, b| b.score.total_cmp(&a.score));
    let best = found.first().map_or(0.0, |l| l.score);
    found.retain(|l| l.score >= LEAST && l.score >= best - 0.3);
    found.truncate(40);
    found
}

fn schema_links(lexicon: &Lexicon, span: &[Token], found: &mut Vec<Link>) {
    let edge = |t: &Token| {
        is_neutral(&t.lower)
            || t.is_any(&[
                "of", "in", "by", "for", "and", "or", "to", "with", "from", "on", "at", "which",
                "what", "who", "not", "no", "each", "per", "than",
            ])
    };
    if span.len() > 1 && (span.first().is_some_and(edge) || span.last().is_some_and(edge)) {
        return;
    }
    let words: Vec<&str> = span
        .iter()
        .filter(|t| !t.is_any(&["of", "the", "a"]))
        .map(|t| t.stem.as_str())
        .collect();
    if words.is_empty() {
        return;
    }
    // "signed up" on signup_date.
    let particle = |t: &Token| t.is_any(&["up", "in", "out", "off"]);
    let phrasal = match span {
        [verb, with] if particle(with) => Some(format!("{}{}", verb.stem, with.lower)),
        _ => None,
    };
    let joined: String = span.iter().map(|t| t.lower.as_str()).collect();
    let singular = joined.strip_suffix('s').unwrap_or(&joined).to_owned();
    for (t, table) in lexicon.tables.iter().enumerate() {
        let mut score = matched(&words, &table.words);
        let table_singular = table.joined.strip_suffix('s').unwrap_or(&table.joined);
        if joined == table.joined || singular == table_singular {
            score = score.max(1.0);
        } else if singular.len() >= 6 && one_off(&singular, table_singular) {
            score = score.max(0.84);
        }
        // What the comment says first: "Copies of films that the stores own".
        if score < 0.75 && words.len() == 1 && table.comment.first().is_some_and(|w| w == words[0])
        {
            score = 0.75;
        }
        // "car_makers" may be called makers, "model_list" models, "tv_channel" channels.
        if score < 0.8 && table.words.len() > 1 && words.len() == 1 {
            let head = table.words.last().map(String::as_str);
            let list = matches!(
                head,
                Some("list" | "data" | "tabl" | "info" | "detail" | "record" | "daili")
            );
            if list && matched(&words, &table.words[..table.words.len() - 1]) >= 0.95 {
                score = score.max(0.9);
            } else if head == Some(words[0]) {
                score = score.max(0.72);
            }
        }
        if score >= LEAST {
            // Views say again what tables say.
            let score = if table.is_view { score - 0.15 } else { score };
            found.push(Link {
                target: Target::Table(t),
                score,
            });
        }
    }
    for (id, column) in lexicon.columns() {
        let table = &lexicon.tables[id.table];
        let mut score = matched(&words, &column.words);
        if joined == column.joined || singular == column.joined {
            score = score.max(1.0);
        }
        // "customer name" is the name of customer; "name" is country_name of country.
        if words.len() > table.words.len() && score < 0.97 {
            let (head, rest) = words.split_at(table.words.len());
            let table_score = matched(head, &table.words);
            if table_score >= 0.84 {
                let lost = (1.0 - table_score).max(0.01);
                score = score.max(matched(rest, &column.words) - lost);
            }
        }
        if column.words.len() > table.words.len() && column.words.starts_with(&table.words) {
            score = score.max(matched(&words, &column.words[table.words.len()..]) - 0.04);
        }
        // "support agent" is the agent of support_tickets.
        if words.len() == 2 && table.words.len() > 1 && table.words.iter().any(|w| w == words[0]) {
            score = score.max(matched(&words[1..], &column.words) - 0.1);
        }
        if score < 0.75 {
            score = score.max(partly(&words, column));
        }
        if let Some(phrasal) = &phrasal
            && column.words.iter().any(|w| w == phrasal || w.strip_suffix('s') == Some(phrasal))
        {
            score = score.max(0.85);
        }
        let plain_id = matches!(words.last(), Some(&"id"));
        // "account number 5007"
        if words.len() > 1
            && matches!(words.last(), Some(&"number" | &"no"))
            && table.key == [id.column]
            && super::labels::is_called_key(column)
            && matched(&words[..words.len() - 1], &table.words) >= 0.95
        {
            score = score.max(0.9);
        }
        if plain_id
            && table.key == [id.column]
            && (words.len() == 1 || matched(&words[..words.len() - 1], &table.words) >= 0.95)
        {
            score = score.max(0.96);
        }
        // "phone number" is the phone, "hire date" when somebody was hired.
        if let [rest @ .., last] = words.as_slice()
            && !rest.is_empty()
            && is_head(last, column.kind)
        {
            score = score.max(matched(rest, &column.words) - 0.08);
        }
        // "name" is what names a row, whatever the column is called, and of the first and last name both.
        let names = words == ["name"]
            || (words.len() == table.words.len() + 1
                && words.last() == Some(&"name")
                && matched(&words[..table.words.len()], &table.words) >= 0.84);
        if names && table.label.contains(&id.column) && column.kind == ValueKind::Text && !column.is_key {
            score = match table.label.first() {
                Some(first) if *first == id.column => score.max(0.86),
                _ => 0.0,
            };
        }
        // A key to another table shows a number; the other table is meant.
        if lexicon.is_foreign_key(id) && plain_id && table.key != [id.column] {
            // The key that it points to is the same, and there without a join.
            score -= 0.06;
        }
        if lexicon.is_foreign_key(id)
            && !plain_id
            && !matches!(words.last(), Some(&"code" | &"number"))
        {
            score -= 0.25;
        }
        if table.is_view {
            score -= 0.15;
        }
        if score >= LEAST {
            found.push(Link {
                target: Target::Column(id),
                score,
            });
        }
    }
}

/// Whether a word only says what kind of thing a column holds: "number" in "phone number".
fn is_head(word: &str, kind: ValueKind) -> bool {
    let heads: &[&str] = match kind {
        ValueKind::Text => &[
            "name", "number", "code", "address", "type", "kind", "group", "level", "status", "statu", "title",
        ],
        ValueKind::Number => &[
            "number", "count", "amount", "value", "level", "rate", "score", "total", "size", "figur",
        ],
        ValueKind::Date => &["date", "time", "day", "timestamp"],
        ValueKind::Bool => &["status", "statu", "flag"],
        ValueKind::Other => &["time"],
    };
    heads.contains(&word)
}

/// How well words of a question spell a name: all of them, in any order.
fn matched(words: &[&str], name: &[String]) -> f32 {
    if name.is_empty() {
        return 0.0;
    }
    if words.len() != name.len() {
        // "surname" is a last name.
        let same = words.len() + name.len() <= 5 && are_synonyms(&words.join(" "), &name.join(" "));
        return if same { 0.86 } else { 0.0 };
    }
    let (mut least, mut sum): (f32, f32) = (1.0, 0.0);
    for (i, word) in words.iter().enumerate() {
        let here = similar(word, &name[i]);
        let anywhere = name.iter().map(|n| similar(word, n)).fold(0.0, f32::max) - 0.02;
        let score = here.max(anywhere);
        least = least.min(score);
        sum += score;
    }
    if least < LEAST {
        return 0.0;
    }
    // One loose word among several that are plain.
    (least + sum / words.len() as f32) / 2.0
}

/// Whether one letter is wrong, missing, spare, or changed places with its neighbour.
fn one_off(a: &str, b: &str) -> bool {
    // Most pairs are told apart by their bytes; one letter is up to four.
    let letter = if a.is_ascii() && b.is_ascii() { 1 } else { 4 };
    let before = a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b);
    let behind = a.bytes().rev().zip(b.bytes().rev());
    let same = before.count() + behind.take_while(|(a, b)| a == b).count();
    a.len().abs_diff(b.len()) <= letter
        && same + 2 * letter >= a.len().max(b.len())
        && strsim::damerau_levenshtein(a, b) == 1
}

fn similar(word: &str, name: &str) -> f32 {
    if word == name {
        1.0
    } else if word.len().min(name.len()) >= 6 && one_off(word, name) {
        0.85
    } else if are_synonyms(word, name) {
        0.88
    } else if word.len() >= 3 && name.len() >= 3 && root(word) == root(name) {
        0.84
    } else if are_near(word, name) {
        0.74
    } else {
        0.0
    }
}

/// Some of a column's words: "amount" for total_amount; or a word of its comment.
fn partly(words: &[&str], column: &super::lexicon::Column) -> f32 {
    // These say which, not what.
    const VAGUE: &[&str] = &[
        "first", "last", "middl", "new", "total", "high", "low", "start", "end", "other", "one",
        "day", "onli", "top",
    ];
    if column.is_key
        && matches!(words, ["code"])
        && column.words.last().is_some_and(|w| w == "code")
    {
        return 0.7;
    }
    if column.is_key || words.iter().all(|w| VAGUE.contains(w)) {
        return 0.0;
    }
    let name = &column.words;
    let inside = words
        .iter()
        .all(|w| name.iter().any(|n| similar(w, n) >= 0.84));
    if inside && words.len() < name.len() {
        let head = name
            .last()
            .zip(words.last())
            .is_some_and(|(n, w)| similar(w, n) >= 0.84);
        let begins = words.iter().zip(name).all(|(w, n)| similar(w, n) >= 0.84);
        return match (head, begins) {
            (true, _) => 0.76,
            (_, true) => 0.66,
            _ => 0.6,
        };
    }
    let comment = &column.comment[..column.comment.len().min(5)];
    if !comment.is_empty()
        && words
            .iter()
            .all(|w| w.len() > 3 && comment.iter().any(|c| c == w))
    {
        return 0.58;
    }
    0.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::offline::fixture::Fixture;
    use crate::offline::words::tokens;

    #[test]
    fn words_find_tables_and_columns() {
        let fixture = Fixture::new(
            "film(*film_id integer, title text, replacement_cost numeric)
             rental(*rental_id integer, film_id integer, rented_at timestamp)
             tv_channel(*id integer, name text)",
        )
        .key("rental.film_id", "film.film_id");
        let lexicon = fixture.lexicon();
        let best = |text: &str| {
            let tokens = tokens(text);
            links(&lexicon, &tokens, &[], 0, tokens.len())
                .first()
                .map(|l| match &l.target {
                    Target::Table(t) => lexicon.tables[*t].name.clone(),
                    Target::Column(c) | Target::Value(c, _) => {
                        format!(
                            "{}.{}",
                            lexicon.tables[c.table].name,
                            lexicon.column(*c).name
                        )
                    }
                })
        };
        for (text, found) in [
            ("films", Some("film")),
            ("movies", Some("film")),
            ("rented", Some("rental")),
            ("channels", Some("tv_channel")),
            ("film title", Some("film.title")),
            ("names of films", None),
            ("replacement cost", Some("film.replacement_cost")),
            ("costs", Some("film.replacement_cost")),
            // The film's own id, and not the rental's copy of it.
            ("film id", Some("film.film_id")),
            ("unicorn", None),
        ] {
            assert_eq!(best(text).as_deref(), found, "{text}");
        }
    }
}
