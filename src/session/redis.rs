//! Sessions in Redis: a list of turns a session, with an expiry that every turn renews.

use std::time::Duration;

use async_trait::async_trait;
use redis::AsyncCommands;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};

use super::{MAX_TURNS, SessionError, SessionId, SessionStore, Turn};
use crate::config::Secret;

pub struct RedisStore {
    connection: ConnectionManager,
    ttl: Duration,
}

impl RedisStore {
    /// Connects; later it reconnects by itself.
    ///
    /// # Errors
    /// An address that is none, or a server that does not answer. Never carries the password.
    pub async fn connect(url: &Secret, ttl: Duration) -> Result<Self, SessionError> {
        let client = redis::Client::open(url.expose())
            // The library's message may quote the address, and with it the password.
            .map_err(|_| {
                SessionError(
                    "the Redis address is not redis://[user:password@]host:port".to_owned(),
                )
            })?;
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(Duration::from_secs(2)))
            .set_response_timeout(Some(Duration::from_secs(5)))
            .set_number_of_retries(2)
            .set_min_delay(Duration::from_millis(50));
        let connection = ConnectionManager::new_with_config(client, config)
            .await
            .map_err(failed)?;
        Ok(Self { connection, ttl })
    }

    fn key(id: &SessionId) -> String {
        format!("pgagent:session:{id}")
    }
}

fn read(id: &SessionId, turn: &str) -> Result<Turn, SessionError> {
    serde_json::from_str(turn).map_err(|e| {
        SessionError(format!(
            "the session {id} holds a turn that cannot be read: {e}"
        ))
    })
}

fn failed(error: redis::RedisError) -> SessionError {
    SessionError(format!("Redis: {error}"))
}

#[async_trait]
impl SessionStore for RedisStore {
    async fn load(&self, id: &SessionId, limit: usize) -> Result<Vec<Turn>, SessionError> {
        if limit == 0 {
            return Ok(Vec::new());
        }
        let from = -isize::try_from(limit).unwrap_or(isize::MAX);
        let turns: Vec<String> = self
            .connection
            .clone()
            .lrange(Self::key(id), from, -1)
            .await
            .map_err(failed)?;
        turns.iter().map(|turn| read(id, turn)).collect()
    }

    async fn append(&self, id: &SessionId, turn: &Turn) -> Result<(), SessionError> {
        let text = serde_json::to_string(turn).map_err(|e| SessionError(e.to_string()))?;
        let key = Self::key(id);
        let keep = -isize::try_from(MAX_TURNS).unwrap_or(isize::MAX);
        let ttl = i64::try_from(self.ttl.as_secs()).unwrap_or(i64::MAX);
        // MULTI … EXEC: a turn without its expiry would stay for ever.
        redis::pipe()
            .atomic()
            .rpush(&key, text)
            .ignore()
            .ltrim(&key, keep, -1)
            .ignore()
            .expire(&key, ttl)
            .ignore()
            .query_async::<()>(&mut self.connection.clone())
            .await
            .map_err(failed)
    }

    async fn undo(&self, id: &SessionId) -> Result<Option<Turn>, SessionError> {
        let turn: Option<String> = self
            .connection
            .clone()
            .rpop(Self::key(id), None)
            .await
            .map_err(failed)?;
        turn.map(|turn| read(id, &turn)).transpose()
    }

    fn is_lasting(&self) -> bool {
        true
    }
}
