//! How surely words of a question mean a table or a column.

use super::index::{COMMENT_WORDS, Word, singular};
use super::lexicon::{Column, ColumnId, Lexicon, TableWords, ValueKind};
use super::link::{LEAST, LONGEST_PHRASES, SHORTEST_MISSPELT};
use super::vocabulary::{are_near, are_synonyms};
use super::words::root;

/// Whether a word only says what kind of thing a column holds: "number" in "phone number".
fn is_head(word: &str, kind: ValueKind) -> bool {
    let heads: &[&str] = match kind {
        ValueKind::Text => &[
            "name", "number", "code", "address", "type", "kind", "group", "level", "status",
            "statu", "title",
        ],
        ValueKind::Number => &[
            "number", "count", "amount", "value", "level", "rate", "score", "total", "size",
            "figur",
        ],
        ValueKind::Date => &["date", "time", "day", "timestamp"],
        ValueKind::Bool => &["status", "statu", "flag"],
        ValueKind::Other => &["time"],
    };
    heads.contains(&word)
}

pub fn table_score(table: &TableWords, words: &[Word], joined: &str) -> f32 {
    let mut score = matched(words, &table.words);
    let (name, wanted) = (singular(&table.joined), singular(joined));
    if wanted == name {
        score = score.max(1.0);
    } else if wanted.len() >= SHORTEST_MISSPELT && one_off(wanted, name) {
        score = score.max(0.84);
    }
    // What the comment says first: "Copies of films that the stores own".
    if score < 0.75 && words.len() == 1 && table.comment.first().is_some_and(|w| w == words[0].stem)
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
        if list && matched(words, &table.words[..table.words.len() - 1]) >= 0.95 {
            score = score.max(0.9);
        } else if head == Some(words[0].stem) {
            score = score.max(0.72);
        }
    }
    // Views say again what tables say.
    if table.is_view { score - 0.15 } else { score }
}

pub fn column_score(lexicon: &Lexicon, id: ColumnId, words: &[Word], joined: &str) -> f32 {
    let (table, column) = (&lexicon.tables[id.table], lexicon.column(id));
    let last = words.last().map_or("", |w| w.stem);
    let mut score = matched(words, &column.words);
    if joined == column.joined || singular(joined) == column.joined {
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
        score = score.max(matched(words, &column.words[table.words.len()..]) - 0.04);
    }
    // "support agent" is the agent of support_tickets.
    if words.len() == 2 && table.words.len() > 1 && table.words.iter().any(|w| *w == words[0].stem)
    {
        score = score.max(matched(&words[1..], &column.words) - 0.1);
    }
    if score < 0.75 {
        score = score.max(partly(words, column));
    }
    // "account number 5007"
    if words.len() > 1
        && matches!(last, "number" | "no")
        && table.key == [id.column]
        && super::labels::is_called_key(column)
        && matched(&words[..words.len() - 1], &table.words) >= 0.95
    {
        score = score.max(0.9);
    }
    let plain_id = last == "id";
    if plain_id
        && table.key == [id.column]
        && (words.len() == 1 || matched(&words[..words.len() - 1], &table.words) >= 0.95)
    {
        score = score.max(0.96);
    }
    // "phone number" is the phone, "hire date" when somebody was hired.
    if let [rest @ .., last] = words
        && !rest.is_empty()
        && is_head(last.stem, column.kind)
    {
        score = score.max(matched(rest, &column.words) - 0.08);
    }
    // "name" is what names a row, whatever the column is called, and of the first and last name both.
    let names = last == "name"
        && (words.len() == 1
            || (words.len() == table.words.len() + 1
                && matched(&words[..table.words.len()], &table.words) >= 0.84));
    if names && table.label.contains(&id.column) && column.kind == ValueKind::Text && !column.is_key
    {
        score = match table.label.first() {
            Some(first) if *first == id.column => score.max(0.86),
            _ => 0.0,
        };
    }
    // "the head of the department", which its head_id names.
    if let [rest @ .., end] = column.words.as_slice()
        && matches!(end.as_str(), "id" | "no" | "number" | "key")
        && words.len() == rest.len()
        && last != "id"
        && lexicon.role(id).is_some()
    {
        return matched(words, rest) - 0.06;
    }
    // A key to another table shows a number; the other table is meant.
    if lexicon.is_foreign_key(id) && plain_id && table.key != [id.column] {
        // The key that it points to is the same, and there without a join.
        score -= 0.06;
    }
    if lexicon.is_foreign_key(id) && !plain_id && !matches!(last, "code" | "number") {
        score -= 0.25;
    }
    if table.is_view {
        score -= 0.15;
    }
    score
}

