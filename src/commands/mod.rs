//! One file a subcommand: builds the parts, calls the library, renders.

mod ask;
mod chart;
mod chat;
mod conversation;
mod doctor;
#[cfg(feature = "embedded")]
mod embedded;
mod eval;
mod eval_retrieval;
mod examples;
mod index;
mod interrupt;
mod manual;
mod notes;
mod parts;
mod save;
mod search;
mod setup;
mod sql;

use std::io::{self, IsTerminal, Read, Write};
use std::path::Path;
use std::process;

use self::interrupt::{Listening, Stopping};
use crate::cli::{Cli, Command};
use crate::config::{Config, Format, env};
use crate::error::{Error, Result};
use crate::render::{self, Look};

/// Runs the command; gives the exit code.
///
/// # Errors
/// What the person is told, with its own exit code.
pub async fn run(cli: Cli) -> Result<u8> {
    #[cfg(feature = "embedded")]
    if let Some(Command::EmbeddedServer {
        root,
        socket,
        throw_away,
    }) = cli.command
    {
        return embedded::serve(root, socket, throw_away).await;
    }
    let mut config = cli.global.config()?;
    // Until the end: it holds the lock on its files.
    let embedded = embedded::open(&cli, &mut config).await?;
    let code = run_with(&config, cli).await;
    if let Some(embedded) = embedded {
        embedded.close().await;
    }
    code
}

async fn run_with(config: &Config, cli: Cli) -> Result<u8> {
    let reindex = cli.global.index;
    match cli.command {
        Some(Command::Sql(args)) => sql::run(config, &args).await,
        Some(Command::Setup {
            readonly_role: Some(name),
        }) => setup::print_readonly_role(config, &name).await,
        Some(Command::Setup {
            readonly_role: None,
        }) => {
            let code = setup::run(config).await?;
            if reindex && code == 0 {
                index::run(config).await?;
            }
            Ok(code)
        }
        Some(Command::Completions { shell }) => manual::completions(shell),
        Some(Command::Man { folder }) => manual::pages(&folder),
        Some(Command::Doctor) => doctor::run(config).await,
        Some(Command::Index) => index::run(config).await,
        None if reindex => index::run(config).await,
        None => Err(Error::usage("no command is given")
            .with_hint("try `pgagent ask \"…\"`, `pgagent chat`, or `pgagent --help`")),
        Some(command) => {
            if reindex {
                index::run(config).await?;
            }
            match command {
                Command::Ask(ask) => ask::run(config, &ask).await,
                Command::Chat(args) => chat::run(config, &args).await,
                Command::Demo { args, .. } => {
                    #[cfg(feature = "embedded")]
                    embedded::greet();
                    chat::run(config, &args).await
                }
                Command::Eval(args) if args.retrieval => {
                    eval_retrieval::run(config, &args.file).await
                }
                Command::Eval(args) => eval::run(config, &args).await,
                Command::Search { question } => search::run(config, &question).await,
                Command::Examples(command) => examples::run(config, &command).await,
                Command::Notes(command) => notes::run(config, &command).await,
                _ => Ok(0),
            }
        }
    }
}

/// The format asked for, or what fits the file's name, or where stdout goes.
fn format_for(format: Option<Format>, file: Option<&Path>, elsewhere: Format) -> Format {
    let by_name = |path: &Path| match path.extension()?.to_str()?.to_lowercase().as_str() {
        "json" => Some(Format::Json),
        "csv" => Some(Format::Csv),
        "md" => Some(Format::Markdown),
        _ => None,
    };
    format
        .or_else(|| by_name(file?))
        .unwrap_or(if file.is_none() && io::stdout().is_terminal() {
            Format::Table
        } else {
            elsewhere
        })
}

/// All of stdin, up to `limit` bytes and one more; `what` names it where it is missing.
fn from_stdin(what: &str, limit: usize) -> Result<String> {
    if io::stdin().is_terminal() {
        return Err(Error::usage(format!("no {what} is given"))
            .with_hint("write it as an argument, or pipe it in"));
    }
    let mut text = String::new();
    io::stdin()
        .take(limit as u64 + 1)
        .read_to_string(&mut text)
        .map_err(|e| {
            Error::usage(format!("the {what} on stdin cannot be read: {e}"))
                .with_hint("it has to be UTF-8 text")
        })?;
    Ok(text)
}

