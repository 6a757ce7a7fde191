//! Postgres inside the binary: a cluster in the cache folder, served by a second process of this program.
//!
//! The server runs in a process of its own because it cannot be interrupted: it knows no
//! `statement_timeout` and no cancel request. A query that takes too long is ended with its process,
//! and the next one starts another. It serves one connection at a time.
//!
//! | file | job |
//! |---|---|
//! | `server.rs` | the process: start, stop, serve |
//! | `cluster.rs` | a cluster's folder: lock, version, making and remaking |
//! | `demo.rs` | the sample database |
//! | `files/` | CSV, Parquet and JSON lines as tables |

mod cluster;
mod demo;
mod files;
mod server;

pub use demo::{QUESTIONS, demo};
pub use files::{LoadedTable, Loading, files};
pub use server::{SUBCOMMAND, serve};

use std::sync::Arc;

use tempfile::TempDir;

use self::cluster::Cluster;
use self::server::Server;
use crate::db::{OwnServer as _, Pool};
use crate::error::{Error, Result};

/// An embedded database that is open. Its folder is locked, and its server runs, until this is dropped.
pub struct Embedded {
    pool: Pool,
    server: Arc<Server>,
    cluster: Cluster,
    /// Removed at the end, after the server.
    _folder: Option<TempDir>,
}

/// A folder for the socket, or for what is to be thrown away.
///
/// # Errors
/// None can be made.
fn temporary_folder() -> Result<TempDir> {
    let folder = tempfile::Builder::new().prefix("pgagent-").tempdir();
    folder.map_err(|e| {
        Error::failed(format!("no temporary folder can be made: {e}"))
            .with_hint("make room there, or set TMPDIR to a folder that can be written")
    })
}

impl Embedded {
    fn open(name: &str, cluster: Cluster, folder: Option<TempDir>) -> Result<Self> {
        let server = Server::new(name, &cluster.root(), folder.is_some())
            .map_err(|e| Error::failed(format!("this program does not find itself: {e}")))?;
        let server = Arc::new(server);
        Ok(Self {
            pool: Pool::own(server.clone()),
            server,
            cluster,
            _folder: folder,
        })
    }

    /// The pool of its one connection.
    pub fn pool(&self) -> &Pool {
        &self.pool
    }

    /// Ends the server; lets it write what is to be kept.
    pub async fn close(self) {
        match &self._folder {
            Some(_) => self.server.stop().await,
            None => self.settle().await,
        }
    }

    /// Ends the server, so that all is written; the next query starts it again.
    async fn settle(&self) {
        self.pool.close().await;
        self.server.close().await;
    }

    /// Ends the server; gives the cluster's folder.
    async fn end(self) -> Cluster {
        self.settle().await;
        self.cluster
    }
}
