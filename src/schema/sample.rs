//! What the rows tell beyond the catalog, from bounded samples: common values of short text columns, keys of
//! JSON columns, and joins that nobody declared. Never from columns that look like secrets or free text.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use sqlx::{AssertSqlSafe, PgConnection};

use super::catalog::{Catalog, ColumnDef, Relation, RelationKind};
use super::infer;
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
/// Columns of one table that are looked at.
const MAX_COLUMNS: usize = 60;

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
    let mut common = common_values(connection.as_mut()?)
        .await
        .unwrap_or_default();
    let mut values = Vec::new();
    for relation in &mut catalog.relations {
        for column in &relation.columns {
            values.extend(
                column
                    .labels
                    .iter()
                    .map(|label| known(relation, column, label)),
            );
        }
        let mut seen = HashMap::new();
        if Instant::now() < deadline {
            match sample_table(connection.as_mut()?, relation).await {
                Ok(found) => seen = found,
                // Another role's rules, a broken foreign table, a column of a type that cannot be read.
                Err(DbError::Server(error)) => {
                    tracing::debug!(table = relation.full_name(), %error.message, "not sampled");
                    end(connection.as_mut()?).await?;
                }
                Err(error) => return Err(error),
            }
        }
        for i in 0..relation.columns.len() {
            let (is_json, is_text) = (
                is_json(&relation.columns[i]),
                readable(&relation.columns[i]),
            );
            let found = seen.remove(&i).unwrap_or_default();
            if is_json {
                relation.columns[i].keys = found;
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
    infer::add_joins(connection.as_mut()?, catalog, deadline).await?;
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

/// By the column's place: the different values of a text column, the most common first, or a JSON column's keys.
async fn sample_table(
    db: &mut PgConnection,
    relation: &Relation,
) -> Result<HashMap<usize, Vec<String>>, DbError> {
    let Some(query) = sampling(relation) else {
        return Ok(HashMap::new());
    };
    sqlx::raw_sql(
        "BEGIN READ ONLY; SET LOCAL statement_timeout = 1000; SET LOCAL lock_timeout = 200",
    )
    .execute(&mut *db)
    .await?;
    let rows: Vec<(i32, String)> = sqlx::query_as(AssertSqlSafe(query))
        .persistent(false)
        .fetch_all(&mut *db)
        .await?;
    end(db).await?;
    let mut found: HashMap<usize, Vec<String>> = HashMap::new();
    for (column, value) in rows {
        if let Ok(column) = usize::try_from(column) {
            found.entry(column).or_default().push(value);
        }
    }
    Ok(found)
}

async fn end(db: &mut PgConnection) -> Result<(), DbError> {
    sqlx::raw_sql("ROLLBACK").execute(&mut *db).await?;
    Ok(())
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
    let mut parts = Vec::new();
    for (i, column) in columns {
        let name = quote_ident(&column.name);
        if is_json(column) {
            selected.push(format!("{name}::pg_catalog.jsonb AS c{i}"));
            parts.push(format!(
                "(SELECT {i}, left(k, {MAX_LETTERS}) FROM s CROSS JOIN LATERAL jsonb_object_keys(CASE jsonb_typeof(c{i}) WHEN 'object' THEN c{i} ELSE '{{}}' END) AS k \
                 GROUP BY k ORDER BY count(*) DESC, k LIMIT 40)"
            ));
        } else {
            let most = MAX_LETTERS + 1;
            selected.push(format!("left({name}::pg_catalog.text, {most}) AS c{i}"));
            parts.push(format!(
                "(SELECT {i}, c{i} FROM s WHERE c{i} <> '' GROUP BY c{i} ORDER BY count(*) DESC, c{i} LIMIT {})",
                MAX_VALUES + 1
            ));
        }
    }
    let mut query = format!(
        "WITH s AS MATERIALIZED (SELECT {} FROM ",
        selected.join(", ")
    );
    let _ = write!(
        query,
        "{}.{} LIMIT {ROWS}) {}",
        quote_ident(&relation.schema),
        quote_ident(&relation.name),
        parts.join(" UNION ALL ")
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
