//! What was found, as the text that is put before the planner, within its budget.

use super::chunk::{Chunk, ChunkKind, one_line};
use super::rank::Found;
use super::{Binding, Example, Note, Recalled, Retrieved, RetrievedChunk, RetrievedTable};
use crate::llm::estimate_tokens;
use crate::sql::quote_ident;

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
    let tables = chunks.iter().filter(|c| c.kind == ChunkKind::Table);
    let context = joined(tables.map(|c| c.content.as_str()));
    let mut out = Retrieved {
        context_tokens: estimate_tokens(&context),
        context,
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
    for table in ranked.iter().filter(|f| f.kind == ChunkKind::Table) {
        let tokens = estimate_tokens(&table.content) + 1;
        // The first stands even alone over the budget: a planner without any table has nothing to plan.
        if used + tokens > budget && used > 0 {
            continue;
        }
        used += tokens;
        out.push(table);
    }
    out.context = joined(out.chunks.iter().map(|c| c.content.as_str()));
    out.context_tokens = estimate_tokens(&out.context);
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
    /// Values that the question names, as the data spells them.
    pub fn values_text(&self) -> String {
        let line = |b: &Binding| {
            let column = format!(
                "{}.{}.{}",
                quote_ident(&b.schema),
                quote_ident(&b.table),
                quote_ident(&b.column)
            );
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
            .map(line)
            .collect::<Vec<_>>()
            .join("\n")
    }

    /// Questions that were answered well, with their SQL.
    pub fn examples_text(&self) -> String {
        let text =
            |e: &Example| format!("Q: {}\nSQL: {}", one_line(&e.question, MAX_EXAMPLE), e.sql);
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
    pub(super) fn complete(&mut self, bindings: Vec<Binding>, recalled: Recalled) {
        self.bindings = bindings;
        self.recalled = recalled;
        self.schema = std::mem::take(&mut self.context);
        let mut sections = vec![self.schema.clone()];
        for (heading, text) in [
            ("Values", self.values_text()),
            ("Verified examples", self.examples_text()),
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
