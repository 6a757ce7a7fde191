//! Postgres through sqlx: prepare, run, read, cancel.

use std::fmt::Write as _;
use std::sync::OnceLock;
use std::time::Duration;

use async_trait::async_trait;
use futures::TryStreamExt;
use sqlx::postgres::{PgArguments, PgColumn, PgConnection, PgRow, PgTypeInfo};
use sqlx::{
    Arguments, AssertSqlSafe, Column as _, Connection as _, Executor, Row, SqlSafeStr, Statement,
    TypeInfo, ValueRef,
};
use tokio_util::sync::CancellationToken;

use super::{
    Clock, ColumnInfo, Connection, Database, DbError, Explained, Limits, Param, Pool, Table,
    TableBuilder, Values, explain, plan, reach::Verdicts, script,
};
use crate::config::Secret;
use crate::sql::CheckedSelect;

/// Characters of one cell that are read; longer ones are cut on the server.
const MAX_CELL: usize = 1_000_000;
/// Characters that even the cells of a very wide row keep.
const MIN_CELL: usize = 1_000;
/// PostgreSQL 17 brought `transaction_timeout`.
const TRANSACTION_TIMEOUT_SINCE: u32 = 170_000;

/// A PostgreSQL server, 14 or later.
pub struct Postgres {
    pool: Pool,
    /// The zone a plain session would have; sqlx sets every session to UTC.
    zone: OnceLock<String>,
    verdicts: Verdicts,
}

impl Postgres {
    /// # Errors
    /// [`DbError::Address`]; nothing is connected before the first query.
    pub fn new(url: &Secret, max_connections: usize) -> Result<Self, DbError> {
        Ok(Self::over(Pool::new(url, max_connections)?))
    }

    /// A database whose connections others use, too.
    pub fn over(pool: Pool) -> Self {
        Self {
            pool,
            zone: OnceLock::new(),
            verdicts: Verdicts::default(),
        }
    }

    pub fn pool(&self) -> &Pool {
        &self.pool
    }

    /// The zone of the sessions, as SQL.
    fn zone(&self) -> String {
        match self.zone.get() {
            Some(zone) => format!("'{}'", zone.replace('\'', "''")),
            None => include_str!("queries/zone.sql").to_owned(),
        }
    }

    /// A connection in a READ ONLY transaction with its time limits, and the backend's process id.
    async fn begin(&self, timeout: Duration) -> Result<(Connection, i32), DbError> {
        let mut connection = self.pool.get().await?;
        let timeout_ms = timeout.as_millis().max(1);
        let zone = self.zone();
        // Whatever the statements of the transaction are, and however long the client takes between them.
        let transaction_timeout = match connection.as_mut()?.server_version_num() {
            Some(version) if version >= TRANSACTION_TIMEOUT_SINCE => {
                format!("SET LOCAL transaction_timeout = {}; ", timeout_ms + 60_000)
            }
            _ => String::new(),
        };
        // Strings are read as the guard read them, whatever the database's default is.
        let sql = format!(
            "BEGIN READ ONLY; \
             SET LOCAL statement_timeout = {timeout_ms}; \
             SET LOCAL lock_timeout = 5000; \
             SET LOCAL idle_in_transaction_session_timeout = 60000; \
             {transaction_timeout}\
             SET LOCAL standard_conforming_strings = on; \
             SELECT pg_backend_pid()::text, set_config('TimeZone', {zone}, true)"
        );
        let row = sqlx::raw_sql(AssertSqlSafe(sql))
            .fetch_one(connection.as_mut()?)
            .await?;
        let pid: String = row.try_get(0)?;
        let zone: String = row.try_get(1)?;
        let _ = self.zone.set(zone);
        Ok((connection, pid.parse().unwrap_or(0)))
    }

    /// Ends the transaction and takes back what a transaction does not hold; only then may another use
    /// the connection. Statements are closed by the protocol's own message, which PgBouncer follows;
    /// DEALLOCATE ALL would take those of its other clients, too.
    async fn end(mut connection: Connection) -> Result<(), DbError> {
        let session = connection.as_mut()?;
        session.clear_cached_statements().await?;
        sqlx::raw_sql("ROLLBACK; SELECT pg_advisory_unlock_all(); DISCARD SEQUENCES")
            .execute(session)
            .await?;
        connection.give_back();
        Ok(())
    }

