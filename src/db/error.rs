//! What can go wrong with the database, told apart by what can be done about it.

use std::time::Duration;

use crate::sql::Refusal;
use sqlx::postgres::{PgConnectOptions, PgDatabaseError, PgErrorPosition};

/// An error that the server reported about a statement: the planner can mend it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerError {
    pub sqlstate: String,
    pub message: String,
    pub detail: Option<String>,
    pub hint: Option<String>,
    /// Character of the statement that was sent, from 1.
    pub position: Option<usize>,
}

#[derive(Debug, Clone, thiserror::Error)]
pub enum DbError {
    #[error("`DATABASE_URL` is not a Postgres connection string: {0}")]
    Address(String),
    #[error("cannot reach Postgres at `{target}`: {reason}")]
    Unreachable { target: String, reason: String },
    #[error("Postgres at `{target}` does not let `{user}` in: {reason}")]
    Authentication {
        target: String,
        user: String,
        reason: String,
    },
    #[error("no database on `{target}`: {reason}")]
    NoDatabase { target: String, reason: String },
    #[error("no TLS connection to Postgres at `{target}`: {reason}")]
    Tls { target: String, reason: String },
    /// A server that this program runs itself.
    #[error("{name} does not open: {reason}")]
    Own { name: String, reason: String },
    #[error("{} (SQLSTATE {})", .0.message, .0.sqlstate)]
    Server(ServerError),
    #[error("no answer from Postgres within {} s", .0.as_secs_f32())]
    Timeout(Duration),
    #[error("the connection to Postgres broke: {0}")]
    Lost(String),
    #[error("interrupted")]
    Cancelled,
    /// The catalog says that the query reaches what it may not.
    #[error("refused by the guard: {0}")]
    Refused(Refusal),
    #[error("the query would cost {cost:.0}, and the budget is {budget:.0}; most of it: {}", .nodes.join(", "))]
    TooCostly {
        /// The planner's estimate, in its own unit: about a page read each.
        cost: f64,
        budget: f64,
        /// The costliest parts of the plan, in words.
        nodes: Vec<String>,
    },
    /// The role may do more than read, and that was not wanted.
    #[error("the role {role} can do more than read: {}", .problems.join("; "))]
    Role { role: String, problems: Vec<String> },
}

impl DbError {
    /// What to do next, where it is known.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Address(_) => {
                "write it as postgres://user:password@host:5432/database; a password's special characters are percent-encoded"
            }
            Self::Unreachable { .. } => {
                "check that the server runs and that host and port in `DATABASE_URL` are right"
            }
            Self::Own { name, .. } => {
                let anew = if name.contains("sample") {
                    "; `pgagent demo --reset` makes the sample database anew"
                } else {
                    ""
                };
                return Some(format!(
                    "it unpacks itself into the cache folder: make room there, or set XDG_CACHE_HOME \
                     to a folder that can be written{anew}"
                ));
            }
            Self::Authentication { .. } => "check user and password in `DATABASE_URL`",
            Self::NoDatabase { .. } => {
                "check the database's name at the end of `DATABASE_URL`; `psql -l` lists them"
            }
            Self::Tls { .. } => {
                "set `?sslmode=prefer` (TLS if the server has it) or `?sslmode=disable` in `DATABASE_URL`, or give the server's certificate with `sslrootcert=`"
            }
            Self::Server(error) => return error.advice(),
            Self::Timeout(_) => "ask for less, or raise `--timeout`",
            Self::Lost(_) => "try again; the server may have restarted",
            Self::Cancelled => return None,
            Self::Refused(refusal) => return refusal.hint.clone(),
            Self::TooCostly { .. } => {
                "ask for less: filter on an indexed column, join on keys, aggregate fewer rows; or raise `--max-cost`"
            }
            Self::Role { .. } => {
                "make a role that can only read with `pgagent setup --readonly-role NAME`, and connect as it"
            }
        };
        Some(hint.to_owned())
    }

    /// A fault that may pass by itself: worth the same query again.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Lost(_) => true,
            Self::Server(e) => matches!(
                e.sqlstate.as_str(),
                // serialization failure, deadlock, shutdown and crash, starting up, too many connections
                "40001" | "40P01" | "57P01" | "57P02" | "57P03" | "53300"
            ),
            _ => false,
        }
    }

    /// A fault of the connection or the server rather than of the statement.
    pub fn is_infrastructure(&self) -> bool {
        match self {
            Self::Server(e) => {
                e.sqlstate.starts_with("08")
                    || e.sqlstate.starts_with("53")
                    || e.sqlstate.starts_with("57P")
            }
            Self::Cancelled | Self::Refused(_) | Self::TooCostly { .. } | Self::Role { .. } => {
                false
            }
            _ => true,
        }
    }

    /// Errors while connecting. Never carries the connection string.
    pub(super) fn connecting(error: sqlx::Error, options: &PgConnectOptions) -> Self {
        let target = target(options);
        match error {
            sqlx::Error::Database(e) => {
                let e = e.downcast_ref::<PgDatabaseError>();
                let reason = e.message().to_owned();
                match e.code() {
                    // invalid password, invalid authorization
                    "28P01" | "28000" => Self::Authentication {
                        target,
                        user: options.get_username().to_owned(),
                        reason,
                    },
                    "3D000" => Self::NoDatabase { target, reason },
                    _ => Self::Server(ServerError::from(e)),
                }
            }
            sqlx::Error::Tls(e) => Self::Tls {
                target,
                reason: e.to_string(),
            },
            sqlx::Error::Io(e) => Self::Unreachable {
                target,
                reason: io_reason(&e),
            },
            // The server wants a password and none was given.
            sqlx::Error::Protocol(e) if e.contains("password") => Self::Authentication {
                target,
                user: options.get_username().to_owned(),
                reason: e,
            },
            other => Self::Unreachable {
                target,
                reason: other.to_string(),
            },
        }
    }
}

