//! One error for a person: what happened, why, what next, and the exit code that says it to a script.

use std::fmt;

use crate::db::DbError;
use crate::llm::ModelError;
use crate::session::SessionError;
use crate::sql::Refusal;

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What an error means for the caller; each has one exit code (`CONTRACT`: README, "Exit codes").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The model, the database or every attempt failed.
    Failed,
    /// Wrong usage or configuration.
    Usage,
    /// Refused by the guard.
    Refused,
    /// Stopped by Ctrl-C.
    Interrupted,
}

/// What, why and what next. `Display` is the message alone; [`Error::hint`] is the rest.
#[derive(Debug, Clone)]
pub struct Error {
    kind: Kind,
    message: String,
    hint: Option<String>,
}

impl Error {
    pub fn new(kind: Kind, message: impl fmt::Display) -> Self {
        Self {
            kind,
            message: message.to_string(),
            hint: None,
        }
    }

    pub fn usage(message: impl fmt::Display) -> Self {
        Self::new(Kind::Usage, message)
    }

    pub fn failed(message: impl fmt::Display) -> Self {
        Self::new(Kind::Failed, message)
    }

    pub fn interrupted() -> Self {
        Self::new(Kind::Interrupted, "interrupted")
    }

    #[must_use]
    pub fn with_hint(mut self, hint: impl fmt::Display) -> Self {
        self.hint = Some(hint.to_string());
        self
    }

    pub fn kind(&self) -> Kind {
        self.kind
    }

    pub fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// The process's exit code for this error.
    pub fn exit_code(&self) -> u8 {
        match self.kind {
            Kind::Failed => 1,
            Kind::Usage => 2,
            Kind::Refused => 3,
            Kind::Interrupted => 130,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        let error = Self::new(Kind::Refused, format!("refused by the guard: {refusal}"));
        match refusal.hint {
            Some(hint) => error.with_hint(hint),
            None => error,
        }
    }
}

impl From<DbError> for Error {
    fn from(error: DbError) -> Self {
        let kind = match error {
            DbError::Cancelled => Kind::Interrupted,
            DbError::Address(_) | DbError::Role { .. } => Kind::Usage,
            DbError::Refused(_) | DbError::TooCostly { .. } => Kind::Refused,
            _ => Kind::Failed,
        };
        let hint = error.hint();
        let out = Self::new(kind, &error);
        match hint {
            Some(hint) => out.with_hint(hint),
            None => out,
        }
    }
}

impl From<SessionError> for Error {
    fn from(error: SessionError) -> Self {
        Self::failed(error)
            .with_hint("check that Redis runs and that `--redis` or REDIS_URL is right")
    }
}

impl From<ModelError> for Error {
    fn from(error: ModelError) -> Self {
        let kind = match error {
            ModelError::Cancelled => Kind::Interrupted,
            ModelError::NoKey { .. } => Kind::Usage,
            _ => Kind::Failed,
        };
        let hint = error.hint();
        let out = Self::new(kind, &error);
        match hint {
            Some(hint) => out.with_hint(hint),
            None => out,
        }
    }
}
