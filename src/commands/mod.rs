//! One file a subcommand: builds the parts, calls the library, renders.

mod ask;
mod chat;
mod index;
mod parts;
mod search;
mod setup;
mod sql;

use std::io::{self, IsTerminal, Write};

use crate::cli::{Cli, Command};
use crate::config::Format;
use crate::error::{Error, Result};

/// Runs the command; gives the exit code.
///
/// # Errors
/// What the person is told, with its own exit code.
pub async fn run(cli: Cli) -> Result<u8> {
    let config = cli.global.config();
    let reindex = cli.global.index;
    match cli.command {
        Some(Command::Sql {
            query,
            check,
            max_rows,
        }) => sql::run(&config, query, check, max_rows).await,
        Some(Command::Setup) => {
            let code = setup::run(&config).await?;
            if reindex && code == 0 {
                index::run(&config).await?;
            }
            Ok(code)
        }
        Some(Command::Index) => index::run(&config).await,
        None if reindex => index::run(&config).await,
        None => Err(Error::usage("no command is given")
            .with_hint("try `pgagent ask \"…\"`, `pgagent chat`, or `pgagent --help`")),
        Some(command) => {
            if reindex {
                index::run(&config).await?;
            }
            match command {
                Command::Ask(ask) => ask::run(&config, &ask).await,
                Command::Chat(args) => chat::run(&config, &args).await,
                Command::Search { question } => search::run(&config, &question).await,
                Command::Setup | Command::Index | Command::Sql { .. } => Ok(0),
            }
        }
    }
}

/// The format asked for, or what fits where stdout goes.
fn format_or(format: Option<Format>, elsewhere: Format) -> Format {
    format.unwrap_or(if io::stdout().is_terminal() {
        Format::Table
    } else {
        elsewhere
    })
}

/// Writes to stdout; a reader that went away is no failure.
fn output(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<()> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    match write(&mut out).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        done => done.map_err(|e| Error::failed(format!("cannot write the output: {e}"))),
    }
}

/// One line on stderr.
fn note(line: impl std::fmt::Display) {
    let _ = writeln!(io::stderr(), "{line}");
}
