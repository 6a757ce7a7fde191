//! Carries a plan out: checks all SQL first, then runs the steps in the order of their dependencies, one at
//! a time or side by side. Results of earlier attempts that are still good are not computed again.

mod check;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use self::check::{Checked, reference_types};
use crate::agent::event::{Event, Observer};
use crate::agent::literals::{Finder, Literals};
use crate::agent::plan::{Plan, Step, Work};
use crate::agent::step::{Status, StepRecord};
use crate::agent::trace;
use crate::config::Pattern;
use crate::db::{Limits, RowsRead, Table};
use crate::llm::Usage;
use crate::schema::{Binding, SchemaIndex};
use crate::sql::Template;
use crate::tools::{ErrorClass, SearchTool, SqlTool, StepError, WebSearch, analyze, verify};

/// How often is told how far a query is.
const TELL_EVERY: Duration = Duration::from_millis(250);

/// The tools that steps use, and their bounds.
pub struct Executor<'a> {
    pub sql: &'a SqlTool,
    pub search: Option<&'a dyn SearchTool>,
    pub index: &'a dyn SchemaIndex,
    /// What the question's words mean, in the order that the planner was told.
    pub bindings: &'a [Binding],
    pub pattern: Pattern,
    pub limits: Limits,
    pub cancel: &'a CancellationToken,
    pub observer: &'a dyn Observer,
    /// SQL goes into spans.
    pub trace_content: bool,
}

/// What came of a plan: a record for each step, in the plan's order.
pub struct Execution {
    pub records: Vec<StepRecord>,
    /// Tokens that steps themselves used.
    pub usage: Usage,
    pub model_calls: u32,
    /// Values that were filled in where the plan names them.
    pub bound: Vec<Binding>,
}

impl Execution {
    pub fn is_ok(&self) -> bool {
        self.records.iter().all(StepRecord::is_ok)
    }
}

/// Results by step id.
type Results = HashMap<String, Arc<Table>>;

