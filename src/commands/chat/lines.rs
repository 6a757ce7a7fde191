//! Lines from the terminal. rustyline reads on a thread of its own.

use std::borrow::Cow;
use std::path::PathBuf;
use std::sync::mpsc;

use rustyline::completion::Completer;
use rustyline::error::ReadlineError;
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::HistoryHinter;
use rustyline::history::FileHistory;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{
    Cmd, Config, Context, Editor, Event, Helper, Hinter, KeyCode, KeyEvent, Modifiers,
};
use tokio::sync::oneshot;

use super::command::{COMMANDS, PLAIN};
use crate::config::env;
use crate::render;

/// A prompt that waits for its line; the line begins with `initial`.
struct Wanted {
    initial: String,
    reply: oneshot::Sender<Option<String>>,
}

pub struct Lines {
    wanted: mpsc::Sender<Wanted>,
}

#[derive(Helper, Hinter)]
struct Terminal {
    words: Vec<String>,
    #[rustyline(Hinter)]
    hinter: HistoryHinter,
    color: bool,
}

impl Completer for Terminal {
    type Candidate = String;

    fn complete(
        &self,
        line: &str,
        at: usize,
        _: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<String>)> {
        let start = line[..at].rfind(char::is_whitespace).map_or(0, |i| i + 1);
        let begun = &line[start..at];
        let found = if start == 0 && begun.starts_with('/') {
            COMMANDS
                .iter()
                .filter_map(|(usage, _)| usage.split(' ').next())
                .map(|name| format!("/{name}"))
                .filter(|name| name.starts_with(begun))
                .collect()
        } else {
            let plain = PLAIN.iter().filter(|_| start == 0).copied();
            plain
                .chain(self.words.iter().map(String::as_str))
                .filter(|word| word.starts_with(begun))
                .map(str::to_owned)
                .collect()
        };
        Ok((start, found))
    }
}

impl Highlighter for Terminal {
    fn highlight<'l>(&self, line: &'l str, _: usize) -> Cow<'l, str> {
        match line.strip_prefix("/sql ") {
            Some(sql) if self.color => Cow::Owned(format!("/sql {}", render::highlighted(sql))),
            _ => Cow::Borrowed(line),
        }
    }

    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        if self.color {
            Cow::Owned(format!("\x1b[2m{hint}\x1b[0m"))
        } else {
            Cow::Borrowed(hint)
        }
    }

    fn highlight_char(&self, line: &str, _: usize, kind: CmdKind) -> bool {
        self.color && kind != CmdKind::MoveCursor && line.starts_with("/sql ")
    }
}

impl Validator for Terminal {
    /// A line that ends in a backslash goes on.
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        Ok(if context.input().ends_with('\\') {
            ValidationResult::Incomplete
        } else {
            ValidationResult::Valid(None)
        })
    }
}

impl Lines {
    /// `words` complete beside the commands.
    pub fn start(words: Vec<String>, color: bool) -> Self {
        let (wanted, asked) = mpsc::channel::<Wanted>();
        std::thread::spawn(move || {
            let config = Config::builder()
                .bracketed_paste(true)
                .history_ignore_space(true)
                .build();
            let Ok(mut editor) = Editor::<Terminal, FileHistory>::with_config(config) else {
                return;
            };
            editor.set_helper(Some(Terminal {
                words,
                hinter: HistoryHinter::new(),
                color,
            }));
            editor.bind_sequence(
                Event::from(KeyEvent(KeyCode::Enter, Modifiers::ALT)),
                Cmd::Newline,
            );
            let history = history_file();
            if let Some(path) = &history {
                let _ = editor.load_history(path);
            }
            while let Ok(Wanted { initial, reply }) = asked.recv() {
                let line = match editor.readline_with_initial("pgagent> ", (&initial, "")) {
                    Ok(line) => Some(line.replace("\\\n", "\n")),
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
        Self { wanted }
    }

    /// The next line; nothing at the end of input.
    pub async fn next(&self, initial: &str) -> Option<String> {
        let (reply, line) = oneshot::channel();
        let wanted = Wanted {
            initial: initial.to_owned(),
            reply,
        };
        self.wanted.send(wanted).ok()?;
        line.await.ok().flatten()
    }
}

/// In the platform's folder for state (XDG Base Directory Specification).
fn history_file() -> Option<PathBuf> {
    let folder = env("XDG_STATE_HOME")
        .map(PathBuf::from)
        .or_else(|| env("HOME").map(|home| PathBuf::from(home).join(".local/state")))?
        .join("pgagent");
    std::fs::create_dir_all(&folder).ok()?;
    Some(folder.join("history"))
}
