//! What of the schema a question is about: all of it when it fits the budget, else the best tables by
//! vector, trigram and full text, fused by rank and closed over foreign keys, in one statement.

use std::sync::Arc;

use async_trait::async_trait;
use pgvector::Vector;
use sqlx::{AssertSqlSafe, PgConnection};
use tokio::sync::OnceCell;

use super::chunk::{Chunk, ChunkKind, chunks};
use super::index::fitted;
use super::{Catalog, Retrieved, RetrievedChunk, RetrievedTable, SchemaIndex, Via, lexical};
use crate::db::{DbError, Pool};
use crate::error::{Error, Result};
use crate::llm::{EmbeddingModel, EmbeddingTask, estimate_tokens};

/// A schema with more relations than this is not read for a question, only searched.
const MAX_LIVE_RELATIONS: i64 = 400;

/// Opens a transaction on the memory database that finds the extensions' types and operators,
/// whatever schema they live in.
pub async fn begin_memory(db: &mut PgConnection, begin: &str) -> Result<(), DbError> {
    let sql = format!(
        "{begin}; SELECT set_config('search_path', concat_ws(', ', 'pg_catalog', \
           (SELECT string_agg(DISTINCT quote_ident(n.nspname), ', ') FROM pg_catalog.pg_extension AS e \
            JOIN pg_catalog.pg_namespace AS n ON n.oid = e.extnamespace \
            WHERE e.extname IN ('vector', 'pg_trgm'))), true)"
    );
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *db).await?;
    Ok(())
}

/// What the memory database can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MemoryState {
    pub tables: bool,
    pub vectors: bool,
    pub trigrams: bool,
}

impl MemoryState {
    pub async fn read(db: &mut PgConnection) -> Result<Self, DbError> {
        let (tables, vectors, trigrams): (bool, bool, bool) = sqlx::query_as(
            "SELECT to_regclass('pgagent.long_term_memory') IS NOT NULL, \
                    EXISTS (SELECT FROM pg_attribute WHERE attrelid = to_regclass('pgagent.long_term_memory') \
                            AND attname = 'embedding' AND NOT attisdropped), \
                    EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_trgm')",
        )
        .persistent(false)
        .fetch_one(&mut *db)
        .await?;
        Ok(Self {
            tables,
            vectors,
            trigrams,
        })
    }
}

/// Retrieval on a Postgres target, with the index in the same or another database.
pub struct PgSchemaIndex {
    target: Pool,
    memory: Pool,
    embedder: Option<Arc<dyn EmbeddingModel>>,
    /// Tokens of context.
    budget: usize,
    /// Rank even when all of the schema fits.
    always_rank: bool,
    catalog: OnceCell<Catalog>,
}

impl PgSchemaIndex {
    pub fn new(
        target: Pool,
        memory: Pool,
        embedder: Option<Arc<dyn EmbeddingModel>>,
        budget: usize,
    ) -> Self {
        Self {
            target,
            memory,
            embedder,
            budget,
            always_rank: false,
            catalog: OnceCell::new(),
        }
    }

    /// For showing what retrieval does: ranks the tables also where the planner would get them all.
    #[must_use]
    pub fn ranking_always(mut self) -> Self {
        self.always_rank = true;
        self
    }

    /// The names of all tables, for completion.
    ///
    /// # Errors
    /// Any [`DbError`].
    pub async fn table_names(&self) -> Result<Vec<String>> {
        let catalog = Catalog::read(&self.target).await?;
        Ok(catalog.relations.iter().map(|r| r.sql_name()).collect())
    }

    /// What the planner is told about one table.
    ///
    /// # Errors
    /// No such table, or any [`DbError`].
    pub async fn describe(&self, table: &str) -> Result<String> {
        let catalog = Catalog::read(&self.target).await?;
        let found = catalog.relations.iter().find(|r| {
            [&r.sql_name(), &r.full_name(), &r.name]
                .iter()
                .any(|name| name.eq_ignore_ascii_case(table))
        });
        let Some(relation) = found else {
            let error = Error::failed(format!("there is no table {table}"));
            return Err(match catalog.near(table, 3).as_slice() {
                [] => error.with_hint("`/tables` lists them"),
                near => error.with_hint(format!("there is {}", near.join(", "))),
            });
        };
        let (kind, name) = (ChunkKind::Table, relation.full_name());
        let chunk = chunks(&catalog)
            .into_iter()
            .find(|chunk| chunk.kind == kind && chunk.name == name);
        Ok(chunk.map(|chunk| chunk.content).unwrap_or_default())
    }