/// How well words of a question spell a name: all of them, in any order.
fn matched(words: &[Word], name: &[String]) -> f32 {
    if name.is_empty() {
        return 0.0;
    }
    if words.len() != name.len() {
        // "surname" is a last name.
        let same = words.len() + name.len() <= LONGEST_PHRASES && {
            let words: Vec<&str> = words.iter().map(|w| w.stem).collect();
            are_synonyms(&words.join(" "), &name.join(" "))
        };
        return if same { 0.86 } else { 0.0 };
    }
    let (mut least, mut sum): (f32, f32) = (1.0, 0.0);
    for (i, word) in words.iter().enumerate() {
        let here = word.similar(&name[i]);
        let anywhere = name.iter().map(|n| word.similar(n)).fold(0.0, f32::max) - 0.02;
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
pub fn one_off(a: &str, b: &str) -> bool {
    // Most pairs are told apart by their bytes; one letter is up to four.
    let letter = if a.is_ascii() && b.is_ascii() { 1 } else { 4 };
    if a.len().abs_diff(b.len()) > letter {
        return false;
    }
    let before = a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b);
    let behind = a.bytes().rev().zip(b.bytes().rev());
    let same = before.count() + behind.take_while(|(a, b)| a == b).count();
    same + 2 * letter >= a.len().max(b.len()) && strsim::damerau_levenshtein(a, b) == 1
}

/// How much two stems are alike; only [`Index::word`] finds those that are.
pub fn similar(word: &str, name: &str) -> f32 {
    if word == name {
        1.0
    } else if word.len().min(name.len()) >= SHORTEST_MISSPELT && one_off(word, name) {
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
fn partly(words: &[Word], column: &Column) -> f32 {
    // These say which, not what.
    const VAGUE: &[&str] = &[
        "first", "last", "middl", "new", "total", "high", "low", "start", "end", "other", "one",
        "day", "onli", "top",
    ];
    if column.is_key
        && matches!(words, [word] if word.stem == "code")
        && column.words.last().is_some_and(|w| w == "code")
    {
        return 0.7;
    }
    if column.is_key || words.iter().all(|w| VAGUE.contains(&w.stem)) {
        return 0.0;
    }
    let name = &column.words;
    let inside = words
        .iter()
        .all(|w| name.iter().any(|n| w.similar(n) >= 0.84));
    if inside && words.len() < name.len() {
        let head = name
            .last()
            .zip(words.last())
            .is_some_and(|(n, w)| w.similar(n) >= 0.84);
        let begins = words.iter().zip(name).all(|(w, n)| w.similar(n) >= 0.84);
        return match (head, begins) {
            (true, _) => 0.76,
            (_, true) => 0.66,
            _ => 0.6,
        };
    }
    let comment = &column.comment[..column.comment.len().min(COMMENT_WORDS)];
    // What a comment says of a flag may be its no.
    if !comment.is_empty()
        && column.kind != ValueKind::Bool
        && words
            .iter()
            .all(|w| w.stem.len() > 3 && comment.iter().any(|c| c == w.stem))
    {
        return 0.58;
    }
    0.0
}
