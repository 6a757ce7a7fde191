//! Builds the parts that commands share; the one place that names concrete adapters.

use std::sync::Arc;

use tokio::task::JoinSet;
use url::Url;

use super::note;
use crate::agent::Supervisor;
use crate::config::{AskConfig, Config, Secret, secret_from};
use crate::db::{Database, Pool, Postgres, Role};
use crate::error::{Error, Result};
use crate::llm::{
    ChatModel, EmbeddingModel, LOCAL_EMBEDDING_MODEL, LocalEmbedding, ProviderEmbedding, Usage,
    connect,
};
use crate::offline::OfflinePlanner;
use crate::schema::{Exclusions, Knowledge, PgSchemaIndex};
use crate::session::{MemoryStore, RedisStore, SessionStore};
use crate::sql::Policy;
use crate::tools::{GroundedSearch, HttpSearch};

/// Queries that run at the same time.
const CONNECTIONS: usize = 5;

pub fn database(config: &Config) -> Result<Postgres> {
    if let Some(pool) = &config.opened {
        return Ok(Postgres::over(pool.clone()));
    }
    let url = config.database_url.as_ref().ok_or_else(|| {
        Error::usage("no database is given")
            .with_hint("set `DATABASE_URL` in `.env` or the environment, give `--database-url postgres://user:password@host/database`, or try `--demo`")
    })?;
    Ok(Postgres::new(&with_password(config, url)?, CONNECTIONS)?)
}

/// The connection string, with the password that a command prints where it has none of its own.
fn with_password(config: &Config, url: &Secret) -> Result<Secret> {
    let (Some(command), Ok(mut parsed)) = (&config.password_command, Url::parse(url.expose()))
    else {
        return Ok(url.clone());
    };
    if parsed.password().is_some() {
        return Ok(url.clone());
    }
    let password = secret_from(command)?;
    parsed.set_password(Some(password.expose())).map_err(|()| {
        Error::usage("the connection string has no host that a password could go to").with_hint(
            "write it as postgres://user@host:5432/database, or leave `password_command` out",
        )
    })?;
    Ok(Secret::new(parsed))
}

/// Warns of a role that can do more than read, or refuses it where that is wanted.
pub async fn vet_role(config: &Config, database: &Postgres) -> Result<()> {
    // Nobody else's data is in an embedded database.
    if config.opened.is_some() {
        return Ok(());
    }
    vet(config, Role::of(database.pool()).await?)
}

fn vet(config: &Config, role: Role) -> Result<()> {
    if config.require_readonly_role {
        return Ok(role.must_be_readonly()?);
    }
    if !role.problems.is_empty() {
        note(format!(
            "warning: the role {} can do more than read: {}; `pgagent setup --readonly-role NAME` prints a better one",
            role.name,
            role.problems.join("; ")
        ));
    }
    Ok(())
}

/// The pool of the database that holds pgagent's own tables.
pub fn memory(config: &Config, target: &Postgres) -> Result<Pool> {
    match &config.memory_url {
        Some(url) => Ok(Pool::new(url, 2)?),
        None => Ok(target.pool().clone()),
    }
}

pub fn embedder(config: &Config) -> Result<Option<Arc<dyn EmbeddingModel>>> {
    embedder_by(config, |name| {
        Ok(connect(&config.providers.with_commands()?)?.embedding(name)?)
    })
}

/// `provider` makes the model of that name, where it is a provider's.
fn embedder_by(
    config: &Config,
    provider: impl FnOnce(&str) -> Result<ProviderEmbedding>,
) -> Result<Option<Arc<dyn EmbeddingModel>>> {
    match config.embedding_model() {
        None => Ok(None),
        Some(LOCAL_EMBEDDING_MODEL) => Ok(Some(Arc::new(LocalEmbedding))),
        Some(name) => Ok(Some(Arc::new(provider(name)?))),
    }
}

/// What the person keeps from pgagent.
pub fn exclusions(config: &Config) -> Exclusions {
    Exclusions::new(config.exclude.iter().map(String::as_str))
}

pub fn policy(config: &Config) -> Policy {
    Policy {
        allowed_functions: config.allowed_functions.clone(),
        catalog: true,
        ..Policy::default()
    }
}

pub fn schema_index(
    config: &Config,
    target: &Postgres,
    embedder: Option<Arc<dyn EmbeddingModel>>,
) -> Result<PgSchemaIndex> {
    let memory = memory(config, target)?;
    Ok(PgSchemaIndex::new(
        target.pool().clone(),
        memory,
        embedder,
        config.schema_tokens,
    )
    .without(exclusions(config))
    .sharing(config.share))
}

