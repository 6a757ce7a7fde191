//! The sample database: a chain of film-rental stores. Made once, opened ever after.

use std::sync::Arc;

use sha2::{Digest, Sha256};
use sqlx::{AssertSqlSafe, SqlSafeStr};

use super::Embedded;
use super::cluster::{self, Cluster, ENGINE};
use crate::db::{DbError, Pool};
use crate::error::Result;
use crate::llm::{EmbeddingModel, LocalEmbedding};
use crate::schema::{self, Exclusions};

/// What the sample data tells something about.
pub const QUESTIONS: [&str; 5] = [
    "Who are the top 5 customers by total payments?",
    "What is the revenue per store?",
    "Which films were never rented?",
    "How many rentals were there by month in 2024?",
    "What is the average rental length by category?",
];

const SAMPLE: [&str; 5] = [
    include_str!("sample/1_tables.sql"),
    include_str!("sample/2_people.sql"),
    include_str!("sample/3_films.sql"),
    include_str!("sample/4_rentals.sql"),
    include_str!("sample/5_finish.sql"),
];

/// Rows in the tables that hold most of the data: reading them all notices a damaged file.
const PROBE: &str = "SELECT (SELECT count(*) FROM rental) + (SELECT count(*) FROM payment) \
                     + (SELECT count(*) FROM customer) + (SELECT count(*) FROM pg_catalog.pg_class)";

/// Opens the sample database; makes it where there is none, or none that is whole and of this version.
///
/// # Errors
/// Another process uses it, the cache folder cannot be written, or the embedded server does not start.
pub async fn demo(reset: bool, notify: &(dyn Fn(&str) + Sync)) -> Result<Embedded> {
    // A server that cannot have its socket says nothing about the database.
    super::temporary_folder()?;
    let folder = cluster::folders()?.cache_dir().join("demo");
    let cluster = Cluster::lock(&folder, "the sample database")?;
    let version = version();
    let made = cluster.version();
    if reset || made.as_deref() != Some(version.as_str()) {
        notify("making the sample database; the next time it is there");
        return make(cluster, &version).await;
    }
    let embedded = open(cluster)?;
    match probe(&embedded.pool).await {
        Ok(()) => Ok(embedded),
        Err(error) => {
            tracing::debug!(%error, "the sample database does not open");
            let cluster = embedded.end().await;
            // A server without room ends as one with damaged files does.
            cluster.room()?;
            notify("the sample database is damaged; making it anew");
            make(cluster, &version).await
        }
    }
}

/// Changes with everything that the cluster is made from.
fn version() -> String {
    let mut hash = Sha256::new();
    for part in SAMPLE {
        hash.update(part);
    }
    hash.update(schema::fingerprint());
    format!(
        "pgagent {}, {ENGINE}, sample {:.16x}\n",
        env!("CARGO_PKG_VERSION"),
        hash.finalize()
    )
}

fn open(cluster: Cluster) -> Result<Embedded> {
    Embedded::open("the sample database", cluster, None)
}

async fn make(cluster: Cluster, version: &str) -> Result<Embedded> {
    cluster.clear()?;
    let embedded = open(cluster)?;
    if let Err(error) = fill(&embedded.pool).await {
        embedded.end().await.room()?;
        return Err(error);
    }
    // Closed, the server writes everything to its files.
    embedded.settle().await;
    embedded.cluster.finish(version)?;
    Ok(embedded)
}

async fn fill(pool: &Pool) -> Result<()> {
    load(pool).await?;
    schema::setup(pool).await?;
    let embedder: Arc<dyn EmbeddingModel> = Arc::new(LocalEmbedding);
    let all = Exclusions::default();
    schema::index(pool, pool, Some(&embedder), &all, |_| {}).await?;
    Ok(())
}

async fn load(pool: &Pool) -> Result<(), DbError> {
    let mut connection = pool.get().await?;
    // One message is one transaction.
    sqlx::raw_sql(AssertSqlSafe(SAMPLE.concat()).into_sql_str())
        .execute(connection.as_mut()?)
        .await?;
    connection.give_back();
    Ok(())
}

async fn probe(pool: &Pool) -> Result<(), DbError> {
    let mut connection = pool.get().await?;
    sqlx::raw_sql(PROBE).execute(connection.as_mut()?).await?;
    connection.give_back();
    Ok(())
}
