//! The server's process. The parent starts it, reads where it listens, and holds its standard input:
//! when that ends, however the parent ended, the server ends too.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use async_trait::async_trait;
use pglite_oxide::{PgliteServer, extensions};
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::Mutex;

use crate::db::{DbError, OwnServer};

/// The hidden subcommand that runs [`serve`].
pub const SUBCOMMAND: &str = "embedded-server";

/// The number in a socket's name.
const SOCKET_NUMBER: u16 = 5432;

/// What Unix says of a full disk.
const NO_SPACE: &str = "No space left on device";

/// Time for the server's first answer. The very first start on a machine unpacks its files.
const START_TIMEOUT: Duration = Duration::from_secs(60);

/// Time for an orderly end: the last checkpoint.
const END_TIMEOUT: Duration = Duration::from_secs(5);

/// A cluster's server, started when it is first needed and again after [`OwnServer::stop`].
pub struct Server {
    name: String,
    root: PathBuf,
    program: PathBuf,
    throw_away: bool,
    /// Stands in for a cache folder that cannot be written, as long as the database is to be thrown away.
    cache: Option<TempDir>,
    running: Mutex<Option<Running>>,
}

struct Running {
    child: Child,
    /// Its end tells the server to end.
    stdin: ChildStdin,
    options: PgConnectOptions,
    /// Only its owner may enter the folder of the socket.
    _socket: Option<TempDir>,
}

impl Server {
    /// `name` is for messages and for what is stored about the database. What is to be thrown away, the
    /// server itself removes when this process is killed.
    pub fn new(name: &str, root: &Path, throw_away: bool) -> std::io::Result<Self> {
        let cache = if throw_away && !cache_is_writable() {
            Some(tempfile::Builder::new().prefix("pgagent-").tempdir()?)
        } else {
            None
        };
        Ok(Self {
            name: name.to_owned(),
            cache,
            throw_away,
            root: root.to_owned(),
            program: std::env::current_exe()?,
            running: Mutex::default(),
        })
    }

    async fn start(&self) -> Result<Running, DbError> {
        let failed = |reason: String| DbError::Own {
            name: self.name.clone(),
            reason,
        };
        let mut command = Command::new(&self.program);
        command.arg(SUBCOMMAND).arg(&self.root);
        if self.throw_away {
            command.arg("--throw-away");
        }
        let socket = if cfg!(unix) {
            let folder = tempfile::Builder::new()
                .prefix("pgagent-")
                .tempdir()
                .map_err(|e| failed(format!("no folder for its socket: {e}")))?;
            command.arg(folder.path());
            Some(folder)
        } else {
            None
        };
        let log = std::fs::File::create(self.root.join("server.log"))
            .map_err(|e| failed(format!("`{}` cannot be written: {e}", self.root.display())))?;
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .kill_on_drop(true)
            // The server's own libraries read it; what they say goes to the log.
            .env_remove("RUST_LOG");
        if let Some(cache) = &self.cache {
            command.env("XDG_CACHE_HOME", cache.path());
        }
        // Ctrl-C is for the parent, which then ends the server as it needs to.
        #[cfg(unix)]
        command.process_group(0);
        let mut child = command.spawn().map_err(|e| {
            failed(format!(
                "`{}` cannot be started: {e}",
                self.program.display()
            ))
        })?;
        let (Some(stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(failed("its process has no pipes".to_owned()));
        };
        let mut line = String::new();
        let mut stdout = BufReader::new(stdout);
        let read = tokio::time::timeout(START_TIMEOUT, stdout.read_line(&mut line)).await;
        match (read, line.trim_end().split_once(' ')) {
            (Ok(Ok(_)), Some(("listening", port))) => Ok(Running {
                child,
                stdin,
                options: options(socket.as_ref().map(TempDir::path), port.parse().ok()),
                _socket: socket,
            }),
            (Ok(Ok(_)), Some(("failed", reason))) if reason.contains(NO_SPACE) => {
                tracing::debug!(reason, "no room to unpack");
                Err(failed("no space is left in the cache folder".to_owned()))
            }
            (Ok(Ok(_)), Some(("failed", reason))) => Err(failed(reason.to_owned())),
            (Err(_), _) => {
                let _ = child.start_kill();
                Err(failed(format!(
                    "it did not start within {} s",
                    START_TIMEOUT.as_secs()
                )))
            }
            _ => Err(failed(format!(
                "its process ended; see `{}`",
                self.root.join("server.log").display()
            ))),
        }
    }

    /// Lets the server finish what it writes. Connections must be closed before.
    pub async fn close(&self) {
        if let Some(Running {
            mut child, stdin, ..
        }) = self.running.lock().await.take()
        {
            drop(stdin);
            if tokio::time::timeout(END_TIMEOUT, child.wait())
                .await
                .is_err()
            {
                let _ = child.kill().await;
            }
        }
    }
}

#[async_trait]
impl OwnServer for Server {
    fn name(&self) -> &str {
        &self.name
    }

