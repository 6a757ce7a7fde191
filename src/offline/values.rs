//! Values of the data that a question's words spell: found by asking the database.

use std::collections::BTreeSet;
use std::time::Duration;

use super::ask::{Question, cells};
use super::lexicon::{Column, ColumnId, Lexicon, ValueKind};
use super::link::Hit;
use super::vocabulary::{is_linking_verb, is_neutral, places};
use super::words::{Kind, Token};
use crate::db::{Cell, Database, DbError, Param};
use crate::sql::quote_ident;

/// Tables with more rows are not searched for values.
const MOST_ROWS: f64 = 2_000_000.0;
/// Values that one query may find.
const MOST_FOUND: usize = 5_000;
/// Tokens of the longest value.
const LONGEST: usize = 6;

/// Values that are spelt like one of the texts, in any case.
const SPELT: &str = "lower(trim(x.v)) = ANY(CAST($1 AS text[]))";
/// Short values that begin like one of the texts.
const BEGINNING: &str =
    "left(lower(x.v), 1) = ANY(CAST($1 AS text[])) AND length(x.v) BETWEEN 4 AND 40";
/// Shorter words are too much like others.
const SHORTEST_MISSPELT: usize = 5;

/// A stretch of the question that may be a value.
struct Span {
    start: usize,
    end: usize,
    text: String,
    /// Other ways of writing the place that it names.
    places: Vec<&'static str>,
}

fn spans(question: &str, tokens: &[Token]) -> Vec<Span> {
    let mut spans = Vec::new();
    for start in 0..tokens.len() {
        for end in start + 1..=tokens.len().min(start + LONGEST) {
            let span = &tokens[start..end];
            if end - start > 1 && span.iter().any(|t| matches!(t.kind, Kind::Quoted)) {
                break;
            }
            let lonely = end - start == 1;
            let empty = |t: &Token| {
                is_neutral(&t.lower)
                    || t.is_any(&[
                        "of", "in", "by", "for", "and", "or", "to", "with", "from", "on", "at",
                        "which", "what", "who", "how", "many", "than", "more", "most", "each",
                        "per", "not", "no",
                    ])
            };
            let bare = lonely
                && (empty(&tokens[start]) && !(tokens[start].capital && start > 0)
                    || matches!(
                        tokens[start].kind,
                        Kind::Number(_) | Kind::Day | Kind::Punctuation(_)
                    ));
            let framed = !lonely
                && (span.iter().all(empty) || matches!(tokens[end - 1].kind, Kind::Punctuation(_)));
            if bare || framed {
                continue;
            }
            let text = question[tokens[start].start..tokens[end - 1].end].to_lowercase();
            let before_noun = tokens.get(end).is_some_and(|t| {
                t.kind == Kind::Word
                    && !empty(t)
                    && !is_linking_verb(&t.lower)
                    && !t.is_any(&["speaking", "language", "languages", "food", "cuisine"])
            });
            let places = places(&text, before_noun);
            spans.push(Span {
                start,
                end,
                text,
                places,
            });
        }
    }
    spans
}

/// Finds values; errors leave out what could not be searched.
///
/// # Errors
/// What the database says when it cannot be asked at all.
pub async fn find(
    database: &dyn Database,
    lexicon: &Lexicon,
    question: &str,
    tokens: &[Token],
) -> Result<Vec<Hit>, DbError> {
    let spans = spans(question, tokens);
    let mut wanted: BTreeSet<String> = BTreeSet::new();
    for span in &spans {
        wanted.insert(span.text.clone());
        wanted.extend(span.places.iter().map(|p| (*p).to_owned()));
        if span.text.is_ascii() && span.text.len() < 40 {
            wanted.insert(format!("{}s", span.text));
            wanted.extend(span.text.strip_suffix('s').map(str::to_owned));
        }
        if span.text.contains([' ', '-']) {
            wanted.insert(span.text.replace([' ', '-'], "_"));
            wanted.insert(span.text.replace([' ', '_'], "-"));
            wanted.insert(span.text.replace(['-', '_'], " "));
        }
        if span.end - span.start == 1 {
            wanted.insert(tokens[span.start].stem.clone());
            wanted.extend(span.text.strip_suffix("ies").map(|t| format!("{t}y")));
        }
    }
    let mut hits = Vec::new();
    for (id, column) in lexicon.columns() {
        for label in &column.labels {
            add(&mut hits, question, &spans, tokens, id, label);
        }
    }
    let found = search(database, lexicon, SPELT, wanted).await?;
    for (id, value) in &found {
        add(&mut hits, question, &spans, tokens, *id, value);
    }
    Ok(hits)
}

/// Values that are spelt nearly like one of the words that nothing accounts for, where there is only one.
///
/// # Errors
/// What the database says when it cannot be asked at all.
pub async fn near(
    database: &dyn Database,
    lexicon: &Lexicon,
    tokens: &[Token],
    unknown: &[String],
) -> Result<Vec<Hit>, DbError> {
    let words: Vec<(usize, &Token)> = tokens
        .iter()
        .enumerate()
        .filter(|(_, t)| {
            t.lower.len() >= SHORTEST_MISSPELT
                && unknown.iter().any(|w| w.to_lowercase() == t.lower)
        })
        .collect();
    if words.is_empty() {
        return Ok(Vec::new());
    }
    let initials = words.iter().filter_map(|(_, t)| t.lower.chars().next());
    let wanted: BTreeSet<String> = initials.map(String::from).collect();
    let found = search(database, lexicon, BEGINNING, wanted).await?;
    let mut hits = Vec::new();
    for (at, token) in words {
        let mut like = found.iter().filter(|(_, value)| {
            strsim::damerau_levenshtein(&value.trim().to_lowercase(), &token.lower) == 1
        });
        if let (Some((column, value)), None) = (like.next(), like.next()) {
            hits.push(Hit {
                start: at,
                end: at + 1,
                column: *column,
                values: vec![value.clone()],
                score: 0.8,
            });
        }
    }
    Ok(hits)
}