    async fn relation_count(&self) -> Result<i64, DbError> {
        let mut connection = self.target.get().await?;
        let count = sqlx::query_scalar(include_str!("queries/count.sql"))
            .persistent(false)
            .fetch_one(connection.as_mut()?)
            .await?;
        connection.give_back();
        Ok(count)
    }

    /// All of the schema, when it fits.
    async fn whole(&self) -> Result<Option<Vec<Chunk>>> {
        if self.relation_count().await? > MAX_LIVE_RELATIONS {
            return Ok(None);
        }
        let catalog = Catalog::read(&self.target).await?;
        if catalog.relations.is_empty() {
            return Err(Error::failed("there is no table here that this role may read")
                .with_hint("check the database's name in `DATABASE_URL` and the role's rights: GRANT SELECT ON ALL TABLES IN SCHEMA … TO …"));
        }
        let chunks = chunks(&catalog);
        let _ = self.catalog.set(catalog);
        Ok(Some(chunks))
    }

    /// Ranked rows from the index; nothing when there is no index.
    async fn search(
        &self,
        question: &str,
        notices: &mut Vec<String>,
    ) -> Result<Option<Vec<Found>>> {
        let mut connection = match self.memory.get().await {
            Ok(connection) => connection,
            Err(error) => {
                notices.push(format!("the index is out of reach: {error}"));
                return Ok(None);
            }
        };
        let db = connection.as_mut()?;
        begin_memory(db, "BEGIN READ ONLY").await?;
        let state = MemoryState::read(db).await?;
        let source = self.target.identity();
        let indexed = if state.tables {
            IndexState::read(db, &source).await?
        } else {
            IndexState::default()
        };
        if indexed.tables == 0 {
            sqlx::raw_sql("ROLLBACK")
                .execute(&mut *db)
                .await
                .map_err(DbError::from)?;
            connection.give_back();
            return Ok(None);
        }
        let vector = self
            .question_vector(question, state, &indexed, notices)
            .await;
        let found = ranked(db, &source, question, state, vector).await?;
        sqlx::raw_sql("ROLLBACK")
            .execute(&mut *db)
            .await
            .map_err(DbError::from)?;
        connection.give_back();
        Ok(Some(found))
    }

    /// The question as a vector of the model that the index was made with.
    async fn question_vector(
        &self,
        question: &str,
        state: MemoryState,
        indexed: &IndexState,
        notices: &mut Vec<String>,
    ) -> Option<(Vector, String)> {
        let embedder = self.embedder.as_ref().filter(|_| state.vectors)?;
        let model = embedder.name();
        if indexed.with_vectors == 0 {
            notices.push("the index has no vectors; `pgagent index` adds them".to_owned());
            return None;
        }
        if indexed.model.as_deref() != Some(model) {
            notices.push(format!(
                "the index was made with the embedding model {}, not {model}; without vectors until `pgagent index` is run",
                indexed.model.as_deref().unwrap_or("of another time")
            ));
            return None;
        }
        let embedded = embedder
            .embed(&[question.to_owned()], EmbeddingTask::Query)
            .await
            .and_then(|vectors| fitted(vectors.into_iter().next().unwrap_or_default(), model));
        match embedded {
            Ok(vector) => Some((Vector::from(vector), model.to_owned())),
            Err(error) => {
                notices.push(format!("retrieval does without vectors: {error}"));
                None
            }
        }
    }
}

