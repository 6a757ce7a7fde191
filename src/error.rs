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

    /// What to do next: what is known of this error, or what helps with its kind. Only whoever pressed
    /// Ctrl-C needs to be told nothing.
    pub fn hint(&self) -> Option<&str> {
        let of_kind = match self.kind {
            Kind::Failed => "`-v` shows what led to it, and `pgagent doctor` looks at every part",
            Kind::Usage => "`pgagent --help` and the README say what is taken",
            Kind::Refused => "pgagent only reads; write one SELECT, or ask for what is in the data",
            Kind::Interrupted => return self.hint.as_deref(),
        };
        Some(self.hint.as_deref().unwrap_or(of_kind))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::ServerError;
    use crate::sql;

    fn hint(error: impl Into<Error>) -> String {
        let error = error.into();
        let hint = error.hint().map(str::to_owned);
        hint.unwrap_or_else(|| panic!("{error} has no hint"))
    }

    #[test]
    fn every_error_says_what_next() {
        for kind in [Kind::Failed, Kind::Usage, Kind::Refused] {
            assert!(!hint(Error::new(kind, "x")).is_empty());
        }
        assert_eq!(hint(Error::failed("x").with_hint("do y")), "do y");
        // With and without a hint of the server's own.
        for (sqlstate, own) in [
            ("42703", Some("Perhaps …")),
            ("42703", None),
            ("42501", None),
        ] {
            let error = DbError::Server(ServerError {
                sqlstate: sqlstate.into(),
                message: "m".into(),
                detail: None,
                hint: own.map(str::to_owned),
                position: None,
            });
            assert!(!hint(error).is_empty());
        }
        for refused in [
            "",
            "DELETE FROM t",
            "SELECT pg_sleep(1)",
            "SELECT 1; SELECT 2",
            "SELECT '",
        ] {
            let refusal = sql::check(refused, &sql::Policy::default()).unwrap_err();
            assert!(!hint(refusal).is_empty(), "{refused}");
        }
        assert!(!hint(SessionError("down".into())).is_empty());
        assert!(Error::interrupted().hint().is_none());
    }
}
