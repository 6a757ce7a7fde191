//! `pgagent chat`: a session in the terminal.

mod command;
mod lines;

use std::io::{self, IsTerminal};
use std::path::Path;

use clap::ValueEnum;

use self::command::{COMMANDS, Line};
pub use self::lines::{Lines, Words};
use super::conversation::{Conversation, warn};
use super::interrupt::or_interrupted;
use super::{
    chart, examples, format_for, index, note, note_hanging, output, page, parts, save, sql,
};
use crate::agent::{Answer, Outcome, TotalUsage};
use crate::cli::{AskArgs, ChartArg};
use crate::config::{Config, Format};
use crate::error::{Error, Result};
use crate::render::{self, Look};
use crate::session::MAX_TURNS;

pub async fn run(config: &Config, args: &AskArgs) -> Result<u8> {
    let config = config.clone();
    let mut args = args.clone();
    let conversation = Conversation::start(&config, &args).await?;
    args.session = Some(conversation.session.clone());
    let (tables, columns) = conversation.index.names().await.unwrap_or_default();
    let shown = |names: &mut dyn Iterator<Item = String>| {
        names.filter(|name| render::clean(name) == *name).collect()
    };
    let words = Words {
        tables: shown(&mut tables.into_iter()),
        columns: shown(&mut columns.into_iter()),
    };
    note(format!(
        "session {}; `help` lists the commands, Ctrl-D ends",
        conversation.session
    ));
    // Who tries the sample data or looks into a file has no session to come back to.
    if !conversation.sessions.is_lasting() && config.opened.is_none() {
        note(
            "note: the session is kept in memory and ends with this process; `--redis` or REDIS_URL keeps it",
        );
    }
    let lines = Lines::start(words, config.color);
    let spent = spent_before(&conversation).await;
    let mut chat = Chat {
        conversation,
        config,
        args,
        last: None,
        spent,
        initial: String::new(),
    };
    while let Some(line) = lines.next(&std::mem::take(&mut chat.initial)).await {
        let done = match Line::read(&line) {
            Line::Nothing => continue,
            Line::Command("exit" | "quit", _) => break,
            // It stops its query on the server by itself.
            Line::Command("sql", rest) => chat.command("sql", rest).await,
            Line::Command(name, rest) => or_interrupted(chat.command(name, rest)).await,
            Line::Question(question) => chat.question(question).await,
        };
        // The session goes on.
        if let Err(error) = done {
            let _ = render::error(&mut io::stderr(), &error, chat.config.color);
        }
    }
    // A terminal that cannot be gone back on still shows the prompt.
    if io::stdout().is_terminal() && !render::is_full_terminal(&io::stdout()) {
        note("");
    }
    Ok(0)
}

/// Endings of the files that answers are written to.
const EXPORTED: [&str; 3] = ["csv", "json", "md"];

struct Chat {
    conversation: Conversation,
    config: Config,
    args: AskArgs,
    last: Option<Answer>,
    /// In the session, also before this process.
    spent: TotalUsage,
    /// What the next line begins with.
    initial: String,
}

impl Chat {
    async fn question(&mut self, question: &str) -> Result<()> {
        let format = format_for(self.config.format, None, Format::Markdown);
        let answer = self
            .conversation
            .ask(question, &self.config, format)
            .await?;
        self.spent.add(&answer.usage);
        if let Outcome::Failed(error) = &answer.outcome {
            let error = error.clone();
            self.last = Some(answer);
            return Err(error);
        }
        page(&self.config, |out, look| {
            render::answer(out, &answer, format, look)
        })?;
        warn(&answer);
        self.last = Some(answer);
        Ok(())
    }

