//! Carries the plan out, and keeps what is good of it for the next.

use std::time::Instant;

use super::Asked;
use super::finish::step_error;
use crate::agent::event::Event;
use crate::agent::executor::Executor;
use crate::agent::planner::Feedback;
use crate::agent::run::Outcome;
use crate::agent::step::{Status, StepRecord};
use crate::agent::told;
use crate::agent::usage::Used;
use crate::db::Limits;
use crate::error::Error;
use crate::tools::StepError;

/// An attempt of which steps failed.
#[derive(Clone)]
pub(super) struct Attempt {
    records: Vec<StepRecord>,
    error: Option<Error>,
    feedback: Feedback,
}

impl Attempt {
    /// How far it came: steps that are good, and fewer that are not.
    fn rank(&self) -> (usize, std::cmp::Reverse<usize>) {
        let of = |status| self.records.iter().filter(|r| r.status == status).count();
        (of(Status::Ok), std::cmp::Reverse(of(Status::Failed)))
    }
}

impl Asked<'_> {
    pub(super) async fn execute(&mut self) -> Outcome {
        let start = Instant::now();
        let supervisor = self.supervisor;
        let settings = &supervisor.settings;
        let Some(plan) = self.plan.clone() else {
            return Outcome::GaveUp;
        };
        let executor = Executor {
            sql: &supervisor.sql,
            search: supervisor.search.as_deref(),
            index: supervisor.index.as_ref(),
            bindings: &self.retrieved.bindings,
            pattern: settings.pattern,
            limits: Limits {
                max_rows: settings.max_rows,
                timeout: settings.step_timeout,
                max_cost: settings.max_cost,
                ..Limits::default()
            },
            cancel: self.cancel,
            observer: self.observer,
            trace_content: settings.trace_content,
        };
        let execution = executor.execute(&plan, &self.kept, &self.failed_sql).await;
        self.timings.execute += start.elapsed();
        if execution.model_calls > 0 {
            let usd = settings
                .prices
                .cost_usd(supervisor.model(), execution.usage);
            let used = Used {
                calls: execution.model_calls,
                ..Used::call(execution.usage, usd)
            };
            self.used("search", &used);
        }
        let ok = execution.is_ok();
        self.records = execution.records;
        self.bound = execution.bound;
        if ok {
            self.error = None;
            return Outcome::Executed;
        }
        for record in &self.records {
            match record.status {
                Status::Ok => {
                    self.kept.retain(|k| k.step.id != record.step.id);
                    self.kept.push(record.clone());
                }
                Status::Failed => {
                    if let (Some(statement), Some(error)) =
                        (plan.statement(&record.step), &record.error)
                        && error.is_mendable()
                    {
                        self.failed_sql.insert(statement, error.clone());
                    }
                }
                Status::Skipped => {}
            }
        }
        let failed = self
            .records
            .iter()
            .find_map(|r| Some((&r.step.id, r.error.as_ref()?)));
        let Some((id, error)) = failed else {
            return Outcome::GaveUp;
        };
        let mendable = self
            .records
            .iter()
            .filter_map(|r| r.error.as_ref())
            .all(StepError::is_mendable);
        self.error = Some(step_error(id, error));
        if !mendable || self.cancel.is_cancelled() {
            return Outcome::GaveUp;
        }
        let told = told::feedback(&self.records, self.written_with(), settings.share);
        let told = self.nearest_of(told);
        self.observer.observe(&Event::Feedback {
            attempt: self.run.attempts(),
            message: told.0.clone(),
        });
        self.feedback = Some(told);
        Outcome::StepsFailed
    }

    /// Keeps the attempt that came nearest: what the planner is told to mend is that one.
    fn nearest_of(&mut self, told: Feedback) -> Feedback {
        let attempt = Attempt {
            records: self.records.clone(),
            error: self.error.clone(),
            feedback: told,
        };
        match &self.nearest {
            Some(nearest) if nearest.rank() > attempt.rank() => {
                self.records = nearest.records.clone();
                self.error = nearest.error.clone();
                Feedback(format!(
                    "{}\n\nAnother plan was worse, and is dropped:\n{}",
                    nearest.feedback.0, attempt.feedback.0
                ))
            }
            _ => self.nearest.insert(attempt).feedback.clone(),
        }
    }
}
