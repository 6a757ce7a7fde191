//! SQL steps: template → guard → PREPARE → run, with passing faults tried again.

use std::sync::Arc;
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use tokio_util::sync::CancellationToken;

use super::{ErrorClass, StepError};
use crate::agent::CircuitBreaker;
use crate::db::{Clock, ColumnInfo, Database, DbError, Limits, Param, Table};
use crate::sql::{self, CheckedSelect, Policy, Reference, Shape, Template, ValueName};

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

    /// Guards and prepares a planned query. `type_of` gives the Postgres type of a referenced column,
    /// `value_of` a value that the plan names.
    ///
    /// # Errors
    /// What the guard or the server says against it.
    pub async fn prepare(
        &self,
        template: &Template,
        type_of: impl Fn(&Reference) -> String + Send,
        value_of: impl Fn(&ValueName) -> String + Send,
    ) -> Result<Prepared, StepError> {
        let names_values = template.values().next().is_some();
        // Before anything runs, an error can quote nothing of the data but the values that were filled in.
        let without_values = |error: StepError| match names_values {
            true => without_values(error),
            false => error,
        };
        let query = sql::check(&template.render(type_of, value_of), &self.policy)
            .map_err(|refusal| without_values(refusal.into()))?;
        let references = template
            .references()
            .map(|(r, shape)| (r.clone(), shape))
            .collect();
        let columns = self
            .retrying(None, || self.database.prepare(&query))
            .await
            .map_err(without_values)?;
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
        .map_err(|error| match &error.bare {
            Some(_) => error,
            // Whatever is said while rows are read may quote them.
            None => {
                let bare = in_other_words(error.sqlstate.as_deref());
                error.hiding(bare)
            }
        })
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

/// The error without its message, unless it can only tell of names.
fn without_values(error: StepError) -> StepError {
    // undefined column, table and function, grouping, ambiguous column
    let names = ["42703", "42P01", "42883", "42803", "42702"];
    match error.sqlstate.as_deref() {
        Some(code) if names.contains(&code) => error,
        code => {
            let bare = in_other_words(code);
            error.hiding(bare)
        }
    }
}

/// What a SQLSTATE means, whatever values the server's own message quotes
/// (the PostgreSQL manual, "PostgreSQL Error Codes").
fn in_other_words(sqlstate: Option<&str>) -> &'static str {
    match sqlstate {
        Some("22P02") => "a text does not have the form of the type that it is cast to",
        Some("22007" | "22008") => "a date or time is malformed or out of range",
        Some("22003") => "a number is out of the range of its type",
        Some("22012") => "division by zero",
        Some("22023") => "an argument has a value that its function does not take",
        Some("21000") => "a subquery that stands for one value gives several rows",
        Some("22P05" | "22021") => "a text has characters that its encoding does not have",
        Some("2201B") => "a regular expression is malformed",
        Some("22030" | "22032" | "22033" | "22034" | "22035") => "a JSON value is not as expected",
        Some("42501") => "the role lacks the right to read something in it",
        Some("42804" | "42846") => "types do not fit each other",
        Some("42601") => "it is no valid SQL",
        Some("57014") => "it took too long, or was cancelled",
        Some(code) if code.starts_with("22") => "a value is not as the query expects it",
        Some(_) => "the server reports an error",
        None => "it could not be run",
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
        .hiding(format!(
            "{reference}: the result of step {} has no such column",
            reference.step
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
        ))
        .hiding(format!(
            "{reference} stands for one value, and step {} has several rows; write = ANY({reference}) or return one row",
            reference.step
        ))),
        // As a scalar subquery: no row is NULL.
        Shape::Scalar if rows == 0 => Ok(Param::Scalar(None)),
        Shape::Scalar => Ok(Param::Scalar(column.cell(0).to_param())),
    }
}
