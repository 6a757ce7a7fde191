//! The guard alone, without the rest of pgagent, so that the fuzzers build in a minute.

#[allow(dead_code, reason = "the database's side is not here")]
#[path = "../../src/sql/mod.rs"]
pub mod sql;
