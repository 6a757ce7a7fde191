//! Before anything runs: every query is guarded and prepared, with the types of what it refers to.

use std::collections::{HashMap, HashSet, VecDeque};

use futures::StreamExt;
use futures::stream::FuturesUnordered;

use super::{Executor, Results};
use crate::agent::literals::Literals;
use crate::agent::plan::{Plan, Step, Work};
use crate::agent::step::StepRecord;
use crate::sql::{Reference, Template, ValueName};
use crate::tools::{Prepared, StepError};

/// What the check found about a step: its query or its fallback, ready to run, or the failure.
pub(super) enum Checked {
    Ready(Prepared),
    /// To be prepared when its dependency's columns are known.
    Later,
}

impl Executor<'_> {
    /// Guards and prepares every SQL step before anything runs, so that one answer to the planner names all
    /// that is wrong. Steps that need no other's columns are prepared side by side, as they may run.
    pub(super) async fn check(
        &self,
        plan: &Plan,
        done: &HashMap<String, StepRecord>,
        results: &Results,
        failed: &HashMap<String, StepError>,
        literals: &Literals,
    ) -> (HashMap<String, Checked>, Vec<StepRecord>) {
        let mut ready: HashMap<String, Checked> = HashMap::new();
        let mut broken = Vec::new();
        let mut waiting = Vec::new();
        for step in &plan.steps {
            let Work::Sql(template) = &step.work else {
                continue;
            };
            if done.contains_key(&step.id) {
                continue;
            }
            match plan.statement(step).and_then(|s| failed.get(&s)) {
                // It failed before, and would fail again.
                Some(error) => broken.push(StepRecord::failed(step, error.clone())),
                None => waiting.push((step, template)),
            }
        }
        let mut stop = false;
        while !waiting.is_empty() && !stop {
            let open: HashSet<&str> = waiting.iter().map(|(step, _)| step.id.as_str()).collect();
            let is_next =
                |step: &Step| !step.depends_on.iter().any(|id| open.contains(id.as_str()));
            let (next, later): (Vec<_>, Vec<_>) =
                waiting.into_iter().partition(|(step, _)| is_next(step));
            waiting = later;
            let mut next = VecDeque::from(next);
            let mut checked = Vec::with_capacity(next.len());
            let mut running = FuturesUnordered::new();
            loop {
                while !stop && running.len() < self.width() {
                    let Some((step, template)) = next.pop_front() else {
                        break;
                    };
                    running.push(self.check_one(step, template, &ready, results, literals));
                }
                let Some((step, outcome)) = running.next().await else {
                    break;
                };
                stop |= matches!(&outcome, Err(error) if !error.is_mendable());
                checked.push((step, outcome));
            }
            drop(running);
            for (step, outcome) in checked {
                match outcome {
                    Ok(checked) => {
                        ready.insert(step.id.clone(), checked);
                    }
                    Err(error) => broken.push(StepRecord {
                        sql: step.query().map(str::to_owned),
                        ..StepRecord::failed(step, error)
                    }),
                }
            }
        }
        (ready, broken)
    }

    async fn check_one<'s>(
        &self,
        step: &'s Step,
        template: &Template,
        ready: &HashMap<String, Checked>,
        results: &Results,
        literals: &Literals,
    ) -> (&'s Step, Result<Checked, StepError>) {
        let outcome = self
            .check_step(step, template, ready, results, literals)
            .await;
        (step, outcome)
    }

    pub(super) async fn check_step(
        &self,
        step: &Step,
        template: &Template,
        ready: &HashMap<String, Checked>,
        results: &Results,
        literals: &Literals,
    ) -> Result<Checked, StepError> {
        let mut last = None;
        for candidate in [Some(template), step.fallback.as_ref()]
            .into_iter()
            .flatten()
        {
            let types = match reference_types(candidate, ready, results) {
                Ok(Some(types)) => types,
                Ok(None) => return Ok(Checked::Later),
                Err(error) => {
                    last.get_or_insert(error);
                    continue;
                }
            };
            match self.prepare(candidate, &types, literals).await {
                Ok(prepared) => return Ok(Checked::Ready(prepared)),
                Err(error) if error.is_mendable() => {
                    last.get_or_insert(error);
                }
                Err(error) => return Err(error),
            }
        }
        Err(last.unwrap_or_else(|| StepError::plan("there is nothing to run")))
    }

    pub(super) async fn prepare(
        &self,
        template: &Template,
        types: &HashMap<String, String>,
        literals: &Literals,
    ) -> Result<Prepared, StepError> {
        literals.check(template)?;
        let type_of = |reference: &Reference| {
            types
                .get(&reference.to_string())
                .cloned()
                .unwrap_or_else(|| "text".to_owned())
        };
        let value_of = |name: &ValueName| literals.text(name);
        match self.sql.prepare(template, type_of, value_of).await {
            Ok(prepared) => Ok(prepared),
            Err(error) => Err(self.with_near_names(error).await),
        }
    }

    /// Adds names that are spelt like the one that was not found.
    pub(super) async fn with_near_names(&self, mut error: StepError) -> StepError {
        // undefined column, undefined table
        if matches!(error.sqlstate.as_deref(), Some("42703" | "42P01"))
            && let Some(name) = quoted_name(&error.message)
        {
            error.near = self.index.near(&name).await.into();
        }
        error
    }
}

/// The Postgres type of each reference: from a result, or from the columns that a prepared query will have.
/// Nothing when a dependency's columns are not known yet.
pub(super) fn reference_types(
    template: &Template,
    ready: &HashMap<String, Checked>,
    results: &Results,
) -> Result<Option<HashMap<String, String>>, StepError> {
    let mut types = HashMap::new();
    for (reference, _) in template.references() {
        let columns: Vec<_> = match (results.get(&reference.step), ready.get(&reference.step)) {
            (Some(table), _) => table.infos().cloned().collect(),
            (None, Some(Checked::Ready(prepared))) => prepared.columns.clone(),
            (None, Some(Checked::Later) | None) => return Ok(None),
        };
        let column = columns
            .iter()
            .find(|c| c.name == reference.column)
            .or_else(|| {
                columns
                    .iter()
                    .find(|c| c.name.eq_ignore_ascii_case(&reference.column))
            });
        let Some(column) = column else {
            let names: Vec<&str> = columns.iter().map(|c| c.name.as_str()).collect();
            return Err(StepError::plan(format!(
                "{reference}: step {} has no such column; it has {}",
                reference.step,
                names.join(", ")
            ))
            .hiding(format!(
                "{reference}: step {} has no such column",
                reference.step
            )));
        };
        types.insert(reference.to_string(), column.type_name.clone());
    }
    Ok(Some(types))
}

/// The name in `column "x" does not exist`, `column t.x does not exist`, `relation "x" does not exist`.
fn quoted_name(message: &str) -> Option<String> {
    if let Some((_, rest)) = message.split_once('"') {
        return rest.split_once('"').map(|(name, _)| name.to_owned());
    }
    message.split_whitespace().nth(1).map(str::to_owned)
}
