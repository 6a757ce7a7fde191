//! Files as tables: CSV, Parquet and JSON lines, loaded by COPY into an embedded database.
//!
//! Each file is read twice where its types do not stand in it: once to find them, once to load it, so
//! that memory does not grow with the file.

mod copy;
mod csv;
mod json;
mod kind;
mod name;
mod parquet;
mod source;

use std::path::{Path, PathBuf};

use sqlx::{AssertSqlSafe, SqlSafeStr};
use tokio::sync::mpsc;

use self::copy::CopyText;
use self::name::Names;
use self::source::{Form, Source};
use super::Embedded;
use super::cluster::{self, Cluster, ENGINE};
use crate::db::{DbError, Pool};
use crate::error::{Error, Result};
use crate::schema;
use crate::sql::quote_ident;

/// Columns of a Postgres table at the most.
const MAX_COLUMNS: usize = 1_600;

/// Bytes sent to the server at once.
const CHUNK: usize = 1 << 18;

/// How far loading is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Loading {
    /// The types of this file are looked for.
    Reading(PathBuf),
    Rows {
        table: String,
        rows: u64,
    },
    Loaded(LoadedTable),
}

/// A file that is a table now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadedTable {
    pub path: PathBuf,
    pub table: String,
    pub rows: u64,
    /// Names and types.
    pub columns: Vec<(String, String)>,
}

/// A column before it is made.
#[derive(Debug)]
struct Column {
    name: String,
    sql_type: String,
    /// As the file writes it, and the unit, where the name tells less.
    header: Option<String>,
}

impl Column {
    fn new(name: String, header: &str) -> Self {
        let header = header.trim();
        let tells_more = !header.is_empty() && header.to_lowercase().replace(' ', "_") != name;
        Self {
            name,
            sql_type: "text".to_owned(),
            header: tells_more.then(|| header.to_owned()),
        }
    }

    /// The values are of this unit, which they do not tell any more.
    fn is_in(&mut self, unit: char) {
        let header = self.header.take().unwrap_or_else(|| self.name.clone());
        self.header = Some(format!("{header}, in {unit}"));
    }
}

/// A file's rows.
trait Rows: Send {
    /// Appends the next row; false after the last.
    fn next(&mut self, out: &mut CopyText) -> Result<bool>;
}

/// Opens a database that holds `files` as tables: one that is thrown away, or that of the name `keep`,
/// in which tables of the same names are replaced.
///
/// # Errors
/// A file that cannot be read or is broken, a kept database that another process uses, or an embedded
/// server that does not start.
pub async fn files(
    files: &[PathBuf],
    keep: Option<&str>,
    progress: &(dyn Fn(Loading) + Sync),
) -> Result<Embedded> {
    // What is no table at all is said before a server is started.
    let sources = files
        .iter()
        .map(|path| Source::open(path))
        .collect::<Result<Vec<_>>>()?;
    let embedded = match keep {
        Some(name) => {
            super::temporary_folder()?;
            kept(name, files.is_empty())?
        }
        None => {
            let folder = super::temporary_folder()?;
            let cluster = Cluster::lock(folder.path(), "the database of the files")?;
            cluster.clear()?;
            Embedded::open("the database of the files", cluster, Some(folder))?
        }
    };
    let was_there = embedded.cluster.version().is_some();
    if let Err(error) = schema::setup(embedded.pool()).await {
        return match keep {
            Some(name) if was_there => Err(damaged(embedded, name, &error).await),
            _ => Err(error.into()),
        };
    }
    let mut names = Names::default();
    for source in sources {
        let table = names.unique(&name::of_file(source.name()));
        let loaded = load(embedded.pool(), source, table, progress).await?;
        progress(Loading::Loaded(loaded));
    }
    if keep.is_some() {
        embedded.settle().await;
        embedded.cluster.finish(ENGINE)?;
    }
    Ok(embedded)
}

