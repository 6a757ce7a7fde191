//! One question under way: does what [`Run`] decides, and keeps what came of it.

mod call;
mod execute;
mod finish;
mod judge;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Instant;

use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use self::execute::Attempt;
use super::answer::Timings;
use super::critic::Critique;
use super::event::{Event, Observer};
use super::executor::milliseconds;
use super::plan::Plan;
use super::planner::{Feedback, Known, PlanRequest, Prose};
use super::run::{Action, Outcome, Run};
use super::step::StepRecord;
use super::supervisor::{Mind, Supervisor};
use super::trace;
use super::usage::{TotalUsage, Used};
use crate::config::Share;
use crate::db::Clock;
use crate::error::{Error, Result};
use crate::llm::ModelError;
use crate::schema::{Binding, Retrieved};
use crate::session::{SessionId, Turn};
use crate::tools::StepError;

/// Earlier turns that are looked at; the planner sees those that fit its budget.
const HISTORY_TURNS: usize = 200;

/// One question under way.
pub(super) struct Asked<'a> {
    supervisor: &'a Supervisor,
    question: &'a str,
    session: &'a SessionId,
    observer: &'a dyn Observer,
    cancel: &'a CancellationToken,
    start: Instant,
    run: Run,
    history: Vec<Turn>,
    retrieved: Retrieved,
    clock: Clock,
    plan: Option<Plan>,
    /// Whether the plan is a verified example's.
    is_verified: bool,
    /// Values that were filled in where plans name them.
    bound: Vec<Binding>,
    /// Who puts this plan's results in words, if not a critic.
    prose: Option<Arc<dyn Prose>>,
    feedback: Option<Feedback>,
    records: Vec<StepRecord>,
    /// Good records of earlier attempts.
    kept: Vec<StepRecord>,
    /// Statements that failed, and need not be run again.
    failed_sql: HashMap<String, StepError>,
    /// The failed attempt that came nearest.
    nearest: Option<Attempt>,
    critique: Option<Critique>,
    /// The answer that the critic doubted, in case nothing better comes.
    earlier: Option<(Plan, Vec<StepRecord>, Critique)>,
    error: Option<Error>,
    usage: TotalUsage,
    timings: Timings,
}

impl<'a> Asked<'a> {
    pub(super) fn new(
        supervisor: &'a Supervisor,
        question: &'a str,
        session: &'a SessionId,
        observer: &'a dyn Observer,
        cancel: &'a CancellationToken,
    ) -> Self {
        let settings = &supervisor.settings;
        Self {
            supervisor,
            question,
            session,
            observer,
            cancel,
            start: Instant::now(),
            run: Run::new(settings.retries, true).within(settings.budget),
            history: Vec::new(),
            retrieved: Retrieved::default(),
            clock: Clock::ours(),
            plan: None,
            is_verified: false,
            bound: Vec::new(),
            prose: None,
            feedback: None,
            records: Vec::new(),
            kept: Vec::new(),
            failed_sql: HashMap::new(),
            nearest: None,
            critique: None,
            earlier: None,
            error: None,
            usage: TotalUsage::default(),
            timings: Timings::default(),
        }
    }

    /// Works until the question ends.
    ///
    /// # Errors
    /// What keeps it from being planned at all.
    pub(super) async fn run(&mut self) -> Result<()> {
        loop {
            let outcome = match self.run.next() {
                Action::Retrieve => self.retrieve().instrument(trace::retrieve()).await?,
                Action::Plan(attempt) => self.plan(attempt).instrument(trace::plan(attempt)).await,
                Action::Execute => self.execute().await,
                Action::Judge => self.judge().instrument(trace::critique()).await,
                Action::Finish(_) => return Ok(()),
            };
            self.run.record(outcome);
        }
    }

    async fn retrieve(&mut self) -> Result<Outcome> {
        let start = Instant::now();
        let (history, retrieved) = tokio::join!(
            self.supervisor.sessions.load(self.session, HISTORY_TURNS),
            async {
                tokio::select! {
                    biased;
                    () = self.cancel.cancelled() => Err(Error::interrupted()),
                    found = self.supervisor.index.retrieve(self.question) => found,
                }
            },
        );
        self.history = history.unwrap_or_else(|error| {
            self.notice(format!("earlier turns are not known: {error}"));
            Vec::new()
        });
        self.retrieved = retrieved?;
        if let Some(call) = self.retrieved.embedding.clone() {
            let prices = &self.supervisor.settings.prices;
            let used = Used::call(call.usage, prices.cost_usd(&call.model, call.usage));
            self.used("retrieve", &used);
            self.observer.observe(&Event::Prompt {
                stage: "retrieve",
                system: String::new(),
                user: self.question.to_owned(),
            });
            self.observer.observe(&Event::ModelCalled {
                stage: "retrieve",
                input_tokens: call.usage.input_tokens,
                output_tokens: call.usage.output_tokens,
                duration_ms: milliseconds(start.elapsed()),
                error: None,
            });
        }
        for message in &self.retrieved.notices {
            self.notice(message.clone());
        }
        self.timings.retrieve = start.elapsed();
        trace::retrieved(self.retrieved.tables.len(), self.retrieved.context_tokens);
        self.observer.observe(&Event::Retrieved {
            tables: self
                .retrieved
                .tables
                .iter()
                .map(|t| format!("{}.{}", t.schema, t.name))
                .collect(),
            bindings: self.retrieved.bindings.clone(),
            whole_schema: self.retrieved.whole,
            context_tokens: self.retrieved.context_tokens,
            duration_ms: milliseconds(self.timings.retrieve),
        });
        Ok(Outcome::Retrieved)
    }

