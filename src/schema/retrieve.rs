//! What of the schema a question is about: all of it when it fits the budget, else the best tables by
//! vector, trigram and text, closed over foreign keys.
//!
//! A schema of moderate size is read and ranked for every question, so that it is never out of date and
//! needs no index; a large one is searched in the index by one statement.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use pgvector::Vector;
use sqlx::PgConnection;
use tokio::sync::{Mutex, OnceCell};

use super::chunk::{Chunk, ChunkKind, chunks};
use super::exclude::Exclusions;
use super::index::fitted;
use super::memory::{self, IndexState, MemoryState};
use super::rank::{Found, rank};
use super::sample::sample;
use super::values::{KnownValue, bind, fold, phrases};
use super::{
    Binding, Catalog, EmbeddingCall, Knowledge, Recalled, Retrieved, RetrievedTable, SchemaIndex,
    context, search,
};
use crate::config::Share;
use crate::db::{DbError, Pool};
use crate::error::{Error, Result};
use crate::llm::{EMBEDDING_BATCH, EmbeddingModel, EmbeddingTask, LOCAL_EMBEDDING_MODEL};
use crate::sql::quote_ident;

/// A schema with more relations than this is not read for a question when there is an index to search.
const MAX_LIVE_RELATIONS: i64 = 100;
/// How long the rows of such a schema are sampled for, once a process.
const SAMPLING: Duration = Duration::from_millis(1_500);

/// Retrieval on a Postgres target, with the index in the same or another database.
pub struct PgSchemaIndex {
    target: Pool,
    memory: Pool,
    embedder: Option<Arc<dyn EmbeddingModel>>,
    /// Tokens of context.
    budget: usize,
    excluded: Exclusions,
    max_live_relations: i64,
    knowledge: Option<Knowledge>,
    share: Share,
    catalog: OnceCell<Catalog>,
    sampled: Mutex<Option<Arc<Sampled>>>,
}

/// What the person should know of a retrieval, beside what it found.
#[derive(Default)]
struct Aside {
    notices: Vec<String>,
    embedding: Option<EmbeddingCall>,
}