impl Executor<'_> {
    /// Runs `plan`. `kept` are good records of earlier attempts: a step that does the same work takes its
    /// result from there. Statements in `failed` failed before
    /// and are not tried as they stand.
    pub async fn execute(
        &self,
        plan: &Plan,
        kept: &[StepRecord],
        failed: &HashMap<String, StepError>,
    ) -> Execution {
        let mut results: Results = kept
            .iter()
            .filter_map(|r| Some((r.step.id.clone(), Arc::clone(r.table.as_ref()?))))
            .collect();
        let mut records: HashMap<String, StepRecord> = HashMap::new();
        for step in &plan.steps {
            results.remove(&step.id);
            let reused = kept
                .iter()
                .find(|r| r.step.id == step.id && r.step.same_work(step))
                // Its inputs must be the same results, too.
                .filter(|_| {
                    step.depends_on.iter().all(|id| {
                        records.get(id).is_none_or(StepRecord::is_ok)
                            && kept.iter().any(|k| &k.step.id == id)
                    })
                });
            if let Some(record) = reused {
                if let Some(table) = &record.table {
                    results.insert(step.id.clone(), Arc::clone(table));
                }
                records.insert(step.id.clone(), record.clone());
            }
        }

        let finder = Finder {
            bindings: self.bindings,
            index: self.index,
            sql: self.sql,
            cancel: self.cancel,
        };
        let literals = finder.find(plan).await;
        let (ready, broken) = self
            .check(plan, &records, &results, failed, &literals)
            .await;
        let mut execution = Execution {
            records: Vec::new(),
            usage: Usage::default(),
            model_calls: 0,
            bound: Vec::new(),
        };
        if broken.is_empty() {
            let known = (&literals, &mut records, &mut results);
            self.run(plan, ready, known, &mut execution).await;
        } else {
            for record in broken {
                let span = trace::step(&record.step);
                span.in_scope(|| trace::stepped(&record, self.trace_content));
                self.observer.observe(&finished(&record));
                records.insert(record.step.id.clone(), record);
            }
        }
        execution.records = plan
            .steps
            .iter()
            .map(|step| {
                records
                    .remove(&step.id)
                    .unwrap_or_else(|| StepRecord::new(step, Status::Skipped))
            })
            .collect();
        execution.bound = literals.into_bindings().collect();
        execution
    }

    /// Steps that are under way at once.
    fn width(&self) -> usize {
        match self.pattern {
            Pattern::Sequential => 1,
            Pattern::Parallel => self.sql.max_connections().max(1),
        }
    }

    async fn run(
        &self,
        plan: &Plan,
        mut ready: HashMap<String, Checked>,
        known: (&Literals, &mut HashMap<String, StepRecord>, &mut Results),
        execution: &mut Execution,
    ) {
        let (literals, records, results) = known;
        let of = plan.steps.len();
        let mut waiting: Vec<(usize, &Step)> = plan
            .steps
            .iter()
            .enumerate()
            .filter(|(_, step)| !records.contains_key(&step.id))
            .collect();
        let mut running = FuturesUnordered::new();
        let mut stop = false;
        loop {
            while !stop && running.len() < self.width() {
                let next = waiting.iter().position(|(_, step)| {
                    step.depends_on.iter().all(|id| match records.get(id) {
                        Some(record) => record.is_ok(),
                        // Not in this plan: an earlier attempt's result.
                        None => {
                            results.contains_key(id) && !waiting.iter().any(|(_, s)| &s.id == id)
                        }
                    })
                });
                let Some(next) = next else { break };
                let (number, step) = waiting.remove(next);
                self.observer.observe(&Event::StepStarted {
                    id: step.id.clone(),
                    step_type: step.step_type,
                    description: step.description.clone(),
                    number: number + 1,
                    of,
                });
                let inputs: Results = step
                    .depends_on
                    .iter()
                    .filter_map(|id| Some((id.clone(), Arc::clone(results.get(id)?))))
                    .collect();
                let run = self.run_step(step, ready.remove(&step.id), inputs, literals);
                running.push(run.instrument(trace::step(step)));
            }
            let Some((record, usage)) = running.next().await else {
                break;
            };
            self.observer.observe(&finished(&record));
            if let Some(usage) = usage {
                execution.model_calls += 1;
                execution.usage.input_tokens += usage.input_tokens;
                execution.usage.output_tokens += usage.output_tokens;
            }
            // What runs already may end; its result serves the corrected plan.
            stop |= !record.is_ok();
            if let Some(table) = &record.table {
                results.insert(record.step.id.clone(), Arc::clone(table));
            }
            records.insert(record.step.id.clone(), record);
        }
    }

    async fn run_step(
        &self,
        step: &Step,
        checked: Option<Checked>,
        inputs: Results,
        literals: &Literals,
    ) -> (StepRecord, Option<Usage>) {
        let start = Instant::now();
        let mut usage = None;
        let mut sql = None;
        let outcome = match &step.work {
            Work::Sql(template) => self
                .run_sql(step, template, (checked, literals), &inputs, &mut sql)
                .await
                .map(Some),
            Work::Analyze(analysis) => {
                let inputs = step
                    .depends_on
                    .iter()
                    .filter_map(|id| Some((id.clone(), Arc::clone(inputs.get(id)?))))
                    .collect::<Vec<_>>();
                let (analysis, max_rows) = (analysis.clone(), self.limits.max_rows);
                self.blocking(move || analyze(&analysis, &inputs, max_rows))
                    .await
                    .map(Some)
            }
            Work::Verify(checks) => {
                let checks = checks.clone();
                self.blocking(move || verify(&checks, |id| inputs.get(id).cloned()))
                    .await
                    .map(|()| None)
            }
            Work::Search(query) => match self.search {
                Some(search) => self
                    .search_web(search, query, &mut usage)
                    .await
                    .map(|found| Some(found.to_table())),
                None => Err(StepError {
                    hint: Some("PGAGENT_WEB_SEARCH=model lets plans search the web".to_owned()),
                    ..StepError::plan("web search is off; answer from the database alone")
                }),
            },
        };
        let mut record = match outcome {
            Ok(table) => StepRecord {
                table: table.map(Arc::new),
                ..StepRecord::new(step, Status::Ok)
            },
            Err(error) => StepRecord::failed(step, error),
        };
        record.sql = sql;
        record.duration = start.elapsed();
        trace::stepped(&record, self.trace_content);
        (record, usage)
    }

    async fn run_sql(
        &self,
        step: &Step,
        template: &Template,
        (checked, literals): (Option<Checked>, &Literals),
        inputs: &Results,
        sql: &mut Option<String>,
    ) -> Result<Table, StepError> {
        *sql = step.query().map(str::to_owned);
        let prepared = match checked {
            Some(Checked::Ready(prepared)) => prepared,
            _ => match self
                .check_step(step, template, &HashMap::new(), inputs, literals)
                .await?
            {
                Checked::Ready(prepared) => prepared,
                Checked::Later => {
                    return Err(StepError::plan("a step that it depends on has no result"));
                }
            },
        };
        *sql = Some(prepared.query.text().to_owned());
        let table_of = |id: &str| inputs.get(id).cloned();
        let limits = self.counted();
        let running = self.sql.run(&prepared, table_of, &limits, self.cancel);
        let error = match self.watched(step, &limits, running).await {
            Ok(table) => return Ok(table),
            Err(error) => error,
        };
        let Some(fallback) = step.fallback.as_ref().filter(|_| error.is_mendable()) else {
            return Err(self.with_near_names(error).await);
        };
        let types = reference_types(fallback, &HashMap::new(), inputs)?.unwrap_or_default();
        let prepared = self
            .prepare(fallback, &types, literals)
            .await
            .map_err(|_| error.clone())?;
        let limits = self.counted();
        let running = self.sql.run(&prepared, table_of, &limits, self.cancel);
        let table = self
            .watched(step, &limits, running)
            .await
            .map_err(|_| error)?;
        *sql = Some(prepared.query.text().to_owned());
        Ok(table)
    }

    /// Searches, and tells what was sent.
    async fn search_web(
        &self,
        search: &dyn SearchTool,
        query: &str,
        usage: &mut Option<Usage>,
    ) -> Result<WebSearch, StepError> {
        const STAGE: &str = "search";
        self.observer.observe(&Event::Prompt {
            stage: STAGE,
            system: String::new(),
            user: query.to_owned(),
        });
        let start = Instant::now();
        let found = self.bounded(search.search(query)).await;
        if let Ok(found) = &found {
            *usage = found.usage;
            self.observer.observe(&Event::Reply {
                stage: STAGE,
                text: found.text.clone(),
            });
        }
        let used = usage.unwrap_or_default();
        self.observer.observe(&Event::ModelCalled {
            stage: STAGE,
            input_tokens: used.input_tokens,
            output_tokens: used.output_tokens,
            duration_ms: milliseconds(start.elapsed()),
            error: found.as_ref().err().map(ToString::to_string),
        });
        found
    }

    /// The limits, with a count of rows for one query.
    fn counted(&self) -> Limits {
        Limits {
            rows_read: RowsRead::default(),
            ..self.limits.clone()
        }
    }

    /// Tells how far a query is while it runs.
    async fn watched<T>(
        &self,
        step: &Step,
        limits: &Limits,
        running: impl Future<Output = T>,
    ) -> T {
        tokio::pin!(running);
        let mut told = 0;
        loop {
            if let Ok(done) = tokio::time::timeout(TELL_EVERY, &mut running).await {
                return done;
            }
            let row_count = limits.rows_read.get();
            if row_count > told {
                told = row_count;
                self.observer.observe(&Event::RowsRead {
                    id: step.id.clone(),
                    row_count,
                });
            }
        }
    }

    /// Processor work off the async threads, within the step's time.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, StepError> + Send + 'static,
    ) -> Result<T, StepError> {
        let done = async {
            tokio::task::spawn_blocking(work)
                .await
                .unwrap_or_else(|e| Err(StepError::plan(format!("the analysis broke off: {e}"))))
        };
        self.bounded(done).await
    }

    async fn bounded<T>(
        &self,
        work: impl Future<Output = Result<T, StepError>>,
    ) -> Result<T, StepError> {
        tokio::select! {
            biased;
            () = self.cancel.cancelled() => Err(StepError::new(ErrorClass::Cancelled, "interrupted")),
            done = tokio::time::timeout(self.limits.timeout, work) => done.unwrap_or_else(|_| {
                Err(StepError::new(ErrorClass::Timeout, format!("took longer than {} s", self.limits.timeout.as_secs())))
            }),
        }
    }
}

fn finished(record: &StepRecord) -> Event {
    Event::StepFinished {
        id: record.step.id.clone(),
        status: record.status.as_str(),
        row_count: record.table.as_ref().map(|t| t.row_count()),
        duration_ms: milliseconds(record.duration),
        error: record.error.as_ref().map(ToString::to_string),
    }
}

/// Milliseconds with their fraction.
pub fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}
