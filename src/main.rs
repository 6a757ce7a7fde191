//! The program: `.env`, arguments, tracing, run, exit code.

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser;
use pgagent::cli::Cli;
use pgagent::{commands, render, telemetry};

fn main() -> ExitCode {
    // Before the runtime starts: setting variables is not safe beside other threads.
    let dotenv = dotenvy::dotenv();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let code = u8::try_from(error.exit_code()).unwrap_or(2);
            let _ = error.print();
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
        tracing::warn!(%error, "`.env` cannot be read");
    }
    let code = runtime
        .block_on(commands::run(cli))
        .unwrap_or_else(|error| {
            let _ = render::error(&mut std::io::stderr().lock(), &error, color);
            error.exit_code()
        });
    drop(telemetry);
    runtime.shutdown_background();
    ExitCode::from(code)
}