/// The database that was or will be kept under this name.
fn kept(name: &str, must_exist: bool) -> Result<Embedded> {
    let plain = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    if name.is_empty() || !name.chars().all(plain) {
        return Err(
            Error::usage(format!("`{name}` is no name to keep a database under"))
                .with_hint("use letters, digits, `_` and `-`"),
        );
    }
    let folder = cluster::folders()?.data_local_dir().join("kept").join(name);
    if must_exist && !folder.exists() {
        return Err(
            Error::usage(format!("no database is kept under the name `{name}`"))
                .with_hint(format!("make it: --file PATH --keep {name}")),
        );
    }
    let cluster = Cluster::lock(&folder, &format!("the database kept as `{name}`"))?;
    match cluster.version() {
        Some(version) if version == ENGINE => {}
        _ if !must_exist => cluster.clear()?,
        _ => {
            return Err(Error::failed(format!(
                "the database kept as `{name}` was not finished, or was made by another version"
            ))
            .with_hint(format!("make it anew: --file PATH --keep {name}")));
        }
    }
    Embedded::open(&format!("the database kept as `{name}`"), cluster, None)
}

/// Why a database that was kept does not open. It is not made anew by itself: it may hold more than the
/// files at hand.
async fn damaged(embedded: Embedded, name: &str, error: &DbError) -> Error {
    let cluster = embedded.end().await;
    // A server without room ends as one with damaged files does.
    if let Err(full) = cluster.room() {
        return full;
    }
    tracing::debug!(%error, "the kept database does not open");
    let message = error.to_string();
    let why = message.lines().next().unwrap_or_default();
    Error::failed(format!(
        "the database kept as `{name}` does not open; its files may be damaged: {why}"
    ))
    .with_hint(format!(
        "remove `{}` and make it anew: --file PATH --keep {name}",
        cluster.folder().display()
    ))
}

async fn load(
    pool: &Pool,
    source: Source,
    table: String,
    progress: &(dyn Fn(Loading) + Sync),
) -> Result<LoadedTable> {
    let path = source.path.clone();
    progress(Loading::Reading(path.clone()));
    let (columns, rows) = blocking(&path, move || open(source)).await?;
    if columns.is_empty() {
        return Err(
            Error::failed(format!("`{}` has no columns", path.display()))
                .with_hint("a table needs a header at least"),
        );
    }
    if columns.len() > MAX_COLUMNS {
        return Err(Error::failed(format!(
            "`{}` has {} columns; a Postgres table has {MAX_COLUMNS} at the most",
            path.display(),
            columns.len()
        ))
        .with_hint("leave columns out, or turn them into rows of name and value"));
    }
    for column in &columns {
        tracing::info!("{table}.{} {}", column.name, column.sql_type);
    }
    let rows = copy(pool, &path, &table, &columns, rows, progress).await?;
    Ok(LoadedTable {
        path,
        table,
        rows,
        columns: columns.into_iter().map(|c| (c.name, c.sql_type)).collect(),
    })
}

fn open(source: Source) -> Result<(Vec<Column>, Box<dyn Rows>)> {
    Ok(match source.form {
        Form::Csv => {
            let (columns, rows) = csv::Csv::open(source)?;
            (columns, Box::new(rows))
        }
        Form::Json => {
            let (columns, rows) = json::Json::open(source)?;
            (columns, Box::new(rows))
        }
        Form::Parquet => {
            let (columns, rows) = parquet::Parquet::open(source)?;
            (columns, Box::new(rows))
        }
    })
}

/// Reading and parsing block, and a library may panic on a file that it does not foresee.
async fn blocking<T: Send + 'static>(
    path: &Path,
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(_) => Err(Error::failed(format!(
            "`{}` holds something that cannot be read",
            path.display()
        ))),
    }
}