    fn notice(&self, message: String) {
        self.observer.observe(&Event::Notice { message });
    }

    async fn plan(&mut self, attempt: u32) -> Outcome {
        let start = Instant::now();
        if let Some(plan) = self.verified(attempt) {
            self.plan = Some(plan);
            self.is_verified = true;
            return Outcome::Planned;
        }
        self.is_verified = false;
        self.observer.observe(&Event::Planning { attempt });
        // Only a model needs to be told, and only once.
        if attempt == 1 && matches!(self.supervisor.mind, Mind::Model(_)) {
            self.clock = tokio::select! {
                biased;
                () = self.cancel.cancelled() => Clock::ours(),
                clock = self.supervisor.sql.clock() => clock.unwrap_or_else(|_| Clock::ours()),
            };
        }
        let retrieved = &self.retrieved;
        let share = self.supervisor.settings.share;
        let examples = match self.supervisor.settings.examples {
            true => retrieved.examples_text(share),
            false => String::new(),
        };
        let request = PlanRequest {
            question: self.question,
            context: retrieved.schema_text(share),
            whole_schema: retrieved.whole,
            catalog: retrieved.catalog.as_ref(),
            known: Known {
                values: &retrieved.values_text(share),
                examples: &examples,
                notes: &retrieved.notes_text(),
            },
            today: &self.clock.today,
            version: &self.clock.version,
            history: &self.history,
            web_search: self.supervisor.search.is_some(),
            share,
            feedback: self.feedback.as_ref(),
            kept: &self.kept,
        };
        let chat = match &self.supervisor.mind {
            Mind::Model(chat) => chat,
            Mind::Planner(planner) => {
                let planned = tokio::select! {
                    biased;
                    () = self.cancel.cancelled() => Err(Error::interrupted()),
                    planned = planner.plan(&request) => planned,
                };
                self.timings.plan += start.elapsed();
                return match planned {
                    Ok(planned) => {
                        self.prose = Some(planned.prose);
                        self.planned(planned.plan, attempt, start)
                    }
                    Err(error) => {
                        self.error = Some(error);
                        Outcome::GaveUp
                    }
                };
            }
        };
        if request.context.is_empty() && !retrieved.context.is_empty() {
            self.error = Some(
                Error::failed("the schema cannot be told without values of the data").with_hint(
                    "renew the index with `pgagent index`, or share more with `--share`",
                ),
            );
            return Outcome::GaveUp;
        }
        let request = request.to_chat();
        if let Some(spent) = self.lacks(&request) {
            let error = match self.error.take() {
                None => Error::failed(spent),
                Some(error) => Error::new(
                    error.kind(),
                    format!("{error}; no other plan was asked for: {spent}"),
                ),
            };
            self.error = Some(error.with_hint("raise `--max-tokens` or `--max-usd`"));
            return Outcome::OutOfBudget;
        }
        let reply = self.call("plan", chat.as_ref(), &request, None).await;
        self.timings.plan += start.elapsed();
        let reply = match reply {
            Ok(reply) => reply,
            // Another try may give a whole reply; nothing else is worth one.
            Err(
                error @ (ModelError::Empty { .. }
                | ModelError::CutOff { .. }
                | ModelError::Garbage { .. }),
            ) => {
                return self.rejected(
                    attempt,
                    format!("the reply could not be read: {error}"),
                    error.into(),
                );
            }
            Err(error) => {
                self.error = Some(error.into());
                return Outcome::GaveUp;
            }
        };
        let known: BTreeSet<String> = self
            .kept
            .iter()
            .filter(|r| r.table.is_some())
            .map(|r| r.step.id.clone())
            .collect();
        let plan = match Plan::parse(&reply.text, &known) {
            Ok(plan) => plan,
            Err(error) => {
                let shown = Error::failed(format!(
                    "the model gave no plan that can be carried out: {error}"
                ))
                .with_hint("ask in other words, or use another `--model`");
                return self.rejected(
                    attempt,
                    format!("the plan cannot be carried out: {error}"),
                    shown,
                );
            }
        };
        self.planned(plan, attempt, start)
    }

    fn planned(&mut self, plan: Plan, attempt: u32, start: Instant) -> Outcome {
        self.observer.observe(&Event::Planned {
            attempt,
            steps: plan.steps.len(),
            duration_ms: milliseconds(start.elapsed()),
        });
        let outcome = if plan.clarification.is_some() {
            Outcome::Clarified
        } else {
            Outcome::Planned
        };
        self.plan = Some(plan);
        outcome
    }

    /// The plan of a verified example that asks just this. Only the first attempt: when it fails, the
    /// planner is asked.
    fn verified(&self, attempt: u32) -> Option<Plan> {
        let example = self.retrieved.recalled.verified.as_ref();
        let example = example.filter(|_| attempt == 1 && self.supervisor.settings.examples)?;
        let plan = Plan::of_query(
            "the SQL of a verified example that asks the same",
            "the verified example's SQL",
            &example.sql,
        )
        .ok()?;
        self.notice(format!(
            "answered from verified example {}, without a planning call; `--no-examples` plans anew",
            example.id
        ));
        Some(plan)
    }

    fn rejected(&mut self, attempt: u32, message: String, error: Error) -> Outcome {
        self.observer.observe(&Event::Feedback {
            attempt,
            message: message.clone(),
        });
        self.feedback = Some(Feedback(message));
        self.error = Some(error);
        Outcome::PlanRejected
    }

    /// What of the data the model saw that wrote the plan, where a model did.
    pub(super) fn written_with(&self) -> Option<Share> {
        let by_model = matches!(self.supervisor.mind, Mind::Model(_)) && !self.is_verified;
        by_model.then_some(self.supervisor.settings.share)
    }
}