    /// Stops a backend's statement from a connection of its own.
    async fn cancel(&self, pid: i32) {
        if let Ok(Err(error)) =
            tokio::time::timeout(Duration::from_secs(3), self.pool.cancel(pid)).await
        {
            tracing::warn!(%error, "the running query could not be cancelled");
        }
    }
}

impl Postgres {
    /// What the server would do to run the query. Runs nothing.
    ///
    /// # Errors
    /// What the catalog or the server says against it.
    pub async fn explain(&self, query: &CheckedSelect) -> Result<Explained, DbError> {
        let (mut connection, _) = self.begin(Duration::from_secs(10)).await?;
        let session = connection.as_mut()?;
        let explained = match self.verdicts.check(session, query.names()).await {
            Ok(()) => explain::ask(session, query).await,
            Err(error) => Err(error),
        };
        match explained {
            Err(error) if error.is_infrastructure() => Err(error),
            explained => {
                Self::end(connection).await?;
                explained
            }
        }
    }

    /// Reads the result of a query that the catalog, too, has nothing against, and whose cost is
    /// within the budget.
    async fn checked_read(
        &self,
        connection: &mut PgConnection,
        query: &CheckedSelect,
        sql: String,
        columns: &[ColumnInfo],
        params: &[Param],
        limits: &Limits,
    ) -> Result<(Table, bool), DbError> {
        self.verdicts.check(connection, query.names()).await?;
        if let Some(budget) = limits.max_cost {
            plan::within_budget(connection, &sql, bound(params)?, budget).await?;
        }
        read(connection, sql, columns, bound(params)?, limits).await
    }
}

#[async_trait]
impl Database for Postgres {
    async fn clock(&self) -> Result<Clock, DbError> {
        let mut connection = self.pool.get().await?;
        let zone = self.zone();
        let [_, set, told, _] = script::results(
            connection.as_mut()?,
            format!(
                "BEGIN READ ONLY; SELECT set_config('TimeZone', {zone}, true); \
                 SELECT to_char(current_date, 'FMDay, YYYY-MM-DD'), split_part(version(), ' ', 2); ROLLBACK"
            ),
        )
        .await?;
        connection.give_back();
        if let Some((zone,)) = script::rows(&set)?.pop() {
            let _ = self.zone.set(zone);
        }
        let (today, version) = script::rows(&told)?.pop().unwrap_or_default();
        Ok(Clock { today, version })
    }

    async fn prepare(&self, query: &CheckedSelect) -> Result<Vec<ColumnInfo>, DbError> {
        let (mut connection, _) = self.begin(Duration::from_secs(10)).await?;
        if let Err(refusal) = self
            .verdicts
            .check(connection.as_mut()?, query.names())
            .await
        {
            Self::end(connection).await?;
            return Err(refusal);
        }
        let described = connection
            .as_mut()?
            .prepare(AssertSqlSafe(query.wrapped(0)).into_sql_str())
            .await
            .map(|statement| statement.columns().iter().map(info).collect())
            .map_err(|e| in_original(e.into(), "SELECT * FROM (\n".len(), query));
        Self::end(connection).await?;
        described
    }

    async fn query(
        &self,
        query: &CheckedSelect,
        columns: &[ColumnInfo],
        params: &[Param],
        limits: &Limits,
        cancel: &CancellationToken,
    ) -> Result<Table, DbError> {
        let (mut connection, pid) = self.begin(limits.timeout).await?;
        let sql = projection(query, columns, limits);
        let prefix = sql.find('\n').map_or(0, |at| at + 1);
        tracing::debug!(db.query.text = query.text(), "run");
        // The server keeps the time; the client's own limit is for a server that is gone.
        let patience = match self.pool.keeps_time() {
            true => limits.timeout + Duration::from_secs(5),
            false => limits.timeout,
        };
        let outcome = tokio::select! {
            biased;
            () = cancel.cancelled() => Err(DbError::Cancelled),
            done = tokio::time::timeout(patience, self.checked_read(connection.as_mut()?, query, sql, columns, params, limits)) =>
                done.unwrap_or(Err(DbError::Timeout(limits.timeout))),
        };
        match outcome {
            Ok((table, true)) => {
                Self::end(connection).await?;
                Ok(table)
            }
            // Cut short: the rest is not worth reading.
            Ok((table, false)) => {
                self.cancel(pid).await;
                Ok(table)
            }
            // An error of the statement leaves the connection usable, one of the server does not.
            Err(error @ (DbError::Server(_) | DbError::Refused(_) | DbError::TooCostly { .. })) => {
                let _ = Self::end(connection).await;
                Err(in_original(error, prefix, query))
            }
            Err(error) => {
                self.cancel(pid).await;
                Err(error)
            }
        }
    }

