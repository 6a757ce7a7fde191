//! Schema linking: which tables, columns and values the words of a question may mean, with how sure
//! that is.

use super::index::{COMMENT_WORDS, Index, Word, singular};
use super::lexicon::{Column, ColumnId, Lexicon, TableWords, ValueKind};
use super::vocabulary::{are_near, are_synonyms, is_neutral};
use super::words::{Kind, Token, root};

/// Below this a match is no match.
const LEAST: f32 = 0.55;
/// Bytes from which on a word may be another with a letter wrong.
pub const SHORTEST_MISSPELT: usize = 6;
/// Words of two phrases of one meaning, together.
pub const LONGEST_PHRASES: usize = 5;
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
    // "lecturers" is rather a rank that instructors have than another word for them.
    let spelt = found
        .iter()
        .any(|l| matches!(l.target, Target::Value(..)) && l.score >= 0.84);
    for link in found.iter_mut().filter(|_| spelt) {
        let other = match link.target {
            Target::Value(..) => false,
            Target::Column(c) => lexicon.column(c).kind != ValueKind::Bool,
            Target::Table(_) => true,
        };
        if other && link.score < 0.95 {
            link.score -= 0.1;
        }
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
    let phrasal = matches!(span, [verb, with] if with.is("in") && !edge(verb));
    if span.len() > 1
        && !phrasal
        && (span.first().is_some_and(edge) || span.last().is_some_and(edge))
    {
        return;
    }
    let stems: Vec<&str> = span
        .iter()
        .filter(|t| !t.is_any(&["of", "the", "a"]))
        .map(|t| t.stem.as_str())
        .collect();
    let (Some(first), Some(last)) = (stems.first(), stems.last()) else {
        return;
    };
    let joined: String = span.iter().map(|t| t.lower.as_str()).collect();
    let index = &lexicon.index;
    let (first, last) = (index.word(first), index.word(last));
    let tables = tables_to_score(index, &first, &stems, &joined);
    let mut columns = columns_to_score(lexicon, &first, &last, &stems, &joined);
    // "signed up" on signup_date.
    let particle = |t: &Token| t.is_any(&["up", "in", "out", "off"]);
    let phrasal = match span {
        [verb, with] if particle(with) => Some(format!("{}{}", verb.stem, with.lower)),
        _ => None,
    };
    let phrasal = phrasal.as_deref().map(|p| index.word(p));
    if let Some(phrasal) = &phrasal {
        columns.extend(phrasal.columns());
        columns.sort_unstable();
        columns.dedup();
    }
    let words: Vec<Word> = stems.iter().map(|stem| index.word(stem)).collect();
    // Any word for people means the one table that is of them, or their number.
    let anyone = matches!(span, [t] if t.is_any(&["people", "person", "persons", "someone", "somebody", "everyone", "everybody", "anyone"]));
    if anyone && tables.is_empty() && columns.is_empty() {
        let people = (0..lexicon.tables.len()).filter(|t| lexicon.is_person(*t));
        let people: Vec<usize> = people.collect();
        if let [only] = people.as_slice() {
            found.push(Link {
                target: Target::Table(*only),
                score: 0.84,
            });
        }
        if span[0].is("people") {
            let counts = lexicon.columns().filter(|(_, c)| {
                c.kind == ValueKind::Number && c.words.iter().any(|w| w == "popul")
            });
            found.extend(counts.map(|(id, _)| Link {
                target: Target::Column(id),
                score: 0.82,
            }));
        }
        return;
    }
    for t in tables {
        let score = table_score(&lexicon.tables[t], &words, &joined);
        if score >= LEAST {
            found.push(Link {
                target: Target::Table(t),
                score,
            });
        }
    }
    for id in columns {
        let mut score = column_score(lexicon, id, &words, &joined);
        // "rented" is no rental rate.
        let past = matches!(span, [t] if is_past(&t.lower));
        let column = lexicon.column(id);
        let year = column.words.iter().any(|w| w == "year") || column.words.len() == 1;
        if past && column.kind == ValueKind::Number && !year && score < 0.8 {
            continue;
        }
        let said = |p: &Word| {
            lexicon
                .column(id)
                .words
                .iter()
                .any(|w| p.similar(w) >= 0.85)
        };
        if phrasal.as_ref().is_some_and(said) {
            score = score.max(0.85);
        }
        if score >= LEAST {
            found.push(Link {
                target: Target::Column(id),
                score,
            });
        }
    }
}

/// Whether a word says what was done.
pub fn is_past(word: &str) -> bool {
    (word.len() > 4 && word.ends_with("ed"))
        || matches!(
            word,
            "sold"
                | "paid"
                | "bought"
                | "spent"
                | "won"
                | "written"
                | "wrote"
                | "made"
                | "taken"
                | "born"
                | "lost"
        )
}

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

