//! `pgagent search`.

use super::{format_for, note, output, parts};
use crate::config::{Config, Format};
use crate::error::Result;
use crate::render;
use crate::schema::SchemaIndex;

pub async fn run(config: &Config, question: &str) -> Result<u8> {
    let database = parts::database(config)?;
    let index = parts::schema_index(config, &database, parts::embedder(config)?)?
        .knowing(parts::knowledge(config)?);
    let found = index.retrieve(question).await?;
    for notice in &found.notices {
        note(format!("note: {notice}"));
    }
    output(
        |out| match format_for(config.format, None, Format::Markdown) {
            Format::Json => render::search_json(out, question, &found),
            _ => render::search_text(out, &found),
        },
    )?;
    Ok(0)
}
