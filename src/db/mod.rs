//! The target database. [`Database`] is what the agent sees of it; [`Postgres`] is the real one.
//!
//! Nothing gets in but a [`CheckedSelect`]: every statement runs wrapped, by the extended protocol, in a
//! READ ONLY transaction with time limits that always ends in ROLLBACK.

mod error;
mod explain;
mod plan;
mod pool;
mod postgres;
mod reach;
mod role;
pub(crate) mod script;
mod table;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

pub use error::{DbError, ServerError};
pub use explain::Explained;
pub use pool::{Connection, OwnServer, Pool};
pub use postgres::Postgres;
pub use role::{Role, readonly_role};
pub use table::{Cell, Column, ColumnInfo, Table, TableBuilder, Values};

use crate::sql::CheckedSelect;

/// A value bound to a query. It travels as text; the query casts it to its type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Param {
    Scalar(Option<String>),
    List(Vec<Option<String>>),
}

/// How many rows of a result have come so far, for someone who watches.
#[derive(Debug, Clone, Default)]
pub struct RowsRead(Arc<AtomicUsize>);

impl RowsRead {
    pub fn set(&self, rows: usize) {
        self.0.store(rows, Ordering::Relaxed);
    }

    pub fn get(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

/// Bounds of one query.
#[derive(Debug, Clone)]
pub struct Limits {
    pub max_rows: usize,
    /// Bytes of values read before the result is cut.
    pub max_bytes: usize,
    pub timeout: Duration,
    /// What the server's planner may expect a query to cost; nothing asks it.
    pub max_cost: Option<f64>,
    /// Where the database tells how far it is.
    pub rows_read: RowsRead,
}

/// A scan of about a terabyte: what stays below may be slow, but somebody may want it.
pub const DEFAULT_MAX_COST: f64 = 200_000_000.0;

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_rows: 1_000,
            max_bytes: 32 << 20,
            timeout: Duration::from_secs(30),
            max_cost: Some(DEFAULT_MAX_COST),
            rows_read: RowsRead::default(),
        }
    }
}

/// The day and the version of a server: "this month" is meant where the data is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clock {
    /// As in `Saturday, 2026-11-21`.
    pub today: String,
    /// As in `18.1`; empty where it is not known.
    pub version: String,
}

impl Clock {
    /// The day in UTC, where the server does not tell.
    pub fn ours() -> Self {
        let now = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
        Self {
            today: now.get(..10).unwrap_or_default().to_owned(),
            version: String::new(),
        }
    }
}

/// A database that answers checked queries.
#[async_trait]
pub trait Database: Send + Sync {
    async fn clock(&self) -> Result<Clock, DbError> {
        Ok(Clock::ours())
    }

    /// Has the server parse the query, and gives the columns it would return. Runs nothing.
    async fn prepare(&self, query: &CheckedSelect) -> Result<Vec<ColumnInfo>, DbError>;

    /// Runs the query, cut to the limits. Cancelling stops it on the server too.
    async fn query(
        &self,
        query: &CheckedSelect,
        columns: &[ColumnInfo],
        params: &[Param],
        limits: &Limits,
        cancel: &CancellationToken,
    ) -> Result<Table, DbError>;

    /// How many queries may run at the same time.
    fn max_connections(&self) -> usize;
}