    async fn command(&mut self, name: &str, rest: &str) -> Result<()> {
        match (name, rest) {
            ("help", _) => {
                for (usage, does) in COMMANDS {
                    note_hanging(18, format!("/{usage:<16} {does}"));
                }
                note(
                    "anything else is a question; a line that ends in \\ goes on, and Alt-Enter begins another; Ctrl-C takes a line back or stops a question",
                );
            }
            ("index", _) => {
                index::run(&self.config).await?;
            }
            ("sql", "") => match self.last_sql() {
                // On a terminal it comes back to be edited; elsewhere it is shown.
                Some(sql) if io::stdin().is_terminal() => {
                    self.initial = format!("/sql {}", render::clean(&sql));
                }
                Some(_) => self.with_last(|answer| {
                    output(|out| render::statements(out, answer, &Look::PLAIN))
                })?,
                None => return Err(nothing_yet()),
            },
            ("sql", query) => sql::query(&self.config, query, self.args.max_rows).await?,
            ("explain", "") => match self.last_sql() {
                Some(sql) => self.explain(&sql).await?,
                None => return Err(nothing_yet()),
            },
            ("explain", query) => self.explain(query).await?,
            ("chart", file) => self.with_last(|answer| {
                let to = file.parse().unwrap_or(ChartArg::Terminal);
                chart::show(&self.config, &to, &answer.question, answer.table())
            })?,
            ("export", "") => return Err(lacks("a file", "/export sales.csv")),
            ("export", file) => self.with_last(|answer| {
                let file = Path::new(file);
                if !EXPORTED
                    .iter()
                    .any(|e| file.extension().is_some_and(|x| x.eq_ignore_ascii_case(e)))
                {
                    return Err(lacks("a .csv, .json or .md file", "/export sales.csv"));
                }
                let format = format_for(None, Some(file), Format::Markdown);
                save::write(file, |out| {
                    render::answer(out, answer, format, &Look::PLAIN)
                })?;
                note(format!("written to {}", file.display()));
                Ok(())
            })?,
            ("save", _) => {
                let answer = self.last.as_ref().ok_or_else(nothing_yet)?;
                examples::save(&self.config, answer).await?;
            }
            ("format", form) => match Format::from_str(form, true) {
                Ok(format) => self.config.format = Some(format),
                Err(_) => return Err(lacks("table, markdown, csv or json", "/format table")),
            },
            ("model", "") => note(self.conversation.supervisor.model()),
            ("model", model) => self.restart(Some(model), None).await?,
            ("session", "") => note(&self.conversation.session),
            ("session", id) => self.restart(None, Some(id)).await?,
            ("history", wanted) => self.history(wanted).await?,
            ("undo", _) => {
                let conversation = &self.conversation;
                match conversation.sessions.undo(&conversation.session).await? {
                    Some(turn) => note(format!("forgotten: {}", render::clean(&turn.question))),
                    None => note("there is nothing to forget"),
                }
            }
            ("tables", _) => {
                let (tables, _) = self.conversation.index.names().await?;
                page(&self.config, |out, _| {
                    let mut names = tables.iter();
                    names.try_for_each(|name| writeln!(out, "{}", render::clean(name)))
                })?;
            }
            ("describe", "") => return Err(lacks("a table", "/describe customer")),
            ("describe", table) => {
                let text = self.conversation.index.describe(table).await?;
                page(&self.config, |out, look| {
                    writeln!(out, "{}", look.wrapped(&render::clean(&text)))
                })?;
            }
            ("cost", _) => {
                note(render::spent(
                    self.conversation.supervisor.model(),
                    &self.spent,
                ));
                for stage in render::spent_by_stage(&self.spent) {
                    note(stage);
                }
            }
            _ => {
                return Err(Error::usage(format!("there is no command /{name}"))
                    .with_hint("`/help` lists them"));
            }
        }
        Ok(())
    }

    /// The session's questions with `wanted` in them.
    async fn history(&self, wanted: &str) -> Result<()> {
        let conversation = &self.conversation;
        let turns = conversation
            .sessions
            .load(&conversation.session, MAX_TURNS)
            .await?;
        let wanted = wanted.to_lowercase();
        let found = (1..)
            .zip(&turns)
            .filter(|(_, turn)| turn.question.to_lowercase().contains(&wanted));
        let mut lines = found.map(|(number, turn)| format!("{number:>3}  {}", turn.question));
        page(&self.config, |out, _| {
            lines.try_for_each(|line| writeln!(out, "{}", render::clean(&line)))
        })
    }

    /// What the server would do. The guard has its say as if the query were to run.
    async fn explain(&self, query: &str) -> Result<()> {
        let checked = crate::sql::check(query, &parts::policy(&self.config))?;
        if checked.text().contains("$1") {
            return Err(Error::usage("this SQL takes values of an earlier step")
                .with_hint("write the values in: /explain SELECT …"));
        }
        let explained = parts::database(&self.config)?.explain(&checked).await?;
        page(&self.config, |out, look| {
            let text = render::clean(&explained.to_string());
            write!(out, "{}", look.hanging(&text, 5))
        })
    }

    /// Begins anew with another model or in another session.
    async fn restart(&mut self, model: Option<&str>, session: Option<&str>) -> Result<()> {
        let (mut config, mut args) = (self.config.clone(), self.args.clone());
        if let Some(model) = model {
            config.model = Some(model.to_owned());
        }
        if let Some(id) = session {
            args.session = Some(id.parse().map_err(Error::usage)?);
        }
        self.conversation = Conversation::start(&config, &args).await?;
        if session.is_some() {
            self.spent = spent_before(&self.conversation).await;
        }
        (self.config, self.args) = (config, args);
        Ok(())
    }

    fn last_sql(&self) -> Option<String> {
        let steps = &self.last.as_ref()?.steps;
        steps.iter().rev().find_map(|step| step.sql.clone())
    }

    fn with_last(&self, show: impl FnOnce(&Answer) -> Result<()>) -> Result<()> {
        show(self.last.as_ref().ok_or_else(nothing_yet)?)
    }
}

/// What the turns used that a session holds already.
async fn spent_before(conversation: &Conversation) -> TotalUsage {
    let turns = conversation
        .sessions
        .load(&conversation.session, MAX_TURNS)
        .await
        .unwrap_or_default();
    let mut spent = TotalUsage::default();
    for turn in &turns {
        spent.add(&turn.usage);
    }
    spent
}

fn nothing_yet() -> Error {
    Error::usage("nothing was asked yet").with_hint("ask a question first")
}

fn lacks(what: &str, example: &str) -> Error {
    Error::usage(format!("the command wants {what}")).with_hint(format!("for example {example}"))
}