#[async_trait]
impl SchemaIndex for PgSchemaIndex {
    async fn retrieve(&self, question: &str) -> Result<Retrieved> {
        let mut notices = Vec::new();
        let all = self.whole().await?;
        let fits = all
            .as_ref()
            .is_some_and(|chunks| context_tokens(chunks) <= self.budget);
        let found = if fits && !self.always_rank {
            None
        } else {
            self.search(question, &mut notices).await?
        };
        let mut retrieved = match (all, found) {
            (Some(chunks), found) if fits => whole_schema(&chunks, found, question),
            (_, Some(found)) => within(self.budget, found),
            (Some(chunks), None) => {
                notices.push("the schema is not indexed; tables were chosen by their words alone (run `pgagent setup` and `pgagent index`)".to_owned());
                within(self.budget, by_words(&chunks, question))
            }
            (None, None) => {
                return Err(Error::failed("the schema is large and not indexed")
                    .with_hint("run `pgagent setup` once, then `pgagent index`"));
            }
        };
        retrieved.notices = notices;
        Ok(retrieved)
    }

    async fn near(&self, name: &str) -> Vec<String> {
        let catalog = self
            .catalog
            .get_or_try_init(|| Catalog::read(&self.target))
            .await;
        catalog
            .map(|catalog| catalog.near(name, 5))
            .unwrap_or_default()
    }
}

#[derive(Debug, Default)]
struct IndexState {
    tables: i64,
    with_vectors: i64,
    model: Option<String>,
}

impl IndexState {
    async fn read(db: &mut PgConnection, source: &str) -> Result<Self, DbError> {
        let (tables, with_vectors, model): (i64, i64, Option<String>) = sqlx::query_as(
            "SELECT count(*), count(embedding_model), max(embedding_model) \
             FROM pgagent.long_term_memory WHERE source = $1 AND kind = 'table'",
        )
        .bind(source)
        .persistent(false)
        .fetch_one(&mut *db)
        .await?;
        Ok(Self {
            tables,
            with_vectors,
            model,
        })
    }
}

/// One row of the ranking.
struct Found {
    kind: String,
    name: String,
    content: String,
    schema: String,
    table: String,
    score: f64,
    via: Vec<Via>,
}

type FoundRow = (String, String, String, String, String, f64, Vec<String>);

async fn ranked(
    db: &mut PgConnection,
    source: &str,
    question: &str,
    state: MemoryState,
    vector: Option<(Vector, String)>,
) -> Result<Vec<Found>, DbError> {
    let mut sql = String::from("WITH ");
    let mut ranks = vec!["by_text"];
    sql.push_str(include_str!("queries/by_text.sql"));
    if state.trigrams {
        sql.push_str(", ");
        sql.push_str(include_str!("queries/by_trigram.sql"));
        ranks.push("by_trigram");
    }
    if vector.is_some() {
        sql.push_str(", ");
        sql.push_str(include_str!("queries/by_vector.sql"));
        ranks.push("by_vector");
    }
    let union: Vec<String> = ranks
        .iter()
        .map(|r| format!("SELECT id, via, rank FROM {r}"))
        .collect();
    sql.push_str(&format!(", found AS ({})", union.join(" UNION ALL ")));
    sql.push_str(include_str!("queries/fuse.sql"));
    // Every parameter must appear, whichever parts are in use.
    sql = sql.replacen(
        "SELECT 'table' AS kind",
        "SELECT CASE WHEN $2::text IS NULL THEN '' ELSE 'table' END AS kind",
        1,
    );

    let words = lexical::question_words(question).join(" | ");
    let mut query = sqlx::query_as::<_, FoundRow>(AssertSqlSafe(sql))
        .persistent(false)
        .bind(source)
        .bind(question)
        .bind(words);
    if let Some((vector, model)) = vector {
        query = query.bind(vector).bind(model);
    }
    let rows = query.fetch_all(&mut *db).await?;
    Ok(rows
        .into_iter()
        .map(|(kind, name, content, schema, table, score, via)| Found {
            kind,
            name,
            content,
            schema,
            table,
            score,
            via: via.iter().filter_map(|v| via_from(v)).collect(),
        })
        .collect())
}

fn via_from(name: &str) -> Option<Via> {
    match name {
        "vector" => Some(Via::Vector),
        "trigram" => Some(Via::Trigram),
        "text" => Some(Via::Text),
        "foreign_key" => Some(Via::ForeignKey),
        _ => None,
    }
}

