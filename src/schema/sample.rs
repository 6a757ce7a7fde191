//! What the rows tell beyond the catalog, from bounded samples: common values of short text columns, keys of
//! JSON columns, and joins that nobody declared. Never from columns that look like secrets or free text.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use sqlx::{PgConnection, Row};

use super::catalog::{Catalog, ColumnDef, Relation, RelationKind};
use super::infer;
use super::probe;
use super::values::{KnownValue, fold};
use super::words::words;
use crate::db::{DbError, Pool};
use crate::sql::quote_ident;

/// Rows of one table that are looked at.
const ROWS: usize = 2_000;
/// A column with more different values than this in its sample holds names or free text, not labels.
const MAX_VALUES: usize = 200;
/// Characters of a value that can be a label.
const MAX_LETTERS: usize = 80;
/// Characters that labels have on average at the most; longer ones are free text.
const MAX_AVERAGE: usize = 40;
/// Values that stand in a chunk.
const TYPICAL: usize = 6;
/// Keys of a JSON column that are told.
const MAX_KEYS: usize = 40;
/// Columns of one table that are looked at.
const MAX_COLUMNS: usize = 60;
/// How long one table is sampled for.
const LONGEST: Duration = Duration::from_secs(1);

/// Words in names of columns whose values are nobody's business.
const SECRET: &[&str] = &[
    "auth",
    "bank",
    "birthday",
    "card",
    "credential",
    "credentials",
    "credit",
    "cvc",
    "cvv",
    "dob",
    "email",
    "fingerprint",
    "hash",
    "iban",
    "key",
    "mail",
    "otp",
    "passcode",
    "passport",
    "passwd",
    "password",
    "phone",
    "pin",
    "private",
    "pwd",
    "salt",
    "secret",
    "session",
    "signature",
    "ssn",
    "tax",
    "token",
];

/// Whether a column's name says that its values should not be read.
pub fn looks_secret(name: &str) -> bool {
    let spelt = words(name);
    let joined = spelt.replace(' ', "");
    spelt.split(' ').any(|word| SECRET.contains(&word))
        || [
            "password",
            "passwd",
            "apikey",
            "secret",
            "token",
            "creditcard",
        ]
        .iter()
        .any(|part| joined.contains(part))
}

fn is_text(column: &ColumnDef) -> bool {
    let base = column.domain_of.as_deref().unwrap_or(&column.type_name);
    let name = base.split('(').next().unwrap_or(base).trim();
    matches!(
        name,
        "text" | "character varying" | "character" | "citext" | "name" | "bpchar"
    )
}

fn is_json(column: &ColumnDef) -> bool {
    matches!(column.type_name.as_str(), "json" | "jsonb")
}

/// Adds what samples tell to the catalog, until `patience` is over, and gives all values that were seen.
/// A table that cannot be sampled is left out.
///
/// # Errors
/// Only a database that cannot be reached.
pub async fn sample(
    pool: &Pool,
    catalog: &mut Catalog,
    patience: Duration,
) -> Result<Vec<KnownValue>, DbError> {
    let deadline = Instant::now() + patience;
    let mut connection = pool.get().await?;
    let db = connection.as_mut()?;
    // A sample of a small table is the table.
    let is_larger = |r: &Relation| r.rows.is_some_and(|rows| rows > ROWS as f64);
    let mut common = match catalog.relations.iter().any(is_larger) {
        true => common_values(db).await.unwrap_or_default(),
        false => HashMap::new(),
    };
    let mut seen = sample_tables(db, catalog, deadline).await?;
    let mut values = Vec::new();
    for (at, relation) in catalog.relations.iter_mut().enumerate() {
        for column in &relation.columns {
            values.extend(
                column
                    .labels
                    .iter()
                    .map(|label| known(relation, column, label)),
            );
        }
        let mut seen = seen.remove(&at).unwrap_or_default();
        for i in 0..relation.columns.len() {
            let (is_json, is_text) = (
                is_json(&relation.columns[i]),
                readable(&relation.columns[i]),
            );
            let found = seen.remove(&i).unwrap_or_default();
            if is_json {
                relation.columns[i].keys = found.into_iter().take(MAX_KEYS).collect();
            } else if is_text {
                let place = (
                    relation.schema.clone(),
                    relation.name.clone(),
                    relation.columns[i].name.clone(),
                );
                let labels = labels(found, common.remove(&place).unwrap_or_default());
                values.extend(
                    labels
                        .iter()
                        .map(|value| known(relation, &relation.columns[i], value)),
                );
                relation.columns[i].values = labels.into_iter().take(TYPICAL).collect();
            }
        }
    }
    infer::add_joins(db, catalog, deadline).await?;
    connection.give_back();
    Ok(values)
}

fn readable(column: &ColumnDef) -> bool {
    is_text(column) && !looks_secret(&column.name)
}

fn known(relation: &Relation, column: &ColumnDef, value: &str) -> KnownValue {
    KnownValue {
        schema: relation.schema.clone(),
        table: relation.name.clone(),
        column: column.name.clone(),
        folded: fold(value),
        value: value.to_owned(),
    }
}

