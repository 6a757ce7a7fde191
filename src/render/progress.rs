//! Stages as they happen, on stderr: with the prose as it comes on a terminal, lines with `-v`, and
//! notices always.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use indicatif::ProgressState;

use super::{Look, Spinner, clean};
use crate::agent::{Event, Observer};

/// Lines that are left to what stood there before, where prose is longer than the terminal is high.
const SPARED_LINES: usize = 3;

/// Shows what happens while a question is answered.
pub struct Progress {
    bar: Spinner,
    lines: bool,
    /// The step under way, in words.
    step: Mutex<String>,
    prose: Option<Prose>,
}

/// Prose that is coming in, and the lines of it that are shown.
struct Prose {
    look: Look,
    text: Mutex<String>,
    shown: Arc<Mutex<String>>,
}

impl Progress {
    /// With `lines`, each stage stays on a line; with `look`, prose is shown as it comes.
    pub fn new(lines: bool, look: Option<Look>) -> Self {
        let shown = Arc::new(Mutex::new(String::new()));
        let bar = {
            // Prose above, then what is done and since when.
            let shown = Arc::clone(&shown);
            Spinner::styled("{prose}{spinner} {time:>6}  {wide_msg}", |style| {
                style.with_key(
                    "prose",
                    move |_: &ProgressState, out: &mut dyn std::fmt::Write| {
                        let _ = out.write_str(&locked(&shown));
                    },
                )
            })
        };
        let prose = look.filter(|_| !bar.is_hidden()).map(|look| Prose {
            look,
            text: Mutex::default(),
            shown,
        });
        Self {
            bar,
            lines,
            step: Mutex::default(),
            prose,
        }
    }

    pub fn clear(&self) {
        self.bar.finish_and_clear();
    }

    fn line(&self, text: &str) {
        self.bar.suspend(|| {
            let _ = writeln!(io::stderr(), "{}", super::fitted(&clean(text), 0));
        });
    }

    fn message(&self, text: &str) {
        self.bar.set_message(clean(text).replace(['\n', '\t'], " "));
    }
}

impl Prose {
    fn add(&self, delta: &str) {
        let mut text = locked(&self.text);
        text.push_str(&clean(delta));
        let lines = self.look.wrapped(&text);
        let height = terminal_size::terminal_size_of(io::stderr())
            .map_or(usize::MAX, |(_, height)| usize::from(height.0));
        let count = lines.lines().count();
        let first = count.saturating_sub(height.saturating_sub(SPARED_LINES));
        let mut shown = locked(&self.shown);
        shown.clear();
        for line in lines.lines().skip(first) {
            let _ = writeln!(shown, "{line}");
        }
    }

    /// What came is not the answer.
    fn forget(&self) {
        locked(&self.text).clear();
        locked(&self.shown).clear();
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Observer for Progress {
    fn wants_prose(&self) -> bool {
        self.prose.is_some()
    }

    fn observe(&self, event: &Event) {
        let stage = match event {
            Event::Started { .. } => "retrieving".to_owned(),
            Event::Retrieved {
                tables,
                bindings,
                duration_ms,
                ..
            } => {
                let values = bindings.iter().map(|b| {
                    format!(
                        "\n  \"{}\" is '{}' in {}.{}.{}",
                        b.phrase, b.value, b.schema, b.table, b.column
                    )
                });
                format!(
                    "retrieved {} tables ({duration_ms:.0} ms){}",
                    tables.len(),
                    values.collect::<String>()
                )
            }
            Event::Planning { attempt } => {
                if let Some(prose) = &self.prose {
                    prose.forget();
                }
                match attempt {
                    1 => "planning".to_owned(),
                    attempt => format!("planning again (attempt {attempt})"),
                }
            }
            Event::Planned {
                steps, duration_ms, ..
            } => format!("planned {steps} steps ({duration_ms:.0} ms)"),
            Event::StepStarted {
                number,
                of,
                description,
                ..
            } => {
                let step = format!("step {number} of {of}: {description}");
                locked(&self.step).clone_from(&step);
                step
            }
            Event::RowsRead { row_count, .. } => {
                let step = locked(&self.step).clone();
                self.message(&format!("{row_count} rows so far, {step}"));
                return;
            }
            Event::StepFinished {
                id,
                status,
                row_count,
                duration_ms,
                error,
            } => {
                let rows = row_count.map_or_else(String::new, |n| format!(", {n} rows"));
                let error = error
                    .as_ref()
                    .map_or_else(String::new, |e| format!(": {e}"));
                format!("step {id} {status}{rows} ({duration_ms:.0} ms){error}")
            }
            Event::Judging => "judging".to_owned(),
            Event::Prose { delta } => {
                if let Some(prose) = &self.prose {
                    prose.add(delta);
                    self.message("writing");
                }
                return;
            }
            Event::Judged {
                confidence,
                duration_ms,
                ..
            } => format!("judged, confidence {confidence:.2} ({duration_ms:.0} ms)"),
            Event::Feedback { message, .. } => format!("to be mended: {message}"),
            Event::Notice { message } => {
                self.line(&format!("note: {message}"));
                return;
            }
            Event::Prompt { .. }
            | Event::Reply { .. }
            | Event::ModelCalled { .. }
            | Event::Finished { .. } => return,
        };
        if self.lines {
            self.line(&stage);
        }
        self.message(&stage);
    }
}
