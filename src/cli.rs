//! The command line: types, no logic beyond reading them into a [`Config`].

use std::convert::Infallible;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::agent::Budget;
use crate::config::{
    AskConfig, Config, CriticMode, Format, Pattern, Providers, RedisConfig, Secret, Share,
    WebSearchConfig, env,
};
use crate::config_file::Settings;
use crate::db::DEFAULT_MAX_COST;
use crate::error::{self, Error};
use crate::llm::Prices;
use crate::session::SessionId;

/// Ask a Postgres database questions in plain language, safely.
#[derive(Debug, Parser)]
#[command(name = "pgagent", version, subcommand_required = false)]
pub struct Cli {
    #[command(flatten)]
    pub global: GlobalArgs,
    #[command(subcommand)]
    pub command: Option<Command>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Args)]
pub struct GlobalArgs {
    /// The database to ask [env: DATABASE_URL]
    #[arg(long, global = true, value_name = "URL")]
    pub database_url: Option<String>,
    /// Use the embedded sample database
    #[arg(long, global = true)]
    pub demo: bool,
    /// Use an embedded database that holds this CSV, Parquet or JSON-lines file as a table; may be repeated
    #[arg(long = "file", global = true, value_name = "PATH")]
    pub data_files: Vec<PathBuf>,
    /// Keep the files' database under this name; alone, open what was kept
    #[arg(long, global = true, value_name = "NAME")]
    pub keep: Option<String>,
    /// The database of pgagent's own tables, if it is another one [env: PGAGENT_MEMORY_URL]
    #[arg(long, global = true, value_name = "URL")]
    pub memory_url: Option<String>,
    /// Keep sessions in this Redis [env: REDIS_URL]
    #[arg(long, global = true, value_name = "URL")]
    pub redis: Option<String>,
    /// The model that plans and judges [env: PGAGENT_MODEL]
    #[arg(long, global = true, value_name = "NAME")]
    pub model: Option<String>,
    /// The model for the schema index: a provider's, `local`, or `none` [env: PGAGENT_EMBEDDING_MODEL]
    #[arg(long, global = true, value_name = "NAME")]
    pub embedding_model: Option<String>,
    /// Take the settings of this section of `pgagent.toml` [env: PGAGENT_PROFILE]
    #[arg(long, global = true, value_name = "NAME")]
    pub profile: Option<String>,
    /// Never look at this schema, table or column, such as `hr`, `hr.salary` or `*.*.email`; may be repeated [env: PGAGENT_EXCLUDE]
    #[arg(long, global = true, value_name = "NAME")]
    pub exclude: Vec<String>,
    /// Re-index the schema first
    #[arg(long, global = true)]
    pub index: bool,
    /// Form of the output [env: PGAGENT_FORMAT]
    #[arg(long, global = true, value_enum)]
    pub format: Option<Format>,
    /// Say more on stderr; may be repeated [env: RUST_LOG]
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// When to use colour [env: NO_COLOR]
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto)]
    pub color: Color,
    /// Let queries call this function; may be repeated [env: PGAGENT_ALLOW_FUNCTIONS]
    #[arg(long, global = true, value_name = "NAME")]
    pub allow_function: Vec<String>,
    /// What a query may cost the server by its own estimate, about a page read each (for money there is --max-usd); 0 for no limit [env: PGAGENT_MAX_COST]
    #[arg(long, global = true, value_name = "COST")]
    pub max_cost: Option<f64>,
    /// Tokens that a question may use, in and out; 0 for no limit [env: PGAGENT_MAX_TOKENS]
    #[arg(long, global = true, value_name = "N")]
    pub max_tokens: Option<u64>,
    /// US dollars that a question may use, by the models' prices; 0 for no limit [env: PGAGENT_MAX_USD]
    #[arg(long, global = true, value_name = "USD", value_parser = dollars)]
    pub max_usd: Option<f64>,
    /// What of the data the models see [env: PGAGENT_SHARE]
    #[arg(long, global = true, value_enum)]
    pub share: Option<Share>,
    /// Refuse to connect as a role that can do more than read [env: PGAGENT_REQUIRE_READONLY_ROLE]
    #[arg(long, global = true)]
    pub require_readonly_role: bool,
}

impl GlobalArgs {
    /// Whether stderr is coloured.
    pub fn use_color(&self) -> bool {
        self.use_color_on(&std::io::stderr())
    }

