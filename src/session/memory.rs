//! Sessions of one process.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;

use super::{MAX_TURNS, SessionError, SessionId, SessionStore, Turn};

#[derive(Default)]
pub struct MemoryStore {
    sessions: Mutex<HashMap<SessionId, Vec<Turn>>>,
}

#[async_trait]
impl SessionStore for MemoryStore {
    async fn load(&self, id: &SessionId, limit: usize) -> Result<Vec<Turn>, SessionError> {
        let sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        let turns = sessions.get(id).map(Vec::as_slice).unwrap_or_default();
        Ok(turns[turns.len().saturating_sub(limit)..].to_vec())
    }

    async fn append(&self, id: &SessionId, turn: &Turn) -> Result<(), SessionError> {
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        let turns = sessions.entry(id.clone()).or_default();
        turns.push(turn.clone());
        let surplus = turns.len().saturating_sub(MAX_TURNS);
        turns.drain(..surplus);
        Ok(())
    }

    async fn undo(&self, id: &SessionId) -> Result<Option<Turn>, SessionError> {
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(sessions.get_mut(id).and_then(Vec::pop))
    }

    fn is_lasting(&self) -> bool {
        false
    }
}
