//! Small questions to the rows themselves, many in one message: a schema has hundreds of tables, and waiting
//! for each answer costs more than the answers do.

use std::time::{Duration, Instant};

use sqlx::postgres::{PgConnection, PgRow};

use crate::db::{DbError, script};

/// Questions in one message.
const TOGETHER: usize = 32;
/// Time for one of many; one that needs more is asked again by itself.
const SHORT: Duration = Duration::from_millis(100);

/// Asks all `queries` until the deadline, none for longer than `longest`, and gives `take` each that was
/// answered with its place. What fails is left out: another role's rules, a broken foreign table, a type
/// that cannot be read.
///
/// # Errors
/// Only a database that is gone.
pub async fn ask(
    db: &mut PgConnection,
    queries: &[String],
    deadline: Instant,
    longest: Duration,
    mut take: impl FnMut(usize, Vec<PgRow>),
) -> Result<(), DbError> {
    for (batch, together) in queries.chunks(TOGETHER).enumerate() {
        let first = batch * TOGETHER;
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(());
        }
        let share = (left / together.len() as u32).clamp(SHORT, longest);
        if let Some(answers) = transaction(db, together, share).await? {
            for (i, rows) in answers.into_iter().enumerate() {
                take(first + i, rows);
            }
            continue;
        }
        for (i, query) in together.iter().enumerate() {
            if Instant::now() >= deadline {
                return Ok(());
            }
            let alone = transaction(db, std::slice::from_ref(query), longest).await?;
            if let Some(rows) = alone.and_then(|mut answers| answers.pop()) {
                take(first + i, rows);
            }
        }
    }
    Ok(())
}

/// The rows of each query; nothing when one of them failed.
async fn transaction(
    db: &mut PgConnection,
    queries: &[String],
    timeout: Duration,
) -> Result<Option<Vec<Vec<PgRow>>>, DbError> {
    let text = format!(
        "BEGIN READ ONLY; SET LOCAL statement_timeout = {}; SET LOCAL lock_timeout = 200; {}; ROLLBACK",
        timeout.as_millis().max(1),
        queries.join("; ")
    );
    match script::run(db, text).await {
        // What BEGIN, SET and ROLLBACK give is nothing.
        Ok(results) => Ok(Some(
            results.into_iter().skip(3).take(queries.len()).collect(),
        )),
        Err(DbError::Server(error)) => {
            tracing::debug!(%error.message, "not sampled");
            sqlx::raw_sql("ROLLBACK").execute(&mut *db).await?;
            Ok(None)
        }
        Err(error) => Err(error),
    }
}
