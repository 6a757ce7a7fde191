//! A small pool of connections. Unlike sqlx's own it reports a refused connection at once instead of
//! retrying until a deadline, and a connection whose query was cut short is closed, never reused.

use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions, Connection as _};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::error::{self, DbError};
use crate::config::Secret;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Connections to one database, opened when they are needed.
#[derive(Clone)]
pub struct Pool {
    inner: Arc<Inner>,
}

struct Inner {
    options: PgConnectOptions,
    idle: Mutex<Vec<PgConnection>>,
    permits: Arc<Semaphore>,
    max: usize,
}

/// A connection out of the pool. [`Connection::give_back`] returns it; dropped, it is closed.
pub struct Connection {
    connection: Option<PgConnection>,
    pool: Arc<Inner>,
    _permit: OwnedSemaphorePermit,
}

impl Pool {
    /// # Errors
    /// [`DbError::Address`] when `url` cannot be read. Nothing is connected yet.
    pub fn new(url: &Secret, max: usize) -> Result<Self, DbError> {
        let text = url.expose();
        // sqlx takes any scheme; a MySQL address would fail much later and less clearly.
        if !(text.starts_with("postgres://") || text.starts_with("postgresql://")) {
            return Err(DbError::Address(
                "it does not begin with postgres:// or postgresql://".to_owned(),
            ));
        }
        let options = PgConnectOptions::from_str(text)
            // The parser's message may quote the string, and with it the password.
            .map_err(|_| DbError::Address("it cannot be parsed".to_owned()))?
            .application_name("pgagent")
            // Behind PgBouncer in transaction mode no statement may outlive its transaction: the
            // few named ones are kept here until `Postgres` closes them.
            .statement_cache_capacity(16)
            // PgBouncer does not know this parameter; the server's default prints every digit.
            .extra_float_digits(None)
            .disable_statement_logging();
        Ok(Self {
            inner: Arc::new(Inner {
                options,
                idle: Mutex::default(),
                permits: Arc::new(Semaphore::new(max)),
                max,
            }),
        })
    }

    pub fn max_connections(&self) -> usize {
        self.inner.max
    }

    /// `host:port`, for messages.
    pub fn target(&self) -> String {
        error::target(&self.inner.options)
    }

    /// Names the database for things stored elsewhere about it: host, port and name, no user, no password.
    pub fn identity(&self) -> String {
        let options = &self.inner.options;
        let database = options.get_database().unwrap_or(options.get_username());
        format!("{}/{database}", error::target(options))
    }

    /// An idle connection, or a new one.
    ///
    /// # Errors
    /// Any [`DbError`] of connecting.
    pub async fn get(&self) -> Result<Connection, DbError> {
        let permit = Arc::clone(&self.inner.permits)
            .acquire_owned()
            .await
            .map_err(|_| DbError::Lost("the pool is closed".to_owned()))?;
        let idle = self.inner.take_idle();
        let connection = match idle {
            Some(connection) => connection,
            None => self.connect().await?,
        };
        Ok(Connection {
            connection: Some(connection),
            pool: Arc::clone(&self.inner),
            _permit: permit,
        })
    }

    /// A connection beside the pool, for cancelling when all of it is busy.
    pub(super) async fn connect(&self) -> Result<PgConnection, DbError> {
        let options = &self.inner.options;
        match tokio::time::timeout(CONNECT_TIMEOUT, PgConnection::connect_with(options)).await {
            Ok(connected) => connected.map_err(|e| DbError::connecting(e, options)),
            Err(_) => Err(DbError::Unreachable {
                target: error::target(options),
                reason: format!("no answer within {} s", CONNECT_TIMEOUT.as_secs()),
            }),
        }
    }

    /// Says goodbye on the idle connections.
    pub async fn close(&self) {
        while let Some(connection) = self.inner.take_idle() {
            let _ = connection.close().await;
        }
    }
}

impl Inner {
    fn take_idle(&self) -> Option<PgConnection> {
        self.idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop()
    }
}

impl Connection {
    /// Puts the connection back; only when no query is under way on it.
    pub fn give_back(mut self) {
        if let Some(connection) = self.connection.take() {
            self.pool
                .idle
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(connection);
        }
    }

    /// The connection, for running statements on it.
    ///
    /// # Errors
    /// [`DbError::Lost`] when it is gone already.
    pub fn as_mut(&mut self) -> Result<&mut PgConnection, DbError> {
        self.connection
            .as_mut()
            .ok_or_else(|| DbError::Lost("the connection was given back".to_owned()))
    }
}
