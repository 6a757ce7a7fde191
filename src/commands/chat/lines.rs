//! Lines from the terminal. rustyline reads on a thread of its own.

use std::borrow::Cow;
use std::path::PathBuf;
use std::sync::mpsc;

use rustyline::completion::{Completer, FilenameCompleter};
use rustyline::error::ReadlineError;
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::{Hint, Hinter, HistoryHinter};
use rustyline::history::FileHistory;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{
    Cmd, CompletionType, Config, Context, Editor, Event, Helper, KeyCode, KeyEvent, Modifiers,
};
use tokio::sync::oneshot;

use super::command::{COMMANDS, PLAIN};
use crate::commands::note;
use crate::config::env;
use crate::render;

/// Lines of all sessions that are kept.
const MOST_LINES: usize = 10_000;
const FORMATS: [&str; 4] = ["csv", "json", "markdown", "table"];

/// A prompt that waits for its line; the line begins with `initial`.
struct Wanted {
    initial: String,
    reply: oneshot::Sender<Option<String>>,
}

pub struct Lines {
    wanted: mpsc::Sender<Wanted>,
}

/// What there is to complete.
#[derive(Debug, Default)]
pub struct Words {
    pub tables: Vec<String>,
    pub columns: Vec<String>,
}

#[derive(Helper)]
struct Terminal {
    words: Words,
    history: HistoryHinter,
    files: FilenameCompleter,
    color: bool,
}

impl Completer for Terminal {
    type Candidate = String;

    fn complete(
        &self,
        line: &str,
        at: usize,
        context: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<String>)> {
        let before = &line[..at];
        if let Some(file) = ["/chart ", "/export "]
            .iter()
            .find_map(|command| before.strip_prefix(command))
        {
            let (start, found) = self.files.complete(file, file.len(), context)?;
            let found = found.into_iter().map(|pair| pair.replacement).collect();
            return Ok((at - file.len() + start, found));
        }
        Ok(completed(before, &self.words))
    }
}

/// Where the begun word stands, and how it may go on.
fn completed(before: &str, words: &Words) -> (usize, Vec<String>) {
    if before.starts_with('/') && !before.contains(char::is_whitespace) {
        return (0, commands(before).map(|(name, _)| name).collect());
    }
    let start = before
        .rfind(|c: char| c.is_whitespace() || "(),=<>+-*/".contains(c))
        .map_or(0, |i| i + 1);
    let begun = &before[start..];
    let beginning = |start: usize, begun: &str, all: &mut dyn Iterator<Item = &str>| {
        let begun = begun.to_lowercase();
        let found = all.filter(|word| word.to_lowercase().starts_with(&begun));
        (start, found.map(str::to_owned).collect())
    };
    let tables = words.tables.iter().map(String::as_str);
    let columns = words.columns.iter().map(String::as_str);
    match before.split_whitespace().next() {
        Some("/format") => beginning(start, begun, &mut FORMATS.into_iter()),
        Some("/describe") => beginning(start, begun, &mut { tables }),
        _ if start == 0 => beginning(
            0,
            begun,
            &mut PLAIN.into_iter().chain(tables).chain(columns),
        ),
        // What follows a table's name or alias is a column, unless it is a schema's.
        _ => match (beginning(start, begun, &mut { tables }), begun.rfind('.')) {
            ((_, found), Some(dot)) if found.is_empty() => {
                beginning(start + dot + 1, &begun[dot + 1..], &mut { columns })
            }
            ((start, mut found), _) => {
                found.append(&mut beginning(start, begun, &mut { columns }).1);
                (start, found)
            }
        },
    }
}

/// The commands that a line may be the beginning of, and what follows each.
fn commands(begun: &str) -> impl Iterator<Item = (String, &'static str)> {
    COMMANDS.iter().filter_map(move |(usage, _)| {
        let (name, rest) = usage.split_once(' ').unwrap_or((usage, ""));
        let name = format!("/{name}");
        name.starts_with(begun).then_some((name, rest))
    })
}

impl Hinter for Terminal {
    type Hint = Hinted;

    /// How a line went on before, or what a command is called and takes.
    fn hint(&self, line: &str, at: usize, context: &Context<'_>) -> Option<Hinted> {
        if let Some(before) = self.history.hint(line, at, context) {
            return Some(Hinted {
                shown: before.clone(),
                taken: before,
            });
        }
        if at < line.len() || line.len() < 2 || !line.starts_with('/') || line.contains(' ') {
            return None;
        }
        let (name, rest) = commands(line).next()?;
        let taken = name[line.len()..].to_owned();
        let shown = format!("{taken} {rest}").trim_end().to_owned();
        (!shown.is_empty()).then_some(Hinted { shown, taken })
    }
}