fn context_tokens(chunks: &[Chunk]) -> usize {
    chunks
        .iter()
        .filter(|chunk| chunk.kind == ChunkKind::Table)
        .map(|chunk| estimate_tokens(&chunk.content) + 1)
        .sum()
}

/// The tables' texts; they carry their foreign keys, so relationships are not said twice.
fn context<'a>(tables: impl Iterator<Item = &'a str>) -> String {
    tables.collect::<Vec<_>>().join("\n\n")
}

/// Every table, the ranked ones first.
fn whole_schema(chunks: &[Chunk], found: Option<Vec<Found>>, question: &str) -> Retrieved {
    let tables: Vec<&Chunk> = chunks
        .iter()
        .filter(|c| c.kind == ChunkKind::Table)
        .collect();
    let context = context(tables.iter().map(|c| c.content.as_str()));
    let mut ranked = found.unwrap_or_else(|| by_words(chunks, question));
    ranked.retain(|f| f.kind == "table");
    let mut out = Retrieved {
        context_tokens: estimate_tokens(&context),
        context,
        whole: true,
        ..Retrieved::default()
    };
    for found in &ranked {
        out.push(found);
    }
    for chunk in chunks {
        if out
            .chunks
            .iter()
            .any(|c| c.kind == chunk.kind.as_str() && c.name == chunk.name)
        {
            continue;
        }
        out.push(&Found::of(chunk, 0.0, Vec::new()));
    }
    out
}

/// The best that fits the budget, and the relationships among it.
fn within(budget: usize, found: Vec<Found>) -> Retrieved {
    let mut out = Retrieved::default();
    let mut used = 0;
    for table in found.iter().filter(|f| f.kind == "table") {
        let tokens = estimate_tokens(&table.content) + 1;
        if used + tokens > budget && used > 0 {
            continue;
        }
        used += tokens;
        out.push(table);
    }
    out.context = context(out.chunks.iter().map(|c| c.content.as_str()));
    out.context_tokens = estimate_tokens(&out.context);
    let names: Vec<String> = out
        .tables
        .iter()
        .map(|t| format!("{}.{}", t.schema, t.name))
        .collect();
    for relationship in found.iter().filter(|f| f.kind == "relationship") {
        if names.contains(&relationship.schema) && names.contains(&relationship.table) {
            out.push(relationship);
        }
    }
    out
}

/// Tables in the order of their words' weight.
fn by_words(chunks: &[Chunk], question: &str) -> Vec<Found> {
    let scores = lexical::scores(question, chunks);
    let mut found: Vec<Found> = chunks
        .iter()
        .zip(scores)
        .filter(|(chunk, _)| chunk.kind == ChunkKind::Table)
        .map(|(chunk, score)| {
            Found::of(
                chunk,
                score,
                if score > 0.0 {
                    vec![Via::Text]
                } else {
                    Vec::new()
                },
            )
        })
        .collect();
    found.sort_by(|a, b| b.score.total_cmp(&a.score));
    found
}

impl Found {
    fn of(chunk: &Chunk, score: f64, via: Vec<Via>) -> Self {
        let text = |key: &str| {
            chunk
                .metadata
                .get(key)
                .and_then(|v| v.as_str())
                .unwrap_or_default()
                .to_owned()
        };
        let (schema, table) = match chunk.kind {
            ChunkKind::Table => (text("schema"), text("name")),
            ChunkKind::Relationship => (text("from"), text("to")),
        };
        Self {
            kind: chunk.kind.as_str().to_owned(),
            name: chunk.name.clone(),
            content: chunk.content.clone(),
            schema,
            table,
            score,
            via,
        }
    }
}

impl Retrieved {
    fn push(&mut self, found: &Found) {
        if found.kind == "table" {
            self.tables.push(RetrievedTable {
                schema: found.schema.clone(),
                name: found.table.clone(),
                score: found.score,
                via: found.via.clone(),
            });
        }
        self.chunks.push(RetrievedChunk {
            kind: found.kind.clone(),
            name: found.name.clone(),
            content: found.content.clone(),
            score: found.score,
        });
    }
}
