//! The program: `.env`, arguments, tracing, run, exit code.

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser;
use clap::error::{ContextKind, ContextValue};
use pgagent::cli::Cli;
use pgagent::error::Error;
use pgagent::{commands, render, telemetry};

fn main() -> ExitCode {
    // Before the runtime starts: setting variables is not safe beside other threads.
    let dotenv = dotenvy::dotenv();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let code = u8::try_from(error.exit_code()).unwrap_or(2);
            let _ = match stray_file(&error) {
                Some(error) => render::error(&mut std::io::stderr().lock(), &error, false),
                None => error.print(),
            };
            return ExitCode::from(code);
        }
    };
    let color = cli.global.use_color();
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "error: no runtime: {error}");
            return ExitCode::from(1);
        }
    };
    let telemetry = {
        let _within = runtime.enter();
        telemetry::start(cli.global.verbose, color)
    };
    if let Err(error) = dotenv
        && !error.not_found()
    {
        let fault = render::clean(&fault_of_dotenv(&error));
        let _ = writeln!(
            std::io::stderr(),
            "warning: {fault}; what follows it is not read"
        );
    }
    let code = runtime
        .block_on(commands::run(cli))
        .unwrap_or_else(|error| {
            let _ = render::error(&mut std::io::stderr().lock(), &error, color);
            error.exit_code()
        });
    telemetry.end();
    runtime.shutdown_background();
    ExitCode::from(code)
}

/// A second file behind one `--file`, which was taken for a command.
fn stray_file(error: &clap::Error) -> Option<Error> {
    let Some(ContextValue::String(name)) = error.get(ContextKind::InvalidSubcommand) else {
        return None;
    };
    std::path::Path::new(name).is_file().then(|| {
        Error::usage(format!("`{name}` is a file, and no command"))
            .with_hint("give each file with a `--file` of its own")
    })
}

/// Where `.env` is wrong. The library's own message quotes the line, and with it perhaps a password.
fn fault_of_dotenv(error: &dotenvy::Error) -> String {
    let dotenvy::Error::LineParse(wrong, at) = error else {
        return format!("`.env` cannot be read: {error}");
    };
    let folder = std::env::current_dir().unwrap_or_default();
    let mut files = folder.ancestors().map(|folder| folder.join(".env"));
    let text = files.find_map(|file| std::fs::read_to_string(file).ok());
    // What is quoted may be the value alone.
    let place = text.and_then(|text| {
        let mut lines = text.lines().zip(1..);
        lines.find_map(|(line, number)| Some((number, line.find(wrong.trim_end())? + at + 1)))
    });
    let place = place.map_or_else(String::new, |(line, column)| {
        format!(", line {line}, column {column}")
    });
    format!("`.env`{place}: this is no NAME=value")
}
