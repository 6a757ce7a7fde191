//! Chat, at once or as it comes.

use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use futures::StreamExt;
use genai::adapter::AdapterKind;
use genai::chat::{
    ChatOptions, ChatRequest as GenaiRequest, ChatResponseFormat, ChatStreamEvent, JsonSpec,
    StopReason, Tool, ToolConfig, ToolName,
};
use serde_json::{Value, json};

use super::{ModelEndpoint, Target};
use crate::llm::retry::with_retries;
use crate::llm::{ChatModel, ChatReply, ChatRequest, ModelError, Source, Telling, Usage};

/// A chat model at a provider.
pub struct ProviderChat {
    endpoint: ModelEndpoint,
    /// Until it did not: then it is not tried again.
    streams: AtomicBool,
}

impl ProviderChat {
    pub(super) fn new(endpoint: ModelEndpoint) -> Self {
        Self {
            endpoint,
            streams: AtomicBool::new(true),
        }
    }
}

#[async_trait]
impl ChatModel for ProviderChat {
    fn name(&self) -> &str {
        &self.endpoint.name
    }

    fn provider(&self) -> &str {
        match self.endpoint.target.adapter() {
            AdapterKind::Gemini => "gcp.gemini",
            AdapterKind::OpenAI | AdapterKind::OpenAIResp => "openai",
            AdapterKind::Anthropic => "anthropic",
            AdapterKind::Ollama => "ollama",
            AdapterKind::Groq => "groq",
            AdapterKind::DeepSeek => "deepseek",
            AdapterKind::Cohere => "cohere",
            other => other.as_lower_str(),
        }
    }

    async fn chat(&self, request: &ChatRequest) -> Result<ChatReply, ModelError> {
        with_retries(|| self.once(request)).await
    }

    async fn chat_telling(
        &self,
        request: &ChatRequest,
        told: &Telling<'_>,
    ) -> Result<ChatReply, ModelError> {
        if !self.streams.load(Ordering::Relaxed) {
            return self.chat(request).await;
        }
        match self.streamed(request, told).await {
            Err(
                error @ (ModelError::RateLimited { .. }
                | ModelError::Unavailable { .. }
                | ModelError::Unreachable { .. }),
            ) => {
                tracing::debug!(%error, "asked again, without streaming");
                self.chat(request).await
            }
            // Servers that only call themselves compatible.
            Err(
                error @ (ModelError::Garbage { .. }
                | ModelError::Empty { .. }
                | ModelError::Rejected { .. }
                | ModelError::UnknownModel { .. }),
            ) => {
                tracing::debug!(%error, "the provider does not stream");
                self.streams.store(false, Ordering::Relaxed);
                self.chat(request).await
            }
            done => done,
        }
    }
}

impl ProviderChat {
    /// The request in the library's terms.
    fn asked(&self, request: &ChatRequest) -> (GenaiRequest, ChatOptions) {
        let endpoint = &self.endpoint;
        let mut chat =
            GenaiRequest::from_user(request.user.as_str()).with_system(request.system.as_str());
        let mut options = ChatOptions::default();
        if request.web_search {
            chat = chat.append_tool(
                Tool::new(ToolName::WebSearch).with_config(ToolConfig::Custom(json!({}))),
            );
            options = options.with_capture_raw_body(true);
        }
        if let Some(reply) = &request.schema {
            options = match endpoint.target.adapter() {
                // genai passes only the plain JSON mode on to Ollama.
                AdapterKind::Ollama => options.with_response_format(ChatResponseFormat::JsonMode),
                _ => options.with_response_format(JsonSpec::new(reply.name, reply.schema.clone())),
            };
        }
        (chat, options)
    }

    async fn once(&self, request: &ChatRequest) -> Result<ChatReply, ModelError> {
        let endpoint = &self.endpoint;
        let (chat, options) = self.asked(request);
        let response = match &endpoint.target {
            Target::Known(target) => {
                endpoint
                    .client
                    .exec_chat(target.clone(), chat, Some(&options))
                    .await
            }
            Target::Other(_) => {
                endpoint
                    .client
                    .exec_chat(endpoint.name.as_str(), chat, Some(&options))
                    .await
            }
        }
        .map_err(|e| endpoint.error(e))?;
        let reply = ChatReply {
            text: response.texts().concat(),
            usage: used(&response.usage),
            sources: response
                .captured_raw_body
                .as_ref()
                .map(sources)
                .unwrap_or_default(),
        };
        self.checked(reply, response.stop_reason)
    }

    async fn streamed(
        &self,
        request: &ChatRequest,
        told: &Telling<'_>,
    ) -> Result<ChatReply, ModelError> {
        let endpoint = &self.endpoint;
        let (chat, options) = self.asked(request);
        let options = options.with_capture_usage(true);
        let streaming = match &endpoint.target {
            Target::Known(target) => {
                let target = target.clone();
                endpoint
                    .client
                    .exec_chat_stream(target, chat, Some(&options))
                    .await
            }
            Target::Other(_) => {
                let name = endpoint.name.as_str();
                endpoint
                    .client
                    .exec_chat_stream(name, chat, Some(&options))
                    .await
            }
        };
        let mut stream = streaming.map_err(|e| endpoint.error(e))?.stream;
        let mut reply = ChatReply::default();
        while let Some(event) = stream.next().await {
            match event.map_err(|e| endpoint.error(e))? {
                ChatStreamEvent::Chunk(chunk) => {
                    told(&chunk.content);
                    reply.text.push_str(&chunk.content);
                }
                ChatStreamEvent::End(end) => {
                    reply.usage = end.captured_usage.as_ref().map(used).unwrap_or_default();
                    if end.captured_stop_reason.is_some() {
                        return self.checked(reply, end.captured_stop_reason);
                    }
                }
                _ => {}
            }
        }
        Err(ModelError::Garbage {
            model: endpoint.name.clone(),
            message: "the stream has no end".to_owned(),
        })
    }

    /// A reply that is whole.
    fn checked(&self, reply: ChatReply, end: Option<StopReason>) -> Result<ChatReply, ModelError> {
        let model = self.endpoint.name.clone();
        match end {
            Some(StopReason::ContentFilter(reason)) => Err(ModelError::Blocked { model, reason }),
            Some(StopReason::MaxTokens(_)) => Err(ModelError::CutOff { model }),
            _ if reply.text.trim().is_empty() => Err(ModelError::Empty { model }),
            _ => Ok(reply),
        }
    }
}

fn used(usage: &genai::chat::Usage) -> Usage {
    let tokens = |n: Option<i32>| n.and_then(|n| u64::try_from(n).ok()).unwrap_or(0);
    Usage {
        input_tokens: tokens(usage.prompt_tokens),
        output_tokens: tokens(usage.completion_tokens),
    }
}

/// Pages that Gemini's search grounding used
/// (`groundingMetadata` in <https://ai.google.dev/gemini-api/docs/google-search>).
fn sources(body: &Value) -> Vec<Source> {
    let chunks = body.pointer("/candidates/0/groundingMetadata/groundingChunks");
    chunks
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|chunk| {
            let web = chunk.get("web")?;
            Some(Source {
                title: web
                    .get("title")
                    .and_then(Value::as_str)
                    .unwrap_or_default()
                    .to_owned(),
                url: web.get("uri")?.as_str()?.to_owned(),
            })
        })
        .collect()
}
