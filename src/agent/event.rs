//! What happens while a question is answered, as it happens.

use serde::Serialize;

use super::plan::StepType;
use crate::schema::Binding;

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    Started {
        question: String,
    },
    Retrieved {
        tables: Vec<String>,
        /// What the question's words mean in the data.
        bindings: Vec<Binding>,
        whole_schema: bool,
        context_tokens: usize,
        duration_ms: f64,
    },
    Planning {
        attempt: u32,
    },
    Planned {
        attempt: u32,
        steps: usize,
        duration_ms: f64,
    },
    /// A plan that could not be used, or steps that failed: what the planner is told.
    Feedback {
        attempt: u32,
        message: String,
    },
    StepStarted {
        id: String,
        #[serde(rename = "type")]
        step_type: StepType,
        description: String,
        number: usize,
        of: usize,
    },
    /// A step's result is coming in; told now and then while it does.
    RowsRead {
        id: String,
        row_count: usize,
    },
    StepFinished {
        id: String,
        status: &'static str,
        row_count: Option<usize>,
        duration_ms: f64,
        error: Option<String>,
    },
    Judging,
    /// More of the answer's prose, as the model writes it; only for who wants it. It is not judged yet.
    Prose {
        delta: String,
    },
    /// What is sent to the model.
    Prompt {
        stage: &'static str,
        system: String,
        user: String,
    },
    /// What the model replied.
    Reply {
        stage: &'static str,
        text: String,
    },
    /// A call to the model is over; the tokens are as the provider counted them.
    ModelCalled {
        stage: &'static str,
        input_tokens: u64,
        output_tokens: u64,
        duration_ms: f64,
        error: Option<String>,
    },
    Judged {
        answers_question: bool,
        confidence: f64,
        duration_ms: f64,
    },
    /// Something the person should know.
    Notice {
        message: String,
    },
    Finished {
        attempts: u32,
        duration_ms: f64,
    },
}

/// Watches a question being answered.
pub trait Observer: Send + Sync {
    fn observe(&self, event: &Event);

    /// Whether to tell of prose as it comes, for a person who is waiting for it.
    fn wants_prose(&self) -> bool {
        false
    }
}

impl<F: Fn(&Event) + Send + Sync> Observer for F {
    fn observe(&self, event: &Event) {
        self(event);
    }
}
