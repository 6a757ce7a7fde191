//! Execution accuracy: questions with known answers are asked like any other, and their results are
//! compared with those of the gold SQL, as the public benchmarks do.
//!
//! | file | job |
//! |---|---|
//! | `load` | questions from JSON lines or CSV |
//! | `compare` | whether two results are the same answer |
//! | `run` | asks, compares, repeats, in parallel |
//! | `report` | the figures, as JSON and Markdown, and beside an earlier report |

mod compare;
mod load;
mod report;
mod run;

pub use compare::same;
pub use load::{Question, load};
pub use report::{Figures, Report};
pub use run::{Case, Evaluation, Source, Verdict};