/// Writes to stdout. A reader that went away is no failure; Ctrl-C stops a long text where it is.
fn output(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<()> {
    let listening = Listening::begin();
    let mut out = io::BufWriter::new(Stopping {
        out: io::stdout().lock(),
        listening: &listening,
    });
    let done = write(&mut out).and_then(|()| out.flush());
    drop(out);
    match done {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(_) if listening.was_pressed() => {
            if render::is_full_terminal(&io::stdout()) {
                let _ = writeln!(io::stdout(), "\x1b[0m");
            }
            Err(Error::interrupted())
        }
        done => done.map_err(|e| unwritable(&e)),
    }
}

fn unwritable(error: &io::Error) -> Error {
    Error::failed(format!("cannot write the output: {error}"))
        .with_hint("check what stdout is redirected to, and whether there is room")
}

/// Writes to the file given with `--output`, whole or not at all, or to stdout.
fn output_to(
    file: Option<&Path>,
    config: &Config,
    write: impl FnOnce(&mut dyn Write, &Look) -> io::Result<()>,
) -> Result<()> {
    match file {
        None => output(|out| write(out, &Look::of_stdout(config.color_of_stdout))),
        Some(path) => save::write(path, |out| write(out, &Look::PLAIN)),
    }
}

/// Writes to stdout, through a pager where it is longer than the terminal.
fn page(
    config: &Config,
    write: impl FnOnce(&mut dyn Write, &Look) -> io::Result<()>,
) -> Result<()> {
    let look = Look::of_stdout(config.color_of_stdout);
    let mut text = Vec::new();
    write(&mut text, &look).map_err(|e| unwritable(&e))?;
    let lines = text.iter().filter(|byte| **byte == b'\n').count();
    let tall = render::is_full_terminal(&io::stdout())
        && terminal_size::terminal_size().is_some_and(|(_, height)| lines >= usize::from(height.0));
    if tall && through_pager(&text).is_ok() {
        return Ok(());
    }
    output(|out| out.write_all(&text))
}

/// Shows a text in $PAGER, or in `less`, told by its own variables how, as git does.
fn through_pager(text: &[u8]) -> io::Result<()> {
    // Ctrl-C is the pager's.
    let _listening = Listening::begin();
    let pager = env("PAGER").unwrap_or_else(|| "less".to_owned());
    let mut command = process::Command::new("sh");
    for (name, value) in [("LESS", "FRSX"), ("LV", "-c")] {
        if env(name).is_none() {
            command.env(name, value);
        }
    }
    let mut child = command
        .args(["-c", &pager])
        .stdin(process::Stdio::piped())
        .spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        // Someone who has seen enough quits before the end.
        let _ = stdin.write_all(text);
    }
    match child.wait()?.code() {
        Some(126 | 127) => Err(io::Error::other("no pager")),
        _ => Ok(()),
    }
}

/// A line on stderr.
fn note(line: impl std::fmt::Display) {
    note_hanging(0, line);
}

/// A line on stderr; what a terminal has no room for goes on below, set in by `indent`.
fn note_hanging(indent: usize, line: impl std::fmt::Display) {
    let _ = writeln!(
        io::stderr(),
        "{}",
        render::fitted(&render::clean(&line.to_string()), indent)
    );
}

#[cfg(not(feature = "embedded"))]
mod embedded {
    //! In a build without the embedded database, asking for it is an error.

    use crate::cli::{Cli, Command};
    use crate::config::Config;
    use crate::error::{Error, Result};

    pub struct Nothing;

    impl Nothing {
        pub async fn close(self) {}
    }

    pub async fn open(cli: &Cli, _: &mut Config) -> Result<Option<Nothing>> {
        if cli.global.is_embedded() || matches!(cli.command, Some(Command::Demo { .. })) {
            return Err(
                Error::usage("this program was built without the embedded database")
                    .with_hint("build it with its default features"),
            );
        }
        Ok(None)
    }
}
