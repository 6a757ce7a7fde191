//! `pgagent notes`: the owner's definitions and rules.

use std::path::Path;

use super::{format_for, from_stdin, note, output, parts};
use crate::cli::NotesCommand;
use crate::config::{Config, Format};
use crate::error::{Error, Result};
use crate::render::{clean, to_json};
use crate::schema::Note;

/// Bytes of a note that is read from stdin.
const MAX_NOTE: usize = 100_000;

pub async fn run(config: &Config, command: &NotesCommand) -> Result<u8> {
    let knowledge = parts::knowledge(config)?;
    match command {
        NotesCommand::Add { text, name, always } => {
            let text = match text.as_deref() {
                Some(text) if text != "-" => text.to_owned(),
                _ => from_stdin("note", MAX_NOTE)?,
            };
            let first = text.lines().next().unwrap_or_default();
            let name = name.clone().unwrap_or_else(|| {
                first
                    .trim_start_matches('#')
                    .trim()
                    .chars()
                    .take(60)
                    .collect()
            });
            let kept = Note {
                name,
                text,
                always: *always,
            };
            knowledge.add_note(&kept).await?;
            note(format!("kept the note \"{}\"", clean(&kept.name)));
        }
        NotesCommand::List => list(config, &knowledge.notes().await?)?,
        NotesCommand::Remove { name } => {
            if !knowledge.remove_note(name).await? {
                return Err(Error::usage(format!("there is no note \"{name}\""))
                    .with_hint("`pgagent notes list` shows them"));
            }
            note(format!("removed the note \"{}\"", clean(name)));
        }
        NotesCommand::Import { files, always } => {
            let mut kept = 0;
            for file in files {
                for read in sections(file, *always)? {
                    knowledge.add_note(&read).await?;
                    kept += 1;
                }
            }
            note(format!("kept {kept} notes"));
        }
    }
    Ok(0)
}

fn list(config: &Config, notes: &[Note]) -> Result<()> {
    output(
        |out| match format_for(config.format, None, Format::Markdown) {
            Format::Json => to_json(out, &notes),
            _ => notes.iter().try_for_each(|note| {
                let always = if note.always { " (always)" } else { "" };
                writeln!(out, "{}{always}", clean(&note.name))?;
                note.text
                    .lines()
                    .try_for_each(|line| writeln!(out, "  {}", clean(line)))
            }),
        },
    )
}

/// A note for each section of a Markdown file, under the file's name and the section's heading.
fn sections(file: &Path, always: bool) -> Result<Vec<Note>> {
    let text = std::fs::read_to_string(file).map_err(|e| {
        Error::usage(format!("cannot read `{}`: {e}", file.display()))
            .with_hint("give Markdown files")
    })?;
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    Ok(split(&stem, &text, always))
}

fn split(file: &str, text: &str, always: bool) -> Vec<Note> {
    let mut notes: Vec<Note> = Vec::new();
    let mut in_code = false;
    let begin = |name: String| Note {
        name,
        text: String::new(),
        always,
    };
    notes.push(begin(file.to_owned()));
    for line in text.lines() {
        in_code ^= line.trim_start().starts_with("```");
        let heading = line
            .trim_start_matches('#')
            .strip_prefix(' ')
            .filter(|_| line.starts_with('#'));
        match heading.filter(|_| !in_code) {
            Some(heading) => notes.push(begin(format!("{file}: {}", heading.trim()))),
            None => {
                if let Some(note) = notes.last_mut() {
                    note.text.push_str(line);
                    note.text.push('\n');
                }
            }
        }
    }
    notes.retain(|note| !note.text.trim().is_empty());
    notes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_section_is_a_note() {
        let text = "Intro\n# Revenue\nnet of tax\n\n## Churn\nno order in 90 days\n```\n# not a heading\n```\n# Empty\n";
        let notes = split("glossary", text, true);
        let names: Vec<&str> = notes.iter().map(|n| n.name.as_str()).collect();
        assert_eq!(names, ["glossary", "glossary: Revenue", "glossary: Churn"]);
        assert_eq!(
            notes[2].text.trim(),
            "no order in 90 days\n```\n# not a heading\n```"
        );
        assert!(notes.iter().all(|n| n.always));
    }
}
