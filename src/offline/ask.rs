//! Small questions to the rows of many tables, put together in few statements: waiting for each answer
//! costs more than the answers do.

use std::time::{Duration, Instant};

use futures::{StreamExt, TryStreamExt, stream};
use tokio_util::sync::CancellationToken;

use crate::db::{ColumnInfo, Database, DbError, Limits, Param, Table};
use crate::sql::{self, Policy};

/// Values that one statement looks at, as far as is known.
const CELLS: f64 = 400_000.0;
/// Parts of one statement.
const PARTS: usize = 128;
/// Rows of a table that nobody has counted.
const UNCOUNTED: f64 = 5_000.0;
/// Statements at the same time.
const TOGETHER: usize = 4;

/// What is asked, and how.
pub struct Question<'a, T> {
    /// One statement for some of the items.
    pub statement: &'a (dyn Fn(&[T]) -> Option<String> + Sync),
    /// Values that one item looks at.
    pub cells: &'a (dyn Fn(&T) -> f64 + Sync),
    /// The columns of its result.
    pub columns: &'a [(&'a str, &'a str)],
    pub params: &'a [Param],
    /// Rows of one statement's result.
    pub most_rows: usize,
    /// For one statement.
    pub timeout: Duration,
    /// For all.
    pub deadline: Option<Instant>,
}

/// Values in some columns of a table.
pub fn cells(rows: Option<f64>, columns: usize) -> f64 {
    rows.unwrap_or(UNCOUNTED).max(1.0) * columns.max(1) as f64
}

impl<T: Sync> Question<'_, T> {
    /// The results, each with the items that it is for. Those for which there is none are left out: another
    /// role's rules, a broken foreign table, a type that cannot be read, no time.
    ///
    /// # Errors
    /// Only a database that is gone.
    pub async fn ask<'i>(
        &self,
        database: &dyn Database,
        items: &'i [T],
    ) -> Result<Vec<(&'i [T], Table)>, DbError> {
        let together = database.max_connections().clamp(1, TOGETHER);
        let batches = self.batches(items).into_iter();
        let asked: Vec<_> = batches.map(|batch| self.batch(database, batch)).collect();
        let answers: Vec<Vec<(&'i [T], Table)>> =
            stream::iter(asked).buffered(together).try_collect().await?;
        Ok(answers.into_iter().flatten().collect())
    }

    fn batches<'i>(&self, items: &'i [T]) -> Vec<&'i [T]> {
        let mut batches = Vec::new();
        let (mut start, mut sum) = (0, 0.0);
        for (at, item) in items.iter().enumerate() {
            let cells = (self.cells)(item);
            if at > start && (sum + cells > CELLS || at - start == PARTS) {
                batches.push(&items[start..at]);
                (start, sum) = (at, 0.0);
            }
            sum += cells;
        }
        batches.extend(Some(&items[start..]).filter(|rest| !rest.is_empty()));
        batches
    }

    /// One statement for all of them; where it fails, the halves by themselves.
    async fn batch<'i>(
        &self,
        database: &dyn Database,
        batch: &'i [T],
    ) -> Result<Vec<(&'i [T], Table)>, DbError> {
        let mut answers = Vec::new();
        let mut open = vec![batch];
        while let Some(items) = open.pop() {
            let left = self.deadline.map_or(self.timeout, |deadline| {
                deadline.saturating_duration_since(Instant::now())
            });
            let timeout = left.min(self.timeout);
            if timeout.is_zero() {
                break;
            }
            match self.once(database, items, timeout).await {
                Ok(table) => answers.extend(table.map(|table| (items, table))),
                Err(error) if error.is_infrastructure() && !is_timeout(&error) => {
                    return Err(error);
                }
                Err(error) => {
                    tracing::debug!(%error, "some tables are not looked through");
                    if items.len() > 1 && !is_timeout(&error) {
                        let (first, second) = items.split_at(items.len() / 2);
                        open.extend([second, first]);
                    }
                }
            }
        }
        Ok(answers)
    }

    async fn once(
        &self,
        database: &dyn Database,
        items: &[T],
        timeout: Duration,
    ) -> Result<Option<Table>, DbError> {
        let checked = (self.statement)(items)
            .map(|text| sql::check(&text, &Policy::default()))
            .transpose();
        let query = match checked {
            Ok(Some(query)) => query,
            Ok(None) => return Ok(None),
            Err(refusal) => return Err(DbError::Refused(refusal)),
        };
        let columns: Vec<ColumnInfo> = self
            .columns
            .iter()
            .map(|(name, type_name)| ColumnInfo {
                name: (*name).to_owned(),
                type_name: (*type_name).to_owned(),
            })
            .collect();
        let limits = Limits {
            max_rows: self.most_rows,
            timeout,
            // Time bounds it, and nobody wrote it who could be asked to write another.
            max_cost: None,
            ..Limits::default()
        };
        let never = CancellationToken::new();
        let answer = database.query(&query, &columns, self.params, &limits, &never);
        answer.await.map(Some)
    }
}

fn is_timeout(error: &DbError) -> bool {
    match error {
        DbError::Timeout(_) => true,
        DbError::Server(error) => error.sqlstate == "57014",
        _ => false,
    }
}
