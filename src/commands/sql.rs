//! `pgagent sql`.

use std::path::Path;

use tokio_util::sync::CancellationToken;

use super::conversation::until_ctrl_c;
use super::{chart, format_for, from_stdin, note, output, output_to, parts};
use crate::cli::{ChartArg, SqlCommand, text_and_chart};
use crate::config::{Config, Format};
use crate::db::{Database, Limits};
use crate::error::Result;
use crate::render;
use crate::sql::{self, CheckedSelect};

pub async fn run(config: &Config, args: &SqlCommand) -> Result<u8> {
    let (query, chart) = text_and_chart(args.query.as_deref(), args.chart.as_ref())?;
    let query = match query {
        Some(query) if query != "-" => query,
        _ => from_stdin("query", sql::MAX_BYTES)?,
    };
    let max_rows = args.max_rows;
    let checked = sql::check(&query, &parts::policy(config))?;
    if args.check {
        output(|out| writeln!(out, "{}", checked.wrapped(max_rows as u64 + 1)))?;
        return Ok(0);
    }
    query_checked(
        config,
        &checked,
        max_rows,
        args.output.as_deref(),
        chart.as_ref(),
    )
    .await?;
    Ok(0)
}

/// Runs a query and shows its rows.
pub async fn query(config: &Config, query: &str, max_rows: usize) -> Result<()> {
    let checked = sql::check(query, &parts::policy(config))?;
    query_checked(config, &checked, max_rows, None, None).await
}

async fn query_checked(
    config: &Config,
    checked: &CheckedSelect,
    max_rows: usize,
    file: Option<&Path>,
    chart: Option<&ChartArg>,
) -> Result<()> {
    let database = parts::database(config)?;
    let columns = database.prepare(checked).await?;
    let cancel = CancellationToken::new();
    let limits = Limits {
        max_rows,
        ..Limits::default()
    };
    let running = database.query(checked, &columns, &[], &limits, &cancel);
    let table = until_ctrl_c(&cancel, running).await?;
    let format = format_for(config.format, file, Format::Csv);
    output_to(file, config, |out, look| {
        render::table(out, &table, format, look)
    })?;
    if let Some(chart) = chart {
        chart::show(config, chart, checked.text(), Some(&table))?;
    }
    if table.is_truncated() {
        note(format!(
            "note: cut off at {} rows; raise `--max-rows` for more",
            table.row_count()
        ));
    }
    Ok(())
}
