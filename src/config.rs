//! Everything that can be set, resolved once: flag > environment > `.env` > default.
//! Nothing deeper reads the environment.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use crate::agent::Budget;
use crate::db::Pool;
use crate::error::{self, Error};
use crate::llm::{LOCAL_EMBEDDING_MODEL, Prices};

/// The model when a Gemini key is there and nothing else is said.
pub const DEFAULT_MODEL: &str = "gemini-3.8-flash";
/// Plans by the schema's words alone, without a model.
pub const OFFLINE: &str = "offline";
/// The embedding model when a Gemini key is there and nothing else is said.
pub const DEFAULT_EMBEDDING_MODEL: &str = "gemini-embedding-001";

/// Text that must never be seen: passwords, keys, connection strings.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for the one call that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

/// How independent steps run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
#[value(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Pattern {
    #[default]
    Sequential,
    Parallel,
}

/// When the critic is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum CriticMode {
    #[default]
    Always,
    /// Only when a deterministic check found something suspicious.
    Auto,
    Never,
}

/// What of the data the models see. Later ones are stricter.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Default,
    clap::ValueEnum,
    serde::Serialize,
    serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Share {
    /// Typical values in the schema, and samples of results.
    #[default]
    Rows,
    /// Typical values in the schema; of results only columns, counts and types.
    Shape,
    /// No value at all: names, types and comments of the schema, and nothing of results.
    None,
}

/// Form of the answer on stdout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    Table,
    Json,
    Csv,
    Markdown,
}

/// Where Redis is, and whether the person asked for it by hand.
#[derive(Debug, Clone)]
pub struct RedisConfig {
    pub url: Secret,
    /// Given as a flag: then a Redis that is down is an error, not a warning.
    pub required: bool,
}

/// A way to search the web.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebSearchConfig {
    pub service: WebSearchService,
    pub url: Option<String>,
    pub key: Option<Secret>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WebSearchService {
    /// The model provider's own.
    Model,
    Brave,
    Tavily,
    Searxng,
}

impl WebSearchConfig {
    /// From `PGAGENT_WEB_SEARCH` and what belongs to it.
    ///
    /// # Errors
    /// A service that is not known.
    pub fn from_env(get: impl Fn(&str) -> Option<String>) -> error::Result<Option<Self>> {
        let Some(name) = get("PGAGENT_WEB_SEARCH") else {
            return Ok(None);
        };
        let (service, key) = match name.to_lowercase().as_str() {
            "0" | "false" | "off" | "none" => return Ok(None),
            "1" | "true" | "on" | "model" => (WebSearchService::Model, None),
            "brave" => (WebSearchService::Brave, get("BRAVE_API_KEY")),
            "tavily" => (WebSearchService::Tavily, get("TAVILY_API_KEY")),
            "searxng" => (WebSearchService::Searxng, None),
            other => {
                return Err(Error::usage(format!("there is no web search `{other}`"))
                    .with_hint("PGAGENT_WEB_SEARCH is model, brave, tavily, searxng, or off"));
            }
        };
        Ok(Some(Self {
            service,
            url: get("PGAGENT_WEB_SEARCH_URL"),
            key: key.map(Secret::new),
        }))
    }
}

/// Keys and addresses of the model providers, by each provider's own convention.
#[derive(Debug, Clone, Default)]
pub struct Providers {
    pub gemini_key: Option<Secret>,
    pub gemini_url: Option<String>,
    pub openai_key: Option<Secret>,
    pub openai_url: Option<String>,
    pub anthropic_key: Option<Secret>,
    pub anthropic_url: Option<String>,
    pub ollama_host: Option<String>,
    /// Commands that print a key, by the key's variable; see [`Self::with_commands`].
    pub commands: Vec<(&'static str, String)>,
}

/// The output of a command, without the line's end.
///
/// # Errors
/// A command that fails or prints nothing; what it printed is not told.
pub fn secret_from(command: &str) -> error::Result<Secret> {
    let shell = if cfg!(windows) {
        ("cmd", "/C")
    } else {
        ("sh", "-c")
    };
    let wrong = |why: String| {
        Error::usage(format!("the command for a secret, `{command}`, {why}"))
            .with_hint("run it by hand; it has to print the secret and nothing else")
    };
    let output = std::process::Command::new(shell.0)
        .args([shell.1, command])
        .stderr(std::process::Stdio::inherit())
        .output()
        .map_err(|e| wrong(format!("cannot be run: {e}")))?;
    if !output.status.success() {
        return Err(wrong(format!("fails ({})", output.status)));
    }
    let text = String::from_utf8(output.stdout).map_err(|_| wrong("prints no text".to_owned()))?;
    match text.trim_end_matches(['\n', '\r']) {
        "" => Err(wrong("prints nothing".to_owned())),
        text => Ok(Secret::new(text)),
    }
}

impl Providers {
    /// From the variables that the providers' own tools read.
    pub fn from_env(get: impl Fn(&str) -> Option<String>) -> Self {
        let secret = |name: &str| get(name).map(Secret::new);
        Self {
            gemini_key: secret("GEMINI_API_KEY").or_else(|| secret("GOOGLE_API_KEY")),
            gemini_url: get("GOOGLE_GEMINI_BASE_URL"),
            openai_key: secret("OPENAI_API_KEY"),
            openai_url: get("OPENAI_BASE_URL"),
            anthropic_key: secret("ANTHROPIC_API_KEY"),
            anthropic_url: get("ANTHROPIC_BASE_URL"),
            ollama_host: get("OLLAMA_HOST"),
            commands: ["GEMINI_API_KEY", "OPENAI_API_KEY", "ANTHROPIC_API_KEY"]
                .into_iter()
                .filter_map(|key| Some((key, get(&format!("{key}_COMMAND"))?)))
                .collect(),
        }
    }