    async fn options(&self) -> Result<PgConnectOptions, DbError> {
        let mut running = self.running.lock().await;
        // It may have ended by itself: out of memory, or killed from outside.
        if let Some(server) = running.as_mut()
            && matches!(server.child.try_wait(), Ok(None))
        {
            return Ok(server.options.clone());
        }
        let started = self.start().await?;
        let options = started.options.clone();
        *running = Some(started);
        Ok(options)
    }

    async fn stop(&self) {
        if let Some(mut running) = self.running.lock().await.take() {
            let _ = running.child.kill().await;
        }
    }
}

/// Whether the server can unpack itself where it does.
fn cache_is_writable() -> bool {
    let Ok(folders) = super::cluster::folders() else {
        return false;
    };
    let folder = folders.cache_dir();
    std::fs::create_dir_all(folder).is_ok() && tempfile::tempfile_in(folder).is_ok()
}

/// The way to the server: by a socket in the folder, or else by a port of this machine.
fn options(socket: Option<&Path>, port: Option<u16>) -> PgConnectOptions {
    let options = PgConnectOptions::new_without_pgpass()
        .username("postgres")
        .database("template1")
        .ssl_mode(PgSslMode::Disable)
        .port(port.unwrap_or(SOCKET_NUMBER));
    match socket {
        Some(folder) => options.socket(folder),
        None => options.host("127.0.0.1"),
    }
}

/// The server's side: serves the cluster in `root` until standard input ends. Writes one line to
/// standard output: `listening PORT`, or `failed REASON`.
///
/// # Errors
/// Standard output is gone.
pub fn serve(
    root: &Path,
    socket: Option<&Path>,
    out: &mut dyn std::io::Write,
) -> std::io::Result<()> {
    let server = match start(root, socket) {
        Ok(server) => server,
        Err(error) => {
            let reason = format!("{error:#}").replace('\n', " ");
            writeln!(out, "failed {reason}")?;
            return out.flush();
        }
    };
    let port = server.tcp_addr().map_or(SOCKET_NUMBER, |at| at.port());
    writeln!(out, "listening {port}")?;
    out.flush()?;
    let mut rest = Vec::new();
    let _ = std::io::stdin().read_to_end(&mut rest);
    // A query under way would keep the server from ending; nobody waits for it any more.
    let ending = std::thread::spawn(move || server.shutdown());
    let deadline = std::time::Instant::now() + END_TIMEOUT;
    while !ending.is_finished() && std::time::Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(5));
    }
    Ok(())
}

fn start(root: &Path, socket: Option<&Path>) -> anyhow::Result<PgliteServer> {
    let server = PgliteServer::builder()
        .path(root)
        .extension(extensions::VECTOR)
        .extension(extensions::PG_TRGM);
    #[cfg(unix)]
    let server = match socket {
        Some(folder) => server.unix(folder.join(format!(".s.PGSQL.{SOCKET_NUMBER}"))),
        None => server,
    };
    #[cfg(not(unix))]
    let _ = socket;
    server.start()
}