/// `host:port` or the socket's folder.
pub(super) fn target(options: &PgConnectOptions) -> String {
    match options.get_socket() {
        Some(path) => path.display().to_string(),
        None => format!("{}:{}", options.get_host(), options.get_port()),
    }
}

fn io_reason(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::ConnectionRefused => "connection refused".to_owned(),
        std::io::ErrorKind::NotFound => "no such socket".to_owned(),
        _ => error.to_string(),
    }
}

impl ServerError {
    fn advice(&self) -> Option<String> {
        let hint = match self.sqlstate.as_str() {
            "42501" => {
                "the role lacks a right; ask the database's owner for SELECT on these tables"
            }
            "57014" => {
                "the query took too long or was cancelled; ask for less, or raise `--timeout`"
            }
            "53300" => "the server has no free connection; try again later",
            _ => return self.hint.clone(),
        };
        Some(hint.to_owned())
    }
}

impl From<&PgDatabaseError> for ServerError {
    fn from(e: &PgDatabaseError) -> Self {
        Self {
            sqlstate: e.code().to_owned(),
            message: e.message().to_owned(),
            detail: e.detail().map(str::to_owned),
            hint: e.hint().map(str::to_owned),
            position: e.position().and_then(|p| match p {
                PgErrorPosition::Original(at) => Some(at),
                PgErrorPosition::Internal { .. } => None,
            }),
        }
    }
}

impl From<sqlx::Error> for DbError {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::Database(e) => match e.try_downcast_ref::<PgDatabaseError>() {
                Some(e) => Self::Server(ServerError::from(e)),
                None => Self::Lost(e.to_string()),
            },
            // sqlx asks the catalog about a type that it does not know, and knows no multiranges.
            sqlx::Error::ColumnDecode { index, .. } if index.contains("typtype") => {
                Self::Server(ServerError {
                    sqlstate: "0A000".to_owned(),
                    message: "a column of a multirange type cannot be read as it is".to_owned(),
                    detail: None,
                    hint: Some("cast it to text: range_agg(period)::text".to_owned()),
                    position: None,
                })
            }
            other => Self::Lost(other.to_string()),
        }
    }
}

impl From<sqlx::migrate::MigrateError> for DbError {
    fn from(error: sqlx::migrate::MigrateError) -> Self {
        match error {
            sqlx::migrate::MigrateError::Execute(e)
            | sqlx::migrate::MigrateError::ExecuteMigration(e, _) => e.into(),
            other => Self::Lost(other.to_string()),
        }
    }
}
