//! Stages as they happen, on stderr: a spinner on a terminal, lines with `-v`, and notices always.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::agent::{Event, Observer};

/// Shows what happens while a question is answered.
pub struct Progress {
    bar: ProgressBar,
    lines: bool,
}

impl Progress {
    pub fn new(terminal: bool, lines: bool) -> Self {
        let bar = if terminal {
            ProgressBar::new_spinner().with_style(
                ProgressStyle::with_template("{spinner} {wide_msg} {elapsed}")
                    .unwrap_or_else(|_| ProgressStyle::default_spinner()),
            )
        } else {
            ProgressBar::hidden()
        };
        if terminal {
            bar.enable_steady_tick(Duration::from_millis(120));
        }
        Self { bar, lines }
    }

    pub fn clear(&self) {
        self.bar.finish_and_clear();
    }

    fn line(&self, text: &str) {
        use std::io::Write as _;
        self.bar.suspend(|| {
            let _ = writeln!(std::io::stderr(), "{}", super::clean(text));
        });
    }
}

impl Observer for Progress {
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
            Event::Planning { attempt: 1 } => "planning".to_owned(),
            Event::Planning { attempt } => format!("planning again (attempt {attempt})"),
            Event::Planned {
                steps, duration_ms, ..
            } => format!("planned {steps} steps ({duration_ms:.0} ms)"),
            Event::StepStarted {
                number,
                of,
                description,
                ..
            } => format!("step {number} of {of}: {description}"),
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
        self.bar
            .set_message(super::clean(&stage).replace('\n', " "));
    }
}