    fn use_color_on(&self, stream: &impl IsTerminal) -> bool {
        match self.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => {
                env("NO_COLOR").is_none()
                    && env("TERM").as_deref() != Some("dumb")
                    && stream.is_terminal()
            }
        }
    }
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Create extensions and tables
    Setup {
        /// Instead print the statements for a role of this name that can only read
        #[arg(long, value_name = "NAME")]
        readonly_role: Option<String>,
    },
    /// Answer one question
    Ask(AskCommand),
    /// Ask in an interactive session
    Chat(AskArgs),
    /// Index the schema
    Index,
    /// Ask about the embedded sample database, in an interactive session
    Demo {
        /// Make the sample database anew
        #[arg(long)]
        reset: bool,
        #[command(flatten)]
        args: AskArgs,
    },
    /// Show what retrieval would put before the planner
    Search { question: String },
    /// Verified questions with their SQL
    #[command(subcommand)]
    Examples(ExamplesCommand),
    /// Definitions and rules for the planner
    #[command(subcommand)]
    Notes(NotesCommand),
    /// Run one guarded read-only query, from the argument or stdin
    Sql(SqlCommand),
    /// Measure execution accuracy on questions with gold SQL
    Eval(EvalArgs),
    /// Check connection, rights, extensions, index, models and Redis, and name the mend for each
    Doctor,
    /// Print the completions for a shell
    Completions { shell: clap_complete::Shell },
    /// Write the man pages into a folder
    Man { folder: PathBuf },
    /// The process behind `--demo`
    #[cfg(feature = "embedded")]
    #[command(hide = true, name = crate::embedded::SUBCOMMAND)]
    EmbeddedServer {
        root: PathBuf,
        socket: Option<PathBuf>,
        #[arg(long)]
        throw_away: bool,
    },
}

#[derive(Debug, Subcommand)]
pub enum ExamplesCommand {
    /// Keep a question with SQL that answers it
    Add {
        question: String,
        /// The statement; `-` or nothing reads it from stdin
        sql: Option<String>,
    },
    /// Show them, and which do not hold any more
    List,
    /// Forget one
    Remove { id: i64 },
    /// Write them as JSON lines, to stdout or a file
    Export { file: Option<PathBuf> },
    /// Read JSON lines of {"question", "sql"}
    Import { file: PathBuf },
}

#[derive(Debug, Subcommand)]
pub enum NotesCommand {
    /// Keep a note
    Add {
        /// Its text in Markdown; `-` or nothing reads it from stdin
        text: Option<String>,
        /// What it is called; without it, its first line
        #[arg(long)]
        name: Option<String>,
        /// Put it before the planner whatever the question is
        #[arg(long)]
        always: bool,
    },
    /// Show them
    List,
    /// Forget one
    Remove { name: String },
    /// Keep each section of Markdown files as a note
    Import {
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// Put them before the planner whatever the question is
        #[arg(long)]
        always: bool,
    },
}

#[derive(Debug, Args)]
pub struct EvalArgs {
    /// Questions with gold SQL: JSON lines, or CSV with a header
    pub file: PathBuf,
    /// Measure retrieval instead, on JSON lines of {"question", "tables": [], "columns": []}
    #[arg(long)]
    pub retrieval: bool,
    /// Ask each question so many times
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub runs: u32,
    /// Questions under way at once
    #[arg(long, default_value_t = 2, value_name = "N")]
    pub parallel: usize,
    /// Keep finished questions in this file, and go on from it
    #[arg(long, value_name = "FILE")]
    pub resume: Option<PathBuf>,
    /// Write the report here, as JSON or Markdown by the file's ending; may be repeated
    #[arg(long, value_name = "FILE")]
    pub report: Vec<PathBuf>,
    /// Show the figures beside those of an earlier JSON report
    #[arg(long, value_name = "FILE")]
    pub compare: Option<PathBuf>,
    /// Exit with 1 when fewer of all questions are right, in percent
    #[arg(long, value_name = "PERCENT")]
    pub min_accuracy: Option<f64>,
    /// Exit with 1 when fewer of the answered are right, in percent
    #[arg(long, value_name = "PERCENT")]
    pub min_precision: Option<f64>,
    /// Exit with 1 when fewer are answered, in percent
    #[arg(long, value_name = "PERCENT")]
    pub min_answered: Option<f64>,
    #[command(flatten)]
    pub ask: AskArgs,
}

#[derive(Debug, Args)]
pub struct SqlCommand {
    /// The query; `-` or nothing reads it from stdin
    pub query: Option<String>,
    /// Only print the SQL that would run
    #[arg(long)]
    pub check: bool,
    /// With --check: read one JSON string a line from stdin, answer with one JSON object a line
    #[arg(long, requires = "check", conflicts_with = "query")]
    pub jsonl: bool,
    /// Rows at the most
    #[arg(long, default_value_t = 1_000, value_name = "N")]
    pub max_rows: usize,
    /// Write the rows to this file; its ending chooses the format
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Draw the rows, in the terminal or into a .html, .svg or .png file
    #[arg(long, value_name = "FILE", num_args = 0..=1, default_missing_value = "")]
    pub chart: Option<ChartArg>,
}

