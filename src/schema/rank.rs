//! Which tables a question is about: three measures of every table, fused by weight.
//!
//! The same ranking stands twice: here for a schema that is read for the question, and in
//! `queries/fuse.sql` for one that is too large for that. A test holds them together.

use std::collections::HashMap;

use super::chunk::{Chunk, ChunkKind};
use super::lexical::Lexicon;
use super::{Via, trigram};

/// What each measure counts. Tuned on open data (see the README); fusing the measures themselves was better
/// there than fusing their ranks.
pub struct Fusion {
    pub text: f64,
    pub name: f64,
    pub vector: f64,
    /// What a strong neighbour by foreign key adds of its score.
    pub neighbour: f64,
    /// What a table has of a strong neighbour's score at least, however little speaks for itself.
    pub joined: f64,
}

pub const FUSION: Fusion = Fusion {
    text: 1.0,
    name: 0.6,
    vector: 1.0,
    neighbour: 0.2,
    joined: 0.4,
};

/// Tables whose neighbours join in.
const STRONGEST: usize = 3;
/// Similarity of a table's name to the question that is worth telling.
const NAMED: f64 = 0.3;

/// One chunk that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    pub kind: ChunkKind,
    pub name: String,
    pub content: String,
    /// The text without anything that rows tell; nothing in an index that was made without it.
    pub bare: Option<String>,
    /// Of a table its schema, of a relationship the full name of the one side.
    pub schema: String,
    /// Of a table its name, of a relationship the full name of the other side.
    pub table: String,
    /// The table's.
    pub score: f64,
    /// The chunk's own, which orders the parts of a wide table.
    pub part_score: f64,
    pub via: Vec<Via>,
}

impl Found {
    fn of(chunk: &Chunk) -> Self {
        let text = |key: &str| {
            let value = chunk.metadata.get(key).and_then(|v| v.as_str());
            value.unwrap_or_default().to_owned()
        };
        let (schema, table) = match chunk.kind {
            ChunkKind::Table => (text("schema"), text("name")),
            ChunkKind::Relationship => (text("from"), text("to")),
        };
        Self {
            kind: chunk.kind,
            name: chunk.name.clone(),
            content: chunk.content.clone(),
            bare: Some(chunk.bare.clone()),
            schema,
            table,
            score: 0.0,
            part_score: 0.0,
            via: Vec::new(),
        }
    }

    /// The table's name as relationships say it.
    pub fn full_name(&self) -> String {
        format!("{}.{}", self.schema, self.table)
    }
}

/// All chunks, the best tables first, then the relationships. `cosines` has a value for each chunk.
pub fn rank(chunks: &[Chunk], question: &str, cosines: Option<&[f64]>) -> Vec<Found> {
    let tables: Vec<(usize, &Chunk)> = chunks
        .iter()
        .enumerate()
        .filter(|(_, chunk)| chunk.kind == ChunkKind::Table)
        .collect();
    let texts = Lexicon::new(tables.iter().map(|(_, chunk)| *chunk)).scores(question);
    let text_top = texts.iter().copied().fold(1e-9, f32::max);
    let cosine = |i: usize| {
        cosines
            .and_then(|c| c.get(i))
            .copied()
            .unwrap_or(0.0)
            .max(0.0)
    };
    let vector_top = tables.iter().map(|(i, _)| cosine(*i)).fold(1e-9, f64::max);

    let mut found: Vec<Found> = tables
        .iter()
        .zip(&texts)
        .map(|((i, chunk), text)| {
            let words = chunk.metadata.get("words").and_then(|w| w.as_str());
            let name = trigram::word_similarity(words.unwrap_or_default(), question);
            let measures = [
                (Via::Vector, cosine(*i) > 0.0),
                (Via::Trigram, name >= NAMED),
                (Via::Text, *text > 0.0),
            ];
            let score = FUSION.text * f64::from(text / text_top)
                + FUSION.name * name
                + FUSION.vector * cosine(*i) / vector_top;
            Found {
                score,
                part_score: score,
                via: measures
                    .iter()
                    .filter(|(_, has)| *has)
                    .map(|(via, _)| *via)
                    .collect(),
                ..Found::of(chunk)
            }
        })
        .collect();
    join_parts(&mut found);
    let relationships: Vec<Found> = chunks
        .iter()
        .filter(|chunk| chunk.kind == ChunkKind::Relationship)
        .map(Found::of)
        .collect();
    close(&mut found, &relationships);
    found.sort_by(|a, b| {
        (b.score.total_cmp(&a.score))
            .then_with(|| (&a.schema, &a.table).cmp(&(&b.schema, &b.table)))
            .then_with(|| b.part_score.total_cmp(&a.part_score))
    });
    found.extend(relationships);
    found
}

/// A table has the best score of its parts.
fn join_parts(found: &mut [Found]) {
    let mut best: HashMap<String, (f64, Vec<Via>)> = HashMap::new();
    for part in found.iter() {
        let entry = best.entry(part.full_name()).or_default();
        if part.score >= entry.0 {
            *entry = (part.score, part.via.clone());
        }
    }
    for part in found.iter_mut() {
        if let Some((score, via)) = best.get(&part.full_name()) {
            part.score = *score;
            part.via.clone_from(via);
        }
    }
}

/// Neighbours by foreign key of the strongest tables gain from them.
fn close(found: &mut [Found], relationships: &[Found]) {
    let mut scores: HashMap<String, f64> = HashMap::new();
    for table in found.iter() {
        scores.insert(table.full_name(), table.score);
    }
    let mut strongest: Vec<(&String, &f64)> = scores.iter().collect();
    strongest.sort_by(|a, b| b.1.total_cmp(a.1).then_with(|| a.0.cmp(b.0)));
    strongest.truncate(STRONGEST);
    let strongest: HashMap<&String, &f64> =
        strongest.into_iter().filter(|(_, s)| **s > 0.0).collect();
    let mut lifted: HashMap<&String, f64> = HashMap::new();
    for relationship in relationships {
        let (from, to) = (&relationship.schema, &relationship.table);
        for (near, far) in [(from, to), (to, from)] {
            if near == far {
                continue;
            }
            if let Some(score) = strongest.get(near) {
                let entry = lifted.entry(far).or_insert(0.0);
                *entry = entry.max(**score);
            }
        }
    }
    for table in found.iter_mut() {
        if let Some(score) = lifted.get(&table.full_name()) {
            table.score = (table.score + FUSION.neighbour * score).max(FUSION.joined * score);
            table.via.push(Via::ForeignKey);
        }
    }
}
