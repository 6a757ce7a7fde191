//! `pgagent index`: brings `pgagent.long_term_memory` up to the catalog. Only what changed is embedded and
//! written, in one transaction, so that a failed or interrupted run leaves the old index as it was.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures::{StreamExt, TryStreamExt, stream};
use pgvector::Vector;
use sqlx::PgConnection;

use super::Catalog;
use super::chunk::{Chunk, ChunkKind, chunks};
use super::exclude::Exclusions;
use super::lexical::Lexicon;
use super::memory;
use super::sample::sample;
use super::values::KnownValue;
use crate::db::{DbError, Pool};
use crate::error::{Error, Result};
use crate::llm::{
    EMBEDDING_BATCH, EMBEDDING_DIMENSIONS, EmbeddingModel, EmbeddingTask, ModelError,
};

/// Embedding requests under way at once.
const CONCURRENT_REQUESTS: usize = 4;

/// How long rows are sampled for in one run.
const SAMPLING: Duration = Duration::from_secs(20);

/// How far an index run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Indexing {
    Catalog { relations: usize },
    Embedding { done: usize, of: usize },
    Writing { chunks: usize },
}

/// What an index run did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IndexReport {
    pub tables: usize,
    pub relationships: usize,
    pub changed: usize,
    pub removed: usize,
    pub embedded: usize,
    /// Values that a question's words can be matched to.
    pub values: usize,
    /// Why there are no vectors, if there are none.
    pub without_vectors: Option<String>,
}

/// Indexes the target's schema into the memory database.
///
/// # Errors
/// No tables of pgagent's there, another run under way, the database or the embedding model failing.
pub async fn index(
    target: &Pool,
    memory: &Pool,
    embedder: Option<&Arc<dyn EmbeddingModel>>,
    excluded: &Exclusions,
    progress: impl Fn(Indexing) + Send + Sync,
) -> Result<IndexReport> {
    let mut catalog = Catalog::read(target, excluded).await?;
    progress(Indexing::Catalog {
        relations: catalog.relations.len(),
    });
    let values = sample(target, &mut catalog, SAMPLING).await?;
    let chunks = chunks(&catalog);

    let mut connection = memory.get().await?;
    let db = connection.as_mut()?;
    let source = target.identity();
    // Dropped on an error, the connection closes and the transaction with it.
    let state = memory::begin(db, "BEGIN").await?;
    if !state.tables {
        return Err(
            Error::failed("the index has no tables yet, or those of an earlier version")
                .with_hint("run `pgagent setup` first"),
        );
    }
    lock(db, &source).await?;

    let embedder = embedder.filter(|_| state.vectors);
    let model = embedder.map(|e| e.name().to_owned());
    let known = known(db, &source).await?;
    let mut report = IndexReport {
        tables: catalog.relations.len(),
        relationships: catalog.foreign_keys.len(),
        without_vectors: match (state.vectors, embedder) {
            (false, _) => Some("the memory database has no pgvector".to_owned()),
            (true, None) => Some("no embedding model is configured".to_owned()),
            (true, Some(_)) => None,
        },
        ..IndexReport::default()
    };

    let hashes: Vec<String> = chunks.iter().map(Chunk::hash).collect();
    let mut write = Vec::new();
    let mut embed = Vec::new();
    for (i, chunk) in chunks.iter().enumerate() {
        let old = known.get(&(chunk.kind.as_str().to_owned(), chunk.name.clone()));
        let same = old.is_some_and(|old| old.hash == hashes[i]);
        // Relationships are found through their tables and need no vector.
        let wants_vector = chunk.kind == ChunkKind::Table && model.is_some();
        let has_vector = old.is_some_and(|old| old.model.is_some() && old.model == model);
        let same_meaning = old.is_some_and(|old| old.meaning == chunk.meaning);
        if wants_vector && !(same_meaning && has_vector) {
            embed.push(i);
        }
        if !same || (wants_vector && !has_vector) {
            write.push(i);
        }
    }

    let vectors = match embedder {
        Some(embedder) => embed_all(embedder, &chunks, &embed, &progress).await?,
        None => HashMap::new(),
    };
    report.embedded = vectors.len();
    report.changed = write.len();
    progress(Indexing::Writing {
        chunks: write.len(),
    });
    for batch in write.chunks(500) {
        upsert(
            db,
            &source,
            &chunks,
            &hashes,
            batch,
            &vectors,
            model.as_deref(),
            state.vectors,
        )
        .await?;
    }
    report.removed = remove_others(db, &source, &chunks, &known).await?;
    if report.changed + report.removed > 0 {
        write_words(db, &source, &chunks).await?;
    }
    write_values(db, &source, &values).await?;
    report.values = values.len();
    // Without statistics of what is new the server plans retrieval fifty times as slow.
    let end = match report.changed + report.removed {
        0 => "COMMIT",
        _ => {
            "COMMIT; ANALYZE pgagent.long_term_memory, pgagent.long_term_word, pgagent.long_term_value"
        }
    };
    sqlx::raw_sql(end)
        .execute(&mut *db)
        .await
        .map_err(DbError::from)?;
    connection.give_back();
    Ok(report)
}

