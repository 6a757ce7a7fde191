//! `pgagent doctor`: looks at everything a question needs, and names the mend for what lacks.

use std::io::Write;
use std::time::Instant;

use serde::Serialize;

use super::{format_for, output, parts};
use crate::config::{Config, Format};
use crate::db::{Postgres, Role, readonly_role};
use crate::error::{Error, Result};
use crate::llm::{ChatModel, ChatRequest, EmbeddingTask, LOCAL_EMBEDDING_MODEL, connect};
use crate::render;
use crate::schema::IndexStatus;
use crate::session::RedisStore;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Ok,
    /// It works, and could be better.
    Warning,
    Failed,
}

#[derive(Debug, Serialize)]
struct Check {
    name: &'static str,
    state: State,
    says: String,
    mend: Option<String>,
}

impl Check {
    fn ok(name: &'static str, says: impl Into<String>) -> Self {
        Self {
            name,
            state: State::Ok,
            says: says.into(),
            mend: None,
        }
    }

    fn warning(name: &'static str, says: impl Into<String>, mend: impl Into<String>) -> Self {
        Self {
            state: State::Warning,
            mend: Some(mend.into()),
            ..Self::ok(name, says)
        }
    }

    fn failed(name: &'static str, error: impl Into<Error>) -> Self {
        let error = error.into();
        Self {
            state: State::Failed,
            mend: error.hint().map(str::to_owned),
            ..Self::ok(name, error.to_string())
        }
    }
}

pub async fn run(config: &Config) -> Result<u8> {
    let mut checks = Vec::new();
    match parts::database(config) {
        Ok(database) => of_database(config, &database, &mut checks).await,
        Err(error) => checks.push(Check::failed("database", error)),
    }
    checks.push(of_model(config).await);
    checks.push(of_embeddings(config).await);
    checks.push(of_redis(config).await);
    checks.push(of_cache());
    output(
        |out| match format_for(config.format, None, Format::Markdown) {
            Format::Json => render::to_json(out, &checks),
            _ => checks.iter().try_for_each(|check| show(out, check)),
        },
    )?;
    let failed = checks.iter().any(|check| check.state == State::Failed);
    Ok(u8::from(failed))
}

fn show(out: &mut dyn Write, check: &Check) -> std::io::Result<()> {
    let mark = match check.state {
        State::Ok => "ok     ",
        State::Warning => "warning",
        State::Failed => "FAILED ",
    };
    writeln!(
        out,
        "{mark}  {:<10}  {}",
        check.name,
        render::clean(&check.says)
    )?;
    match &check.mend {
        Some(mend) => render::clean(mend)
            .lines()
            .try_for_each(|line| writeln!(out, "{:21}{line}", "")),
        None => Ok(()),
    }
}

async fn of_database(config: &Config, database: &Postgres, checks: &mut Vec<Check>) {
    let start = Instant::now();
    match database.pool().server().await {
        Ok((version, tls)) => checks.push(Check::ok(
            "database",
            format!(
                "PostgreSQL {version} at {}, {}, connected in {:.0} ms",
                database.pool().target(),
                tls.unwrap_or_else(|| "no TLS".to_owned()),
                start.elapsed().as_secs_f64() * 1e3,
            ),
        )),
        Err(error) => {
            checks.push(Check::failed("database", error));
            return;
        }
    }
    // Nobody else's data is in an embedded database.
    if config.opened.is_none() {
        checks.push(of_role(database).await);
    }
    let status = match parts::memory(config, database) {
        Ok(memory) => IndexStatus::read(&memory, database.pool())
            .await
            .map_err(Error::from),
        Err(error) => Err(error),
    };
    match status {
        Ok(status) => of_index(&status, checks),
        Err(error) => checks.push(Check::failed("index", error)),
    }
}

async fn of_role(database: &Postgres) -> Check {
    match Role::of(database.pool()).await {
        Ok(role) if role.problems.is_empty() => {
            Check::ok("role", format!("{} can only read", role.name))
        }
        Ok(role) => {
            let says = format!(
                "{} can do more than read: {}",
                role.name,
                role.problems.join("; ")
            );
            Check::warning("role", says, better_role(database).await)
        }
        Err(error) => Check::failed("role", error),
    }
}

/// The statements for a role that can only read; where they cannot be told, the command that does.
async fn better_role(database: &Postgres) -> String {
    const NAME: &str = "pgagent_reader";
    match readonly_role(database.pool(), NAME).await {
        Ok(statements) => format!(
            "let an owner of the database make one that cannot, and connect as it:\n{};\n\\password {NAME}",
            statements.join(";\n")
        ),
        Err(_) => "`pgagent setup --readonly-role NAME` prints the statements for one that cannot"
            .to_owned(),
    }
}

