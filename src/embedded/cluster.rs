//! A cluster's folder: who uses it, whether what is in it was finished, and by which version.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use directories::ProjectDirs;

use crate::error::{Error, Result};

/// The embedded server's own version: its clusters open with no other.
pub const ENGINE: &str = "PostgreSQL 17.5, pglite-oxide 0.5.1";

/// Words that text search passes over: the one file of the `english` configuration that the engine lacks.
const STOP_WORDS: &str = include_str!("english.stop");
const STOP_WORDS_FOLDER: &str = "tmp/pglite/share/postgresql/tsearch_data";

/// Bytes that a server needs to start and to answer.
const ROOM: usize = 1 << 20;

/// Time for a server that was just stopped to let its files go.
const RELEASE_TIMEOUT: Duration = Duration::from_secs(5);

/// A folder with a cluster in it, locked against other processes until it is dropped.
pub struct Cluster {
    folder: PathBuf,
    _lock: File,
}

impl Cluster {
    /// Locks `folder`, making it where it is missing.
    ///
    /// # Errors
    /// Another process has it, or it cannot be written.
    pub fn lock(folder: &Path, what: &str) -> Result<Self> {
        fs::create_dir_all(folder).map_err(|e| unwritable(folder, &e))?;
        let lock = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(folder.join("lock"))
            .map_err(|e| unwritable(folder, &e))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let pid = fs::read_to_string(folder.join("pid")).unwrap_or_default();
                let other = match pid.trim() {
                    "" => "another process".to_owned(),
                    pid => format!("process {pid}"),
                };
                return Err(Error::failed(format!("{what} is in use by {other}"))
                    .with_hint("it takes one program at a time: end the other, or wait for it"));
            }
            Err(TryLockError::Error(e)) => return Err(unwritable(folder, &e)),
        }
        // Beside the lock, not in it: a locked file cannot be read everywhere.
        fs::write(folder.join("pid"), std::process::id().to_string())
            .map_err(|e| unwritable(folder, &e))?;
        Ok(Self {
            folder: folder.to_owned(),
            _lock: lock,
        })
    }

    /// The folder, with the lock in it.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where the server keeps its files.
    pub fn root(&self) -> PathBuf {
        self.folder.join("cluster")
    }

    /// What [`Cluster::finish`] was told, if the cluster was ever finished.
    pub fn version(&self) -> Option<String> {
        fs::read_to_string(self.folder.join("version")).ok()
    }

    /// Begins anew with an empty folder.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn clear(&self) -> Result<()> {
        // The version goes first: a folder half removed is not a finished one.
        let stop_words = self.root().join(STOP_WORDS_FOLDER);
        remove(|| fs::remove_file(self.folder.join("version")))
            .and_then(|()| remove(|| fs::remove_dir_all(self.root())))
            .and_then(|()| fs::create_dir_all(&stop_words))
            .and_then(|()| fs::write(stop_words.join("english.stop"), STOP_WORDS))
            .map_err(|e| unwritable(&self.folder, &e))
    }

    /// Finds out whether there is room for a server to work in.
    ///
    /// # Errors
    /// The folder cannot be written, or what it lies on is full.
    pub fn room(&self) -> Result<()> {
        let probe = self.folder.join("room");
        let written = fs::write(&probe, vec![0; ROOM]);
        let _ = fs::remove_file(&probe);
        written.map_err(|e| unwritable(&self.folder, &e))
    }

    /// Marks the cluster as whole.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn finish(&self, version: &str) -> Result<()> {
        let new = self.folder.join("version.new");
        fs::write(&new, version)
            .and_then(|()| fs::rename(&new, self.folder.join("version")))
            .map_err(|e| unwritable(&self.folder, &e))
    }
}

/// The platform's folders of this program.
///
/// # Errors
/// The platform knows no home folder.
pub fn folders() -> Result<ProjectDirs> {
    ProjectDirs::from("", "", "pgagent").ok_or_else(|| {
        Error::failed("there is no home folder to keep the embedded database in")
            .with_hint("set HOME")
    })
}

/// Nothing there is fine; a folder that a server is still writing to is tried again.
fn remove(mut attempt: impl FnMut() -> io::Result<()>) -> io::Result<()> {
    let deadline = Instant::now() + RELEASE_TIMEOUT;
    loop {
        match attempt() {
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(e) if e.kind() == io::ErrorKind::DirectoryNotEmpty && Instant::now() < deadline => {
                std::thread::sleep(Duration::from_millis(10));
            }
            done => return done,
        }
    }
}

fn unwritable(folder: &Path, error: &io::Error) -> Error {
    let error = match error.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "it cannot be written".to_owned()
        }
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "it is full".to_owned(),
        _ => error.to_string(),
    };
    Error::failed(format!(
        "the embedded database cannot be kept in `{}`: {error}",
        folder.display()
    ))
    .with_hint(if cfg!(target_os = "linux") {
        // What is to be kept is no cache.
        let kept = folders().is_ok_and(|f| folder.starts_with(f.data_local_dir()));
        let variable = if kept {
            "XDG_DATA_HOME"
        } else {
            "XDG_CACHE_HOME"
        };
        format!(
            "make room there or mend its rights, or set {variable} to a folder that can be written"
        )
    } else {
        "make room there or mend its rights".to_owned()
    })
}