/// The values for which `condition` holds of the texts in `wanted`, in tables that are not too large.
async fn search(
    database: &dyn Database,
    lexicon: &Lexicon,
    condition: &str,
    wanted: BTreeSet<String>,
) -> Result<Vec<(ColumnId, String)>, DbError> {
    let searched: Vec<usize> = (0..lexicon.tables.len())
        .filter(|&t| {
            !lexicon.tables[t].is_view && lexicon.tables[t].rows.is_none_or(|n| n <= MOST_ROWS)
        })
        .collect();
    let question = Question {
        statement: &|tables| statement(lexicon, tables, condition),
        cells: &|&t| cells(lexicon.tables[t].rows, searched_columns(lexicon, t).count()),
        columns: &[("t", "integer"), ("c", "integer"), ("v", "text")],
        params: &[Param::List(wanted.into_iter().map(Some).collect())],
        most_rows: MOST_FOUND,
        timeout: Duration::from_secs(5),
        deadline: None,
    };
    let mut values = Vec::new();
    for (_, told) in question.ask(database, &searched).await? {
        for row in 0..told.row_count() {
            let cells: Vec<Cell> = told.row(row).collect();
            if let [Cell::Int(table), Cell::Int(column), Cell::Text(value)] = cells[..]
                && let (Ok(table), Ok(column)) = (usize::try_from(table), usize::try_from(column))
            {
                values.push((ColumnId { table, column }, value.to_owned()));
            }
        }
    }
    Ok(values)
}

/// The columns of a table that are searched, by their places.
fn searched_columns(lexicon: &Lexicon, table: usize) -> impl Iterator<Item = (usize, &Column)> {
    let columns = lexicon.tables[table].columns.iter().enumerate();
    columns.filter(|(_, c)| c.kind == ValueKind::Text && c.labels.is_empty())
}

/// One scan of each table, whatever the number of its text columns.
fn statement(lexicon: &Lexicon, tables: &[usize], condition: &str) -> Option<String> {
    let mut parts = Vec::new();
    for &table in tables {
        let rows: Vec<String> = searched_columns(lexicon, table)
            .map(|(at, column)| format!("({at}, CAST(t.{} AS text))", quote_ident(&column.name)))
            .collect();
        if !rows.is_empty() {
            parts.push(format!(
                "SELECT {table}, x.c, x.v FROM {} AS t CROSS JOIN LATERAL (VALUES {}) AS x(c, v) WHERE {condition}",
                lexicon.tables[table].sql_name,
                rows.join(", ")
            ));
        }
    }
    if parts.is_empty() {
        return None;
    }
    Some(format!(
        "SELECT DISTINCT u.t, u.c, u.v FROM ({}) AS u(t, c, v)",
        parts.join(" UNION ALL ")
    ))
}

/// The stretches of a question that spell one of these values.
#[cfg(test)]
pub fn spelt(question: &str, tokens: &[Token], values: &[(ColumnId, String)]) -> Vec<Hit> {
    let spans = spans(question, tokens);
    let mut hits = Vec::new();
    for (id, value) in values {
        add(&mut hits, question, &spans, tokens, *id, value);
    }
    hits
}

/// Whether two texts differ by the plural's `s` alone.
fn number_alike(a: &str, b: &str) -> bool {
    a.strip_suffix('s') == Some(b) || b.strip_suffix('s') == Some(a)
}

fn add(
    hits: &mut Vec<Hit>,
    question: &str,
    spans: &[Span],
    tokens: &[Token],
    column: ColumnId,
    value: &str,
) {
    let lower = value.trim().to_lowercase();
    let plain = lower.replace(['_', '-'], " ");
    for span in spans {
        let token = &tokens[span.start];
        let quoted = token.kind == Kind::Quoted;
        let score = if span.text == lower
            || (span.end - span.start > 1 && span.text.replace(['_', '-'], " ") == plain)
            || (span.end - span.start > 1 && number_alike(&span.text, &lower))
        {
            if quoted || span.end - span.start > 1 {
                1.0
            } else if token.capital && span.start > 0 {
                0.97
            } else {
                0.86
            }
        } else if span.end - span.start == 1
            && super::words::stem(&lower) == token.stem
            && !lower.contains(' ')
            && lower.len() > 2
        {
            0.84
        } else if span.places.contains(&lower.as_str()) {
            0.82
        } else {
            continue;
        };
        let same = hits
            .iter_mut()
            .find(|h| h.start == span.start && h.end == span.end && h.column == column);
        let Some(same) = same else {
            hits.push(Hit {
                start: span.start,
                end: span.end,
                column,
                values: vec![value.to_owned()],
                score,
            });
            continue;
        };
        // The spelling of the question wins; otherwise every spelling is meant.
        let written = &question[tokens[span.start].start..tokens[span.end - 1].end];
        if same.score > score + 0.01 || same.values.iter().any(|v| v == written) {
            continue;
        }
        if value == written || score > same.score + 0.01 {
            same.values.clear();
            same.score = score;
        }
        same.values.push(value.to_owned());
    }
}
