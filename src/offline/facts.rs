//! What the rows say about tables that declare no key: which columns tell their rows apart, and which
//! hold nothing but names of another table's rows.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use super::lexicon::ColumnId;
use crate::db::{Cell, Database, Limits};
use crate::schema::catalog::{Catalog, Relation, RelationKind};
use crate::sql::{self, Policy, quote_ident};

/// Tables with more rows are not looked through.
const MOST_ROWS: f64 = 300_000.0;
/// Tables without a key that are looked through.
const MOST_TABLES: usize = 120;
/// Columns of one table, from its first on.
const MOST_COLUMNS: usize = 40;
/// All of it stops after this long, with what it has found.
const TIME: Duration = Duration::from_secs(4);

/// What was found out from rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// Tables that were looked through.
    pub seen: HashSet<usize>,
    /// Columns without nulls whose every value stands once.
    pub unique: HashSet<ColumnId>,
    /// Columns whose values stand twice or more, on the average.
    pub repeats: HashSet<ColumnId>,
    /// Columns all whose values are values of the other, which is unique.
    pub within: HashSet<(ColumnId, ColumnId)>,
}

/// Looks through the tables that declare no key, as far as time allows; an error leaves a table out.
pub async fn look(database: &dyn Database, catalog: &Catalog) -> Facts {
    let deadline = Instant::now() + TIME;
    let mut facts = Facts::default();
    let keyless: Vec<usize> = (0..catalog.relations.len())
        .filter(|&t| is_keyless(&catalog.relations[t]))
        .take(MOST_TABLES)
        .collect();
    for &table in &keyless {
        if Instant::now() >= deadline {
            return facts;
        }
        let relation = &catalog.relations[table];
        let columns = comparable(relation);
        let Some(told) = ask(database, &unique_query(relation, &columns), deadline).await else {
            continue;
        };
        facts.seen.insert(table);
        for (column, answers) in columns.into_iter().zip(told.chunks(2)) {
            let id = ColumnId { table, column };
            match answers {
                [true, _] => facts.unique.insert(id),
                [_, true] => facts.repeats.insert(id),
                _ => false,
            };
        }
    }
    for &table in &keyless {
        if Instant::now() >= deadline {
            break;
        }
        let pairs = pairs(catalog, &facts, table);
        if pairs.is_empty() {
            continue;
        }
        let Some(told) = ask(database, &within_query(catalog, table, &pairs), deadline).await
        else {
            continue;
        };
        let within = pairs.into_iter().zip(told).filter(|(_, yes)| *yes);
        facts.within.extend(within.map(|(pair, _)| pair));
    }
    facts
}

fn is_keyless(relation: &Relation) -> bool {
    let table = matches!(
        relation.kind,
        RelationKind::Table | RelationKind::PartitionedTable | RelationKind::ForeignTable
    );
    table
        && relation.primary_key.is_empty()
        && relation.unique_keys.is_empty()
        && relation.rows.is_none_or(|n| n <= MOST_ROWS)
}

fn is_text(type_name: &str) -> bool {
    ["text", "character", "citext", "name"]
        .iter()
        .any(|t| type_name.starts_with(t))
        && !type_name.ends_with("[]")
}

fn is_whole(type_name: &str) -> bool {
    matches!(
        type_name,
        "smallint" | "integer" | "bigint" | "numeric" | "uuid"
    )
}

/// Columns whose values may tell rows apart.
fn comparable(relation: &Relation) -> Vec<usize> {
    (0..relation.columns.len())
        .take(MOST_COLUMNS)
        .filter(|&c| {
            let type_name = relation.columns[c].type_name.as_str();
            is_text(type_name) || is_whole(type_name)
        })
        .collect()
}

/// Columns of `table` that may hold names of rows: of the same name as a unique one of another table, or
/// texts, which may be called anything.
fn pairs(catalog: &Catalog, facts: &Facts, table: usize) -> Vec<(ColumnId, ColumnId)> {
    let relation = &catalog.relations[table];
    let mut found = Vec::new();
    let mut targets: Vec<ColumnId> = facts.unique.iter().copied().collect();
    targets.sort();
    for column in comparable(relation) {
        let source = ColumnId { table, column };
        let def = &relation.columns[column];
        for &to in targets.iter().filter(|to| to.table != table) {
            let target = &catalog.relations[to.table].columns[to.column];
            let same = def.name.eq_ignore_ascii_case(&target.name);
            let texts = is_text(&def.type_name)
                && is_text(&target.type_name)
                && !facts.unique.contains(&source);
            if (same && def.type_name == target.type_name) || texts {
                found.push((source, to));
            }
        }
    }
    found.truncate(200);
    found
}

fn unique_query(relation: &Relation, columns: &[usize]) -> String {
    let mut query = String::from("SELECT count(*) > 1");
    for &c in columns {
        let name = quote_ident(&relation.columns[c].name);
        let _ = write!(
            query,
            ", count(DISTINCT t.{name}) = count(*), count(DISTINCT t.{name}) * 2 <= count(*)"
        );
    }
    let _ = write!(query, " FROM {} AS t", relation.sql_name());
    query
}

fn within_query(catalog: &Catalog, table: usize, pairs: &[(ColumnId, ColumnId)]) -> String {
    let from = &catalog.relations[table];
    let mut query = String::from("SELECT true");
    for (source, target) in pairs {
        let to = &catalog.relations[target.table];
        let column = quote_ident(&from.columns[source.column].name);
        let _ = write!(
            query,
            ", (SELECT count(DISTINCT t.{column}) > 1 AND bool_and(t.{column} IN (SELECT k.{} FROM {} AS k)) FROM {} AS t WHERE t.{column} IS NOT NULL)",
            quote_ident(&to.columns[target.column].name),
            to.sql_name(),
            from.sql_name(),
        );
    }
    query
}

/// The answers of one row of truth values after the first, if that holds.
async fn ask(database: &dyn Database, query: &str, deadline: Instant) -> Option<Vec<bool>> {
    let query = sql::check(query, &Policy::default()).ok()?;
    let limits = Limits {
        max_rows: 1,
        timeout: deadline.saturating_duration_since(Instant::now()),
        ..Limits::default()
    };
    let infos = database.prepare(&query).await.ok()?;
    let table = database
        .query(&query, &infos, &[], &limits, &CancellationToken::new())
        .await
        .inspect_err(|error| tracing::debug!(%error, "a table without a key is not looked through"))
        .ok()?;
    if table.row_count() != 1 {
        return None;
    }
    let mut row = table
        .row(0)
        .map(|cell| matches!(cell, Cell::Bool(true)))
        .collect::<Vec<bool>>()
        .into_iter();
    row.next().filter(|yes| *yes).map(|_| row.collect())
}