/// What stands after `--chart`, which may be nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChartArg {
    Terminal,
    File(PathBuf),
    /// The question or query that happens to follow.
    Text(String),
}

impl FromStr for ChartArg {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        let is_file = [".html", ".svg", ".png"].iter().any(|e| text.ends_with(e));
        Ok(match text {
            "" => Self::Terminal,
            _ if is_file => Self::File(text.into()),
            _ => Self::Text(text.to_owned()),
        })
    }
}

/// Tells a text from the chart's file: `--chart "How many?"` and `--chart bars.svg "How many?"`.
///
/// # Errors
/// A file that no chart can be written to.
pub fn text_and_chart(
    text: Option<&str>,
    chart: Option<&ChartArg>,
) -> error::Result<(Option<String>, Option<ChartArg>)> {
    match (text, chart) {
        (None, Some(ChartArg::Text(text))) => Ok((Some(text.clone()), Some(ChartArg::Terminal))),
        (Some(_), Some(ChartArg::Text(other))) => {
            Err(Error::usage(format!("`{other}` is no kind of chart"))
                .with_hint("charts are written to files that end in .html, .svg or .png"))
        }
        (text, chart) => Ok((text.map(str::to_owned), chart.cloned())),
    }
}

#[derive(Debug, Args)]
pub struct AskCommand {
    /// The question; `-` reads it from stdin
    #[arg(required_unless_present = "chart")]
    pub question: Option<String>,
    /// Draw the rows, in the terminal or into a .html, .svg or .png file
    #[arg(long, value_name = "FILE", num_args = 0..=1, default_missing_value = "")]
    pub chart: Option<ChartArg>,
    /// Write the answer to this file; its ending chooses the format
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    #[command(flatten)]
    pub args: AskArgs,
}

#[derive(Debug, Clone, Args)]
pub struct AskArgs {
    /// How independent steps run
    #[arg(long, value_enum, ignore_case = true, default_value_t = Pattern::Sequential)]
    pub pattern: Pattern,
    /// Plans that may follow a failed one
    #[arg(long, default_value_t = 2, value_name = "N")]
    pub retries: u32,
    /// Continue this session, or begin one of this name
    #[arg(long, value_name = "ID")]
    pub session: Option<SessionId>,
    /// When the critic judges the result
    #[arg(long, value_enum, default_value_t = CriticMode::Always)]
    pub critic: CriticMode,
    /// Exit with 4 when the critic doubts the answer or a number has no source
    #[arg(long)]
    pub strict: bool,
    /// Seconds for the whole question
    #[arg(long, default_value_t = 300, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    pub timeout: u64,
    /// Rows of a result at the most
    #[arg(long, default_value_t = 1_000, value_name = "N")]
    pub max_rows: usize,
    /// Do not answer from verified examples, nor show them to the planner
    #[arg(long)]
    pub no_examples: bool,
    /// Keep question, SQL, rows, conversation and cost of the session as files in this folder
    #[arg(long, value_name = "DIR")]
    pub save: Option<PathBuf>,
    /// Append what happens to this file, as JSON lines
    #[arg(long, value_name = "FILE")]
    pub events: Option<PathBuf>,
    /// Write what is sent to the model, and its replies, into the events
    #[arg(long, requires = "events")]
    pub prompts: bool,
}

impl AskArgs {
    pub fn settings(&self) -> AskConfig {
        AskConfig {
            pattern: self.pattern,
            retries: self.retries,
            critic: self.critic,
            timeout: Duration::from_secs(self.timeout),
            max_rows: self.max_rows,
            strict: self.strict,
            examples: !self.no_examples,
            ..AskConfig::default()
        }
    }
}

/// An amount of money.
fn dollars(text: &str) -> Result<f64, String> {
    let amount = text.trim().trim_start_matches('$').parse::<f64>().ok();
    amount
        .filter(|usd| usd.is_finite() && *usd >= 0.0)
        .ok_or_else(|| "no amount of US dollars, such as 0.05".to_owned())
}

/// A bound that is set outside the command line. One that cannot be read is an error: it was meant to hold.
fn bound<T>(
    get: impl Fn(&str) -> Option<String>,
    name: &str,
    read: impl FnOnce(&str) -> Option<T>,
) -> error::Result<Option<T>> {
    let Some(text) = get(name) else {
        return Ok(None);
    };
    read(text.trim()).map(Some).ok_or_else(|| {
        Error::usage(format!("{name} cannot be `{text}`"))
            .with_hint("it is a number; 0 is no limit")
    })
}

impl GlobalArgs {
    /// Whether an embedded database takes the place of `DATABASE_URL`.
    pub fn is_embedded(&self) -> bool {
        self.demo || !self.data_files.is_empty() || self.keep.is_some()
    }

