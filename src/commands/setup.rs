//! `pgagent setup`.

use super::{note, output, parts};
use crate::config::Config;
use crate::error::Result;
use crate::schema;

pub async fn run(config: &Config) -> Result<u8> {
    let database = parts::database(config)?;
    let memory = parts::memory(config, &database)?;
    let report = schema::setup(&memory).await?;
    output(|out| {
        report
            .done
            .iter()
            .try_for_each(|line| writeln!(out, "{line}"))
    })?;
    for problem in &report.problems {
        note(format!("error: {}\n\nhint: {}", problem.what, problem.mend));
    }
    memory.close().await;
    if report.problems.is_empty() {
        output(|out| {
            writeln!(
                out,
                "ready: `pgagent index` indexes the schema, `pgagent ask \"…\"` asks"
            )
        })?;
        return Ok(0);
    }
    Ok(1)
}
