//! What is there of extensions, tables and index: `pgagent doctor`.

use sqlx::PgConnection;

use super::Catalog;
use super::memory::MemoryState;
use crate::db::{DbError, Pool};

/// The state of the memory database for one target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexStatus {
    /// Whether `setup` has made its tables.
    pub tables: bool,
    pub vectors: bool,
    pub trigrams: bool,
    /// Tables and views in the index.
    pub indexed: i64,
    /// Tables and views that this role may read now.
    pub readable: i64,
    /// When the index was last changed, as the server prints it.
    pub changed: Option<String>,
    pub model: Option<String>,
}

impl IndexStatus {
    /// # Errors
    /// Any [`DbError`].
    pub async fn read(memory: &Pool, target: &Pool) -> Result<Self, DbError> {
        let readable = Catalog::count(target, i64::MAX).await?;
        let mut connection = memory.get().await?;
        let state = MemoryState::read(connection.as_mut()?).await?;
        let (indexed, changed, model) = match state.tables {
            true => indexed(connection.as_mut()?, &target.identity()).await?,
            false => (0, None, None),
        };
        connection.give_back();
        Ok(Self {
            tables: state.tables,
            vectors: state.vectors,
            trigrams: state.trigrams,
            indexed,
            readable,
            changed,
            model,
        })
    }
}

async fn indexed(
    db: &mut PgConnection,
    source: &str,
) -> Result<(i64, Option<String>, Option<String>), DbError> {
    let row = sqlx::query_as(
        "SELECT count(DISTINCT (metadata ->> 'schema', metadata ->> 'name')), \
                max(updated_at)::timestamptz(0)::text, max(embedding_model) \
         FROM pgagent.long_term_memory WHERE source = $1 AND kind = 'table'",
    )
    .bind(source)
    .persistent(false)
    .fetch_one(db)
    .await?;
    Ok(row)
}