    fn max_connections(&self) -> usize {
        self.pool.max_connections()
    }
}

fn bound(params: &[Param]) -> Result<PgArguments, DbError> {
    let mut arguments = PgArguments::default();
    for param in params {
        match param {
            Param::Scalar(value) => arguments.add(value),
            Param::List(values) => arguments.add(values),
        }
        .map_err(|e| DbError::Lost(e.to_string()))?;
    }
    Ok(arguments)
}

/// Reads the result. The second value tells whether all of it was read.
async fn read(
    connection: &mut PgConnection,
    sql: String,
    columns: &[ColumnInfo],
    arguments: PgArguments,
    limits: &Limits,
) -> Result<(Table, bool), DbError> {
    let mut builder = TableBuilder::new(columns.iter().map(|info| {
        let values = match Form::of(&info.type_name) {
            Form::Bool => Values::Bool(Vec::new()),
            Form::Int => Values::Int(Vec::new()),
            Form::Text | Form::Printed => Values::Text(Vec::new()),
        };
        (info.clone(), values)
    }));
    let longest = max_cell(columns.len(), limits);
    let mut rows = 0;
    let mut bytes = 0;
    let mut complete = true;
    let mut stream = sqlx::query_with(AssertSqlSafe(sql), arguments)
        .persistent(false)
        .fetch(connection);
    while let Some(row) = stream.try_next().await? {
        if rows == limits.max_rows {
            builder.truncated = true;
            continue; // LIMIT let one more through, to tell; read on to the end of the result
        }
        bytes += push(&mut builder, &row, longest)?;
        rows += 1;
        limits.rows_read.set(rows);
        if bytes > limits.max_bytes {
            builder.truncated = true;
            complete = false;
            break;
        }
    }
    drop(stream);
    Ok((builder.finish(rows), complete))
}

/// Appends a row's values; gives their size in bytes.
fn push(builder: &mut TableBuilder, row: &PgRow, longest: usize) -> Result<usize, DbError> {
    let mut bytes = 0;
    let mut cut = false;
    for (i, column) in builder.columns_mut().iter_mut().enumerate() {
        let raw = row.try_get_raw(i)?;
        match &mut column.values {
            Values::Bool(values) => {
                values.push(if raw.is_null() {
                    None
                } else {
                    Some(row.try_get(i)?)
                });
                bytes += 1;
            }
            Values::Int(values) => {
                values.push(if raw.is_null() {
                    None
                } else {
                    Some(integer(raw.as_bytes().unwrap_or_default())?)
                });
                bytes += 8;
            }
            Values::Text(values) => {
                let text = if raw.is_null() {
                    None
                } else {
                    let text = raw.as_str().map_err(|e| DbError::Lost(e.to_string()))?;
                    bytes += text.len();
                    match Form::of(&column.info.type_name) {
                        Form::Printed => printed(text),
                        _ => Some(text.into()),
                    }
                };
                match text {
                    Some(text) if text.len() > longest && text.chars().count() > longest => {
                        cut = true;
                        let kept: String = text.chars().take(longest).collect();
                        values.push(Some(kept.into()));
                    }
                    text => values.push(text),
                }
            }
        }
    }
    builder.truncated |= cut;
    Ok(bytes)
}

fn integer(bytes: &[u8]) -> Result<i64, DbError> {
    let n = match bytes.len() {
        2 => bytes.try_into().map(|b| i64::from(i16::from_be_bytes(b))),
        4 => bytes.try_into().map(|b| i64::from(i32::from_be_bytes(b))),
        _ => bytes.try_into().map(i64::from_be_bytes),
    };
    n.map_err(|_| DbError::Lost(format!("an integer of {} bytes", bytes.len())))
}

/// How a column is fetched.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Bool,
    Int,
    /// As it is, cut to [`MAX_CELL`].
    Text,
    /// As `ROW(column)::text`: the one way to the text that the type's output function prints, for
    /// every type there is, that names the column once and keeps NULL apart.
    Printed,
}

impl Form {
    fn of(type_name: &str) -> Self {
        match type_name {
            "boolean" => Self::Bool,
            "smallint" | "integer" | "bigint" => Self::Int,
            "text" | "character varying" => Self::Text,
            _ => Self::Printed,
        }
    }
}

