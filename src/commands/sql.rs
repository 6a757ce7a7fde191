//! `pgagent sql`.

use std::io::BufRead;
use std::path::Path;
use std::time::Duration;

use serde::Serialize;
use tokio_util::sync::CancellationToken;

use super::interrupt::until_ctrl_c;
use super::{chart, format_for, from_stdin, note, output, output_to, page, parts};
use crate::cli::{ChartArg, SqlCommand, text_and_chart};
use crate::config::{Config, Format};
use crate::db::{Database, Limits, Table};
use crate::error::Result;
use crate::render;
use crate::sql::{self, CheckedSelect, Policy};

/// How often a terminal is told how far a query is.
const TELL_EVERY: Duration = Duration::from_millis(250);

pub async fn run(config: &Config, args: &SqlCommand) -> Result<u8> {
    let (query, chart) = text_and_chart(args.query.as_deref(), args.chart.as_ref())?;
    if args.jsonl {
        return check_lines(config, args.max_rows);
    }
    let query = match query {
        Some(query) if query != "-" => query,
        _ => from_stdin("query", sql::MAX_BYTES)?,
    };
    let max_rows = args.max_rows;
    if args.check {
        let checked = sql::check(&query, &without_catalog(config))?;
        output(|out| writeln!(out, "{}", checked.wrapped(max_rows as u64)))?;
        return Ok(0);
    }
    let checked = sql::check(&query, &parts::policy(config))?;
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

/// Nothing is connected that could tell about unknown functions.
fn without_catalog(config: &Config) -> Policy {
    Policy {
        catalog: false,
        ..parts::policy(config)
    }
}

/// One line's verdict of `--check --jsonl`.
#[derive(Serialize)]
struct Verdict {
    ok: bool,
    sql: Option<String>,
    err: Option<String>,
}

impl Verdict {
    fn of(line: &str, policy: &Policy, max_rows: usize) -> Self {
        let checked = serde_json::from_str::<String>(line)
            .map_err(|e| format!("the line is not a JSON string: {e}"))
            .and_then(|query| sql::check(&query, policy).map_err(|refusal| refusal.to_string()));
        match checked {
            Ok(checked) => Self {
                ok: true,
                sql: Some(checked.wrapped(max_rows as u64)),
                err: None,
            },
            Err(err) => Self {
                ok: false,
                sql: None,
                err: Some(err),
            },
        }
    }
}

/// `--check --jsonl`: judges as many statements as there are lines on stdin, in their order.
fn check_lines(config: &Config, max_rows: usize) -> Result<u8> {
    let policy = without_catalog(config);
    output(|out| {
        for line in std::io::stdin().lock().lines() {
            render::to_json(out, &Verdict::of(&line?, &policy, max_rows))?;
        }
        Ok(())
    })?;
    Ok(0)
}

/// Runs a query and shows its rows, a screen at a time.
pub async fn query(config: &Config, query: &str, max_rows: usize) -> Result<()> {
    let checked = sql::check(query, &parts::policy(config))?;
    let table = rows(config, &checked, max_rows).await?;
    let format = format_for(config.format, None, Format::Csv);
    page(config, |out, look| render::table(out, &table, format, look))?;
    note_if_cut_off(&table);
    Ok(())
}

async fn query_checked(
    config: &Config,
    checked: &CheckedSelect,
    max_rows: usize,
    file: Option<&Path>,
    chart: Option<&ChartArg>,
) -> Result<()> {
    let table = rows(config, checked, max_rows).await?;
    let format = format_for(config.format, file, Format::Csv);
    output_to(file, config, |out, look| {
        render::table(out, &table, format, look)
    })?;
    if let Some(chart) = chart {
        chart::show(config, chart, checked.text(), Some(&table))?;
    }
    note_if_cut_off(&table);
    Ok(())
}

async fn rows(config: &Config, checked: &CheckedSelect, max_rows: usize) -> Result<Table> {
    let database = parts::database(config)?;
    parts::vet_role(config, &database).await?;
    let columns = database.prepare(checked).await?;
    let cancel = CancellationToken::new();
    let limits = Limits {
        max_rows,
        max_cost: config.max_cost,
        ..Limits::default()
    };
    let running = database.query(checked, &columns, &[], &limits, &cancel);
    let running = until_ctrl_c(&cancel, running);
    tokio::pin!(running);
    let spinner = render::Spinner::new();
    spinner.set_message("running");
    loop {
        if let Ok(done) = tokio::time::timeout(TELL_EVERY, &mut running).await {
            return Ok(done?);
        }
        if limits.rows_read.get() > 0 {
            spinner.set_message(format!("{} rows so far", limits.rows_read.get()));
        }
    }
}

fn note_if_cut_off(table: &Table) {
    if table.is_truncated() {
        note(format!(
            "note: cut off at {} rows; raise `--max-rows` for more",
            table.row_count()
        ));
    }
}
