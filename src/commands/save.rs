//! Files that a run leaves: written beside their place and then moved there, so that none is ever half
//! written.

use std::fs::{File, Permissions};
use std::io::{self, Write};
use std::path::Path;

use crate::agent::Answer;
use crate::config::Format;
use crate::error::{Error, Result};
use crate::render::{self, Look};

/// Writes a file whole or not at all. A device or a pipe is written to as it is: it holds nothing that
/// could be half written, and must not be replaced by a file.
pub fn write(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<()> {
    let done = match std::fs::metadata(path) {
        Ok(there) if !there.is_file() => File::options()
            .write(true)
            .open(path)
            .and_then(|file| filled(file, write).map(drop)),
        there => whole(path, there.ok().map(|there| there.permissions()), write),
    };
    done.map_err(|e| {
        Error::failed(format!("cannot write `{}`: {e}", path.display()))
            .with_hint("check that the folder is there, may be written to, and has room")
    })
}

/// Beside its place, on the disk, and then moved there.
fn whole(
    path: &Path,
    permissions: Option<Permissions>,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    // What a link points to is replaced, not the link.
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut builder = tempfile::Builder::new();
    // A temporary file is for its owner alone; a result is like any other file, or like the one before.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = filled(builder.tempfile_in(folder)?, write)?;
    if let Some(permissions) = permissions {
        file.as_file().set_permissions(permissions)?;
    }
    file.flush()?;
    file.as_file().sync_data()?;
    file.persist(&path).map_err(|e| e.error)?;
    Ok(())
}

fn filled<W: Write>(
    file: W,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<W> {
    let mut out = io::BufWriter::new(file);
    write(&mut out)?;
    out.into_inner().map_err(io::IntoInnerError::into_error)
}

/// Adds a turn to the session's folder: `NN.json` (everything), `NN.sql`, `NN.csv` (the rows), and at the
/// end of `conversation.md` question and answer with their cost.
pub fn turn(folder: &Path, answer: &Answer) -> Result<()> {
    let folder = folder.join(&answer.session_id);
    std::fs::create_dir_all(&folder).map_err(|e| {
        Error::failed(format!(
            "cannot make the folder `{}`: {e}",
            folder.display()
        ))
        .with_hint("choose another one with `--save`")
    })?;
    let number = (1..)
        .find(|n| !folder.join(format!("{n:02}.json")).exists())
        .unwrap_or(1);
    let file = |ending: &str| folder.join(format!("{number:02}.{ending}"));
    let form =
        |format| move |out: &mut dyn Write| render::answer(out, answer, format, &Look::PLAIN);
    write(&file("sql"), |out| {
        render::statements(out, answer, &Look::PLAIN)
    })?;
    if answer.table().is_some() {
        write(&file("csv"), form(Format::Csv))?;
    }
    let conversation = folder.join("conversation.md");
    let before = std::fs::read_to_string(&conversation).unwrap_or_default();
    write(&conversation, |out| {
        write!(out, "{before}")?;
        writeln!(out, "## {number}. {}\n", answer.question)?;
        render::answer(out, answer, Format::Markdown, &Look::PLAIN)?;
        writeln!(
            out,
            "\n{}, {:.1} s\n",
            render::spent(&answer.model, &answer.usage),
            answer.timings.total.as_secs_f64()
        )
    })?;
    // Last: its presence says that the turn is whole.
    write(&file("json"), form(Format::Json))
}
