//! What moves on stderr while the program works; nothing of it where stderr is no terminal.

use std::io;
use std::ops::Deref;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressState, ProgressStyle};

use super::{is_full_terminal, is_unicode};

/// A line that moves, and is gone when it is dropped.
pub struct Spinner {
    bar: ProgressBar,
    _quiet: Option<terminal::Quiet>,
}

impl Spinner {
    /// With the time since it began, and a message.
    pub fn new() -> Self {
        Self::styled("{spinner} {time:>6}  {wide_msg}", |style| style)
    }

    /// With further keys in its template.
    pub(super) fn styled(
        template: &str,
        keys: impl FnOnce(ProgressStyle) -> ProgressStyle,
    ) -> Self {
        if !is_full_terminal(&io::stderr()) {
            return Self {
                bar: ProgressBar::hidden(),
                _quiet: None,
            };
        }
        let ticks = if is_unicode() {
            "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏ "
        } else {
            "|/-\\ "
        };
        let style = ProgressStyle::with_template(template)
            .unwrap_or_else(|_| ProgressStyle::default_spinner())
            .tick_chars(ticks)
            .with_key(
                "time",
                |state: &ProgressState, out: &mut dyn std::fmt::Write| {
                    let _ = write!(out, "{:.1} s", state.elapsed().as_secs_f64());
                },
            );
        let bar = ProgressBar::new_spinner().with_style(keys(style));
        bar.enable_steady_tick(Duration::from_millis(120));
        Self {
            bar,
            _quiet: Some(terminal::Quiet::begin()),
        }
    }
}

impl Default for Spinner {
    fn default() -> Self {
        Self::new()
    }
}

impl Deref for Spinner {
    type Target = ProgressBar;

    fn deref(&self) -> &ProgressBar {
        &self.bar
    }
}

impl Drop for Spinner {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// Leaves the terminal as it was, for who ends the program at once.
pub fn leave_terminal() {
    terminal::restore();
}

#[cfg(unix)]
mod terminal {
    use std::io::stderr;
    use std::sync::{Mutex, PoisonError};

    use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

    static BEFORE: Mutex<Option<Termios>> = Mutex::new(None);

    /// While it is there, the terminal does not show Ctrl-C as `^C`: at the edge, where a spinner leaves
    /// the cursor, that would begin a line, and what is cleared then would be another one.
    pub struct Quiet(());

    impl Quiet {
        pub fn begin() -> Self {
            let mut before = BEFORE.lock().unwrap_or_else(PoisonError::into_inner);
            if before.is_none()
                && let Ok(modes) = tcgetattr(stderr())
            {
                let mut quiet = modes.clone();
                quiet.local_modes.remove(LocalModes::ECHOCTL);
                let _ = tcsetattr(stderr(), OptionalActions::Now, &quiet);
                *before = Some(modes);
            }
            Self(())
        }
    }

    impl Drop for Quiet {
        fn drop(&mut self) {
            restore();
        }
    }

    pub fn restore() {
        let mut before = BEFORE.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(modes) = before.take() {
            let _ = tcsetattr(stderr(), OptionalActions::Now, &modes);
        }
    }
}

#[cfg(not(unix))]
mod terminal {
    pub struct Quiet(());

    impl Quiet {
        pub fn begin() -> Self {
            Self(())
        }
    }

    pub fn restore() {}
}
