//! Joins that nobody declared: a column that is named and typed like another table's key, and whose sampled
//! values all stand in it.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use sqlx::{PgConnection, Row};

use super::catalog::{Catalog, ForeignKey, Relation, RelationKind};
use super::probe;
use super::words::{stem, words};
use crate::db::DbError;
use crate::sql::quote_ident;

/// Guesses that are checked.
const MAX_CHECKS: usize = 1_000;
/// Values of a column that are looked up in the key.
const VALUES: usize = 100;
/// How long one guess is checked for.
const LONGEST: Duration = Duration::from_millis(500);

/// Adds the joins that names suggest and rows do not contradict.
pub async fn add_joins(
    db: &mut PgConnection,
    catalog: &mut Catalog,
    deadline: Instant,
) -> Result<(), DbError> {
    let (guesses, queries): (Vec<ForeignKey>, Vec<String>) = guesses(catalog)
        .into_iter()
        .take(MAX_CHECKS)
        .filter_map(|guess| {
            let query = contained(catalog, &guess)?;
            Some((guess, query))
        })
        .unzip();
    let mut holds = vec![false; guesses.len()];
    probe::ask(db, &queries, deadline, LONGEST, |guess, rows| {
        let all = rows.first().map(|row| row.try_get::<Option<bool>, _>(0));
        holds[guess] = matches!(all, Some(Ok(Some(true))));
    })
    .await?;
    let held = guesses.into_iter().zip(holds).filter(|(_, holds)| *holds);
    catalog.foreign_keys.extend(held.map(|(guess, _)| guess));
    Ok(())
}

/// Columns that are called like a key of one column: `customer_id` like `customer.customer_id`, or like
/// `customer.id`.
fn guesses(catalog: &Catalog) -> Vec<ForeignKey> {
    let mut keys: HashMap<(String, String), Vec<usize>> = HashMap::new();
    for (i, relation) in catalog.relations.iter().enumerate() {
        let [key] = relation.primary_key.as_slice() else {
            continue;
        };
        let table: Vec<String> = words(&relation.name).split(' ').map(stem).collect();
        let key = words(key);
        let mut names = HashSet::from([format!("{} {key}", table.join(" "))]);
        // A bare `id` or `name` says nothing about whose it is.
        if key.contains(' ') {
            names.insert(key);
        }
        for name in names {
            keys.entry((relation.schema.clone(), name))
                .or_default()
                .push(i);
        }
    }
    let declared: HashSet<(usize, &str)> = catalog
        .foreign_keys
        .iter()
        .flat_map(|key| key.columns.iter().map(|column| (key.from, column.as_str())))
        .collect();
    let mut found = Vec::new();
    for (i, relation) in catalog.relations.iter().enumerate() {
        if matches!(
            relation.kind,
            RelationKind::View | RelationKind::ForeignTable
        ) {
            continue;
        }
        for column in &relation.columns {
            if declared.contains(&(i, column.name.as_str())) {
                continue;
            }
            let place = (relation.schema.clone(), words(&column.name));
            // Two tables with such a key are a riddle, not a hint.
            let Some([to]) = keys.get(&place).map(Vec::as_slice) else {
                continue;
            };
            let target: &Relation = &catalog.relations[*to];
            let same_type = target
                .columns
                .iter()
                .any(|c| target.primary_key == [c.name.clone()] && c.type_name == column.type_name);
            if *to != i && same_type {
                found.push(ForeignKey {
                    from: i,
                    columns: vec![column.name.clone()],
                    to: *to,
                    to_columns: target.primary_key.clone(),
                    inferred: true,
                });
            }
        }
    }
    found
}

/// Asks whether some values are there, and all of them stand in the key.
fn contained(catalog: &Catalog, key: &ForeignKey) -> Option<String> {
    let name = |at: usize| {
        let relation = &catalog.relations[at];
        format!(
            "{}.{}",
            quote_ident(&relation.schema),
            quote_ident(&relation.name)
        )
    };
    let column = quote_ident(key.columns.first()?);
    let to_column = quote_ident(key.to_columns.first()?);
    Some(format!(
        "SELECT count(*) > 0 AND bool_and(EXISTS (SELECT FROM {} AS t WHERE t.{to_column} = s.v)) \
         FROM (SELECT {column} AS v FROM {} WHERE {column} IS NOT NULL LIMIT {VALUES}) AS s",
        name(key.to),
        name(key.from)
    ))
}
