//! The guard against its corpora: attacks and honest queries by class, each on a real server, too.

mod corpus;
mod mutations;
mod residue;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use pgagent::config::Secret;
use pgagent::db::{Database, DbError, Limits, Param, Postgres};
use pgagent::sql::{self, Policy};
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::{AssertSqlSafe, Connection, Row, ValueRef};
use tokio_util::sync::CancellationToken;

use crate::support::TestDatabase;

const SCHEMA: &str = include_str!("honest/schema.sql");
const CATALOG: &str = include_str!("catalog.sql");

/// The test server has no PostGIS and is built without XML: these are only read.
const NOT_RUN: &[&str] = &["postgis", "xml"];
/// These give other rows each time.
const NOT_COMPARED: &str = "volatile";

#[test]
fn refuses_every_attack() {
    let mut accepted = Vec::new();
    for (class, statements) in corpus::load("attacks") {
        for statement in statements {
            if sql::check(&statement, &Policy::default()).is_ok() {
                accepted.push(format!("{class}: {statement}"));
            }
        }
    }
    assert!(accepted.is_empty(), "accepted:\n{}", accepted.join("\n"));
}

#[test]
fn accepts_every_honest_query() {
    let mut refused = Vec::new();
    for (class, statements) in corpus::load("honest") {
        for statement in statements {
            if let Err(refusal) = sql::check(&statement, &Policy::default()) {
                refused.push(format!("{class}: {statement}\n    {refusal}"));
            }
        }
    }
    assert!(refused.is_empty(), "refused:\n{}", refused.join("\n"));
}

#[test]
fn the_readme_counts_what_is_there() {
    let mut expected = String::new();
    for (title, folder) in [("attacks", "attacks"), ("honest queries", "honest")] {
        let classes = corpus::load(folder);
        let total: usize = classes.values().map(Vec::len).sum();
        assert!(total >= 300, "{total} {title}");
        let counts: Vec<String> = classes
            .iter()
            .map(|(class, statements)| format!("{} {}", class.replace('_', " "), statements.len()))
            .collect();
        let _ = writeln!(expected, "- **{total} {title}**: {}", counts.join(", "));
    }
    let readme = include_str!("../../README.md");
    assert!(
        readme.contains(&expected),
        "the README should say:\n{expected}"
    );
}

fn text_rows(rows: &[PgRow]) -> Vec<Vec<Option<String>>> {
    rows.iter()
        .map(|row| {
            (0..row.len())
                .map(|i| {
                    let value = row.try_get_raw(i).unwrap();
                    (!value.is_null()).then(|| value.as_str().unwrap().to_owned())
                })
                .collect()
        })
        .collect()
}

async fn rows_of(connection: &mut PgConnection, sql: &str) -> Vec<Vec<Option<String>>> {
    let rows = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))
        .fetch_all(connection)
        .await;
    text_rows(&rows.unwrap_or_else(|e| panic!("{sql}\n{e}")))
}

#[tokio::test]
async fn honest_queries_give_the_same_rows_wrapped() {
    let Some(database) = TestDatabase::create(SCHEMA).await else {
        return;
    };
    let mut connection = PgConnection::connect(&database.url).await.unwrap();
    let mut session = "SET TimeZone = 'UTC'".to_owned();
    session.push_str("; SET extra_float_digits = 1");
    rows_of(&mut connection, &session).await;
    let postgres = Postgres::new(&Secret::new(database.url.clone()), 1).unwrap();
    for (class, statements) in corpus::load("honest") {
        if NOT_RUN.contains(&class.as_str()) {
            continue;
        }
        for statement in statements {
            let checked = sql::check(&statement, &policy()).unwrap();
            let plain = rows_of(&mut connection, &statement).await;
            let wrapped = rows_of(&mut connection, &checked.wrapped(100_000)).await;
            if class == NOT_COMPARED {
                assert_eq!(plain.len(), wrapped.len(), "{statement}");
            } else {
                assert_eq!(plain, wrapped, "{statement}");
            }
            // The whole way of execution, with the catalog and the cost budget.
            let columns = postgres
                .prepare(&checked)
                .await
                .unwrap_or_else(|e| panic!("{statement}\n{e}"));
            let table = run(&postgres, &checked, &columns)
                .await
                .unwrap_or_else(|e| panic!("{statement}\n{e}"));
            let expected = if columns.is_empty() {
                table.row_count()
            } else {
                plain.len()
            };
            assert_eq!(table.row_count(), expected, "{statement}");
        }
    }
    postgres.pool().close().await;
    connection.close().await.unwrap();
    database.drop().await;
}

fn policy() -> Policy {
    Policy::default().with_catalog()
}

async fn run(
    postgres: &Postgres,
    checked: &sql::CheckedSelect,
    columns: &[pgagent::db::ColumnInfo],
) -> Result<pgagent::db::Table, DbError> {
    let none: [Param; 0] = [];
    let limits = Limits {
        max_rows: 100_000,
        ..Limits::default()
    };
    postgres
        .query(checked, columns, &none, &limits, &CancellationToken::new())
        .await
}