    /// Fills in the keys that a command prints and nothing else gives.
    ///
    /// # Errors
    /// See [`secret_from`].
    pub fn with_commands(&self) -> error::Result<Self> {
        let mut providers = self.clone();
        for (key, command) in &self.commands {
            let slot = match *key {
                "GEMINI_API_KEY" => &mut providers.gemini_key,
                "OPENAI_API_KEY" => &mut providers.openai_key,
                _ => &mut providers.anthropic_key,
            };
            if slot.is_none() {
                *slot = Some(secret_from(command)?);
            }
        }
        Ok(providers)
    }

    fn has_gemini(&self) -> bool {
        self.gemini_key.is_some()
            || self
                .commands
                .iter()
                .any(|(key, _)| *key == "GEMINI_API_KEY")
    }

    /// `text` without any of the keys.
    pub fn redact(&self, text: &str) -> String {
        [&self.gemini_key, &self.openai_key, &self.anthropic_key]
            .into_iter()
            .flatten()
            .filter(|key| key.expose().len() >= 4)
            .fold(text.to_owned(), |text, key| {
                text.replace(key.expose(), "[key]")
            })
    }
}

/// A variable's value; an empty one counts as not set.
pub fn env(name: &str) -> Option<String> {
    std::env::var(name)
        .ok()
        .filter(|value| !value.trim().is_empty())
}

/// Bounds and switches of one question.
#[derive(Debug, Clone)]
pub struct AskConfig {
    pub pattern: Pattern,
    /// Plans after the first that may follow a failure.
    pub retries: u32,
    pub critic: CriticMode,
    /// The whole question.
    pub timeout: Duration,
    /// One step.
    pub step_timeout: Duration,
    pub max_rows: usize,
    /// What the server may expect one query to cost.
    pub max_cost: Option<f64>,
    pub strict: bool,
    /// What of the data the model sees.
    pub share: Share,
    /// What a question may use of models.
    pub budget: Budget,
    pub prices: Prices,
    /// Answer from verified examples, and show them to the planner.
    pub examples: bool,
    /// Record prompts, replies and SQL in spans.
    pub trace_content: bool,
}

impl Default for AskConfig {
    fn default() -> Self {
        Self {
            pattern: Pattern::default(),
            retries: 2,
            critic: CriticMode::default(),
            timeout: Duration::from_secs(300),
            step_timeout: Duration::from_secs(60),
            max_rows: 1_000,
            max_cost: Some(crate::db::DEFAULT_MAX_COST),
            strict: false,
            share: Share::default(),
            budget: Budget::default(),
            prices: Prices::default(),
            examples: true,
            trace_content: false,
        }
    }
}

/// The settings of one run of the program.
#[derive(Debug, Clone)]
pub struct Config {
    pub database_url: Option<Secret>,
    /// Prints the database's password; run when a connection string has none.
    pub password_command: Option<String>,
    pub memory_url: Option<Secret>,
    /// An embedded database that is open: it takes the place of `database_url`.
    pub opened: Option<Pool>,
    pub redis: Option<RedisConfig>,
    pub model: Option<String>,
    pub embedding_model: Option<String>,
    pub providers: Providers,
    /// What SEARCH steps use; without it there are none.
    pub web_search: Option<WebSearchConfig>,
    pub allowed_functions: BTreeSet<String>,
    /// What the server may expect a query to cost.
    pub max_cost: Option<f64>,
    /// A role that can do more than read is an error, not a warning.
    pub require_readonly_role: bool,
    /// Schemas, tables and columns that are never looked at: `hr`, `hr.salary`, `*.*.email`.
    pub exclude: Vec<String>,
    /// What of the data the models see.
    pub share: Share,
    /// What a question may use of models.
    pub budget: Budget,
    pub prices: Prices,
    /// Tokens of schema that are put before the planner.
    pub schema_tokens: usize,
    pub format: Option<Format>,
    /// Whether stderr is coloured.
    pub color: bool,
    pub color_of_stdout: bool,
    pub verbose: u8,
    /// Prompts, replies and SQL go into spans.
    pub trace_content: bool,
    /// How long a session in Redis is kept after its last turn.
    pub session_ttl: Duration,
}

impl Config {
    /// The chat model's name, if there is one to call.
    pub fn model(&self) -> Option<&str> {
        self.model
            .as_deref()
            .filter(|name| *name != OFFLINE)
            .or_else(|| self.default_model())
    }

    fn default_model(&self) -> Option<&'static str> {
        let asked_for = self.model.is_some();
        (!asked_for && self.providers.has_gemini()).then_some(DEFAULT_MODEL)
    }

    /// The embedding model's name: `local` where no key is there; `none` turns embeddings off.
    pub fn embedding_model(&self) -> Option<&str> {
        match self.embedding_model.as_deref() {
            Some("none") => None,
            Some(name) => Some(name),
            None if self.providers.has_gemini() => Some(DEFAULT_EMBEDDING_MODEL),
            None => Some(LOCAL_EMBEDDING_MODEL),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_does_not_show() {
        assert_eq!(format!("{:?}", Secret::new("hunter2")), "[secret]");
    }

    #[test]
    fn keys_are_taken_out_of_messages() {
        let providers =
            Providers::from_env(|name| (name == "OPENAI_API_KEY").then(|| "sk-123456".into()));
        assert_eq!(providers.redact("bad key sk-123456!"), "bad key [key]!");
    }

    #[test]
    fn googles_other_name_for_the_key_counts() {
        let providers = Providers::from_env(|name| (name == "GOOGLE_API_KEY").then(|| "k".into()));
        assert_eq!(providers.gemini_key, Some(Secret::new("k")));
    }
}