/// One run at a time for one database; the lock ends with the transaction.
async fn lock(db: &mut PgConnection, source: &str) -> Result<()> {
    let free: bool = sqlx::query_scalar(
        "SELECT pg_try_advisory_xact_lock(hashtextextended('pgagent index ' || $1, 0))",
    )
    .bind(source)
    .persistent(false)
    .fetch_one(&mut *db)
    .await
    .map_err(DbError::from)?;
    if free {
        return Ok(());
    }
    Err(
        Error::failed("another `pgagent index` of this database is under way")
            .with_hint("wait until it ends; the index in use stays as it is until then"),
    )
}

struct Known {
    hash: String,
    /// What was embedded.
    meaning: String,
    model: Option<String>,
}

async fn known(
    db: &mut PgConnection,
    source: &str,
) -> Result<HashMap<(String, String), Known>, DbError> {
    let rows: Vec<(String, String, String, String, Option<String>)> = sqlx::query_as(
        "SELECT kind, name, content_hash, terms, embedding_model FROM pgagent.long_term_memory \
         WHERE source = $1 AND kind IN ('table', 'relationship')",
    )
    .bind(source)
    .persistent(false)
    .fetch_all(&mut *db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|(kind, name, hash, meaning, model)| {
            let known = Known {
                hash,
                meaning,
                model,
            };
            ((kind, name), known)
        })
        .collect())
}

async fn embed_all(
    embedder: &Arc<dyn EmbeddingModel>,
    chunks: &[Chunk],
    wanted: &[usize],
    progress: &(impl Fn(Indexing) + Send + Sync),
) -> Result<HashMap<usize, (Vec<f32>, usize)>, ModelError> {
    let of = wanted.len();
    let mut vectors = HashMap::with_capacity(of);
    let mut batches = stream::iter(wanted.chunks(EMBEDDING_BATCH).map(<[usize]>::to_vec))
        .map(|batch| async move {
            let texts: Vec<String> = batch.iter().map(|&i| chunks[i].meaning.clone()).collect();
            let embedded = embedder
                .embed(&texts, EmbeddingTask::Document)
                .await?
                .vectors;
            Ok::<_, ModelError>((batch, embedded))
        })
        .buffer_unordered(CONCURRENT_REQUESTS);
    while let Some((batch, embedded)) = batches.try_next().await? {
        for (i, vector) in batch.into_iter().zip(embedded) {
            let dimensions = vector.len();
            vectors.insert(i, (fitted(vector, embedder.name())?, dimensions));
        }
        progress(Indexing::Embedding {
            done: vectors.len(),
            of,
        });
    }
    Ok(vectors)
}

/// A vector of the index's width: shorter ones are filled with zeros, which keeps their cosine.
pub fn fitted(mut vector: Vec<f32>, model: &str) -> Result<Vec<f32>, ModelError> {
    if vector.len() > EMBEDDING_DIMENSIONS {
        return Err(ModelError::Dimensions(format!(
            "{model} gives vectors of {} dimensions; the index holds {EMBEDDING_DIMENSIONS}",
            vector.len()
        )));
    }
    vector.resize(EMBEDDING_DIMENSIONS, 0.0);
    Ok(vector)
}

#[expect(
    clippy::too_many_arguments,
    reason = "one row's parts, written in one place"
)]
async fn upsert(
    db: &mut PgConnection,
    source: &str,
    chunks: &[Chunk],
    hashes: &[String],
    batch: &[usize],
    vectors: &HashMap<usize, (Vec<f32>, usize)>,
    model: Option<&str>,
    with_vectors: bool,
) -> Result<(), DbError> {
    let of = |field: fn(&Chunk) -> String| -> Vec<String> {
        batch.iter().map(|&i| field(&chunks[i])).collect()
    };
    let kinds = of(|c| c.kind.as_str().to_owned());
    let hashes: Vec<&str> = batch.iter().map(|&i| hashes[i].as_str()).collect();
    let models: Vec<Option<&str>> = batch.iter().map(|i| vectors.get(i).and(model)).collect();
    let dimensions: Vec<Option<i32>> = batch
        .iter()
        .map(|i| vectors.get(i).and_then(|(_, n)| i32::try_from(*n).ok()))
        .collect();
    let sql = if with_vectors {
        include_str!("queries/upsert_with_vectors.sql")
    } else {
        include_str!("queries/upsert.sql")
    };
    let mut query = sqlx::query(sql)
        .persistent(false)
        .bind(source)
        .bind(kinds)
        .bind(of(|c| c.name.clone()))
        .bind(of(|c| c.content.clone()))
        .bind(of(|c| c.meaning.clone()))
        .bind(hashes)
        .bind(of(|c| c.metadata.to_string()))
        .bind(models)
        .bind(dimensions);
    if with_vectors {
        let embeddings: Vec<Option<Vector>> = batch
            .iter()
            .map(|i| {
                vectors
                    .get(i)
                    .map(|(vector, _)| Vector::from(vector.clone()))
            })
            .collect();
        query = query.bind(embeddings);
    }
    query.execute(&mut *db).await?;
    Ok(())
}

