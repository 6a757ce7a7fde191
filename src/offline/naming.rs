//! A relation as words: its names cut apart, short forms written out, its comments, and what its columns hold.

use std::collections::HashSet;

use super::codes;
use super::lexicon::{Column, TableWords, ValueKind};
use super::vocabulary::{self, COMMON};
use super::words::{self, parts, segmented, stem};
use crate::schema::catalog::{ColumnDef, Relation, RelationKind};

pub fn table(relation: &Relation, shared: usize, known: &HashSet<String>) -> TableWords {
    let name = relation.name.get(shared..).unwrap_or(&relation.name);
    let prefix = shared_prefix(relation.columns.iter().map(|c| c.name.as_str()));
    let mut table_words = words_of(name, known);
    // "directed_by", "cast_in"
    while table_words.len() > 1
        && matches!(
            table_words.last().map(String::as_str),
            Some("by" | "in" | "at" | "for" | "with")
        )
    {
        table_words.pop();
    }
    let columns = relation
        .columns
        .iter()
        .map(|column| {
            let short = column
                .name
                .get(prefix..)
                .filter(|s| !s.is_empty())
                .unwrap_or(&column.name);
            let words = words_of(short, known);
            let last = words.last().map(String::as_str);
            let flag = Some(kind(column))
                .filter(|k| *k == ValueKind::Text && column.values.len() < codes::COMPLETE)
                .and_then(|_| codes::flag(&column.values));
            let values = match column.values.len() < codes::COMPLETE {
                true => column.values.as_slice(),
                false => &[],
            };
            let values = match column.labels.is_empty() {
                true => values,
                false => &column.labels,
            };
            Column {
                kind: match flag {
                    Some(_) => ValueKind::Bool,
                    None => kind(column),
                },
                codes: codes::codes(&words, values, column.comment.as_deref()),
                flag,
                is_written: false,
                is_nullable: !column.not_null,
                is_key: relation.primary_key == [column.name.clone()]
                    || matches!(last, Some("id" | "uuid" | "key" | "guid")),
                joined: short.to_lowercase().replace('_', ""),
                words,
                comment: comment(column.comment.as_deref()),
                name: column.name.clone(),
                labels: column.labels.clone(),
            }
        })
        .collect();
    let position = |name: &String| relation.columns.iter().position(|c| c.name == *name);
    TableWords {
        sql_name: relation.sql_name(),
        name: relation.name.clone(),
        joined: name.to_lowercase().replace('_', ""),
        words: table_words,
        comment: comment(relation.comment.as_deref()),
        columns,
        key: relation.primary_key.iter().filter_map(position).collect(),
        unique: [&relation.primary_key]
            .into_iter()
            .chain(&relation.unique_keys)
            .filter(|names| names.len() == 1)
            .filter_map(|names| position(&names[0]))
            .collect(),
        repeats: Vec::new(),
        is_seen: !relation.primary_key.is_empty(),
        label: Vec::new(),
        rows: relation.rows,
        is_view: matches!(
            relation.kind,
            RelationKind::View | RelationKind::MaterializedView
        ),
    }
}

fn comment(text: Option<&str>) -> Vec<String> {
    words::tokens(text.unwrap_or_default())
        .into_iter()
        .map(|t| t.stem)
        .collect()
}

/// Stems of a name's words, short forms written out.
fn words_of(name: &str, known: &HashSet<String>) -> Vec<String> {
    parts(name)
        .into_iter()
        .flat_map(|part| {
            let part = vocabulary::expanded(&part).to_owned();
            if part.contains(' ') {
                return part.split(' ').map(str::to_owned).collect();
            }
            let whole = part.len() <= 4 || COMMON.contains(part.as_str());
            let cut = if whole {
                None
            } else {
                segmented(&part, &|w| known.contains(w) && w != part)
            };
            cut.unwrap_or_else(|| vec![part])
        })
        .map(|part| match part.as_str() {
            // "n_visits"
            "n" if name.len() > 1 => "number".to_owned(),
            _ => part,
        })
        .filter(|part| !matches!(part.as_str(), "of" | "the"))
        .map(|part| stem(vocabulary::expanded(&part)))
        .collect()
}

/// How many bytes all names begin with alike, when that is a prefix and not a word of theirs.
pub fn shared_prefix<'a>(names: impl Iterator<Item = &'a str>) -> usize {
    let names: Vec<&str> = names.collect();
    let Some(first) = names.first().filter(|_| names.len() >= 3) else {
        return 0;
    };
    let length = names.iter().fold(first.len(), |length, name| {
        first
            .bytes()
            .zip(name.bytes())
            .take(length)
            .take_while(|(a, b)| a == b)
            .count()
    });
    // "state", "status", "stage" begin alike by chance.
    let are_words = !first.get(..length).is_some_and(|p| p.ends_with('_'))
        && names.iter().any(|n| COMMON.contains(n));
    if length >= 2
        && !are_words
        && first.is_char_boundary(length)
        && names.iter().all(|n| n.len() > length)
    {
        length
    } else {
        0
    }
}

fn kind(column: &ColumnDef) -> ValueKind {
    let base = column
        .type_name
        .split('(')
        .next()
        .unwrap_or_default()
        .trim();
    if column.type_name.ends_with("[]") {
        return ValueKind::Other;
    }
    match base {
        "smallint" | "integer" | "bigint" | "numeric" | "real" | "double precision" | "money" => {
            ValueKind::Number
        }
        "text" | "character varying" | "character" | "citext" | "name" => ValueKind::Text,
        "boolean" => ValueKind::Bool,
        base if base == "date" || base.starts_with("timestamp") => ValueKind::Date,
        _ if !column.labels.is_empty() => ValueKind::Text,
        _ => ValueKind::Other,
    }
}
