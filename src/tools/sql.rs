//! SQL steps: template → guard → PREPARE → run, with passing faults tried again.

use std::sync::Arc;
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use tokio_util::sync::CancellationToken;

use super::{ErrorClass, StepError};
use crate::agent::CircuitBreaker;
use crate::db::{Clock, ColumnInfo, Database, DbError, Limits, Param, Table};
use crate::sql::{self, CheckedSelect, Policy, Reference, Shape, Template};

/// Tries after the first, for faults that may pass.
const RETRIES: usize = 3;

/// Runs guarded queries on the target database.
pub struct SqlTool {
    database: Arc<dyn Database>,
    policy: Policy,
    breaker: CircuitBreaker,
}

/// A query that the guard let through and the server could parse.
#[derive(Debug, Clone)]
pub struct Prepared {
    pub query: CheckedSelect,
    pub columns: Vec<ColumnInfo>,
    references: Vec<(Reference, Shape)>,
}

impl SqlTool {
    pub fn new(database: Arc<dyn Database>, policy: Policy) -> Self {
        Self {
            database,
            policy,
            breaker: CircuitBreaker::default(),
        }
    }

    pub fn set_policy(&mut self, policy: Policy) {
        self.policy = policy;
    }

    /// How many queries may run at the same time.
    pub fn max_connections(&self) -> usize {
        self.database.max_connections()
    }

    /// # Errors
    /// What the database says.
    pub async fn clock(&self) -> Result<Clock, StepError> {
        self.retrying(None, || self.database.clock()).await
    }

    /// Guards and prepares a planned query. `type_of` gives the Postgres type of a referenced column.
    ///
    /// # Errors
    /// What the guard or the server says against it.
    pub async fn prepare(
        &self,
        template: &Template,
        type_of: impl Fn(&Reference) -> String + Send,
    ) -> Result<Prepared, StepError> {
        let query = sql::check(&template.render(type_of), &self.policy)?;
        let references = template
            .references()
            .map(|(r, shape)| (r.clone(), shape))
            .collect();
        let columns = self
            .retrying(None, || self.database.prepare(&query))
            .await?;
        Ok(Prepared {
            query,
            columns,
            references,
        })
    }

    /// Runs a prepared query; `table_of` gives an earlier step's result.
    ///
    /// # Errors
    /// A reference that has no value, or what the database says.
    pub async fn run(
        &self,
        prepared: &Prepared,
        table_of: impl Fn(&str) -> Option<Arc<Table>> + Send,
        limits: &Limits,
        cancel: &CancellationToken,
    ) -> Result<Table, StepError> {
        let mut params = Vec::with_capacity(prepared.references.len());
        for (reference, shape) in &prepared.references {
            params.push(value_of(reference, *shape, &table_of)?);
        }
        self.retrying(Some(cancel), || {
            self.database
                .query(&prepared.query, &prepared.columns, &params, limits, cancel)
        })
        .await
    }

    /// Guards and runs a query of our own, once.
    ///
    /// # Errors
    /// What the guard or the database says.
    pub async fn query(
        &self,
        sql: &str,
        limits: &Limits,
        cancel: &CancellationToken,
    ) -> Result<Table, StepError> {
        let query = sql::check(sql, &self.policy)?;
        let columns = self.database.prepare(&query).await?;
        let table = self
            .database
            .query(&query, &columns, &[], limits, cancel)
            .await?;
        Ok(table)
    }

    async fn retrying<T, F, Fut>(
        &self,
        cancel: Option<&CancellationToken>,
        mut call: F,
    ) -> Result<T, StepError>
    where
        F: FnMut() -> Fut,
        Fut: Future<Output = Result<T, DbError>>,
    {
        let mut backoff = ExponentialBuilder::default()
            .with_min_delay(Duration::from_millis(100))
            .with_max_delay(Duration::from_secs(2))
            .with_max_times(RETRIES)
            .with_jitter()
            .build();
        loop {
            if let Err(wait) = self.breaker.admit() {
                return Err(StepError::new(
                    ErrorClass::Service,
                    format!(
                        "the database failed repeatedly and is left alone for {} s",
                        wait.as_secs().max(1)
                    ),
                ));
            }
            let error = match call().await {
                Ok(done) => {
                    self.breaker.succeeded();
                    return Ok(done);
                }
                Err(error) => error,
            };
            match &error {
                error if error.is_infrastructure() => self.breaker.failed(),
                // The server answered: it is there.
                DbError::Server(_) => self.breaker.succeeded(),
                _ => self.breaker.undecided(),
            }
            let cancelled = cancel.is_some_and(CancellationToken::is_cancelled);
            let delay = backoff
                .next()
                .filter(|_| error.is_transient() && !cancelled);
            let Some(delay) = delay else {
                return Err(error.into());
            };
            tracing::warn!(%error, "trying the query again");
            tokio::time::sleep(delay).await;
        }
    }
}

fn value_of(
    reference: &Reference,
    shape: Shape,
    table_of: &(impl Fn(&str) -> Option<Arc<Table>> + Send),
) -> Result<Param, StepError> {
    let table = table_of(&reference.step).ok_or_else(|| {
        StepError::plan(format!(
            "{reference}: step {} has no result",
            reference.step
        ))
    })?;
    let column = table.column(&reference.column).ok_or_else(|| {
        let names: Vec<&str> = table.infos().map(|c| c.name.as_str()).collect();
        StepError::plan(format!(
            "{reference}: the result of step {} has no such column; it has {}",
            reference.step,
            names.join(", ")
        ))
    })?;
    let rows = table.row_count();
    match shape {
        Shape::List => Ok(Param::List(
            (0..rows)
                .filter_map(|row| column.cell(row).to_param())
                .map(Some)
                .collect(),
        )),
        Shape::Scalar if rows > 1 => Err(StepError::plan(format!(
            "{reference} stands for one value, and step {} has {rows} rows; write = ANY({reference}) or return one row",
            reference.step
        ))),
        // As a scalar subquery: no row is NULL.
        Shape::Scalar if rows == 0 => Ok(Param::Scalar(None)),
        Shape::Scalar => Ok(Param::Scalar(column.cell(0).to_param())),
    }
}