/// A catalog with what its rows tell.
struct Sampled {
    /// As it was read; the sample holds as long as it stays so.
    catalog: Arc<Catalog>,
    chunks: Vec<Chunk>,
    values: Vec<KnownValue>,
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
            excluded: Exclusions::default(),
            max_live_relations: MAX_LIVE_RELATIONS,
            knowledge: None,
            share: Share::default(),
            catalog: OnceCell::new(),
            sampled: Mutex::new(None),
        }
    }

    /// What of the database is never looked at.
    #[must_use]
    pub fn without(mut self, excluded: Exclusions) -> Self {
        self.excluded = excluded;
        self
    }

    /// Examples and notes to be retrieved with the schema.
    #[must_use]
    pub fn knowing(mut self, knowledge: Knowledge) -> Self {
        self.knowledge = Some(knowledge);
        self
    }

    /// What of the data stands in the context.
    #[must_use]
    pub fn sharing(mut self, share: Share) -> Self {
        self.share = share;
        self
    }

    /// How many tables and views a schema may have that is read for every question.
    #[must_use]
    pub fn reading_at_most(mut self, relations: i64) -> Self {
        self.max_live_relations = relations;
        self
    }

    /// The names of all tables, and of all their columns, for completion.
    ///
    /// # Errors
    /// Any [`DbError`].
    pub async fn names(&self) -> Result<(Vec<String>, BTreeSet<String>)> {
        let catalog = Catalog::read(&self.target, &self.excluded).await?;
        let relations = catalog.relations.iter();
        let columns = relations.clone().flat_map(|r| &r.columns);
        Ok((
            relations.map(|r| r.sql_name()).collect(),
            columns.map(|c| quote_ident(&c.name)).collect(),
        ))
    }

    /// What the planner is told about one table.
    ///
    /// # Errors
    /// No such table, or any [`DbError`].
    pub async fn describe(&self, table: &str) -> Result<String> {
        let catalog = Catalog::read(&self.target, &self.excluded).await?;
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

    /// Whether the schema is small enough to be read for every question.
    async fn is_small(&self) -> Result<bool, DbError> {
        let count = Catalog::count(&self.target, self.max_live_relations + 1).await?;
        Ok(count <= self.max_live_relations)
    }

    /// All of the schema as it is now, with what its rows tell where it is small.
    async fn live(&self, sampling: bool) -> Result<Arc<Sampled>> {
        let catalog = Catalog::read(&self.target, &self.excluded).await?;
        if catalog.relations.is_empty() {
            return Err(Error::failed("there is no table here that this role may read")
                .with_hint("check the database's name in `DATABASE_URL` and the role's rights: GRANT SELECT ON ALL TABLES IN SCHEMA … TO …"));
        }
        let mut kept = self.sampled.lock().await;
        if let Some(sampled) = kept.as_ref().filter(|sampled| *sampled.catalog == catalog) {
            return Ok(Arc::clone(sampled));
        }
        let mut enriched = catalog.clone();
        let values = match sampling {
            true => sample(&self.target, &mut enriched, SAMPLING).await?,
            false => Vec::new(),
        };
        let sampled = Arc::new(Sampled {
            catalog: Arc::new(catalog),
            chunks: chunks(&enriched),
            values,
        });
        *kept = Some(Arc::clone(&sampled));
        Ok(sampled)
    }

    /// From what was read, without the index.
    async fn rank_live(
        &self,
        question: &str,
        live: &Sampled,
        aside: &mut Aside,
    ) -> (Retrieved, Vec<KnownValue>) {
        let chunks = &live.chunks;
        let ranked = self.rank(chunks, question, aside).await;
        let mut retrieved = if context::tokens(chunks) <= self.budget {
            context::whole(chunks, &ranked)
        } else {
            context::within(self.budget, &ranked)
        };
        retrieved.catalog = Some(Arc::clone(&live.catalog));
        (retrieved, live.values.clone())
    }

    /// Ranks chunks that were read; a model in this process embeds them now, of any other the index has
    /// the vectors.
    async fn rank(&self, chunks: &[Chunk], question: &str, aside: &mut Aside) -> Vec<Found> {
        let cosines = match &self.embedder {
            None => None,
            Some(embedder) if embedder.name() == LOCAL_EMBEDDING_MODEL => {
                local_cosines(embedder.as_ref(), chunks, question).await
            }
            Some(_) => self.stored_cosines(chunks, question, aside).await,
        };
        rank(chunks, question, cosines.as_deref())
    }

    async fn stored_cosines(
        &self,
        chunks: &[Chunk],
        question: &str,
        aside: &mut Aside,
    ) -> Option<Vec<f64>> {
        let stored = self
            .in_memory(
                Some(question),
                aside,
                async |db, source, _, vector| match vector {
                    Some((vector, model)) => search::cosines(db, source, vector, &model).await,
                    None => Ok(Vec::new()),
                },
            )
            .await;
        let stored: HashMap<String, f64> = match stored {
            Ok(stored) => stored?.into_iter().collect(),
            Err(error) => {
                aside
                    .notices
                    .push(format!("retrieval does without vectors: {error}"));
                return None;
            }
        };
        let cosine = |chunk: &Chunk| stored.get(&chunk.name).copied().unwrap_or(0.0);
        Some(chunks.iter().map(cosine).collect())
    }

    /// Does something with the index and the question's vector, where there is a question; nothing when there
    /// is no index.
    async fn in_memory<T>(
        &self,
        question: Option<&str>,
        aside: &mut Aside,
        work: impl AsyncFnOnce(
            &mut PgConnection,
            &str,
            MemoryState,
            Option<(Vector, String)>,
        ) -> Result<T, DbError>,
    ) -> Result<Option<T>> {
        let mut connection = match self.memory.get().await {
            Ok(connection) => connection,
            Err(error) => {
                aside
                    .notices
                    .push(format!("the index is out of reach: {error}"));
                return Ok(None);
            }
        };
        let db = connection.as_mut()?;
        let state = memory::begin(db, "BEGIN READ ONLY").await?;
        let source = self.target.identity();
        let index = match state.tables {
            true => IndexState::read(db, &source).await?,
            false => IndexState::default(),
        };
        let done = if index.indexed {
            let vector = match question {
                Some(question) => self.question_vector(question, state, &index, aside).await,
                None => None,
            };
            Some(work(db, &source, state, vector).await?)
        } else {
            None
        };
        sqlx::raw_sql("ROLLBACK")
            .execute(&mut *db)
            .await
            .map_err(DbError::from)?;
        connection.give_back();
        Ok(done)
    }

    /// The question as a vector of the model that the index was made with.
    async fn question_vector(
        &self,
        question: &str,
        state: MemoryState,
        index: &IndexState,
        aside: &mut Aside,
    ) -> Option<(Vector, String)> {
        let embedder = self.embedder.as_ref().filter(|_| state.vectors)?;
        let model = embedder.name();
        let Some(indexed) = index.model.as_deref() else {
            aside
                .notices
                .push("the index has no vectors; `pgagent index` adds them".to_owned());
            return None;
        };
        if indexed != model {
            aside.notices.push(format!(
                "the index was made with the embedding model {indexed}, not {model}; without vectors until `pgagent index` is run"
            ));
            return None;
        }
        let embedded = embedder
            .embed(&[question.to_owned()], EmbeddingTask::Query)
            .await;
        aside.embedding = Some(EmbeddingCall {
            model: model.to_owned(),
            usage: embedded.as_ref().map(|e| e.usage).unwrap_or_default(),
        });
        let embedded =
            embedded.and_then(|e| fitted(e.vectors.into_iter().next().unwrap_or_default(), model));
        match embedded {
            Ok(vector) => Some((Vector::from(vector), model.to_owned())),
            Err(error) => {
                aside
                    .notices
                    .push(format!("retrieval does without vectors: {error}"));
                None
            }
        }
    }
}