struct Hinted {
    shown: String,
    taken: String,
}

impl Hint for Hinted {
    fn display(&self) -> &str {
        &self.shown
    }

    fn completion(&self) -> Option<&str> {
        Some(&self.taken)
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
    pub fn start(words: Words, color: bool) -> Self {
        let (wanted, asked) = mpsc::channel::<Wanted>();
        std::thread::spawn(move || {
            let config = Config::builder()
                .bracketed_paste(true)
                .completion_type(CompletionType::List)
                .history_ignore_space(true)
                .max_history_size(MOST_LINES)
                .map(|config| config.build());
            let editor = config.and_then(Editor::<Terminal, FileHistory>::with_config);
            let mut editor = match editor {
                Ok(editor) => editor,
                Err(error) => return note(format!("error: no lines can be read: {error}")),
            };
            editor.set_helper(Some(Terminal {
                words,
                history: HistoryHinter::new(),
                files: FilenameCompleter::new(),
                color,
            }));
            editor.bind_sequence(
                Event::from(KeyEvent(KeyCode::Enter, Modifiers::ALT)),
                Cmd::Newline,
            );
            let mut history = History::load(&mut editor);
            while let Ok(Wanted { initial, reply }) = asked.recv() {
                let line = match editor.readline_with_initial("pgagent> ", (&initial, "")) {
                    Ok(line) => Some(line.replace("\\\n", "\n")),
                    // Ctrl-C takes the line back, not the session.
                    Err(ReadlineError::Interrupted) => Some(String::new()),
                    Err(ReadlineError::Eof) => None,
                    Err(error) => {
                        note(format!("error: the line cannot be read: {error}"));
                        None
                    }
                };
                if let Some(line) = line.as_deref().filter(|line| !line.trim().is_empty()) {
                    history.add(&mut editor, line);
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

/// What was typed, across sessions. Where it cannot be kept, that is said once.
struct History {
    file: Option<PathBuf>,
}

impl History {
    fn load(editor: &mut Editor<Terminal, FileHistory>) -> Self {
        let Some(folder) = history_folder() else {
            return Self { file: None };
        };
        let file = folder.join("history");
        let read = match std::fs::create_dir_all(&folder) {
            Ok(()) if file.exists() => editor.load_history(&file).map_err(|e| e.to_string()),
            Ok(()) => Ok(()),
            Err(error) => Err(error.to_string()),
        };
        let mut history = Self { file: Some(file) };
        if let Err(error) = read {
            history.give_up(&error);
        }
        history
    }

    fn add(&mut self, editor: &mut Editor<Terminal, FileHistory>, line: &str) {
        let _ = editor.add_history_entry(line);
        if let Some(file) = &self.file
            && let Err(error) = editor.append_history(file)
        {
            self.give_up(&error.to_string());
        }
    }

    fn give_up(&mut self, error: &str) {
        if let Some(file) = self.file.take() {
            note(format!(
                "note: what is typed is not kept: `{}`: {error}",
                file.display()
            ));
        }
    }
}

/// In the platform's folder for state (XDG Base Directory Specification).
fn history_folder() -> Option<PathBuf> {
    let state = env("XDG_STATE_HOME")
        .map(PathBuf::from)
        .or_else(|| env("HOME").map(|home| PathBuf::from(home).join(".local/state")))?;
    Some(state.join("pgagent"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn completes_commands_tables_and_columns() {
        let words = Words {
            tables: ["customer", "hr.salary", "payment"]
                .map(str::to_owned)
                .to_vec(),
            columns: ["amount", "customer_id"].map(str::to_owned).to_vec(),
        };
        for (before, start, found) in [
            ("/ex", 0, vec!["/explain", "/export"]),
            ("/describe C", 10, vec!["customer"]),
            ("/format m", 8, vec!["markdown"]),
            ("/sql SELECT sum(am", 16, vec!["amount"]),
            ("/sql SELECT p.am", 14, vec!["amount"]),
            ("/sql SELECT * FROM hr.s", 19, vec!["hr.salary"]),
            ("how many cust", 9, vec!["customer", "customer_id"]),
            ("hel", 0, vec!["help"]),
            ("/sql SELECT nothing", 12, vec![]),
        ] {
            let (at, words) = completed(before, &words);
            assert_eq!(
                (at, words),
                (start, found.into_iter().map(str::to_owned).collect()),
                "{before}"
            );
        }
    }
}
