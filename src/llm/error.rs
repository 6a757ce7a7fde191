//! What can go wrong with a model, told apart by what can be done about it.

use std::time::Duration;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ModelError {
    #[error("no API key for {provider}")]
    NoKey {
        provider: &'static str,
        variable: &'static str,
    },
    #[error("{model}: the provider refuses the key ({status}): {message}")]
    Unauthorized {
        model: String,
        status: u16,
        message: String,
    },
    #[error("{model}: no such model at this provider: {message}")]
    UnknownModel { model: String, message: String },
    #[error("{model}: the provider rejects the request ({status}): {message}")]
    Rejected {
        model: String,
        status: u16,
        message: String,
    },
    #[error("{model}: too many requests: {message}")]
    RateLimited {
        model: String,
        message: String,
        retry_after: Option<Duration>,
    },
    #[error("{model}: the provider is unavailable ({status}): {message}")]
    Unavailable {
        model: String,
        status: u16,
        message: String,
        retry_after: Option<Duration>,
    },
    #[error("{model}: cannot reach the provider: {message}")]
    Unreachable { model: String, message: String },
    #[error("{model}: no answer within {} s", .after.as_secs())]
    Timeout { model: String, after: Duration },
    #[error("{model}: the provider blocked the reply ({reason})")]
    Blocked { model: String, reason: String },
    #[error("{model}: the reply was cut off at the provider's token limit")]
    CutOff { model: String },
    #[error("{model}: the reply is empty")]
    Empty { model: String },
    #[error("{model}: the reply is not what the provider documents: {message}")]
    Garbage { model: String, message: String },
    #[error("{0}")]
    Dimensions(String),
    #[error("interrupted")]
    Cancelled,
}

impl ModelError {
    /// A fault that may pass by itself: worth the same request again.
    pub fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::RateLimited { .. } | Self::Unavailable { .. } | Self::Unreachable { .. }
        )
    }

    /// How long the provider asks to wait.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::RateLimited { retry_after, .. } | Self::Unavailable { retry_after, .. } => {
                *retry_after
            }
            _ => None,
        }
    }

    /// Its kind in one word, for figures.
    pub fn class(&self) -> &'static str {
        match self {
            Self::NoKey { .. } => "no_key",
            Self::Unauthorized { .. } => "unauthorized",
            Self::UnknownModel { .. } => "unknown_model",
            Self::Rejected { .. } => "rejected",
            Self::RateLimited { .. } => "rate_limited",
            Self::Unavailable { .. } => "unavailable",
            Self::Unreachable { .. } => "unreachable",
            Self::Timeout { .. } => "timeout",
            Self::Blocked { .. } => "blocked",
            Self::CutOff { .. } => "cut_off",
            Self::Empty { .. } => "empty",
            Self::Garbage { .. } => "garbage",
            Self::Dimensions(_) => "dimensions",
            Self::Cancelled => "cancelled",
        }
    }

    /// What to do next, where it is known.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NoKey { variable, .. } => {
                return Some(format!("set {variable} in `.env` or the environment"));
            }
            Self::Unauthorized { .. } => "check the key and what it is allowed to use",
            Self::UnknownModel { .. } => "check the name given with `--model` or `PGAGENT_MODEL`",
            Self::Rejected { .. } => {
                "the provider's message says what it does not take; another `--model` may"
            }
            Self::RateLimited { .. } => "wait a little, or use a key or model with a higher limit",
            Self::Unavailable { .. } => "try again in a minute, or use another `--model`",
            Self::Unreachable { .. } => "check the network and the provider's base URL",
            Self::Timeout { .. } => "try again, or use a faster `--model`",
            Self::Blocked { .. } => "ask in other words, or use another `--model`",
            Self::CutOff { .. } => "ask for less at once",
            Self::Empty { .. } | Self::Garbage { .. } => "try again, or use another `--model`",
            Self::Dimensions(_) => {
                "use an embedding model of at most 768 dimensions, or one that can be asked for 768"
            }
            Self::Cancelled => return None,
        };
        Some(hint.to_owned())
    }
}
