//! Embeddings.

use async_trait::async_trait;
use genai::adapter::AdapterKind;
use genai::embed::{EmbedOptions, EmbedRequest};

use super::{ModelEndpoint, Target};
use crate::llm::retry::with_retries;
use crate::llm::{
    EMBEDDING_DIMENSIONS, Embedded, EmbeddingModel, EmbeddingTask, ModelError, Usage,
};

/// An embedding model at a provider.
pub struct ProviderEmbedding {
    endpoint: ModelEndpoint,
}

impl ProviderEmbedding {
    pub(super) fn new(endpoint: ModelEndpoint) -> Self {
        Self { endpoint }
    }
}

#[async_trait]
impl EmbeddingModel for ProviderEmbedding {
    fn name(&self) -> &str {
        &self.endpoint.name
    }

    async fn embed(&self, texts: &[String], task: EmbeddingTask) -> Result<Embedded, ModelError> {
        let embedded = with_retries(|| self.once(texts, task)).await?;
        let count = embedded.vectors.len();
        if count != texts.len() {
            return Err(ModelError::Garbage {
                model: self.endpoint.name.clone(),
                message: format!("{count} vectors for {} texts", texts.len()),
            });
        }
        Ok(embedded)
    }
}

impl ProviderEmbedding {
    async fn once(&self, texts: &[String], task: EmbeddingTask) -> Result<Embedded, ModelError> {
        let endpoint = &self.endpoint;
        let mut options = EmbedOptions::new();
        match endpoint.target.adapter() {
            AdapterKind::Gemini => {
                options = options
                    .with_dimensions(EMBEDDING_DIMENSIONS)
                    .with_embedding_type(match task {
                        EmbeddingTask::Document => "RETRIEVAL_DOCUMENT",
                        EmbeddingTask::Query => "RETRIEVAL_QUERY",
                    });
            }
            // Older and foreign models refuse the parameter.
            AdapterKind::OpenAI | AdapterKind::OpenAIResp
                if endpoint.name.contains("embedding-3") =>
            {
                options = options.with_dimensions(EMBEDDING_DIMENSIONS);
            }
            _ => {}
        }
        let request = EmbedRequest::new_batch(texts.to_vec());
        let response = match &endpoint.target {
            Target::Known(target) => {
                endpoint
                    .client
                    .exec_embed(target.clone(), request, Some(&options))
                    .await
            }
            Target::Other(_) => {
                endpoint
                    .client
                    .exec_embed(endpoint.name.as_str(), request, Some(&options))
                    .await
            }
        }
        .map_err(|e| endpoint.error(e))?;
        let input_tokens = response.usage.prompt_tokens;
        Ok(Embedded {
            usage: Usage {
                input_tokens: input_tokens
                    .and_then(|n| u64::try_from(n).ok())
                    .unwrap_or(0),
                output_tokens: 0,
            },
            vectors: response.into_vectors(),
        })
    }
}
