//! The agent: [`Supervisor`] does what [`Run`] decides, with planner, executor and critic.

mod answer;
mod asked;
mod assumptions;
mod breaker;
mod checks;
mod critic;
mod event;
mod executor;
mod history;
mod json;
mod literals;
mod numbers;
mod plan;
mod planner;
mod prose;
mod run;
mod step;
mod streamed;
mod supervisor;
mod told;
mod trace;
mod usage;

pub use answer::{Answer, Outcome, Timings};
pub use breaker::CircuitBreaker;
pub use critic::{Critique, result_table};
pub use event::{Event, Observer};
pub use executor::milliseconds;
pub use json::text_of;
pub use plan::{Plan, PlanError, Step, StepType, Work};
pub use planner::{PlanRequest, Planned, Planner, Prose};
pub use prose::in_words;
pub use run::{Action, Budget, End, Run};
pub use step::{Status, StepRecord};
pub use supervisor::Supervisor;
pub use usage::{TotalUsage, Used};
