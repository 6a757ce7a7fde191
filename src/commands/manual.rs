//! Completions for shells, and man pages.

use std::path::Path;

use clap::CommandFactory;
use clap_complete::Shell;

use super::{note, output};
use crate::cli::Cli;
use crate::error::{Error, Result};

pub fn completions(shell: Shell) -> Result<u8> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "pgagent", &mut text);
    output(|out| out.write_all(&text))?;
    Ok(0)
}

pub fn pages(folder: &Path) -> Result<u8> {
    std::fs::create_dir_all(folder)
        .and_then(|()| clap_mangen::generate_to(Cli::command(), folder))
        .map_err(|e| {
            Error::failed(format!(
                "cannot write man pages to `{}`: {e}",
                folder.display()
            ))
            .with_hint("choose a folder that may be written to")
        })?;
    note(format!("man pages written to {}", folder.display()));
    Ok(0)
}
