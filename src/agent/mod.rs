//! The agent: [`Supervisor`] does what [`Run`] decides, with planner, executor and critic.

mod answer;
mod asked;
mod breaker;
mod checks;
mod critic;
mod event;
mod executor;
mod json;
mod numbers;
mod plan;
mod planner;
mod prose;
mod run;
mod step;
mod supervisor;
mod trace;

pub use answer::{Answer, Outcome, Timings, TotalUsage};
pub use breaker::CircuitBreaker;
pub use critic::{Critique, result_table};
pub use event::{Event, Observer};
pub use executor::milliseconds;
pub use json::text_of;
pub use plan::{Plan, PlanError, Step, StepType, Work};
pub use planner::{PlanRequest, Planned, Planner, Prose};
pub use run::{Action, End, Run};
pub use step::{Status, StepRecord};
pub use supervisor::Supervisor;