    /// Flag over profile over environment over file over default.
    ///
    /// # Errors
    /// A configuration file that cannot be read, or a profile that is not there.
    pub fn config(&self) -> error::Result<Config> {
        let settings = Settings::load(self.profile.as_deref())?;
        let get = |name: &str| settings.get(name);
        let or_env = |flag: &Option<String>, name: &str| flag.clone().or_else(|| get(name));
        let functions = get("PGAGENT_ALLOW_FUNCTIONS").unwrap_or_default();
        Ok(Config {
            database_url: or_env(&self.database_url, "DATABASE_URL").map(Secret::new),
            password_command: get("PGAGENT_PASSWORD_COMMAND"),
            memory_url: or_env(&self.memory_url, "PGAGENT_MEMORY_URL").map(Secret::new),
            opened: None,
            redis: or_env(&self.redis, "REDIS_URL").map(|url| RedisConfig {
                url: Secret::new(url),
                required: self.redis.is_some(),
            }),
            model: or_env(&self.model, "PGAGENT_MODEL"),
            embedding_model: or_env(&self.embedding_model, "PGAGENT_EMBEDDING_MODEL"),
            providers: Providers::from_env(get),
            web_search: WebSearchConfig::from_env(get)?,
            allowed_functions: functions
                .split(',')
                .map(str::to_owned)
                .chain(self.allow_function.iter().cloned())
                .map(|name| name.trim().to_lowercase())
                .filter(|name| !name.is_empty())
                .collect(),
            max_cost: match self
                .max_cost
                .or(parsed(get, "PGAGENT_MAX_COST", "a number")?)
            {
                Some(cost) if cost <= 0.0 => None,
                Some(cost) => Some(cost),
                None => Some(DEFAULT_MAX_COST),
            },
            require_readonly_role: self.require_readonly_role
                || get("PGAGENT_REQUIRE_READONLY_ROLE")
                    .is_some_and(|v| v == "1" || v.eq_ignore_ascii_case("true")),
            exclude: get("PGAGENT_EXCLUDE")
                .unwrap_or_default()
                .split(',')
                .map(str::to_owned)
                .chain(self.exclude.iter().cloned())
                .collect(),
            share: match (self.share, get("PGAGENT_SHARE")) {
                (Some(share), _) => share,
                // No default for what is misspelt: more would be told than was wanted.
                (None, Some(name)) => {
                    <Share as ValueEnum>::from_str(&name, true).map_err(|_| {
                        Error::usage(format!("PGAGENT_SHARE cannot be `{name}`"))
                            .with_hint("it is rows, shape or none")
                    })?
                }
                (None, None) => Share::default(),
            },
            budget: Budget {
                tokens: match self.max_tokens {
                    Some(tokens) => Some(tokens),
                    None => bound(get, "PGAGENT_MAX_TOKENS", |text| text.parse().ok())?,
                }
                .filter(|tokens| *tokens > 0),
                usd: match self.max_usd {
                    Some(usd) => Some(usd),
                    None => bound(get, "PGAGENT_MAX_USD", |text| dollars(text).ok())?,
                }
                .filter(|usd| *usd > 0.0),
            },
            prices: Prices::parse(&get("PGAGENT_PRICES").unwrap_or_default()).map_err(|part| {
                Error::usage(format!("PGAGENT_PRICES cannot hold `{part}`")).with_hint(
                    "write model=input/output in US dollars for a million tokens, such as gpt-4o=2.5/10",
                )
            })?,
            schema_tokens: parsed(get, "PGAGENT_SCHEMA_TOKENS", "a number")?.unwrap_or(8_000),
            format: match (self.format, get("PGAGENT_FORMAT")) {
                (None, Some(form)) => {
                    let format = <Format as ValueEnum>::from_str(&form, true);
                    Some(format.map_err(|_| {
                        wrong_value("PGAGENT_FORMAT", &form, "table, json, csv or markdown")
                    })?)
                }
                (format, _) => format,
            },
            color: self.use_color(),
            color_of_stdout: self.use_color_on(&std::io::stdout()),
            verbose: self.verbose,
            trace_content: get("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT")
                .is_some_and(|v| v.eq_ignore_ascii_case("true")),
            session_ttl: Duration::from_secs(7 * 86_400),
        })
    }
}

/// A setting that is no text.
fn parsed<T: FromStr>(
    get: impl Fn(&str) -> Option<String>,
    name: &str,
    wants: &str,
) -> error::Result<Option<T>> {
    let Some(text) = get(name) else {
        return Ok(None);
    };
    let value = text.trim().parse();
    value.map(Some).map_err(|_| wrong_value(name, &text, wants))
}

fn wrong_value(name: &str, text: &str, wants: &str) -> Error {
    Error::usage(format!("{name} is `{text}`, which is not {wants}"))
        .with_hint("it may stand in the environment, in `.env`, or in `pgagent.toml`")
}
