//! Language models behind two traits: [`ChatModel`] plans and judges, [`EmbeddingModel`] places text in
//! a vector space. The providers are spoken to through `genai`; retries and errors are ours.

mod error;
mod local;
mod price;
mod provider;
mod retry;

use async_trait::async_trait;
use serde::Serialize;
use serde_json::Value;

pub use error::ModelError;
pub use local::{LOCAL_EMBEDDING_MODEL, LocalEmbedding};
pub use price::Prices;
pub use provider::{Connector, ProviderChat, ProviderEmbedding, connect};

/// A JSON schema that the reply must follow.
#[derive(Debug, Clone)]
pub struct ReplySchema {
    pub name: &'static str,
    pub schema: Value,
}

/// One request: instructions, the text, and the form of the reply.
#[derive(Debug, Clone)]
pub struct ChatRequest {
    pub system: String,
    pub user: String,
    pub schema: Option<ReplySchema>,
    /// Let the provider search the web for the reply.
    pub web_search: bool,
}

/// Tokens as the provider counted them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Usage {
    pub input_tokens: u64,
    pub output_tokens: u64,
}

/// A page that the provider's web search used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Source {
    pub title: String,
    pub url: String,
}

/// Vectors, one for each text in order, and what they took.
#[derive(Debug, Clone, Default)]
pub struct Embedded {
    pub vectors: Vec<Vec<f32>>,
    /// Nothing of it where the provider does not count.
    pub usage: Usage,
}

#[derive(Debug, Clone, Default)]
pub struct ChatReply {
    pub text: String,
    pub usage: Usage,
    pub sources: Vec<Source>,
}

/// Hears a text piece by piece.
pub type Telling<'a> = dyn Fn(&str) + Send + Sync + 'a;

/// A model that answers in text.
#[async_trait]
pub trait ChatModel: Send + Sync {
    /// The model's name, as it was configured.
    fn name(&self) -> &str;

    /// Whose it is, by OpenTelemetry's names (`gen_ai.provider.name`).
    fn provider(&self) -> &str {
        "custom"
    }

    async fn chat(&self, request: &ChatRequest) -> Result<ChatReply, ModelError>;

    /// As [`ChatModel::chat`]; `told` hears each piece of the text as it comes, where the provider
    /// streams. Only what comes back counts: what was heard may be of a reply that broke off.
    async fn chat_telling(
        &self,
        request: &ChatRequest,
        told: &Telling<'_>,
    ) -> Result<ChatReply, ModelError> {
        let _ = told;
        self.chat(request).await
    }
}

/// What the embedded text is for; some models place questions and documents differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EmbeddingTask {
    Document,
    Query,
}

/// The index's vectors have this many dimensions; shorter ones are filled up with zeros, which keeps
/// their cosine.
pub const EMBEDDING_DIMENSIONS: usize = 768;

/// Texts in one embedding request (Gemini's limit for a batch).
pub const EMBEDDING_BATCH: usize = 100;

/// A model that turns texts into vectors.
#[async_trait]
pub trait EmbeddingModel: Send + Sync {
    fn name(&self) -> &str;

    /// At most [`EMBEDDING_BATCH`] texts.
    async fn embed(&self, texts: &[String], task: EmbeddingTask) -> Result<Embedded, ModelError>;
}

/// A rough count of tokens, for budgets: four characters each.
pub fn estimate_tokens(text: &str) -> usize {
    text.len().div_ceil(4)
}
