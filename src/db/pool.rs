//! A small pool of connections. Unlike sqlx's own it reports a refused connection at once instead of
//! retrying until a deadline, and a connection whose query was cut short is closed, never reused.

use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions, Connection as _};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::error::{self, DbError};
use crate::config::Secret;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Time for our own server to take a connection. It answers at once, unless a query that nobody waits
/// for any more keeps it.
const OWN_CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// A server that this program runs for itself. It takes one connection and no cancel request: what
/// runs on it is ended by stopping it.
#[async_trait]
pub trait OwnServer: Send + Sync {
    /// Names the database, in messages and for what is stored about it.
    fn name(&self) -> &str;

    /// Where it listens; starts it when it does not run.
    async fn options(&self) -> Result<PgConnectOptions, DbError>;

    /// Ends it, whatever it does.
    async fn stop(&self);
}

/// Connections to one database, opened when they are needed.
#[derive(Clone)]
pub struct Pool {
    inner: Arc<Inner>,
}

struct Inner {
    server: Server,
    idle: Mutex<Vec<PgConnection>>,
    permits: Arc<Semaphore>,
    max: usize,
}

enum Server {
    At(Box<PgConnectOptions>),
    Own(Arc<dyn OwnServer>),
}

/// A connection out of the pool. [`Connection::give_back`] returns it; dropped, it is closed.
pub struct Connection {
    connection: Option<PgConnection>,
    pool: Arc<Inner>,
    _permit: OwnedSemaphorePermit,
}

impl std::fmt::Debug for Pool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Pool").field(&self.target()).finish()
    }
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
            .map_err(|_| DbError::Address("it cannot be parsed".to_owned()))?;
        Ok(Self::of(Server::At(Box::new(our_way(options))), max))
    }

    /// The one connection to a server of our own.
    pub fn own(server: Arc<dyn OwnServer>) -> Self {
        Self::of(Server::Own(server), 1)
    }

    fn of(server: Server, max: usize) -> Self {
        Self {
            inner: Arc::new(Inner {
                server,
                idle: Mutex::default(),
                permits: Arc::new(Semaphore::new(max)),
                max,
            }),
        }
    }

    /// Whether the server keeps time limits; where it does not, the client must.
    pub fn keeps_time(&self) -> bool {
        matches!(self.inner.server, Server::At(_))
    }

    pub fn max_connections(&self) -> usize {
        self.inner.max
    }

    /// `host:port`, for messages.
    pub fn target(&self) -> String {
        match &self.inner.server {
            Server::At(options) => error::target(options),
            Server::Own(server) => server.name().to_owned(),
        }
    }

    /// The server's version, and how this connection is encrypted, if it is.
    ///
    /// # Errors
    /// Any [`DbError`] of connecting.
    pub async fn server(&self) -> Result<(String, Option<String>), DbError> {
        let mut connection = self.get().await?;
        let told = sqlx::query_as(include_str!("queries/server.sql"))
            .persistent(false)
            .fetch_one(connection.as_mut()?)
            .await?;
        connection.give_back();
        Ok(told)
    }

    /// Names the database for things stored elsewhere about it: host, port and name, no user, no password.
    pub fn identity(&self) -> String {
        match &self.inner.server {
            Server::At(options) => {
                let database = options.get_database().unwrap_or(options.get_username());
                format!("{}/{database}", error::target(options))
            }
            Server::Own(server) => server.name().to_owned(),
        }
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

    async fn connect(&self) -> Result<PgConnection, DbError> {
        let server = match &self.inner.server {
            Server::At(options) => return connect(options, CONNECT_TIMEOUT).await,
            Server::Own(server) => server,
        };
        let options = our_way(server.options().await?);
        match connect(&options, OWN_CONNECT_TIMEOUT).await {
            Err(DbError::Unreachable { .. }) => {
                server.stop().await;
                let options = our_way(server.options().await?);
                connect(&options, CONNECT_TIMEOUT).await
            }
            connected => connected,
        }
    }

    /// Stops a backend's statement, from a connection beside the pool.
    pub(super) async fn cancel(&self, backend: i32) -> Result<(), DbError> {
        match &self.inner.server {
            Server::At(options) => {
                let mut connection = connect(options, CONNECT_TIMEOUT).await?;
                sqlx::query("SELECT pg_cancel_backend($1)")
                    .bind(backend)
                    .execute(&mut connection)
                    .await?;
            }
            Server::Own(server) => server.stop().await,
        }
        Ok(())
    }

    /// Says goodbye on the idle connections.
    pub async fn close(&self) {
        while let Some(connection) = self.inner.take_idle() {
            let _ = connection.close().await;
        }
    }
}

async fn connect(options: &PgConnectOptions, timeout: Duration) -> Result<PgConnection, DbError> {
    match tokio::time::timeout(timeout, PgConnection::connect_with(options)).await {
        Ok(connected) => connected.map_err(|e| DbError::connecting(e, options)),
        Err(_) => Err(DbError::Unreachable {
            target: error::target(options),
            reason: format!("no answer within {} s", timeout.as_secs()),
        }),
    }
}

fn our_way(options: PgConnectOptions) -> PgConnectOptions {
    options
        .application_name("pgagent")
        // Behind PgBouncer in transaction mode no statement may outlive its transaction: the
        // few named ones are kept here until `Postgres` closes them.
        .statement_cache_capacity(16)
        // PgBouncer does not know this parameter; the server's default prints every digit.
        .extra_float_digits(None)
        .disable_statement_logging()
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