#[tokio::test]
async fn the_catalog_tells_what_no_text_shows() {
    let Some(database) = TestDatabase::create(CATALOG).await else {
        return;
    };
    let postgres = Postgres::new(&Secret::new(database.url.clone()), 1).unwrap();
    let mut wrong = Vec::new();
    for statement in corpus::file("attacks_of_the_catalog.sql") {
        match sql::check(&statement, &policy()) {
            Err(_) => {}
            Ok(checked) => match postgres.prepare(&checked).await {
                Err(DbError::Refused(_)) => {}
                other => wrong.push(format!("{statement}: {other:?}")),
            },
        }
    }
    for statement in corpus::file("honest_of_the_catalog.sql") {
        let checked = sql::check(&statement, &policy()).unwrap();
        if let Err(error) = postgres.prepare(&checked).await {
            wrong.push(format!("{statement}: {error}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    postgres.pool().close().await;
    database.drop().await;
}

#[tokio::test]
async fn a_limit_is_added_kept_or_capped_and_order_never_broken() {
    let Some(database) =
        TestDatabase::create("CREATE TABLE n AS SELECT generate_series(1, 100) AS i").await
    else {
        return;
    };
    let postgres = Postgres::new(&Secret::new(database.url.clone()), 1).unwrap();
    let cases: BTreeMap<&str, (&[i64], bool)> = [
        (
            "SELECT i::int8 FROM n ORDER BY i DESC",
            (&[100, 99, 98, 97, 96][..], true),
        ),
        (
            "SELECT i::int8 FROM n ORDER BY i LIMIT 3",
            (&[1, 2, 3], false),
        ),
        (
            "SELECT i::int8 FROM n ORDER BY i LIMIT 5",
            (&[1, 2, 3, 4, 5], false),
        ),
        (
            "SELECT i::int8 FROM n ORDER BY i LIMIT 50",
            (&[1, 2, 3, 4, 5], true),
        ),
        (
            "SELECT i::int8 FROM n ORDER BY i LIMIT ALL",
            (&[1, 2, 3, 4, 5], true),
        ),
        (
            "SELECT i::int8 FROM n ORDER BY i LIMIT NULL OFFSET 97",
            (&[98, 99, 100], false),
        ),
        (
            "SELECT i::int8 FROM n ORDER BY i FETCH FIRST 2 ROWS ONLY",
            (&[1, 2], false),
        ),
        (
            "SELECT i::int8 FROM n ORDER BY i DESC FETCH FIRST 90 ROWS ONLY",
            (&[100, 99, 98, 97, 96], true),
        ),
        (
            "SELECT i::int8 FROM n ORDER BY i / 4 FETCH FIRST ROW WITH TIES",
            (&[1, 2, 3], false),
        ),
        ("SELECT i::int8 FROM n ORDER BY i LIMIT 0", (&[], false)),
        ("VALUES (3::int8), (1), (2) ORDER BY 1", (&[1, 2, 3], false)),
        (
            "(SELECT i::int8 FROM n ORDER BY i DESC LIMIT 2) UNION ALL SELECT 7 LIMIT (1 + 1)",
            (&[100, 99], false),
        ),
        (
            "SELECT i::int8 FROM n ORDER BY i -- LIMIT 1",
            (&[1, 2, 3, 4, 5], true),
        ),
    ]
    .into_iter()
    .collect();
    for (statement, (expected, truncated)) in cases {
        let checked = sql::check(statement, &policy()).unwrap();
        let columns = postgres.prepare(&checked).await.unwrap();
        let limits = Limits {
            max_rows: 5,
            ..Limits::default()
        };
        let table = postgres
            .query(&checked, &columns, &[], &limits, &CancellationToken::new())
            .await
            .unwrap();
        let rows: Vec<String> = (0..table.row_count())
            .flat_map(|row| {
                table
                    .row(row)
                    .map(|cell| cell.to_string())
                    .collect::<Vec<_>>()
            })
            .collect();
        let expected: Vec<String> = expected.iter().map(i64::to_string).collect();
        assert_eq!(
            (rows, table.is_truncated()),
            (expected, truncated),
            "{statement}"
        );
    }
    postgres.pool().close().await;
    database.drop().await;
}

#[tokio::test]
async fn a_large_cell_is_cut_on_the_server_and_a_dear_query_never_starts() {
    let Some(database) = TestDatabase::create("").await else {
        return;
    };
    let postgres = Postgres::new(&Secret::new(database.url.clone()), 1).unwrap();
    let wide = format!("SELECT {}", vec!["repeat('x', 3000000)"; 50].join(", "));
    let checked = sql::check(&wide, &policy()).unwrap();
    let columns = postgres.prepare(&checked).await.unwrap();
    let limits = Limits {
        max_bytes: 1 << 20,
        ..Limits::default()
    };
    let table = postgres
        .query(&checked, &columns, &[], &limits, &CancellationToken::new())
        .await
        .unwrap();
    let bytes: usize = table.row(0).map(|cell| cell.to_string().len()).sum();
    assert!(
        table.is_truncated() && bytes <= limits.max_bytes,
        "{bytes} bytes"
    );

    let dear = "SELECT count(*) FROM generate_series(1, 1000000) a, generate_series(1, 1000000) b";
    let checked = sql::check(dear, &policy()).unwrap();
    let columns = postgres.prepare(&checked).await.unwrap();
    let error = run(&postgres, &checked, &columns).await.unwrap_err();
    assert!(
        matches!(&error, DbError::TooCostly { nodes, .. } if !nodes.is_empty()),
        "{error}"
    );
    postgres.pool().close().await;
    database.drop().await;
}
