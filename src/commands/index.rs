//! `pgagent index`, and `--index` before another command.

use super::interrupt::or_interrupted;
use super::{note, parts};
use crate::config::Config;
use crate::error::{Kind, Result};
use crate::render;
use crate::schema::{self, Indexing};

pub async fn run(config: &Config) -> Result<u8> {
    let database = parts::database(config)?;
    let memory = parts::memory(config, &database)?;
    let embedder = parts::embedder(config)?;
    let excluded = parts::exclusions(config);
    let bar = render::Spinner::new();
    let progress = |stage: Indexing| {
        bar.set_message(match stage {
            Indexing::Catalog { relations } => {
                format!("read the catalog: {relations} tables and views")
            }
            Indexing::Embedding { done, of } => format!("embedding {done} of {of}"),
            Indexing::Writing { chunks } => format!("writing {chunks} chunks"),
        });
    };
    let pool = database.pool();
    let indexing = schema::index(pool, &memory, embedder.as_ref(), &excluded, progress);
    let report = or_interrupted(indexing)
        .await
        .map_err(|error| match error.kind() {
            Kind::Interrupted => error.with_hint("the index is as it was before"),
            _ => error,
        });
    drop(bar);
    let report = report?;
    note(format!(
        "indexed {} tables and views, {} relationships, {} values: {} chunks written, {} embedded, {} removed",
        report.tables,
        report.relationships,
        report.values,
        report.changed,
        report.embedded,
        report.removed
    ));
    for example in parts::knowledge(config)?.recheck().await? {
        let problem = example.problem.unwrap_or_default();
        note(format!(
            "warning: the verified example \"{}\" is set aside: {problem}",
            render::clean(&example.question)
        ));
    }
    if let Some(reason) = report.without_vectors {
        note(format!(
            "note: no vectors, since {reason}; retrieval works on trigrams and text alone"
        ));
    }
    memory.close().await;
    Ok(0)
}
