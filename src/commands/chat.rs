//! `pgagent chat`: a session in the terminal. rustyline reads on a thread of its own.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::mpsc;

use rustyline::error::ReadlineError;
use rustyline::history::FileHistory;
use rustyline::{Completer, Editor, Helper, Highlighter, Hinter, Validator};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use super::ask::{until_ctrl_c, warn};
use super::parts::{self, Parts};
use super::{format_or, index, note, output};
use crate::agent::{Answer, Event, Observer, Outcome};
use crate::cli::AskArgs;
use crate::config::{Config, Format, env};
use crate::error::Result;
use crate::render::{self, Progress};
use crate::session::SessionId;

const COMMANDS: [&str; 5] = ["exit", "help", "index", "quit", "sql"];

pub async fn run(config: &Config, args: &AskArgs) -> Result<u8> {
    let Parts {
        supervisor,
        sessions,
        index: schema,
    } = parts::parts(config, args.settings()).await?;
    let session = args.session.clone().unwrap_or_else(SessionId::random);
    note(format!(
        "session {session}; `help` lists the commands, Ctrl-D ends"
    ));
    if !sessions.is_lasting() {
        note(
            "note: the session is kept in memory and ends with this process; `--redis` or REDIS_URL keeps it",
        );
    }
    let words = schema.table_names().await.unwrap_or_default();
    let lines = Lines::start(words);
    let mut last: Option<Answer> = None;
    while let Some(line) = lines.next().await {
        let line = line.trim().to_owned();
        match line.trim_start_matches('/') {
            "" => {}
            "exit" | "quit" => break,
            "help" => note(
                "ask anything, or: sql (the SQL of the last answer), index (re-index the schema), help, exit",
            ),
            "index" => {
                if let Err(error) = index::run(config).await {
                    let _ = render::error(&mut std::io::stderr(), &error, config.color);
                }
            }
            "sql" => match &last {
                Some(answer) => output(|out| render::statements(out, answer))?,
                None => note("nothing was asked yet"),
            },
            _ => {
                let progress = Progress::new(std::io::stderr().is_terminal(), config.verbose > 0);
                let cancel = CancellationToken::new();
                let observer = |event: &Event| progress.observe(event);
                let answer = until_ctrl_c(
                    &cancel,
                    supervisor.answer_with(&line, &session, &observer, &cancel),
                )
                .await;
                progress.clear();
                let error = match answer {
                    Ok(answer) => {
                        let failed = match &answer.outcome {
                            Outcome::Failed(error) => Some(error.clone()),
                            _ => None,
                        };
                        if failed.is_none() {
                            output(|out| {
                                render::answer(
                                    out,
                                    &answer,
                                    format_or(config.format, Format::Markdown),
                                )
                            })?;
                            warn(&answer);
                        }
                        last = Some(answer);
                        failed
                    }
                    Err(error) => Some(error),
                };
                // The session goes on.
                if let Some(error) = error {
                    let _ = render::error(&mut std::io::stderr(), &error, config.color);
                }
            }
        }
    }
    Ok(0)
}

/// Lines from a thread that owns the editor.
struct Lines {
    ask: mpsc::Sender<oneshot::Sender<Option<String>>>,
}

#[derive(Completer, Helper, Highlighter, Hinter, Validator)]
struct Words {
    #[rustyline(Completer)]
    completer: WordCompleter,
}

struct WordCompleter {
    words: Vec<String>,
}

impl rustyline::completion::Completer for WordCompleter {
    type Candidate = String;

    fn complete(
        &self,
        line: &str,
        at: usize,
        _: &rustyline::Context<'_>,
    ) -> rustyline::Result<(usize, Vec<String>)> {
        let start = line[..at].rfind(char::is_whitespace).map_or(0, |i| i + 1);
        let begun = &line[start..at];
        let commands = COMMANDS
            .iter()
            .filter(|_| start == 0)
            .map(ToString::to_string);
        let found = commands
            .chain(self.words.iter().cloned())
            .filter(|word| word.starts_with(begun))
            .collect();
        Ok((start, found))
    }
}

impl Lines {
    fn start(words: Vec<String>) -> Self {
        let (ask, asked) = mpsc::channel::<oneshot::Sender<Option<String>>>();
        std::thread::spawn(move || {
            let Ok(mut editor) = Editor::<Words, FileHistory>::new() else {
                return;
            };
            editor.set_helper(Some(Words {
                completer: WordCompleter { words },
            }));
            let history = history_file();
            if let Some(path) = &history {
                let _ = editor.load_history(path);
            }
            while let Ok(reply) = asked.recv() {
                let line = match editor.readline("pgagent> ") {
                    Ok(line) => Some(line),
                    Err(ReadlineError::Interrupted | ReadlineError::Eof) => None,
                    Err(error) => {
                        tracing::warn!(%error, "the line cannot be read");
                        None
                    }
                };
                if let Some(line) = line.as_deref().filter(|line| !line.trim().is_empty()) {
                    let _ = editor.add_history_entry(line);
                    if let Some(path) = &history {
                        let _ = editor.append_history(path);
                    }
                }
                let _ = reply.send(line);
            }
        });
        Self { ask }
    }

    /// The next line; nothing at the end of input.
    async fn next(&self) -> Option<String> {
        let (reply, line) = oneshot::channel();
        self.ask.send(reply).ok()?;
        line.await.ok().flatten()
    }
}

fn history_file() -> Option<PathBuf> {
    let folder = env("XDG_STATE_HOME")
        .map(PathBuf::from)
        .or_else(|| env("HOME").map(|home| PathBuf::from(home).join(".local/state")))?
        .join("pgagent");
    std::fs::create_dir_all(&folder).ok()?;
    Some(folder.join("history"))
}
