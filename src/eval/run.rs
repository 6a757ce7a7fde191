//! Asks questions and compares what comes with the gold, several at once.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use futures::{StreamExt, stream};
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use super::compare::same;
use super::load::Question;
use crate::agent::{Event, Outcome, Supervisor, milliseconds};
use crate::db::{Database, Limits, Table};
use crate::error::{Error, Kind, Result};
use crate::session::SessionId;
use crate::sql::{self, Policy};

/// What became of a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Right,
    Wrong,
    /// A question back, or the planner not being sure.
    Refused,
    /// No plan that runs: the model, the guard or the database failed.
    Failed,
    /// The gold SQL itself does not run; not counted.
    Unjudged,
}

/// One question, asked once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Case {
    pub id: String,
    pub run: u32,
    pub question: String,
    pub verdict: Verdict,
    pub sql: Option<String>,
    pub gold_sql: String,
    /// What was said instead of an answer.
    pub message: Option<String>,
    pub attempts: u32,
    pub model_calls: u32,
    pub input_tokens: u64,
    pub output_tokens: u64,
    pub cost_usd: Option<f64>,
    pub latency_ms: f64,
}

/// Gives the parts that answer questions about one database.
#[async_trait]
pub trait Source: Send + Sync {
    /// # Errors
    /// What keeps the database from being asked at all.
    async fn open(&self, db: &str) -> Result<(Arc<Supervisor>, Arc<dyn Database>)>;
}

/// How often and how many at once.
#[derive(Debug, Clone)]
pub struct Evaluation {
    pub runs: u32,
    pub parallel: usize,
    pub max_rows: usize,
    pub timeout: Duration,
}

impl Evaluation {
    /// Asks all questions that `done` does not hold yet; `finished` hears of each.
    ///
    /// # Errors
    /// The first database that cannot be opened, or an interruption.
    pub async fn run(
        &self,
        questions: &[Question],
        source: &dyn Source,
        done: &[Case],
        finished: &(dyn Fn(&Case) + Send + Sync),
        cancel: &CancellationToken,
    ) -> Result<Vec<Case>> {
        let known: HashSet<(&str, u32)> = done.iter().map(|c| (c.id.as_str(), c.run)).collect();
        let open: Vec<(u32, &Question)> = (1..=self.runs.max(1))
            .flat_map(|run| questions.iter().map(move |q| (run, q)))
            .filter(|(run, q)| !known.contains(&(q.id.as_str(), *run)))
            .collect();
        let mut asked = stream::iter(open)
            .map(|(run, question)| self.ask(run, question, source, cancel))
            .buffered(self.parallel.max(1));
        let mut cases = done.to_vec();
        while let Some(case) = asked.next().await {
            let case = case?;
            finished(&case);
            cases.push(case);
        }
        Ok(cases)
    }

    async fn ask(
        &self,
        run: u32,
        question: &Question,
        source: &dyn Source,
        cancel: &CancellationToken,
    ) -> Result<Case> {
        let (supervisor, database) = source.open(&question.db).await?;
        let golds = self.golds(question, database.as_ref(), cancel).await;
        let text = if question.evidence.trim().is_empty() {
            question.question.clone()
        } else {
            format!("{}\n({})", question.question, question.evidence.trim())
        };
        let start = Instant::now();
        // A session of its own: no question may lean on another.
        let answered = supervisor
            .answer_with(&text, &SessionId::random(), &|_: &Event| {}, cancel)
            .await;
        let latency_ms = milliseconds(start.elapsed());
        if cancel.is_cancelled() {
            return Err(Error::interrupted());
        }
        let mut case = Case {
            id: question.id.clone(),
            run,
            question: question.question.clone(),
            verdict: Verdict::Failed,
            sql: None,
            gold_sql: question.golds().next().unwrap_or_default().to_owned(),
            message: None,
            attempts: 0,
            model_calls: 0,
            input_tokens: 0,
            output_tokens: 0,
            cost_usd: None,
            latency_ms,
        };
        let answer = match answered {
            Ok(answer) => answer,
            Err(error) => {
                case.message = Some(error.to_string());
                return Ok(case);
            }
        };
        case.attempts = answer.attempts;
        let usage = answer.usage.total();
        case.model_calls = usage.calls;
        case.input_tokens = usage.input_tokens;
        case.output_tokens = usage.output_tokens;
        case.cost_usd = usage.cost_usd;
        case.sql = answer.steps.iter().rev().find_map(|s| s.sql.clone());
        case.verdict = match &answer.outcome {
            Outcome::Clarification => {
                case.message.clone_from(&answer.clarification);
                Verdict::Refused
            }
            Outcome::Failed(error) => {
                case.message = Some(error.to_string());
                // Nothing was planned: the planner was not sure.
                if answer.steps.is_empty() && error.kind() == Kind::Failed && usage.calls == 0 {
                    Verdict::Refused
                } else {
                    Verdict::Failed
                }
            }
            Outcome::Answered => {
                let ordered = question.wants_order();
                let right = |gold: &Table| {
                    answer
                        .table()
                        .is_some_and(|table| same(table, gold, ordered))
                };
                if golds.iter().flatten().any(right) {
                    Verdict::Right
                } else {
                    Verdict::Wrong
                }
            }
        };
        if golds.iter().all(std::result::Result::is_err) {
            case.verdict = Verdict::Unjudged;
            case.message = golds.into_iter().find_map(std::result::Result::err);
        }
        Ok(case)
    }

    /// The results of every gold SQL, or why there is none.
    async fn golds(
        &self,
        question: &Question,
        database: &dyn Database,
        cancel: &CancellationToken,
    ) -> Vec<Result<Table, String>> {
        let limits = Limits {
            max_rows: self.max_rows,
            timeout: self.timeout,
            ..Limits::default()
        };
        let mut results = Vec::new();
        for gold in question.golds() {
            let result = async {
                let query = sql::check(gold, &Policy::default())
                    .map_err(|e| format!("the gold SQL is refused: {e}"))?;
                let failed = |e| format!("the gold SQL does not run: {e}");
                let columns = database.prepare(&query).await.map_err(failed)?;
                database
                    .query(&query, &columns, &[], &limits, cancel)
                    .await
                    .map_err(failed)
            };
            results.push(result.await);
        }
        results
    }
}
