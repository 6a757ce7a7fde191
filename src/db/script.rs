//! Several statements of our own in one message: one wait for the server instead of two for each.

use futures::TryStreamExt;
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::{AssertSqlSafe, Either, FromRow};

use super::DbError;

/// Runs statements that take no parameters, by the simple protocol, and gives the rows of each.
///
/// # Errors
/// What the server says against one of them; those after it did not run.
pub async fn run(db: &mut PgConnection, script: String) -> Result<Vec<Vec<PgRow>>, DbError> {
    let mut results = Vec::new();
    let mut rows = Vec::new();
    let mut stream = sqlx::raw_sql(AssertSqlSafe(script)).fetch_many(db);
    while let Some(next) = stream.try_next().await? {
        match next {
            Either::Left(_) => results.push(std::mem::take(&mut rows)),
            Either::Right(row) => rows.push(row),
        }
    }
    Ok(results)
}

/// As [`run`], of a script of `N` statements.
///
/// # Errors
/// As [`run`].
pub async fn results<const N: usize>(
    db: &mut PgConnection,
    script: String,
) -> Result<[Vec<PgRow>; N], DbError> {
    let results = run(db, script).await?;
    <[Vec<PgRow>; N]>::try_from(results)
        .map_err(|results| DbError::Lost(format!("{} results, not {N}", results.len())))
}

/// The rows as values.
///
/// # Errors
/// A column of another type.
pub fn rows<T: for<'r> FromRow<'r, PgRow>>(rows: &[PgRow]) -> Result<Vec<T>, DbError> {
    Ok(rows.iter().map(T::from_row).collect::<Result<_, _>>()?)
}
