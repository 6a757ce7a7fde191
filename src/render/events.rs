//! What happens, as JSON lines in a file.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use serde::Serialize;

use crate::agent::{Event, Observer};
use crate::error::{Error, Result};
use crate::session::SessionId;

/// Appends each event to a file, as it happens.
pub struct EventLog {
    file: Mutex<File>,
    session: SessionId,
    prompts: bool,
}

#[derive(Serialize)]
struct Line<'a> {
    at: String,
    session_id: &'a str,
    #[serde(flatten)]
    event: &'a Event,
}

impl EventLog {
    /// With `prompts`, what is sent to the model and what it replies are written, too.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub fn open(path: &Path, session: SessionId, prompts: bool) -> Result<Self> {
        let file = File::options()
            .create(true)
            .append(true)
            .open(path)
            .map_err(|e| {
                Error::usage(format!("cannot write events to `{}`: {e}", path.display()))
                    .with_hint("choose a file in a folder that is there with `--events`")
            })?;
        Ok(Self {
            file: Mutex::new(file),
            session,
            prompts,
        })
    }
}

impl Observer for EventLog {
    fn observe(&self, event: &Event) {
        match event {
            Event::Prompt { .. } | Event::Reply { .. } if !self.prompts => return,
            // In pieces it is for a person's eyes; the reply has it whole.
            Event::Prose { .. } => return,
            _ => {}
        }
        let line = Line {
            at: humantime::format_rfc3339_millis(SystemTime::now()).to_string(),
            session_id: self.session.as_str(),
            event,
        };
        let Ok(mut line) = serde_json::to_string(&line) else {
            return;
        };
        line.push('\n');
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = file.write_all(line.as_bytes()) {
            tracing::warn!(%error, "an event could not be written");
        }
    }
}
