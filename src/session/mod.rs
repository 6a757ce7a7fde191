//! What was asked before. One trait, [`SessionStore`]; in memory for a process, in Redis for longer.

mod memory;
mod redis;

use std::fmt;
use std::str::FromStr;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::agent::TotalUsage;
use crate::config::Share;

pub use self::redis::RedisStore;
pub use memory::MemoryStore;

/// Turns of one session that are kept.
pub const MAX_TURNS: usize = 1_000;

/// Names a session: letters, digits, `.`, `_` and `-`, at most 128 of them.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SessionId(String);

impl SessionId {
    /// A new one; later ones sort after earlier ones.
    pub fn random() -> Self {
        Self(uuid::Uuid::now_v7().to_string())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for SessionId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        if text.is_empty() || text.len() > 128 || !text.chars().all(allowed) {
            return Err(
                "a session's name is made of letters, digits, `.`, `_` and `-`, at most 128"
                    .to_owned(),
            );
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A question and what came of it: enough to follow up on, never whole results.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Turn {
    pub question: String,
    pub answer: String,
    pub steps: Vec<TurnStep>,
    /// What of the data the model saw that planned it; nothing where none did.
    #[serde(default)]
    pub share: Option<Share>,
    /// What it used of models.
    #[serde(default)]
    pub usage: TotalUsage,
    /// Seconds since 1970.
    pub at: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TurnStep {
    pub sql: String,
    /// The query as it was planned, where values were filled in later.
    #[serde(default)]
    pub planned: Option<String>,
    pub columns: Vec<String>,
    pub row_count: usize,
    /// The first few rows.
    pub rows: Vec<Vec<Value>>,
}

#[derive(Debug, Clone, thiserror::Error)]
#[error("the session store fails: {0}")]
pub struct SessionError(pub String);

/// Keeps sessions. Appending is atomic: a turn is there whole or not at all.
#[async_trait]
pub trait SessionStore: Send + Sync {
    /// The last `limit` turns, oldest first; none for a session that is not known.
    async fn load(&self, id: &SessionId, limit: usize) -> Result<Vec<Turn>, SessionError>;

    /// Adds a turn at the end; the oldest go when there are more than [`MAX_TURNS`].
    async fn append(&self, id: &SessionId, turn: &Turn) -> Result<(), SessionError>;

    /// Takes the last turn away; gives it, if there was one.
    async fn undo(&self, id: &SessionId) -> Result<Option<Turn>, SessionError>;

    /// Whether a session outlives the process.
    fn is_lasting(&self) -> bool;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sessions_name_is_plain() {
        for good in ["a", "2024-report.v1", "A_b"] {
            assert!(good.parse::<SessionId>().is_ok(), "{good}");
        }
        for bad in ["", "a b", "a\nb", "a:b", "ü", &"x".repeat(129)] {
            assert!(bad.parse::<SessionId>().is_err(), "{bad}");
        }
        assert!(SessionId::random().as_str().parse::<SessionId>().is_ok());
    }
}