/// The tables that the words may mean; the others score nothing. In order.
fn tables_to_score(index: &Index, first: &Word, stems: &[&str], joined: &str) -> Vec<usize> {
    let mut tables: Vec<usize> = first.tables().collect();
    tables.extend(index.tables_called(joined));
    tables.extend(index.tables_misspelt(joined));
    tables.extend(index.tables_told_by(first.stem));
    tables.extend(index.tables_meant_by(stems));
    tables.sort_unstable();
    tables.dedup();
    tables
}

/// The columns that the words may mean; the others score nothing. In order.
fn columns_to_score(
    lexicon: &Lexicon,
    first: &Word,
    last: &Word,
    stems: &[&str],
    joined: &str,
) -> Vec<ColumnId> {
    let index = &lexicon.index;
    let mut columns: Vec<ColumnId> = first.columns().collect();
    columns.extend(index.columns_called(joined));
    columns.extend(index.columns_called(singular(joined)));
    columns.extend(index.columns_told_by(first.stem));
    // The table's words may come before the column's, and "name" after them.
    for from in 0..stems.len() {
        columns.extend(index.columns_meant_by(&stems[from..]));
    }
    columns.extend(index.columns_meant_by(&stems[..stems.len() - 1]));
    let one = |table: usize, columns: &[usize]| match columns {
        [column] => Some(ColumnId {
            table,
            column: *column,
        }),
        _ => None,
    };
    if stems.len() == 1 {
        // Whatever they are called.
        let tables = lexicon.tables.iter().enumerate();
        match first.stem {
            "id" => columns.extend(tables.filter_map(|(t, table)| one(t, &table.key))),
            "name" => columns.extend(
                tables.filter_map(|(t, table)| one(t, &table.label[..1.min(table.label.len())])),
            ),
            _ => {}
        }
    } else {
        let mut tables: Vec<usize> = first.tables().collect();
        tables.sort_unstable();
        tables.dedup();
        columns.extend(
            last.columns()
                .filter(|id| tables.binary_search(&id.table).is_ok()),
        );
        if last.stem == "name" {
            let labels = tables.iter().filter_map(|&t| {
                let label = &lexicon.tables[t].label;
                one(t, &label[..1.min(label.len())])
            });
            columns.extend(labels);
        }
        if matches!(last.stem, "id" | "number" | "no") {
            let keys = tables
                .iter()
                .filter_map(|&t| one(t, &lexicon.tables[t].key));
            columns.extend(keys);
        }
    }
    columns.sort_unstable();
    columns.dedup();
    columns
}

fn table_score(table: &TableWords, words: &[Word], joined: &str) -> f32 {
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

fn column_score(lexicon: &Lexicon, id: ColumnId, words: &[Word], joined: &str) -> f32 {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::offline::fixture::Fixture;
    use crate::offline::words::tokens;

    #[test]
    fn the_index_leaves_out_nothing_that_a_look_at_every_name_finds() {
        let lexicon = Fixture::new(
            "film(*film_id integer, title text, replacement_cost numeric, film_length integer)
             rental(*rental_id integer, film_id integer, rented_at timestamp, last_name text)
             tv_channel(*id integer, name text, country_code text)
             staff_member(*id integer, first_name text, surname text, birth_date date)
             model_list(*model_id integer, makers text, horsepower numeric)",
        )
        .key("rental.film_id", "film.film_id")
        .lexicon();
        let words =
            "movie replacment rentla channel id name surname last code models first employee";
        let words: Vec<&str> = words.split(' ').collect();
        let pairs = words
            .iter()
            .flat_map(|a| words.iter().map(move |b| format!("{a} {b}")));
        let phrases = pairs.chain(words.iter().map(|word| (*word).to_owned()));
        for phrase in phrases.chain([
            "staff member last name".to_owned(),
            "horse power".to_owned(),
        ]) {
            let span = tokens(&phrase);
            let mut found = Vec::new();
            schema_links(&lexicon, &span, &mut found);
            let likes: Vec<Word> = span.iter().map(|t| lexicon.index.word(&t.stem)).collect();
            let joined = phrase.replace(' ', "");
            let tables = (0..lexicon.tables.len()).map(|t| Link {
                target: Target::Table(t),
                score: table_score(&lexicon.tables[t], &likes, &joined),
            });
            let columns = lexicon.columns().map(|(id, _)| Link {
                target: Target::Column(id),
                score: column_score(&lexicon, id, &likes, &joined),
            });
            let mut every: Vec<Link> = tables.chain(columns).collect();
            every.retain(|l| l.score >= LEAST);
            assert_eq!(found, every, "{phrase}");
        }
    }

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