/// The wrapped query with every column in the form that is read; one row more than asked, to tell
/// whether there are more.
fn projection(query: &CheckedSelect, columns: &[ColumnInfo], limits: &Limits) -> String {
    let longest = max_cell(columns.len(), limits);
    let mut list = String::new();
    let mut names = String::new();
    for (i, column) in columns.iter().enumerate() {
        let comma = if i == 0 { "" } else { ", " };
        let cell = longest + 1;
        let _ = match Form::of(&column.type_name) {
            Form::Bool | Form::Int => write!(list, "{comma}c{i}"),
            Form::Text => write!(list, "{comma}left(c{i}, {cell})"),
            Form::Printed => write!(list, "{comma}left(ROW(c{i})::text, {})", cell + 3),
        };
        let _ = write!(names, "{comma}c{i}");
    }
    // Names of our own: the query's may repeat or be missing.
    let names = if names.is_empty() {
        names
    } else {
        format!("({names})")
    };
    format!(
        "SELECT {list} FROM (\n{}\n) AS q{names} LIMIT {}",
        query.text(),
        limits.max_rows as u64 + 1
    )
}

/// A row is read whole: its cells share what may be read, so that no row is larger than that.
fn max_cell(columns: usize, limits: &Limits) -> usize {
    (limits.max_bytes / columns.max(1)).clamp(MIN_CELL, MAX_CELL)
}

/// The value in `(value)`, as `record_out` writes it: quoted when it must be, nothing for NULL.
fn printed(row: &str) -> Option<Box<str>> {
    let inner = row.strip_prefix('(').unwrap_or(row);
    let Some(quoted) = inner.strip_prefix('"') else {
        let value = inner.strip_suffix(')').unwrap_or(inner);
        return (!value.is_empty()).then(|| value.into());
    };
    let mut value = String::with_capacity(quoted.len());
    let mut chars = quoted.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => value.extend(chars.next()),
            '"' => match chars.next() {
                Some('"') => value.push('"'),
                _ => break,
            },
            c => value.push(c),
        }
    }
    Some(value.into())
}

/// Moves an error's position from the statement that was sent to the text that was written.
fn in_original(error: DbError, prefix: usize, query: &CheckedSelect) -> DbError {
    match error {
        DbError::Server(mut error) => {
            error.position = error
                .position
                .and_then(|at| at.checked_sub(prefix))
                .filter(|&at| at > 0 && at <= query.text().chars().count() + 1);
            DbError::Server(error)
        }
        other => other,
    }
}

fn info(column: &PgColumn) -> ColumnInfo {
    ColumnInfo {
        name: column.name().to_owned(),
        type_name: type_name(column.type_info()),
    }
}

/// The type as `format_type` writes it; sqlx has its own names for the built-in ones.
fn type_name(info: &PgTypeInfo) -> String {
    let name = info.name();
    let (base, array) = match name.strip_suffix("[]") {
        Some(base) => (base, "[]"),
        None => (name, ""),
    };
    let base = match base {
        "BOOL" => "boolean",
        "INT2" => "smallint",
        "INT4" => "integer",
        "INT8" => "bigint",
        "FLOAT4" => "real",
        "FLOAT8" => "double precision",
        "VARCHAR" => "character varying",
        "CHAR" => "character",
        "TIMESTAMP" => "timestamp without time zone",
        "TIMESTAMPTZ" => "timestamp with time zone",
        "TIME" => "time without time zone",
        "TIMETZ" => "time with time zone",
        "VARBIT" => "bit varying",
        "\"CHAR\"" => "\"char\"",
        other
            if other
                .bytes()
                .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit()) =>
        {
            return format!("{}{array}", other.to_lowercase());
        }
        other => other,
    };
    format!("{base}{array}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unwraps_what_record_out_prints() {
        for (row, value) in [
            ("(1.50)", Some("1.50")),
            ("()", None),
            ("(\"\")", Some("")),
            ("(\"a b\")", Some("a b")),
            ("(\"a\"\"b\\\\c\")", Some("a\"b\\c")),
            ("(\"(1,2)\")", Some("(1,2)")),
            ("(\"{\"\"a\"\": 1}\")", Some("{\"a\": 1}")),
            ("(\"cut off", Some("cut off")),
        ] {
            assert_eq!(printed(row).as_deref(), value, "{row}");
        }
    }
}