/// The sampled values if they are labels, then the common ones of the statistics.
fn labels(sampled: Vec<String>, common: Vec<String>) -> Vec<String> {
    let mut kept = if is_labels(&sampled) {
        sampled
    } else {
        Vec::new()
    };
    if is_labels(&common) {
        kept.extend(common);
    }
    let mut seen = std::collections::HashSet::new();
    kept.retain(|value| {
        value.chars().count() <= MAX_LETTERS
            && !fold(value).is_empty()
            && seen.insert(value.clone())
    });
    kept.truncate(MAX_VALUES);
    kept
}

fn is_labels(values: &[String]) -> bool {
    let letters: usize = values.iter().map(|value| value.chars().count()).sum();
    values.len() <= MAX_VALUES && letters <= MAX_AVERAGE * values.len()
}

type Place = (String, String, String);

/// The most common values by the server's statistics, of columns that this role may read.
async fn common_values(db: &mut PgConnection) -> Result<HashMap<Place, Vec<String>>, DbError> {
    let rows: Vec<(String, String, String, Vec<String>)> =
        sqlx::query_as(include_str!("queries/common_values.sql"))
            .persistent(false)
            .fetch_all(&mut *db)
            .await?;
    Ok(rows
        .into_iter()
        .filter(|(_, _, column, _)| !looks_secret(column))
        .map(|(schema, table, column, values)| ((schema, table, column), values))
        .collect())
}

/// What one table's sample shows, by the column's place: the different values of a text column, the most
/// common first, or a JSON column's keys.
type Seen = HashMap<usize, Vec<String>>;

/// By the relation's place.
async fn sample_tables(
    db: &mut PgConnection,
    catalog: &Catalog,
    deadline: Instant,
) -> Result<HashMap<usize, Seen>, DbError> {
    let (places, queries): (Vec<usize>, Vec<String>) = catalog
        .relations
        .iter()
        .enumerate()
        .filter_map(|(at, relation)| Some((at, sampling(relation)?)))
        .unzip();
    let mut found = HashMap::with_capacity(places.len());
    probe::ask(db, &queries, deadline, LONGEST, |query, rows| {
        let mut seen = Seen::new();
        for row in rows {
            let column = row.try_get::<i32, _>(0).ok();
            let column = column.and_then(|column| usize::try_from(column).ok());
            if let (Some(column), Ok(value)) = (column, row.try_get(1)) {
                seen.entry(column).or_default().push(value);
            }
        }
        found.insert(places[query], seen);
    })
    .await?;
    Ok(found)
}

/// One statement for all columns of a table that are worth it.
fn sampling(relation: &Relation) -> Option<String> {
    // A view may compute anything, a foreign table may be far away.
    if matches!(
        relation.kind,
        RelationKind::View | RelationKind::ForeignTable
    ) {
        return None;
    }
    let columns: Vec<(usize, &ColumnDef)> = relation
        .columns
        .iter()
        .enumerate()
        .filter(|(_, column)| readable(column) || (is_json(column) && !looks_secret(&column.name)))
        .take(MAX_COLUMNS)
        .collect();
    if columns.is_empty() {
        return None;
    }
    let mut selected = Vec::new();
    let mut texts = Vec::new();
    let mut parts = Vec::new();
    // One collation for all, as one column holds them.
    for (i, column) in columns {
        let name = quote_ident(&column.name);
        if is_json(column) {
            selected.push(format!("{name}::pg_catalog.jsonb AS c{i}"));
            parts.push(format!(
                "SELECT {i}, left(k, {MAX_LETTERS}) COLLATE \"C\" \
                 FROM jsonb_object_keys(CASE jsonb_typeof(c{i}) WHEN 'object' THEN c{i} ELSE '{{}}' END) AS k"
            ));
        } else {
            let most = MAX_LETTERS + 1;
            selected.push(format!(
                "left({name}::pg_catalog.text, {most}) COLLATE \"C\" AS c{i}"
            ));
            texts.push(format!("({i}, c{i})"));
        }
    }
    if !texts.is_empty() {
        parts.push(format!("VALUES {}", texts.join(", ")));
    }
    // One aggregate, not one a column: planning took longer than the rows.
    let query = format!(
        "SELECT i, v FROM (SELECT i, v, row_number() OVER (PARTITION BY i ORDER BY count(*) DESC, v) AS place \
           FROM (SELECT {} FROM {}.{} LIMIT {ROWS}) AS s CROSS JOIN LATERAL ({}) AS cell(i, v) \
           WHERE v <> '' GROUP BY i, v) AS counted \
         WHERE place <= {} ORDER BY i, place",
        selected.join(", "),
        quote_ident(&relation.schema),
        quote_ident(&relation.name),
        parts.join(" UNION ALL "),
        MAX_VALUES + 1
    );
    Some(query)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_known_by_their_names() {
        for name in [
            "password",
            "passwordHash",
            "api_key",
            "APIKEY",
            "cust_email",
            "userpassword",
            "SSN",
            "access_token",
        ] {
            assert!(looks_secret(name), "{name}");
        }
        for name in [
            "name",
            "status",
            "keyword",
            "monkey",
            "pinned",
            "cardinality",
            "country",
        ] {
            assert!(!looks_secret(name), "{name}");
        }
    }

    #[test]
    fn free_text_and_names_without_end_are_no_labels() {
        let many: Vec<String> = (0..=MAX_VALUES).map(|n| n.to_string()).collect();
        assert_eq!(labels(many, vec!["Oslo".to_owned()]), ["Oslo"]);
        assert_eq!(labels(vec!["word ".repeat(12)], Vec::new()), [""; 0]);
    }
}
