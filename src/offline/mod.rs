//! Planning without a model: a question is read, by the schema's own words and the data's values, into a
//! typed query, and that into SQL; through the same plan, guard and executor as any model's.
//!
//! It answers only when it is sure: every word must be accounted for, one reading must be plainly the
//! best, and the tables must hang together in one way. Anything else is refused, with the words that
//! were not understood.

mod answer;
mod ask;
mod codes;
mod dates;
mod facts;
#[cfg(test)]
mod fixture;
mod follow;
mod index;
mod joins;
mod keys;
mod labels;
mod lexicon;
mod link;
mod naming;
mod pieces;
mod planner;
mod query;
mod read;
mod reply;
mod say;
mod score;
mod sql;
mod values;
mod vocabulary;
mod words;

pub use planner::{OfflinePlanner, Reader};
