//! What a question comes to.

use super::Asked;
use crate::agent::answer::{Answer, Outcome as Ending};
use crate::agent::assumptions::assumptions;
use crate::agent::numbers::unsourced;
use crate::agent::prose::{answer_in_words, plain_answer};
use crate::agent::run::{Action, End};
use crate::config::Share;
use crate::error::{Error, Kind};
use crate::schema::Binding;
use crate::tools::{ErrorClass, StepError};

impl Asked<'_> {
    /// What came of it.
    pub(in crate::agent) fn finish(mut self) -> Answer {
        let end = match self.run.next() {
            Action::Finish(end) => end,
            _ => End::Failed,
        };
        let plan = self.plan.take();
        let mut assumed = plan
            .as_ref()
            .map(|p| p.assumptions.clone())
            .unwrap_or_default();
        let mut reasoning = plan
            .as_ref()
            .map(|p| p.reasoning.clone())
            .unwrap_or_default();
        let clarification = match end {
            End::Clarification => plan.and_then(|p| p.clarification),
            _ => None,
        };
        if end == End::EarlierAnswer
            && let Some((earlier, records, critique)) = self.earlier.take()
        {
            (reasoning, assumed) = (earlier.reasoning, earlier.assumptions);
            self.records = records;
            self.critique = Some(critique);
        }
        let outcome = match end {
            End::Clarification => Ending::Clarification,
            End::Failed => Ending::Failed(self.error.take().unwrap_or_else(|| {
                Error::failed("the question could not be answered")
                    .with_hint("ask in other words, or use another `--model`")
            })),
            End::Answered | End::Doubted | End::EarlierAnswer => Ending::Answered,
        };
        if let (Ending::Answered, None, Some(prose)) = (&outcome, &self.critique, &self.prose) {
            let mut said = prose.say(&self.records);
            // A planner says how it read the question, and may name a table with a number in its name.
            let read = format!("{} {reasoning}", self.question);
            said.unsourced_numbers = unsourced(&said.answer, &read, &self.records);
            self.critique = Some(said);
        }
        let answer = match (&outcome, &clarification, &self.critique) {
            (Ending::Failed(_), ..) => String::new(),
            (_, Some(clarification), _) => clarification.clone(),
            (_, _, Some(critique)) if !critique.answer.is_empty() => critique.answer.clone(),
            _ if self.supervisor.settings.share > Share::Rows => answer_in_words(&self.records),
            _ => plain_answer(&self.records),
        };
        self.timings.total = self.start.elapsed();
        let bindings = with_bound(self.retrieved.bindings, self.bound);
        let assumptions = match outcome {
            Ending::Answered => {
                assumptions(&assumed, &self.records, &bindings, &self.retrieved.chunks)
            }
            Ending::Clarification | Ending::Failed(_) => Vec::new(),
        };
        let model = self.supervisor.mind.name().to_owned();
        Answer {
            question: self.question.to_owned(),
            session_id: self.session.to_string(),
            answer,
            reasoning,
            clarification,
            bindings,
            assumptions,
            steps: self.records,
            critique: self.critique,
            attempts: self.run.attempts(),
            usage: self.usage,
            model,
            timings: self.timings,
            outcome,
        }
    }
}

/// What words of the question mean, and what words of the plan were taken to mean.
fn with_bound(mut bindings: Vec<Binding>, bound: Vec<Binding>) -> Vec<Binding> {
    for binding in bound {
        if !bindings.contains(&binding) {
            bindings.push(binding);
        }
    }
    bindings
}

/// A failed step as the question's error.
pub(super) fn step_error(id: &str, error: &StepError) -> Error {
    let kind = match error.class {
        ErrorClass::Refused => Kind::Refused,
        ErrorClass::Cancelled => Kind::Interrupted,
        _ => Kind::Failed,
    };
    let message = match error.class {
        ErrorClass::Cancelled => "interrupted".to_owned(),
        _ => format!("step {id} failed: {error}"),
    };
    let hint = match (&error.hint, error.class) {
        (Some(hint), _) => hint,
        (None, ErrorClass::Refused) => "pgagent only reads; ask for what is in the data",
        (None, ErrorClass::Plan) => {
            "ask in other words, allow more `--retries`, or use another `--model`"
        }
        (None, ErrorClass::Timeout) => "ask for less, or raise `--timeout`",
        (None, ErrorClass::Service) => "try again in a moment",
        (None, ErrorClass::Cancelled) => return Error::new(kind, message),
    };
    Error::new(kind, message).with_hint(hint)
}
