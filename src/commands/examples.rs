//! `pgagent examples`: verified questions and their SQL.

use std::path::Path;

use super::{format_for, from_stdin, note, output, parts};
use crate::agent::{Answer, Outcome};
use crate::cli::ExamplesCommand;
use crate::config::{Config, Format};
use crate::error::{Error, Result};
use crate::render::{clean, to_json};
use crate::schema::{Example, Knowledge};
use crate::sql;

pub async fn run(config: &Config, command: &ExamplesCommand) -> Result<u8> {
    let knowledge = parts::knowledge(config)?;
    match command {
        ExamplesCommand::Add { question, sql } => {
            let sql = match sql.as_deref() {
                Some(sql) if sql != "-" => sql.to_owned(),
                _ => from_stdin("query", sql::MAX_BYTES)?,
            };
            let example = knowledge.add_example(question, &sql).await?;
            note(format!("kept as example {}", example.id));
        }
        ExamplesCommand::List => list(config, &knowledge.recheck_all().await?)?,
        ExamplesCommand::Remove { id } => {
            if !knowledge.remove_example(*id).await? {
                return Err(Error::usage(format!("there is no example {id}"))
                    .with_hint("`pgagent examples list` shows them"));
            }
            note(format!("removed example {id}"));
        }
        ExamplesCommand::Export { file } => export(&knowledge.examples().await?, file.as_deref())?,
        ExamplesCommand::Import { file } => import(&knowledge, file).await?,
    }
    Ok(0)
}

/// Keeps the question and SQL of an answer, for `/save`.
pub async fn save(config: &Config, answer: &Answer) -> Result<()> {
    let with_sql: Vec<&str> = answer.steps.iter().filter_map(|s| s.step.query()).collect();
    let (Outcome::Answered, [sql]) = (&answer.outcome, with_sql.as_slice()) else {
        return Err(
            Error::usage("only an answer from one SQL statement can be saved").with_hint(
                "write the statement yourself: pgagent examples add \"QUESTION\" \"SELECT …\"",
            ),
        );
    };
    let example = parts::knowledge(config)?
        .add_example(&answer.question, sql)
        .await?;
    note(format!(
        "kept as example {}; it answers this question from now on",
        example.id
    ));
    Ok(())
}

fn list(config: &Config, examples: &[Example]) -> Result<()> {
    output(
        |out| match format_for(config.format, None, Format::Markdown) {
            Format::Json => to_json(out, &examples),
            _ => examples.iter().try_for_each(|example| {
                writeln!(
                    out,
                    "{:>4}  {}\n      {}",
                    example.id,
                    clean(&example.question),
                    clean(&example.sql)
                )?;
                match &example.problem {
                    Some(problem) => writeln!(out, "      set aside: {}", clean(problem)),
                    None => Ok(()),
                }
            }),
        },
    )
}

fn export(examples: &[Example], file: Option<&Path>) -> Result<()> {
    let write = |out: &mut dyn std::io::Write| {
        examples.iter().try_for_each(|example| {
            let line = serde_json::json!({"question": example.question, "sql": example.sql});
            writeln!(out, "{line}")
        })
    };
    match file {
        Some(file) => super::save::write(file, write),
        None => output(write),
    }
}

async fn import(knowledge: &Knowledge, file: &Path) -> Result<()> {
    let text = std::fs::read_to_string(file).map_err(|e| {
        Error::usage(format!("cannot read `{}`: {e}", file.display()))
            .with_hint("give a file that `pgagent examples export` wrote")
    })?;
    let (mut kept, mut failed) = (0, 0);
    for (number, line) in text
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty())
    {
        let example: Example = serde_json::from_str(line).map_err(|e| {
            Error::usage(format!("`{}`, line {}: {e}", file.display(), number + 1))
                .with_hint("each line is {\"question\": \"…\", \"sql\": \"SELECT …\"}")
        })?;
        match knowledge.add_example(&example.question, &example.sql).await {
            Ok(_) => kept += 1,
            Err(error) => {
                failed += 1;
                note(format!("warning: line {} is left out: {error}", number + 1));
            }
        }
    }
    note(format!("kept {kept} examples"));
    if failed > 0 {
        return Err(
            Error::failed(format!("{failed} examples do not hold on this database"))
                .with_hint("mend their SQL, or import those that hold"),
        );
    }
    Ok(())
}
