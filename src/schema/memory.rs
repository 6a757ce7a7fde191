//! What the database of pgagent's own tables can do.

use sqlx::PgConnection;
use sqlx::postgres::PgRow;

use crate::db::{DbError, script};

/// Opens a transaction on the memory database that finds the extensions' types and operators,
/// whatever schema they live in, and searches with their settings for this use.
pub async fn begin(db: &mut PgConnection, begin: &str) -> Result<MemoryState, DbError> {
    // HNSW must look beyond other databases' chunks, which pgvector can from 0.8 on; an earlier one refuses the
    // setting. Words count as misspelt only when they are much alike.
    let script = format!(
        "{begin}; SELECT set_config('search_path', concat_ws(', ', 'pg_catalog', \
           (SELECT string_agg(DISTINCT quote_ident(n.nspname), ', ') FROM pg_catalog.pg_extension AS e \
            JOIN pg_catalog.pg_namespace AS n ON n.oid = e.extnamespace \
            WHERE e.extname IN ('vector', 'pg_trgm'))), true), \
           set_config('pg_trgm.similarity_threshold', '0.5', true), \
           (SELECT concat(set_config('hnsw.ef_search', '60', true), \
                          set_config('hnsw.iterative_scan', 'relaxed_order', true)) \
            FROM pg_catalog.pg_extension AS e WHERE e.extname = 'vector' \
              AND string_to_array(substring(e.extversion FROM '^[0-9]+\\.[0-9]+'), '.')::int[] >= '{{0,8}}'); {STATE}"
    );
    let [_, _, state] = script::results(db, script).await?;
    MemoryState::of(&state)
}

/// What of the memory is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MemoryState {
    pub tables: bool,
    pub vectors: bool,
    pub trigrams: bool,
}

/// Both tables and a column: they came with later versions.
const STATE: &str = "SELECT to_regclass('pgagent.long_term_memory') IS NOT NULL \
         AND to_regclass('pgagent.long_term_word') IS NOT NULL \
         AND EXISTS (SELECT FROM pg_catalog.pg_attribute WHERE attrelid = to_regclass('pgagent.long_term_memory') \
                     AND attname = 'bare' AND NOT attisdropped) AS tables, \
       EXISTS (SELECT FROM pg_catalog.pg_attribute WHERE attrelid = to_regclass('pgagent.long_term_memory') \
               AND attname = 'embedding' AND NOT attisdropped) AS vectors, \
       EXISTS (SELECT FROM pg_catalog.pg_extension WHERE extname = 'pg_trgm') AS trigrams";

impl MemoryState {
    pub async fn read(db: &mut PgConnection) -> Result<Self, DbError> {
        let [state] = script::results(db, STATE.to_owned()).await?;
        Self::of(&state)
    }

    fn of(rows: &[PgRow]) -> Result<Self, DbError> {
        let none = || DbError::Lost("the memory database did not answer".to_owned());
        let (tables, vectors, trigrams) = script::rows(rows)?.pop().ok_or_else(none)?;
        Ok(Self {
            tables,
            vectors,
            trigrams,
        })
    }
}

/// What the memory holds of one database's schema.
#[derive(Debug, Default)]
pub struct IndexState {
    pub indexed: bool,
    /// Of the vectors, if there are any.
    pub model: Option<String>,
}

impl IndexState {
    pub async fn read(db: &mut PgConnection, source: &str) -> Result<Self, DbError> {
        let (indexed, model): (bool, Option<String>) = sqlx::query_as(
            "SELECT EXISTS (SELECT FROM pgagent.long_term_memory WHERE source = $1 AND kind = 'table'), \
                    (SELECT embedding_model FROM pgagent.long_term_memory \
                     WHERE source = $1 AND kind = 'table' AND embedding_model IS NOT NULL LIMIT 1)",
        )
        .bind(source)
        .persistent(false)
        .fetch_one(&mut *db)
        .await?;
        Ok(Self { indexed, model })
    }
}
