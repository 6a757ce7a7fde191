//! What was found, as the text that is put before the planner, within its budget.

use super::chunk::{Chunk, ChunkKind, one_line};
use super::rank::Found;
use super::{Binding, Example, Note, Recalled, Retrieved, RetrievedChunk, RetrievedTable};
use crate::config::Share;
use crate::llm::estimate_tokens;
use crate::sql::{ValueName, masked, quote_ident};

/// Characters of a value and of an example's question that are shown.
const MAX_VALUE: usize = 100;
const MAX_EXAMPLE: usize = 500;

/// Tokens of all tables' texts.
pub fn tokens(chunks: &[Chunk]) -> usize {
    chunks
        .iter()
        .filter(|chunk| chunk.kind == ChunkKind::Table)
        .map(|chunk| estimate_tokens(&chunk.content) + 1)
        .sum()
}

/// The tables' texts; they carry their foreign keys, so relationships are not said twice.
fn joined<'a>(tables: impl Iterator<Item = &'a str>) -> String {
    tables.collect::<Vec<_>>().join("\n\n")
}

/// Every table in the catalog's order, and what was found in the order of the ranking.
pub fn whole(chunks: &[Chunk], ranked: &[Found]) -> Retrieved {
    let tables = || chunks.iter().filter(|c| c.kind == ChunkKind::Table);
    let mut out = Retrieved {
        schema: joined(tables().map(|c| c.content.as_str())),
        bare: joined(tables().map(|c| c.bare.as_str())),
        whole: true,
        ..Retrieved::default()
    };
    for found in ranked {
        out.push(found);
    }
    out
}

/// The best that fits the budget, and the relationships among it.
pub fn within(budget: usize, ranked: &[Found]) -> Retrieved {
    let mut out = Retrieved::default();
    let mut used = 0;
    let mut bare = Vec::new();
    for table in ranked.iter().filter(|f| f.kind == ChunkKind::Table) {
        let tokens = estimate_tokens(&table.content) + 1;
        // The first stands even alone over the budget: a planner without any table has nothing to plan.
        if used + tokens > budget && used > 0 {
            continue;
        }
        used += tokens;
        bare.push(table.bare.as_deref());
        out.push(table);
    }
    out.schema = joined(out.chunks.iter().map(|c| c.content.as_str()));
    // All or nothing: a table that were left out could not be asked about.
    let bare: Option<Vec<&str>> = bare.into_iter().collect();
    out.bare = joined(bare.unwrap_or_default().into_iter());
    let has = |out: &Retrieved, full_name: &str| {
        out.tables.iter().any(|t| {
            full_name
                .strip_prefix(t.schema.as_str())
                .and_then(|n| n.strip_prefix('.'))
                == Some(&t.name)
        })
    };
    for relationship in ranked.iter().filter(|f| f.kind == ChunkKind::Relationship) {
        if has(&out, &relationship.schema) && has(&out, &relationship.table) {
            out.push(relationship);
        }
    }
    out
}

impl Retrieved {
    /// The schema as far as it may be told; nothing of one that cannot be told without values.
    pub fn schema_text(&self, share: Share) -> &str {
        match share {
            Share::None => &self.bare,
            // What came from elsewhere may have the one and not the other.
            Share::Rows | Share::Shape if self.schema.is_empty() => &self.context,
            Share::Rows | Share::Shape => &self.schema,
        }
    }

    /// Values that the question names, as the data spells them, or their numbers where that may not be told.
    pub fn values_text(&self, share: Share) -> String {
        let line = |(at, b): (usize, &Binding)| {
            let column = format!(
                "{}.{}.{}",
                quote_ident(&b.schema),
                quote_ident(&b.table),
                quote_ident(&b.column)
            );
            if share == Share::None {
                return format!(
                    "\"{}\" may be a value of {column}: {}",
                    b.phrase,
                    ValueName::Number(at + 1)
                );
            }
            let value = one_line(&b.value, MAX_VALUE).replace('\'', "''");
            let how = if b.similarity < 1.0 {
                " (spelt alike)"
            } else {
                ""
            };
            format!("\"{}\" may mean {column} = '{value}'{how}", b.phrase)
        };
        self.bindings
            .iter()
            .enumerate()
            .map(line)
            .collect::<Vec<_>>()
            .join("\n")
    }

    /// Questions that were answered well, with their SQL.
    pub fn examples_text(&self, share: Share) -> String {
        let text = |e: &Example| {
            let sql = match share {
                Share::Rows | Share::Shape => e.sql.clone(),
                Share::None => masked(&e.sql),
            };
            format!("Q: {}\nSQL: {sql}", one_line(&e.question, MAX_EXAMPLE))
        };
        self.recalled
            .examples
            .iter()
            .map(text)
            .collect::<Vec<_>>()
            .join("\n\n")
    }

    /// The owner's definitions and rules.
    pub fn notes_text(&self) -> String {
        let text = |n: &Note| match n.text.starts_with(&n.name) {
            true => n.text.clone(),
            false => format!("{}: {}", n.name, n.text),
        };
        self.recalled
            .notes
            .iter()
            .map(text)
            .collect::<Vec<_>>()
            .join("\n\n")
    }

    /// Puts what is known beside the schema into the context and the chunks.
    pub(super) fn complete(&mut self, bindings: Vec<Binding>, recalled: Recalled, share: Share) {
        self.bindings = bindings;
        self.recalled = recalled;
        let mut sections = vec![self.schema_text(share).to_owned()];
        for (heading, text) in [
            ("Values", self.values_text(share)),
            ("Verified examples", self.examples_text(share)),
            ("Notes", self.notes_text()),
        ] {
            if !text.is_empty() {
                sections.push(format!("{heading}:\n{text}"));
            }
        }
        self.context = sections.join("\n\n");
        self.context_tokens = estimate_tokens(&self.context);
        let chunk = |kind: &str, name: String, content: String, score: f64| RetrievedChunk {
            kind: kind.to_owned(),
            name,
            content,
            score,
        };
        let values = self.bindings.iter().map(|b| {
            let name = format!("{}.{}.{}", b.schema, b.table, b.column);
            chunk("value", name, b.value.clone(), b.similarity)
        });
        let examples = self.recalled.examples.iter();
        let examples = examples.map(|e| chunk("example", e.question.clone(), e.sql.clone(), 1.0));
        let notes = self.recalled.notes.iter();
        let notes = notes.map(|n| chunk("note", n.name.clone(), n.text.clone(), 1.0));
        let more: Vec<RetrievedChunk> = values.chain(examples).chain(notes).collect();
        self.chunks.extend(more);
    }

    fn push(&mut self, found: &Found) {
        let known =
            |table: &RetrievedTable| table.schema == found.schema && table.name == found.table;
        if found.kind == ChunkKind::Table && !self.tables.iter().any(known) {
            self.tables.push(RetrievedTable {
                schema: found.schema.clone(),
                name: found.table.clone(),
                score: found.score,
                via: found.via.clone(),
            });
        }
        self.chunks.push(RetrievedChunk {
            kind: found.kind.as_str().to_owned(),
            name: found.name.clone(),
            content: found.content.clone(),
            score: found.score,
        });
    }
}
