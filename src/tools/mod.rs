//! What steps can do: query the database, analyse results, search the web, verify.

mod analytics;
mod frame;
mod search;
mod sql;
mod verify;
mod web;

pub use analytics::{Analysis, analyze};
pub use search::{GroundedSearch, SearchTool, WebSearch};
pub use sql::{Prepared, SqlTool};
pub use verify::{Check, CheckKind, verify};
pub use web::HttpSearch;

use crate::db::{DbError, ServerError};
use crate::llm::ModelError;
use crate::sql::Refusal;

/// What kind of failure a step met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorClass {
    /// By the guard.
    Refused,
    /// The statement, the analysis or the check is wrong: another plan may mend it.
    Plan,
    /// Took too long.
    Timeout,
    /// The database or a provider is not there.
    Service,
    Cancelled,
}

/// Why a step failed, in words for a person and for the planner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepError {
    pub class: ErrorClass,
    pub message: String,
    pub sqlstate: Option<Box<str>>,
    pub hint: Option<String>,
    /// Character of the statement, from 1.
    pub position: Option<usize>,
    /// Names that are there and spelt alike.
    pub near: Box<[String]>,
    /// What a model may be told that sees no rows, where the message or the hint may quote some.
    pub bare: Option<Box<str>>,
}

impl StepError {
    pub fn new(class: ErrorClass, message: impl std::fmt::Display) -> Self {
        Self {
            class,
            message: message.to_string(),
            sqlstate: None,
            hint: None,
            position: None,
            near: Box::default(),
            bare: None,
        }
    }

    /// The same, told in these words to a model that sees no rows.
    #[must_use]
    pub fn hiding(mut self, bare: impl std::fmt::Display) -> Self {
        self.bare = Some(bare.to_string().into());
        self
    }

    pub fn plan(message: impl std::fmt::Display) -> Self {
        Self::new(ErrorClass::Plan, message)
    }

    /// Whether another plan may do better.
    pub fn is_mendable(&self) -> bool {
        matches!(
            self.class,
            ErrorClass::Refused | ErrorClass::Plan | ErrorClass::Timeout
        )
    }
}

impl std::fmt::Display for StepError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)?;
        if let Some(code) = &self.sqlstate {
            write!(f, " (SQLSTATE {code})")?;
        }
        Ok(())
    }
}

impl From<Refusal> for StepError {
    fn from(refusal: Refusal) -> Self {
        Self {
            position: refusal.position,
            hint: refusal.hint.clone(),
            ..Self::new(
                ErrorClass::Refused,
                format!("refused by the guard: {}", refusal.what),
            )
        }
    }
}

impl From<ServerError> for StepError {
    fn from(error: ServerError) -> Self {
        let class = match error.sqlstate.as_str() {
            "57014" => ErrorClass::Timeout,
            // The server goes away, lacks a resource, or the role lacks a right: no plan mends that.
            "57P01" | "57P02" | "57P03" => ErrorClass::Service,
            code if code.starts_with("53") || code.starts_with("08") => ErrorClass::Service,
            _ => ErrorClass::Plan,
        };
        let message = match &error.detail {
            Some(detail) => format!("{}: {detail}", error.message),
            None => error.message,
        };
        Self {
            sqlstate: Some(error.sqlstate.into()),
            hint: error.hint,
            position: error.position,
            ..Self::new(class, message)
        }
    }
}

impl From<DbError> for StepError {
    fn from(error: DbError) -> Self {
        match error {
            DbError::Server(error) => error.into(),
            DbError::Cancelled => Self::new(ErrorClass::Cancelled, "interrupted"),
            DbError::Timeout(_) => Self::new(ErrorClass::Timeout, error),
            DbError::Refused(refusal) => refusal.into(),
            DbError::TooCostly { ref nodes, .. } => {
                // The estimates come from statistics of the rows.
                let nodes = nodes
                    .iter()
                    .map(|node| node.split(" (").next().unwrap_or(node));
                let nodes: Vec<&str> = nodes.collect();
                let bare = format!(
                    "the query would cost too much; most of it: {}",
                    nodes.join(", ")
                );
                Self {
                    hint: error.hint(),
                    ..Self::plan(error).hiding(bare)
                }
            }
            other => Self {
                hint: other.hint(),
                ..Self::new(ErrorClass::Service, other)
            },
        }
    }
}

impl From<ModelError> for StepError {
    fn from(error: ModelError) -> Self {
        match error {
            ModelError::Cancelled => Self::new(ErrorClass::Cancelled, "interrupted"),
            other => Self {
                hint: other.hint(),
                ..Self::new(ErrorClass::Service, other)
            },
        }
    }
}
