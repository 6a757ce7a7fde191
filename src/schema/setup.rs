//! `pgagent setup`: extensions and tables. Does what it can, and says who must do the rest.

use std::borrow::Cow;

use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::{PgConnection, SqlSafeStr};

use crate::db::{DbError, Pool};

/// Something that could not be made, and the statement that makes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub what: String,
    pub mend: String,
}

/// What setup found and did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SetupReport {
    /// One line for each thing that is now there.
    pub done: Vec<String>,
    pub problems: Vec<Problem>,
}

/// Makes extensions and tables in the memory database; running it again changes nothing.
///
/// # Errors
/// Only when the database cannot be reached or breaks off; what it refuses is in the report.
pub async fn setup(memory: &Pool) -> Result<SetupReport, DbError> {
    let mut connection = memory.get().await?;
    let mut report = SetupReport::default();
    let db = connection.as_mut()?;
    extension(
        db,
        "vector",
        "pgvector",
        "retrieval then works on trigrams and text alone",
        &mut report,
    )
    .await?;
    extension(
        db,
        "pg_trgm",
        "pg_trgm",
        "retrieval then does without trigrams",
        &mut report,
    )
    .await?;
    tables(db, &mut report).await?;
    connection.give_back();
    Ok(report)
}

async fn extension(
    db: &mut PgConnection,
    name: &str,
    product: &str,
    without: &str,
    report: &mut SetupReport,
) -> Result<(), DbError> {
    let (installed, available): (Option<String>, Option<String>) = sqlx::query_as(
        "SELECT (SELECT extversion FROM pg_catalog.pg_extension WHERE extname = $1), \
                (SELECT default_version FROM pg_catalog.pg_available_extensions WHERE name = $1)",
    )
    .bind(name)
    .persistent(false)
    .fetch_one(&mut *db)
    .await?;
    if let Some(version) = installed {
        report
            .done
            .push(format!("extension {name} {version} is there"));
        return Ok(());
    }
    let Some(version) = available else {
        report.problems.push(Problem {
            what: format!("{product} is not installed on the server; {without}"),
            mend: format!(
                "install {product} on the server (see https://github.com/pgvector/pgvector#installation for pgvector; \
                 pg_trgm is in PostgreSQL's contrib package), then run as a superuser: CREATE EXTENSION {name};"
            ),
        });
        return Ok(());
    };
    let statement = match name {
        "vector" => "CREATE EXTENSION IF NOT EXISTS vector",
        _ => "CREATE EXTENSION IF NOT EXISTS pg_trgm",
    };
    match sqlx::raw_sql(statement)
        .execute(&mut *db)
        .await
        .map_err(DbError::from)
    {
        Ok(_) => report
            .done
            .push(format!("extension {name} {version} created")),
        Err(DbError::Server(error)) => report.problems.push(Problem {
            what: format!(
                "extension {name} could not be created: {}; {without}",
                error.message
            ),
            mend: format!("have a superuser run in this database: CREATE EXTENSION {name};"),
        }),
        Err(error) => return Err(error),
    }
    Ok(())
}

async fn tables(db: &mut PgConnection, report: &mut SetupReport) -> Result<(), DbError> {
    let (exists, role, database): (bool, String, String) = sqlx::query_as(
        "SELECT pg_catalog.to_regnamespace('pgagent') IS NOT NULL, \
                quote_ident(current_user), quote_ident(current_database())",
    )
    .persistent(false)
    .fetch_one(&mut *db)
    .await?;
    let made = async {
        // IF NOT EXISTS wants the right even when there is nothing to make.
        if !exists {
            sqlx::raw_sql("CREATE SCHEMA pgagent")
                .execute(&mut *db)
                .await?;
        }
        let before = applied(db).await?;
        migrator().run(&mut *db).await?;
        sqlx::raw_sql("CALL pgagent.add_extension_objects()")
            .execute(&mut *db)
            .await?;
        Ok::<_, DbError>((before, applied(db).await?))
    };
    match made.await {
        Ok((before, after)) if before == after => {
            report.done.push(format!("schema pgagent is there ({after} migrations)"));
        }
        Ok((before, after)) => {
            report.done.push(format!("schema pgagent: {} migrations applied", after - before));
        }
        Err(DbError::Server(error)) => report.problems.push(Problem {
            what: format!("the tables in schema pgagent could not be made: {}", error.message),
            mend: if error.sqlstate == "25006" {
                "the database is read-only: keep pgagent's tables in another one with `--memory-url`".to_owned()
            } else if exists {
                format!("have the schema's owner run: GRANT USAGE, CREATE ON SCHEMA pgagent TO {role};")
            } else {
                format!(
                    "have the database's owner run: GRANT CREATE ON DATABASE {database} TO {role}; \
                     or keep pgagent's tables in another database with `--memory-url`"
                )
            },
        }),
        Err(error) => return Err(error),
    }
    Ok(())
}

async fn applied(db: &mut PgConnection) -> Result<i64, DbError> {
    let there: Option<String> =
        sqlx::query_scalar("SELECT pg_catalog.to_regclass('pgagent.migrations')::text")
            .persistent(false)
            .fetch_one(&mut *db)
            .await?;
    if there.is_none() {
        return Ok(0);
    }
    let count = sqlx::query_scalar("SELECT count(*) FROM pgagent.migrations WHERE success")
        .persistent(false)
        .fetch_one(&mut *db)
        .await?;
    Ok(count)
}

/// Changes when a migration is added.
pub fn fingerprint() -> Vec<u8> {
    migrator()
        .iter()
        .flat_map(|migration| migration.checksum.to_vec())
        .collect()
}

/// The files in `migrations/`, append-only.
fn migrator() -> Migrator {
    let migration = |version, name: &'static str, sql: &'static str| {
        Migration::new(
            version,
            Cow::Borrowed(name),
            MigrationType::Simple,
            sql.into_sql_str(),
            false,
        )
    };
    let mut migrator = Migrator::with_migrations(vec![
        migration(
            1,
            "long term memory",
            include_str!("../../migrations/0001_long_term_memory.sql"),
        ),
        migration(
            2,
            "words and values",
            include_str!("../../migrations/0002_words_and_values.sql"),
        ),
        migration(3, "bare", include_str!("../../migrations/0003_bare.sql")),
    ]);
    migrator.dangerous_set_table_name("pgagent.migrations");
    migrator
}