fn of_index(status: &IndexStatus, checks: &mut Vec<Check>) {
    let lacking: Vec<&str> = [("pgvector", status.vectors), ("pg_trgm", status.trigrams)]
        .into_iter()
        .filter_map(|(name, there)| (!there).then_some(name))
        .collect();
    checks.push(match lacking.as_slice() {
        _ if !status.tables => Check::warning(
            "setup",
            "pgagent's tables are not there; questions work, a large schema is searched slowly",
            "`pgagent setup` makes them",
        ),
        [] => Check::ok("setup", "pgagent's tables, pgvector and pg_trgm are there"),
        lacking => Check::warning(
            "setup",
            format!("without {}", lacking.join(" and ")),
            "`pgagent setup` says which statement someone with rights must run",
        ),
    });
    let says = format!(
        "{} of {} tables and views, changed {}, {}",
        status.indexed,
        status.readable,
        status.changed.as_deref().unwrap_or("never"),
        status
            .model
            .as_deref()
            .map_or_else(|| "no vectors".to_owned(), |m| format!("vectors by {m}")),
    );
    checks.push(match (status.readable, status.indexed) {
        (0, _) => Check {
            state: State::Failed,
            ..Check::warning(
                "index",
                "this role may read no table",
                "GRANT SELECT ON ALL TABLES IN SCHEMA … TO …, or check the database's name",
            )
        },
        (_, 0) => Check::warning(
            "index",
            says,
            "`pgagent index` makes it; small schemas need none",
        ),
        (readable, indexed) if indexed != readable => {
            Check::warning("index", says, "`pgagent index` brings it up to date")
        }
        _ => Check::ok("index", says),
    });
}

/// One small request: only an answer shows that key, name and address are right.
async fn of_model(config: &Config) -> Check {
    let Some(name) = config.model() else {
        return Check::warning(
            "model",
            "offline: answers what it is sure of, without a model",
            "set GEMINI_API_KEY, or choose another provider's model with `--model`",
        );
    };
    let asked = async {
        let models = connect(&config.providers.with_commands()?)?;
        let request = ChatRequest {
            system: "Reply with the word ready.".to_owned(),
            user: "Are you there?".to_owned(),
            schema: None,
            web_search: false,
        };
        Ok::<_, Error>(models.chat(name)?.chat(&request).await?)
    };
    let start = Instant::now();
    match asked.await {
        Ok(_) => Check::ok(
            "model",
            format!("{name} answers in {:.1} s", start.elapsed().as_secs_f64()),
        ),
        Err(error) => Check::failed("model", error),
    }
}

async fn of_embeddings(config: &Config) -> Check {
    let embedder = match parts::embedder(config) {
        Ok(Some(embedder)) => embedder,
        Ok(None) => return Check::ok("embeddings", "none: tables are found by words alone"),
        Err(error) => return Check::failed("embeddings", error),
    };
    if embedder.name() == LOCAL_EMBEDDING_MODEL {
        return Check::ok("embeddings", "local, in this program");
    }
    match embedder
        .embed(&["customer".to_owned()], EmbeddingTask::Query)
        .await
    {
        Ok(_) => Check::ok("embeddings", format!("{} answers", embedder.name())),
        Err(error) => Check::failed("embeddings", error),
    }
}

async fn of_redis(config: &Config) -> Check {
    let Some(redis) = &config.redis else {
        return Check::ok(
            "sessions",
            "in memory: they end with the program; REDIS_URL keeps them",
        );
    };
    match RedisStore::connect(&redis.url, config.session_ttl).await {
        Ok(_) => Check::ok("sessions", "Redis answers"),
        Err(error) => Check::failed("sessions", error),
    }
}

/// Where `--demo` and kept files live.
fn of_cache() -> Check {
    let Some(folders) = directories::ProjectDirs::from("", "", "pgagent") else {
        return Check::warning("cache", "there is no home folder", "set HOME");
    };
    let folder = folders.cache_dir();
    match std::fs::create_dir_all(folder).and_then(|()| tempfile::tempfile_in(folder)) {
        Ok(_) => Check::ok("cache", folder.display().to_string()),
        Err(error) => Check::warning(
            "cache",
            format!("{} cannot be written: {error}", folder.display()),
            "`--demo` and `--keep` need it; XDG_CACHE_HOME names another place",
        ),
    }
}
