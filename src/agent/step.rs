//! What became of a step.

use std::sync::Arc;
use std::time::Duration;

use super::plan::Step;
use crate::db::Table;
use crate::tools::StepError;

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Ok,
    Failed,
    /// Not run, because a step before it failed.
    Skipped,
}

impl Status {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }
}

/// A step and what became of it.
#[derive(Debug, Clone)]
pub struct StepRecord {
    pub step: Step,
    pub status: Status,
    /// The statement that ran, with parameters where earlier values went in.
    pub sql: Option<String>,
    pub table: Option<Arc<Table>>,
    pub duration: Duration,
    pub error: Option<StepError>,
}

impl StepRecord {
    pub(super) fn new(step: &Step, status: Status) -> Self {
        Self {
            step: step.clone(),
            status,
            sql: None,
            table: None,
            duration: Duration::ZERO,
            error: None,
        }
    }

    pub(super) fn failed(step: &Step, error: StepError) -> Self {
        Self {
            error: Some(error),
            ..Self::new(step, Status::Failed)
        }
    }

    pub fn is_ok(&self) -> bool {
        self.status == Status::Ok
    }
}
