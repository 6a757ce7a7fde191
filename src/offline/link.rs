//! Schema linking: which tables, columns and values the words of a question may mean, with how sure
//! that is.

use super::index::{Index, Word, singular};
use super::lexicon::{ColumnId, Lexicon, ValueKind};
use super::score::{column_score, table_score};
use super::vocabulary::is_neutral;
use super::words::{Kind, Token};

/// Below this a match is no match.
pub const LEAST: f32 = 0.55;
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
