//! What a question comes to.

use std::time::Duration;

use super::critic::{Critique, result_table};
use super::step::StepRecord;
use super::usage::TotalUsage;
use crate::db::Table;
use crate::error::Error;
use crate::schema::Binding;

/// How it ended.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// Answered; the critique tells whether it is doubted.
    Answered,
    /// The person is asked back.
    Clarification,
    /// Not answered.
    Failed(Error),
}

#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Timings {
    pub retrieve: Duration,
    pub plan: Duration,
    pub execute: Duration,
    pub critique: Duration,
    pub total: Duration,
}

/// A question, its answer, and everything that backs it.
#[derive(Debug, Clone)]
pub struct Answer {
    pub question: String,
    pub session_id: String,
    pub answer: String,
    pub reasoning: String,
    pub clarification: Option<String>,
    /// What the question's words were taken to mean in the data.
    pub bindings: Vec<Binding>,
    /// What was taken for granted, a sentence each.
    pub assumptions: Vec<String>,
    pub steps: Vec<StepRecord>,
    pub critique: Option<Critique>,
    pub attempts: u32,
    pub model: String,
    pub usage: TotalUsage,
    pub timings: Timings,
    pub outcome: Outcome,
}

impl Answer {
    /// The rows that are the answer.
    pub fn table(&self) -> Option<&Table> {
        result_table(&self.steps)
    }

    /// Whether the critic doubts it, or a number in the prose has no source.
    pub fn is_doubtful(&self) -> bool {
        self.critique
            .as_ref()
            .is_some_and(|c| !c.answers_question || !c.unsourced_numbers.is_empty())
    }
}