#[async_trait]
impl SchemaIndex for PgSchemaIndex {
    async fn retrieve(&self, question: &str) -> Result<Retrieved> {
        let mut aside = Aside::default();
        let phrases = phrases(question);
        let is_small = self.is_small().await?;
        let found = match is_small {
            true => None,
            false => {
                self.in_memory(
                    Some(question),
                    &mut aside,
                    async |db, source, state, vector| {
                        let found =
                            search::search(db, source, question, state, vector, self.share).await?;
                        Ok((found, search::values(db, source, &phrases, state).await?))
                    },
                )
                .await?
            }
        };
        let found = found.filter(|(found, _)| {
            let fits = self.share != Share::None || found.iter().all(|f| f.bare.is_some());
            if !fits {
                aside.notices.push("the index is of an earlier version, which cannot be told without values; `pgagent index` renews it".to_owned());
            }
            fits
        });
        let (mut retrieved, values) = match found {
            Some((found, values)) => (context::within(self.budget, &found), values),
            None => {
                let live = self.live(is_small).await?;
                if !is_small {
                    aside.notices.push("the schema is large and not indexed: `pgagent setup` and `pgagent index` make this faster, and find values".to_owned());
                }
                self.rank_live(question, &live, &mut aside).await
            }
        };
        let rank = |schema: &str, table: &str| {
            let is_it = |t: &RetrievedTable| t.schema == schema && t.name == table;
            retrieved.tables.iter().position(is_it)
        };
        let bindings = bind(&phrases, &values, rank);
        let mut recalled = match &self.knowledge {
            Some(knowledge) => knowledge.recall(question).await.unwrap_or_else(|error| {
                aside
                    .notices
                    .push(format!("examples and notes are out of reach: {error}"));
                Recalled::default()
            }),
            None => Recalled::default(),
        };
        aside.notices.append(&mut recalled.notices);
        retrieved.complete(bindings, recalled, self.share);
        retrieved.notices = aside.notices;
        retrieved.embedding = aside.embedding;
        Ok(retrieved)
    }

    async fn value(&self, column: &[String], words: &str) -> Option<Binding> {
        let phrases = phrases(&format!("\"{words}\""));
        let indexed = match self.is_small().await.ok()? {
            true => None,
            false => {
                let work = async |db: &mut PgConnection, source: &str, state, _| {
                    search::values(db, source, &phrases, state).await
                };
                self.in_memory(None, &mut Aside::default(), work)
                    .await
                    .ok()?
            }
        };
        let values = match indexed {
            Some(values) => values,
            None => self.live(true).await.ok()?.values.clone(),
        };
        let of_column = |value: &&KnownValue| {
            let place = [&value.schema, &value.table, &value.column];
            place
                .into_iter()
                .rev()
                .zip(column.iter().rev())
                .all(|(a, b)| a == b)
        };
        let values: Vec<KnownValue> = values.iter().filter(of_column).cloned().collect();
        let whole = fold(words);
        let bound = bind(&phrases, &values, |_, _| Some(0));
        bound.into_iter().find(|b| fold(&b.phrase) == whole)
    }

    async fn near(&self, name: &str) -> Vec<String> {
        let catalog = self
            .catalog
            .get_or_try_init(|| Catalog::read(&self.target, &self.excluded))
            .await;
        catalog
            .map(|catalog| catalog.near(name, 5))
            .unwrap_or_default()
    }
}

/// Embeds the question and every table's chunk.
async fn local_cosines(
    embedder: &dyn EmbeddingModel,
    chunks: &[Chunk],
    question: &str,
) -> Option<Vec<f64>> {
    let asked = embedder
        .embed(&[question.to_owned()], EmbeddingTask::Query)
        .await
        .ok()?
        .vectors
        .pop()?;
    let mut cosines = Vec::with_capacity(chunks.len());
    for batch in chunks.chunks(EMBEDDING_BATCH) {
        let texts: Vec<String> = batch
            .iter()
            .map(|chunk| match chunk.kind {
                ChunkKind::Table => chunk.meaning.clone(),
                ChunkKind::Relationship => String::new(),
            })
            .collect();
        let embedded = embedder.embed(&texts, EmbeddingTask::Document).await;
        for vector in embedded.ok()?.vectors {
            // Both are of length 1.
            let dot: f32 = asked.iter().zip(&vector).map(|(a, b)| a * b).sum();
            cosines.push(f64::from(dot));
        }
    }
    Some(cosines)
}