/// Examples and notes, for the commands that keep them.
pub fn knowledge(config: &Config) -> Result<Knowledge> {
    let database = Arc::new(database(config)?);
    knowledge_of(config, &database)
}

fn knowledge_of(config: &Config, database: &Arc<Postgres>) -> Result<Knowledge> {
    Ok(Knowledge::new(
        memory(config, database)?,
        database.pool(),
        Arc::clone(database) as Arc<dyn Database>,
        policy(config),
    ))
}

/// Redis when there is one, else memory. A Redis that is down is an error only when it was asked for by hand.
pub async fn sessions(config: &Config) -> Result<Arc<dyn SessionStore>> {
    let Some(redis) = &config.redis else {
        return Ok(Arc::new(MemoryStore::default()));
    };
    match RedisStore::connect(&redis.url, config.session_ttl).await {
        Ok(store) => Ok(Arc::new(store)),
        Err(error) if redis.required => Err(Error::failed(error).with_hint(
            "check the address given with `--redis`, or leave it out to keep sessions in memory",
        )),
        Err(error) => {
            note(format!(
                "warning: {error}; the session is kept in memory and ends with this process"
            ));
            Ok(Arc::new(MemoryStore::default()))
        }
    }
}

/// What answering questions takes, over one pool and one HTTP client.
pub struct Parts {
    pub supervisor: Supervisor,
    pub sessions: Arc<dyn SessionStore>,
    pub index: Arc<PgSchemaIndex>,
}

pub async fn parts(config: &Config, settings: AskConfig) -> Result<Parts> {
    let database = Arc::new(database(config)?);
    // The server connects and answers while this side gets ready.
    let mut asked = JoinSet::new();
    if config.opened.is_none() {
        let pool = database.pool().clone();
        asked.spawn(async move { Role::of(&pool).await });
    }
    let sessions = sessions(config).await?;
    let (supervisor, index) = match config.model() {
        Some(name) => with_model(config, name, database, &sessions)?,
        None => without_model(config, database, &sessions)?,
    };
    if let Some(role) = asked.join_next().await {
        vet(config, role.map_err(Error::failed)??)?;
    }
    Ok(Parts {
        supervisor: supervisor
            .with_policy(policy(config))
            .with_settings(AskConfig {
                max_cost: config.max_cost,
                share: config.share,
                budget: config.budget,
                prices: config.prices.clone(),
                trace_content: config.trace_content,
                ..settings
            }),
        sessions,
        index,
    })
}

fn with_model(
    config: &Config,
    name: &str,
    database: Arc<Postgres>,
    sessions: &Arc<dyn SessionStore>,
) -> Result<(Supervisor, Arc<PgSchemaIndex>)> {
    if config.budget.usd.is_some() && config.prices.cost_usd(name, Usage::default()).is_none() {
        return Err(Error::usage(format!("the price of {name} is not known, so no budget of money can hold"))
            .with_hint(format!(
                "set PGAGENT_PRICES={name}=INPUT/OUTPUT in US dollars for a million tokens, or bound the tokens with `--max-tokens`"
            )));
    }
    let models = connect(&config.providers.with_commands()?)?;
    let chat: Arc<dyn ChatModel> = Arc::new(models.chat(name)?);
    let embedder = embedder_by(config, |name| Ok(models.embedding(name)?))?;
    let index = schema_index(config, &database, embedder)?;
    let index = Arc::new(index.knowing(knowledge_of(config, &database)?));
    let mut supervisor = Supervisor::new(
        Arc::clone(&chat),
        index.clone(),
        database,
        Arc::clone(sessions),
    );
    if let Some(search) = &config.web_search {
        supervisor = supervisor.with_search(match HttpSearch::new(search, models.http())? {
            Some(search) => Arc::new(search),
            None => Arc::new(GroundedSearch::new(chat)),
        });
    }
    Ok((supervisor, index))
}

fn without_model(
    config: &Config,
    database: Arc<Postgres>,
    sessions: &Arc<dyn SessionStore>,
) -> Result<(Supervisor, Arc<PgSchemaIndex>)> {
    if config.model.is_none() {
        note(
            "note: no model is configured, so the offline planner answers what it is sure of; set GEMINI_API_KEY or give `--model` for more",
        );
    }
    let index = schema_index(config, &database, None)?;
    let index = Arc::new(index.knowing(knowledge_of(config, &database)?));
    let planner = OfflinePlanner::new(
        database.pool().clone(),
        database.clone(),
        exclusions(config),
    );
    let supervisor = Supervisor::with_planner(
        Arc::new(planner),
        index.clone(),
        database,
        Arc::clone(sessions),
    );
    Ok((supervisor, index))
}
