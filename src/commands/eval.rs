//! `pgagent eval`: asks questions with gold SQL and reports the figures.

use std::collections::HashMap;
use std::io::Write as _;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

use super::interrupt::until_ctrl_c;
use super::parts::{self, Parts};
use super::{note, output, save};
use crate::agent::Supervisor;
use crate::cli::EvalArgs;
use crate::config::{Config, Format, Secret};
use crate::db::Database;
use crate::error::{Error, Result};
use crate::eval::{Case, Evaluation, Report, Source, Verdict, load};
use crate::render;

/// Stands for a question's `db` in the database's address.
const PLACE: &str = "{db}";

type Opened = (Arc<Supervisor>, Arc<dyn Database>);

/// One supervisor a database, made when the first question asks for it.
struct Databases<'a> {
    config: &'a Config,
    args: &'a EvalArgs,
    opened: tokio::sync::Mutex<HashMap<String, Opened>>,
}

#[async_trait]
impl Source for Databases<'_> {
    async fn open(&self, db: &str) -> Result<Opened> {
        let mut opened = self.opened.lock().await;
        if let Some(parts) = opened.get(db) {
            return Ok(parts.clone());
        }
        let mut config = self.config.clone();
        if let Some(url) = config.database_url.as_ref().map(|u| u.expose().to_owned())
            && url.contains(PLACE)
        {
            if db.is_empty() {
                return Err(Error::usage(
                    "a question has no `db`, and the database's address has `{db}` in it",
                )
                .with_hint("add `\"db\": \"…\"` to each line, or give an address without `{db}`"));
            }
            let plain = db
                .chars()
                .all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'));
            if !plain {
                return Err(Error::usage(format!("`{db}` is no name of a database"))
                    .with_hint("letters, digits, `_` and `-` may stand for `{db}`"));
            }
            config.database_url = Some(Secret::new(url.replace(PLACE, db)));
        }
        // Said once, by the first.
        if !opened.is_empty() && config.model.is_none() && config.model().is_none() {
            config.model = Some(crate::config::OFFLINE.to_owned());
        }
        let Parts { supervisor, .. } = parts::parts(&config, self.args.ask.settings()).await?;
        let made: Opened = (Arc::new(supervisor), Arc::new(parts::database(&config)?));
        opened.insert(db.to_owned(), made.clone());
        Ok(made)
    }
}

pub async fn run(config: &Config, args: &EvalArgs) -> Result<u8> {
    let questions = load(&args.file)?;
    let earlier = args.compare.as_deref().map(read_report).transpose()?;
    let done = match args.resume.as_deref() {
        Some(path) if path.exists() => read_cases(path)?,
        _ => Vec::new(),
    };
    let source = Databases {
        config,
        args,
        opened: tokio::sync::Mutex::new(HashMap::new()),
    };
    let evaluation = Evaluation {
        runs: args.runs,
        parallel: args.parallel,
        max_rows: args.ask.max_rows,
        timeout: Duration::from_secs(args.ask.timeout),
    };
    let log = match args.resume.as_deref() {
        Some(path) => Some(Mutex::new(
            std::fs::OpenOptions::new()
                .create(true)
                .append(true)
                .open(path)
                .map_err(|e| {
                    Error::failed(format!("cannot write `{}`: {e}", path.display()))
                        .with_hint("choose a file in a folder that is there with `--resume`")
                })?,
        )),
        None => None,
    };
    // From the first question that is done: until then, what is opened may have notes to give.
    let spinner = OnceLock::new();
    let all = questions.len() * args.runs.max(1) as usize;
    let counted = Mutex::new((done.len(), right(&done)));
    let finished = |case: &Case| {
        let mut counted = counted.lock().unwrap_or_else(PoisonError::into_inner);
        counted.0 += 1;
        counted.1 += right(std::slice::from_ref(case));
        let message = format!("{} of {all} asked, {} right", counted.0, counted.1);
        let spinner = spinner.get_or_init(render::Spinner::new);
        spinner.set_message(message);
        drop(counted);
        if let (Some(log), Ok(line)) = (&log, serde_json::to_string(case)) {
            let mut file = log.lock().unwrap_or_else(PoisonError::into_inner);
            if let Err(error) = writeln!(file, "{line}") {
                tracing::warn!(%error, "a finished question is not kept");
            }
        }
    };
    let cancel = CancellationToken::new();
    let asking = evaluation.run(&questions, &source, &done, &finished, &cancel);
    let cases = until_ctrl_c(&cancel, asking).await;
    drop(spinner);
    let cases = cases?;
    let model = config.model().unwrap_or(crate::config::OFFLINE);
    let report = Report::new(model, cases);
    for path in &args.report {
        let text = if path.extension().is_some_and(|e| e == "json") {
            json(&report)?
        } else {
            report.markdown(earlier.as_ref())
        };
        save::write(path, |out| out.write_all(text.as_bytes()))?;
    }
    let text = match config.format {
        Some(Format::Json) => json(&report)?,
        _ => report.markdown(earlier.as_ref()),
    };
    output(|out| writeln!(out, "{}", text.trim_end()))?;
    Ok(verdict(args, &report))
}

fn right(cases: &[Case]) -> usize {
    let right = cases.iter().filter(|case| case.verdict == Verdict::Right);
    right.count()
}

/// 1 when a figure is below what was asked for.
fn verdict(args: &EvalArgs, report: &Report) -> u8 {
    let bounds = [
        (
            "execution accuracy",
            report.figures.accuracy,
            args.min_accuracy,
        ),
        (
            "right among the answered",
            report.figures.precision,
            args.min_precision,
        ),
        ("answered", report.figures.coverage, args.min_answered),
    ];
    let mut code = 0;
    for (name, value, least) in bounds {
        if let Some(least) = least.filter(|least| value < *least) {
            note(format!(
                "error: {name} is {value:.1} %, and at least {least} % are wanted"
            ));
            code = 1;
        }
    }
    code
}

fn json(report: &Report) -> Result<String> {
    serde_json::to_string_pretty(report)
        .map_err(|e| Error::failed(format!("the report cannot be written: {e}")))
}

fn read_report(path: &Path) -> Result<Report> {
    let text = std::fs::read_to_string(path).map_err(|e| {
        unreadable(path, &e).with_hint("`--compare` takes a file that `--report FILE.json` wrote")
    })?;
    serde_json::from_str(&text).map_err(|e| {
        Error::usage(format!("`{}` is no report: {e}", path.display()))
            .with_hint("`--compare` takes a file that `--report FILE.json` wrote")
    })
}

fn unreadable(path: &Path, error: &std::io::Error) -> Error {
    Error::usage(format!("cannot read `{}`: {error}", path.display()))
}

/// Finished questions; a line that an interruption cut off is asked again.
fn read_cases(path: &Path) -> Result<Vec<Case>> {
    let text = std::fs::read_to_string(path).map_err(|e| {
        unreadable(path, &e).with_hint("`--resume` takes a file that it wrote, or a new name")
    })?;
    Ok(text
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect())
}
