//! What was found, as the text that is put before the planner, within its budget.

use super::chunk::{Chunk, ChunkKind};
use super::rank::Found;
use super::{Retrieved, RetrievedChunk, RetrievedTable};
use crate::llm::estimate_tokens;

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
