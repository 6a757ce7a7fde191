//! Knowing the schema: the catalog, its chunks, the index in `pgagent.long_term_memory`, and retrieval.

pub mod catalog;
mod chunk;
mod context;
mod exclude;
mod index;
mod infer;
mod knowledge;
mod lexical;
mod memory;
mod probe;
mod rank;
mod recall;
mod retrieve;
mod sample;
mod search;
mod setup;
mod status;
mod trigram;
mod values;
mod words;

use std::sync::Arc;

use async_trait::async_trait;
use serde::Serialize;

pub use catalog::Catalog;
pub use chunk::{Chunk, ChunkKind, INFERRED, chunks};
pub use exclude::Exclusions;
pub use index::{IndexReport, Indexing, index};
pub use knowledge::{Example, Knowledge, Note, Recalled};
pub use recall::{Expected, Recall, recall};
pub use retrieve::PgSchemaIndex;
pub use setup::{Problem, SetupReport, fingerprint, setup};
pub use status::IndexStatus;
pub use values::{Binding, KnownValue};
pub use words::{question_words, words};

use crate::error::Result;
use crate::llm::Usage;

/// How a table came into the context.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Via {
    Vector,
    Trigram,
    Text,
    ForeignKey,
}

impl Via {
    /// As it is written in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Vector => "vector",
            Self::Trigram => "trigram",
            Self::Text => "text",
            Self::ForeignKey => "foreign_key",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RetrievedTable {
    pub schema: String,
    pub name: String,
    pub score: f64,
    pub via: Vec<Via>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RetrievedChunk {
    pub kind: String,
    pub name: String,
    pub content: String,
    pub score: f64,
}

/// The question was sent to be embedded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmbeddingCall {
    pub model: String,
    pub usage: Usage,
}

/// What is put before the planner.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Retrieved {
    pub tables: Vec<RetrievedTable>,
    pub chunks: Vec<RetrievedChunk>,
    /// All that is put before the planner.
    pub context: String,
    pub context_tokens: usize,
    /// The part of the context that is the schema.
    #[serde(skip)]
    pub schema: String,
    /// The schema without anything that rows tell.
    #[serde(skip)]
    pub bare: String,
    /// What the question's words mean in the data.
    #[serde(skip)]
    pub bindings: Vec<Binding>,
    /// Examples and notes that have to do with the question.
    #[serde(skip)]
    pub recalled: Recalled,
    /// Whether the context is all of the schema.
    #[serde(skip)]
    pub whole: bool,
    /// All of the schema as it was read for this question, where it was.
    #[serde(skip)]
    pub catalog: Option<Arc<Catalog>>,
    /// The question's own embedding, where a provider made it.
    #[serde(skip)]
    pub embedding: Option<EmbeddingCall>,
    /// What the person should know about how it was found.
    #[serde(skip)]
    pub notices: Vec<String>,
}

/// Finds the part of a schema that a question is about.
#[async_trait]
pub trait SchemaIndex: Send + Sync {
    /// The context for a question, within the token budget.
    async fn retrieve(&self, question: &str) -> Result<Retrieved>;

    /// What the question's words mean in the data, best-ranked tables first.
    async fn bindings(&self, question: &str) -> Result<Vec<Binding>> {
        Ok(self.retrieve(question).await?.bindings)
    }

    /// The value that words mean, of a column that is given with its table, and perhaps its schema.
    async fn value(&self, _column: &[String], _words: &str) -> Option<Binding> {
        None
    }

    /// Names that the database does have and that are spelt much like `name`.
    async fn near(&self, name: &str) -> Vec<String>;
}