/// Every word's weight depends on all chunks, so all of them are written anew.
async fn write_words(db: &mut PgConnection, source: &str, chunks: &[Chunk]) -> Result<(), DbError> {
    let tables: Vec<&Chunk> = chunks
        .iter()
        .filter(|chunk| chunk.kind == ChunkKind::Table)
        .collect();
    let ids: HashMap<String, i64> = sqlx::query_as(
        "SELECT name, id FROM pgagent.long_term_memory WHERE source = $1 AND kind = 'table'",
    )
    .bind(source)
    .persistent(false)
    .fetch_all(&mut *db)
    .await?
    .into_iter()
    .collect();
    sqlx::query("DELETE FROM pgagent.long_term_word WHERE source = $1")
        .bind(source)
        .persistent(false)
        .execute(&mut *db)
        .await?;
    let postings: Vec<(String, Vec<(usize, f32)>)> = Lexicon::new(tables.iter().copied())
        .into_postings()
        .into_iter()
        .collect();
    for batch in postings.chunks(2_000) {
        let mut words = Vec::with_capacity(batch.len());
        // Arrays of arrays of differing length do not travel; their text does.
        let (mut chunk_ids, mut weights) = (Vec::new(), Vec::new());
        for (word, list) in batch {
            let known = |(chunk, weight): &(usize, f32)| {
                Some((
                    ids.get(&tables[*chunk].name)?.to_string(),
                    weight.to_string(),
                ))
            };
            let (of_ids, of_weights): (Vec<String>, Vec<String>) =
                list.iter().filter_map(known).unzip();
            words.push(word.as_str());
            chunk_ids.push(format!("{{{}}}", of_ids.join(",")));
            weights.push(format!("{{{}}}", of_weights.join(",")));
        }
        sqlx::query(
            "INSERT INTO pgagent.long_term_word (source, word, chunks, weights) \
             SELECT $1, w.word, w.chunks::bigint[], w.weights::real[] \
             FROM unnest($2::text[], $3::text[], $4::text[]) AS w(word, chunks, weights)",
        )
        .bind(source)
        .bind(words)
        .bind(chunk_ids)
        .bind(weights)
        .persistent(false)
        .execute(&mut *db)
        .await?;
    }
    Ok(())
}

async fn write_values(
    db: &mut PgConnection,
    source: &str,
    values: &[KnownValue],
) -> Result<(), DbError> {
    sqlx::query("DELETE FROM pgagent.long_term_value WHERE source = $1")
        .bind(source)
        .persistent(false)
        .execute(&mut *db)
        .await?;
    for batch in values.chunks(5_000) {
        let of = |field: fn(&KnownValue) -> &str| batch.iter().map(field).collect::<Vec<&str>>();
        sqlx::query(
            "INSERT INTO pgagent.long_term_value (source, schema_name, table_name, column_name, value, folded) \
             SELECT $1, v.* FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[]) AS v \
             ON CONFLICT DO NOTHING",
        )
        .bind(source)
        .bind(of(|v| &v.schema))
        .bind(of(|v| &v.table))
        .bind(of(|v| &v.column))
        .bind(of(|v| &v.value))
        .bind(of(|v| &v.folded))
        .persistent(false)
        .execute(&mut *db)
        .await?;
    }
    Ok(())
}

async fn remove_others(
    db: &mut PgConnection,
    source: &str,
    chunks: &[Chunk],
    known: &HashMap<(String, String), Known>,
) -> Result<usize, DbError> {
    let current: std::collections::HashSet<(&str, &str)> = chunks
        .iter()
        .map(|c| (c.kind.as_str(), c.name.as_str()))
        .collect();
    let gone: Vec<&(String, String)> = known
        .keys()
        .filter(|(kind, name)| !current.contains(&(kind.as_str(), name.as_str())))
        .collect();
    if gone.is_empty() {
        return Ok(0);
    }
    let (kinds, names): (Vec<&str>, Vec<&str>) =
        gone.iter().map(|(k, n)| (k.as_str(), n.as_str())).unzip();
    let removed = sqlx::query(
        "DELETE FROM pgagent.long_term_memory AS m USING unnest($2::text[], $3::text[]) AS gone(kind, name) \
         WHERE m.source = $1 AND m.kind = gone.kind AND m.name = gone.name",
    )
    .persistent(false)
    .bind(source)
    .bind(kinds)
    .bind(names)
    .execute(&mut *db)
    .await?;
    Ok(usize::try_from(removed.rows_affected()).unwrap_or(usize::MAX))
}
