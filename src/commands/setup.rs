//! `pgagent setup`.

use super::{note, output, parts};
use crate::config::Config;
use crate::error::Result;
use crate::{db, schema};

/// `--readonly-role NAME`: prints what to run as an owner of the database.
pub async fn print_readonly_role(config: &Config, name: &str) -> Result<u8> {
    let database = parts::database(config)?;
    let statements = db::readonly_role(database.pool(), name).await?;
    output(|out| {
        statements
            .iter()
            .try_for_each(|statement| writeln!(out, "{statement};"))
    })?;
    note(format!(
        "run these as an owner of the database (`pgagent setup --readonly-role {name} | psql …`), then set a password with `\\password {name}`"
    ));
    Ok(0)
}

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
