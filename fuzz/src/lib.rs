//! The guard alone, without the rest of pgagent, so that the fuzzers build in a minute.

#[path = "../../src/sql/mod.rs"]
pub mod sql;
