//! `pgagent sql`.

use std::io::{IsTerminal, Read};

use tokio_util::sync::CancellationToken;

use super::{format_or, note, output, parts};
use crate::config::{Config, Format};
use crate::db::{Database, Limits};
use crate::error::{Error, Result};
use crate::{render, sql};

pub async fn run(
    config: &Config,
    query: Option<String>,
    check: bool,
    max_rows: usize,
) -> Result<u8> {
    let query = match query {
        Some(query) if query != "-" => query,
        _ => from_stdin()?,
    };
    let checked = sql::check(&query, &parts::policy(config))?;
    if check {
        output(|out| writeln!(out, "{}", checked.wrapped(max_rows as u64 + 1)))?;
        return Ok(0);
    }
    let database = parts::database(config)?;
    let columns = database.prepare(&checked).await?;
    let cancel = CancellationToken::new();
    let limits = Limits {
        max_rows,
        ..Limits::default()
    };
    let running = database.query(&checked, &columns, &[], &limits, &cancel);
    let table = super::ask::until_ctrl_c(&cancel, running).await?;
    output(|out| render::table(out, &table, format_or(config.format, Format::Csv)))?;
    if table.is_truncated() {
        note(format!(
            "note: cut off at {} rows; raise `--max-rows` for more",
            table.row_count()
        ));
    }
    Ok(0)
}

fn from_stdin() -> Result<String> {
    if std::io::stdin().is_terminal() {
        return Err(
            Error::usage("no query is given").with_hint("write it as an argument, or pipe it in")
        );
    }
    let mut query = String::new();
    std::io::stdin()
        .take(sql::MAX_BYTES as u64 + 1)
        .read_to_string(&mut query)
        .map_err(|e| Error::usage(format!("the query on stdin cannot be read: {e}")))?;
    Ok(query)
}