/// Makes the table and sends the rows, while the next ones are parsed.
async fn copy(
    pool: &Pool,
    path: &Path,
    table: &str,
    columns: &[Column],
    mut rows: Box<dyn Rows>,
    progress: &(dyn Fn(Loading) + Sync),
) -> Result<u64> {
    let mut connection = pool.get().await?;
    let db = connection.as_mut()?;
    // One transaction: a file that breaks off leaves no half of a table.
    sqlx::raw_sql(AssertSqlSafe(create(path, table, columns)).into_sql_str())
        .execute(&mut *db)
        .await
        .map_err(DbError::from)?;
    let (send, mut receive) = mpsc::channel::<(Vec<u8>, u64)>(8);
    let parsing = tokio::spawn({
        let path = path.to_owned();
        async move {
            blocking(&path, move || {
                let mut out = CopyText::default();
                let mut count = 0;
                while rows.next(&mut out)? {
                    count += 1;
                    if out.len() >= CHUNK && send.blocking_send((out.take(), count)).is_err() {
                        return Ok(count);
                    }
                }
                let _ = send.blocking_send((out.take(), count));
                Ok(count)
            })
            .await
        }
    });
    let statement = format!("COPY {} FROM STDIN", quote_ident(table));
    let mut copying = db
        .copy_in_raw(&statement)
        .await
        .map_err(|e| refused(path, e))?;
    while let Some((chunk, rows)) = receive.recv().await {
        copying.send(chunk).await.map_err(|e| refused(path, e))?;
        progress(Loading::Rows {
            table: table.to_owned(),
            rows,
        });
    }
    let count = match parsing.await {
        Ok(Ok(count)) => count,
        Ok(Err(error)) => {
            let _ = copying.abort("the file is broken").await;
            return Err(error);
        }
        Err(error) => return Err(Error::failed(error)),
    };
    copying.finish().await.map_err(|e| refused(path, e))?;
    let end = format!(
        "COMMIT; {}; ANALYZE {}",
        key(table, columns),
        quote_ident(table)
    );
    sqlx::raw_sql(AssertSqlSafe(end).into_sql_str())
        .execute(db)
        .await
        .map_err(DbError::from)?;
    connection.give_back();
    Ok(count)
}

fn create(path: &Path, table: &str, columns: &[Column]) -> String {
    // Postgres has no text with a zero in it.
    let quoted = |text: &str| format!("'{}'", text.replace('\0', "").replace('\'', "''"));
    let table = quote_ident(table);
    let list: Vec<String> = columns
        .iter()
        .map(|column| format!("{} {}", quote_ident(&column.name), column.sql_type))
        .collect();
    let file = path.file_name().unwrap_or_default().to_string_lossy();
    let mut sql = format!(
        "BEGIN; DROP TABLE IF EXISTS {table} CASCADE; CREATE TABLE {table} ({}); COMMENT ON TABLE {table} IS {}",
        list.join(", "),
        quoted(&format!("Rows of {file}"))
    );
    for column in columns {
        if let Some(header) = &column.header {
            sql += &format!(
                "; COMMENT ON COLUMN {table}.{} IS {}",
                quote_ident(&column.name),
                quoted(header)
            );
        }
    }
    sql
}

fn refused(path: &Path, error: sqlx::Error) -> Error {
    let error = DbError::from(error);
    Error::failed(format!("`{}` cannot be loaded: {error}", path.display()))
}

/// The statement that makes the first column the key, where its name says that it is one and its values
/// agree: joins are then known in one direction.
fn key(table: &str, columns: &[Column]) -> String {
    let first = match columns.first() {
        Some(column) if column.name == "id" || column.name.ends_with("_id") => column,
        _ => return "SELECT 1".to_owned(),
    };
    format!(
        "DO $key$ BEGIN ALTER TABLE {} ADD PRIMARY KEY ({}); EXCEPTION WHEN OTHERS THEN NULL; END $key$",
        quote_ident(table),
        quote_ident(&first.name)
    )
}
