//! `--demo` and `--file`: opens the embedded database that the other commands then use.

use std::path::PathBuf;

use super::interrupt::or_interrupted;
use super::note;
use crate::cli::{Cli, Command, GlobalArgs};
use crate::config::{Config, Secret};
use crate::embedded::{self, Embedded, Loading};
use crate::error::{Error, Result};
use crate::render;

/// The embedded database that the command line asks for; `config` then points to it.
pub async fn open(cli: &Cli, config: &mut Config) -> Result<Option<Embedded>> {
    let demo = match &cli.command {
        Some(Command::Demo { reset, .. }) => Some(*reset),
        // They connect to nothing.
        Some(Command::Sql(sql)) if sql.check => return Ok(None),
        Some(Command::Completions { .. } | Command::Man { .. }) => return Ok(None),
        _ => cli.global.demo.then_some(false),
    };
    let global = &cli.global;
    if demo.is_none() && !global.is_embedded() {
        return Ok(None);
    }
    one_database(global, demo.is_some())?;
    let bar = render::Spinner::new();
    bar.set_message("opening the embedded database");
    let notify = |step: &str| {
        if bar.is_hidden() {
            note(step);
        }
        bar.set_message(step.to_owned());
    };
    let loading = |step: Loading| match step {
        Loading::Reading(path) => bar.set_message(format!("reading {}", path.display())),
        Loading::Rows { table, rows } => bar.set_message(format!("{table}: {rows} rows")),
        Loading::Loaded(table) => bar.suspend(|| {
            note(format!(
                "{}: {} of {} from {}",
                table.table,
                counted(table.rows, "row"),
                counted(table.columns.len() as u64, "column"),
                table.path.display()
            ));
        }),
    };
    let opening = async {
        match demo {
            Some(reset) => embedded::demo(reset, &notify).await,
            None => embedded::files(&global.data_files, global.keep.as_deref(), &loading).await,
        }
    };
    let embedded = or_interrupted(opening).await;
    drop(bar);
    let embedded = embedded?;
    config.opened = Some(embedded.pool().clone());
    // It holds pgagent's own tables too, unless another database is asked for by hand.
    config.memory_url = global.memory_url.clone().map(Secret::new);
    Ok(Some(embedded))
}

fn counted(n: u64, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

fn one_database(global: &GlobalArgs, demo: bool) -> Result<()> {
    let files = !global.data_files.is_empty() || global.keep.is_some();
    // Global flags may stand on either side of the subcommand, where clap does not see their conflict.
    if u8::from(demo) + u8::from(files) + u8::from(global.database_url.is_some()) > 1 {
        return Err(Error::usage("one question goes to one database")
            .with_hint("give one of `--demo`, `--file` and `--database-url`"));
    }
    Ok(())
}

/// What to ask the sample database.
pub fn greet() {
    note("A chain of film-rental stores from 2022 to 2024. Ask anything, for example:");
    for question in embedded::QUESTIONS {
        note(format!("  {question}"));
    }
}

/// The process that serves an embedded database.
pub async fn serve(root: PathBuf, socket: Option<PathBuf>, throw_away: bool) -> Result<u8> {
    let serving = tokio::task::spawn_blocking(move || {
        let served = embedded::serve(&root, socket.as_deref(), &mut std::io::stdout());
        // The program that made them may have been killed.
        if let Some(folder) = &socket {
            let _ = std::fs::remove_dir_all(folder);
        }
        if throw_away && let Some(folder) = root.parent() {
            let _ = std::fs::remove_dir_all(folder);
        }
        served
    });
    match serving.await {
        Ok(Ok(())) => Ok(0),
        Ok(Err(error)) => Err(Error::failed(error)),
        Err(error) => Err(Error::failed(error)),
    }
}
