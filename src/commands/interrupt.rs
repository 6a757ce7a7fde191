//! Ctrl-C: whoever does something that it should stop says so; where nobody does, it ends the program.

use std::io::{self, Write};
use std::sync::Once;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::error::Error;
use crate::render;

static LISTENERS: AtomicUsize = AtomicUsize::new(0);
static PRESSED: AtomicBool = AtomicBool::new(false);
static WAITING: Notify = Notify::const_new();

/// While one is there, Ctrl-C is its holder's to heed. Pressed twice, it ends the program all the same.
pub struct Listening(());

impl Listening {
    pub fn begin() -> Self {
        if LISTENERS.fetch_add(1, Ordering::SeqCst) == 0 {
            PRESSED.store(false, Ordering::SeqCst);
        }
        Self(())
    }

    pub fn was_pressed(&self) -> bool {
        PRESSED.load(Ordering::SeqCst)
    }

    /// Waits for Ctrl-C.
    pub async fn pressed(&self) {
        watch();
        let waiting = WAITING.notified();
        if !self.was_pressed() {
            waiting.await;
        }
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        LISTENERS.fetch_sub(1, Ordering::SeqCst);
    }
}

/// From the first time that someone waits for it, Ctrl-C does not end the process by itself any more.
fn watch() {
    static STARTED: Once = Once::new();
    STARTED.call_once(|| {
        tokio::spawn(async {
            while tokio::signal::ctrl_c().await.is_ok() {
                let again = PRESSED.swap(true, Ordering::SeqCst);
                if again || LISTENERS.load(Ordering::SeqCst) == 0 {
                    render::leave_terminal();
                    if render::is_full_terminal(&io::stderr()) {
                        let _ = write!(io::stderr(), "\r\x1b[K");
                    }
                    std::process::exit(i32::from(Error::interrupted().exit_code()));
                }
                WAITING.notify_waiters();
            }
        });
    });
}

/// Runs `work`; Ctrl-C cancels it, on the server too, and waits for its end.
pub async fn until_ctrl_c<T>(cancel: &CancellationToken, work: impl Future<Output = T>) -> T {
    let listening = Listening::begin();
    tokio::pin!(work);
    tokio::select! {
        done = &mut work => done,
        () = listening.pressed() => {
            cancel.cancel();
            work.await
        }
    }
}

/// Runs `work`, which may be dropped at any time; Ctrl-C ends it.
pub async fn or_interrupted<T>(work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    let listening = Listening::begin();
    tokio::select! {
        done = work => done,
        () = listening.pressed() => Err(Error::interrupted()),
    }
}

/// A writer that stops in the middle of a long text when Ctrl-C is pressed.
pub struct Stopping<'a, W> {
    pub out: W,
    pub listening: &'a Listening,
}

impl<W: Write> Write for Stopping<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        /// What a terminal shows in a moment.
        const PIECE: usize = 8 << 10;
        if self.listening.was_pressed() {
            return Err(io::Error::other("interrupted"));
        }
        self.out.write(&bytes[..bytes.len().min(PIECE)])
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
