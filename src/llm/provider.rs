//! Gemini, OpenAI and compatible, Anthropic, Ollama and whoever else `genai` knows, chosen by the model's name.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use genai::adapter::AdapterKind;
use genai::chat::{
    ChatOptions, ChatRequest as GenaiRequest, ChatResponse, ChatResponseFormat, JsonSpec,
    StopReason, Tool, ToolConfig, ToolName,
};
use genai::embed::{EmbedOptions, EmbedRequest};
use genai::resolver::{AuthData, Endpoint};
use genai::{Client, ModelIden, ServiceTarget};
use serde_json::{Value, json};

use super::retry::with_retries;
use super::{
    ChatModel, ChatReply, ChatRequest, EMBEDDING_DIMENSIONS, Embedded, EmbeddingModel,
    EmbeddingTask, ModelError, Source, Usage,
};
use crate::config::{Providers, Secret};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Reasoning models may think for minutes before the first byte.
const REPLY_TIMEOUT: Duration = Duration::from_secs(180);

/// Both kinds of model over one HTTP client.
pub fn connect(providers: &Providers) -> Result<Connector, ModelError> {
    // Only the first call installs it; a program that brought its own keeps it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let http = reqwest::Client::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(REPLY_TIMEOUT)
        .tcp_nodelay(true)
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("pgagent/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|e| ModelError::Unreachable {
            model: "HTTP client".to_owned(),
            message: e.to_string(),
        })?;
    let client = Client::builder()
        .with_reqwest(http.clone())
        .build()
        .map_err(|e| ModelError::Unreachable {
            model: "HTTP client".to_owned(),
            message: e.to_string(),
        })?;
    Ok(Connector {
        http,
        client,
        providers: Arc::new(providers.clone()),
    })
}

/// Makes models that share connections.
pub struct Connector {
    http: reqwest::Client,
    client: Client,
    providers: Arc<Providers>,
}

impl Connector {
    /// The client that the models share, for other requests.
    pub fn http(&self) -> reqwest::Client {
        self.http.clone()
    }

    /// # Errors
    /// [`ModelError::NoKey`] when the provider of this model needs a key that is not set.
    pub fn chat(&self, model: &str) -> Result<ProviderChat, ModelError> {
        Ok(ProviderChat {
            endpoint: self.endpoint(model)?,
        })
    }

    /// # Errors
    /// As [`Connector::chat`].
    pub fn embedding(&self, model: &str) -> Result<ProviderEmbedding, ModelError> {
        Ok(ProviderEmbedding {
            endpoint: self.endpoint(model)?,
        })
    }

    fn endpoint(&self, model: &str) -> Result<ModelEndpoint, ModelError> {
        Ok(ModelEndpoint {
            client: self.client.clone(),
            target: target(model, &self.providers)?,
            name: model.to_owned(),
            providers: Arc::clone(&self.providers),
        })
    }
}

/// A model at a provider, and how to get there.
struct ModelEndpoint {
    client: Client,
    target: Target,
    name: String,
    providers: Arc<Providers>,
}

#[derive(Debug)]
enum Target {
    /// One of the four whose keys and addresses are configured here.
    Known(ServiceTarget),
    /// Any other that `genai` resolves by name, with the key in its usual variable.
    Other(AdapterKind),
}

impl Target {
    fn adapter(&self) -> AdapterKind {
        match self {
            Self::Known(target) => target.model.adapter_kind,
            Self::Other(kind) => *kind,
        }
    }
}

fn target(model: &str, providers: &Providers) -> Result<Target, ModelError> {
    let kind = adapter(model, providers);
    let key = |key: &Option<Secret>, provider, variable| {
        key.as_ref()
            .map(|key| AuthData::from_single(key.expose()))
            .ok_or(ModelError::NoKey { provider, variable })
    };
    let (auth, base) = match kind {
        AdapterKind::Gemini => (
            key(&providers.gemini_key, "Gemini", "GEMINI_API_KEY")?,
            versioned(
                providers
                    .gemini_url
                    .as_deref()
                    .unwrap_or("https://generativelanguage.googleapis.com"),
                "v1beta",
            ),
        ),
        AdapterKind::OpenAI | AdapterKind::OpenAIResp => {
            let auth = match (&providers.openai_key, &providers.openai_url) {
                // Servers of one's own often want no key.
                (None, Some(url)) if !url.contains("api.openai.com") => {
                    AuthData::from_single("none")
                }
                (found, _) => key(found, "OpenAI", "OPENAI_API_KEY")?,
            };
            let url = providers
                .openai_url
                .as_deref()
                .unwrap_or("https://api.openai.com/v1");
            (auth, slashed(url))
        }
        AdapterKind::Anthropic => (
            key(&providers.anthropic_key, "Anthropic", "ANTHROPIC_API_KEY")?,
            versioned(
                providers
                    .anthropic_url
                    .as_deref()
                    .unwrap_or("https://api.anthropic.com"),
                "v1",
            ),
        ),
        AdapterKind::Ollama => {
            let host = providers
                .ollama_host
                .as_deref()
                .unwrap_or("http://localhost:11434");
            let url = if host.contains("://") {
                host.to_owned()
            } else {
                format!("http://{host}")
            };
            (AuthData::from_single("ollama"), slashed(&url))
        }
        other => return Ok(Target::Other(other)),
    };
    let name = model.split_once("::").map_or(model, |(_, name)| name);
    Ok(Target::Known(ServiceTarget {
        endpoint: Endpoint::from_owned(base),
        auth,
        model: ModelIden::new(kind, name),
    }))
}

/// The provider by the model's name: `gemini-…`, `gpt-…`, `claude-…`, or said outright as `openai::name`.
fn adapter(model: &str, providers: &Providers) -> AdapterKind {
    let kind = AdapterKind::from_model(model).unwrap_or(AdapterKind::Ollama);
    let said = model.contains("::");
    let own_openai = providers
        .openai_url
        .as_deref()
        .is_some_and(|url| !url.contains("api.openai.com"));
    match kind {
        // Compatible servers speak chat completions, not the newer Responses API.
        AdapterKind::OpenAIResp if own_openai && !said => AdapterKind::OpenAI,
        // A name that nobody owns goes to the server that was configured.
        AdapterKind::Ollama if own_openai && !said && providers.ollama_host.is_none() => {
            AdapterKind::OpenAI
        }
        kind => kind,
    }
}

fn slashed(url: &str) -> String {
    format!("{}/", url.trim_end_matches('/'))
}

/// Google and Anthropic give their base URLs without the version; someone may write it all the same.
fn versioned(url: &str, version: &str) -> String {
    let url = url.trim_end_matches('/');
    let last = url.rsplit('/').next().unwrap_or_default();
    let has_version = last
        .strip_prefix('v')
        .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    if has_version {
        format!("{url}/")
    } else {
        format!("{url}/{version}/")
    }
}

/// A chat model at a provider.
pub struct ProviderChat {
    endpoint: ModelEndpoint,
}

#[async_trait]
impl ChatModel for ProviderChat {
    fn name(&self) -> &str {
        &self.endpoint.name
    }

    async fn chat(&self, request: &ChatRequest) -> Result<ChatReply, ModelError> {
        with_retries(|| self.once(request)).await
    }
}

impl ProviderChat {
    async fn once(&self, request: &ChatRequest) -> Result<ChatReply, ModelError> {
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
        self.reply(response)
    }

    fn reply(&self, response: ChatResponse) -> Result<ChatReply, ModelError> {
        let model = self.endpoint.name.clone();
        let tokens = |n: Option<i32>| n.and_then(|n| u64::try_from(n).ok()).unwrap_or(0);
        let usage = Usage {
            input_tokens: tokens(response.usage.prompt_tokens),
            output_tokens: tokens(response.usage.completion_tokens),
        };
        let text = response.texts().concat();
        let sources = response
            .captured_raw_body
            .as_ref()
            .map(sources)
            .unwrap_or_default();
        match response.stop_reason {
            Some(StopReason::ContentFilter(reason)) => Err(ModelError::Blocked { model, reason }),
            Some(StopReason::MaxTokens(_)) => Err(ModelError::CutOff { model }),
            _ if text.trim().is_empty() => Err(ModelError::Empty { model }),
            _ => Ok(ChatReply {
                text,
                usage,
                sources,
            }),
        }
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

/// An embedding model at a provider.
pub struct ProviderEmbedding {
    endpoint: ModelEndpoint,
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

impl ModelEndpoint {
    /// A provider's error in our terms, without the request and without keys.
    fn error(&self, error: genai::Error) -> ModelError {
        let model = self.name.clone();
        if let Some(status) = error.status() {
            let message = self.providers.redact(&provider_message(body(&error)));
            let retry_after = error.headers().and_then(retry_after);
            return match status.as_u16() {
                status @ (401 | 403) => ModelError::Unauthorized {
                    model,
                    status,
                    message,
                },
                404 => ModelError::UnknownModel { model, message },
                429 => ModelError::RateLimited {
                    model,
                    message,
                    retry_after,
                },
                status @ (500 | 502 | 503 | 504 | 529) => ModelError::Unavailable {
                    model,
                    status,
                    message,
                    retry_after,
                },
                status => ModelError::Rejected {
                    model,
                    status,
                    message,
                },
            };
        }
        match error {
            genai::Error::WebModelCall { webc_error, .. }
            | genai::Error::WebAdapterCall { webc_error, .. } => match webc_error {
                genai::webc::Error::Reqwest(e) if e.is_timeout() => ModelError::Timeout {
                    model,
                    after: REPLY_TIMEOUT,
                },
                genai::webc::Error::Reqwest(e) => ModelError::Unreachable {
                    model,
                    message: self.providers.redact(&chain(&e.without_url())),
                },
                genai::webc::Error::ResponseFailedNotJson { content_type, .. } => {
                    ModelError::Garbage {
                        model,
                        message: format!("its content type is {content_type:?}"),
                    }
                }
                other => ModelError::Garbage {
                    model,
                    message: self.providers.redact(&shortened(&other.to_string())),
                },
            },
            // genai's message would quote the whole request.
            genai::Error::ChatResponseGeneration { cause, .. }
                if cause.contains("finishReason") =>
            {
                ModelError::Blocked {
                    model,
                    reason: "the prompt has no reply".to_owned(),
                }
            }
            genai::Error::ChatResponseGeneration { cause, .. } => ModelError::Garbage {
                model,
                message: self.providers.redact(&shortened(&cause)),
            },
            genai::Error::RequiresApiKey { .. }
            | genai::Error::NoAuthResolver { .. }
            | genai::Error::NoAuthData { .. }
            | genai::Error::Resolver { .. } => ModelError::NoKey {
                provider: self.target.adapter().as_str(),
                variable: "the provider's API key variable",
            },
            other => ModelError::Garbage {
                model,
                message: self.providers.redact(&shortened(&other.to_string())),
            },
        }
    }
}

fn body(error: &genai::Error) -> &str {
    match error {
        genai::Error::HttpError { body, .. } => body,
        genai::Error::WebModelCall { webc_error, .. }
        | genai::Error::WebAdapterCall { webc_error, .. } => match webc_error {
            genai::webc::Error::ResponseFailedStatus { body, .. } => body,
            _ => "",
        },
        _ => "",
    }
}

/// All of them answer `{"error": {"message": …}}` or `{"error": …}`.
fn provider_message(body: &str) -> String {
    let value: Option<Value> = serde_json::from_str(body).ok();
    let message = value.as_ref().and_then(|v| {
        let v = v.get(0).unwrap_or(v);
        let error = v.get("error")?;
        error.get("message").unwrap_or(error).as_str()
    });
    shortened(message.unwrap_or(body))
}

fn shortened(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(300) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None if line.is_empty() => "no message".to_owned(),
        None => line,
    }
}

/// An error with its causes, which say more than itself.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

/// `Retry-After` in seconds (RFC 9110, 10.2.3); the providers do not send dates.
fn retry_after(headers: &reqwest::header::HeaderMap) -> Option<Duration> {
    if let Some(ms) = headers.get("retry-after-ms") {
        return ms
            .to_str()
            .ok()?
            .trim()
            .parse()
            .ok()
            .map(Duration::from_millis);
    }
    let seconds: f64 = headers
        .get("retry-after")?
        .to_str()
        .ok()?
        .trim()
        .parse()
        .ok()?;
    Duration::try_from_secs_f64(seconds).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn providers() -> Providers {
        Providers {
            gemini_key: Some(Secret::new("g")),
            openai_key: Some(Secret::new("o")),
            anthropic_key: Some(Secret::new("a")),
            ..Providers::default()
        }
    }

    fn base(model: &str, providers: &Providers) -> String {
        match target(model, providers).unwrap() {
            Target::Known(target) => format!(
                "{} {}",
                target.model.adapter_kind,
                target.endpoint.base_url()
            ),
            Target::Other(kind) => kind.to_string(),
        }
    }

    #[test]
    fn the_name_chooses_the_provider() {
        for (model, expected) in [
            (
                "gemini-3.8-flash",
                "Gemini https://generativelanguage.googleapis.com/v1beta/",
            ),
            ("gpt-4o", "OpenAI https://api.openai.com/v1/"),
            (
                "claude-sonnet-4-5",
                "Anthropic https://api.anthropic.com/v1/",
            ),
            ("llama3.2", "Ollama http://localhost:11434/"),
            ("ollama::gpt-oss", "Ollama http://localhost:11434/"),
            ("groq::llama-3", "Groq"),
        ] {
            assert_eq!(base(model, &providers()), expected);
        }
    }

    #[test]
    fn base_urls_are_taken_with_and_without_slash_and_version() {
        let own = |url: &str| Providers {
            gemini_url: Some(url.to_owned()),
            openai_url: Some(url.to_owned()),
            ..providers()
        };
        for url in [
            "http://h:1",
            "http://h:1/",
            "http://h:1/v1beta",
            "http://h:1/v1beta/",
        ] {
            assert_eq!(base("gemini-x", &own(url)), "Gemini http://h:1/v1beta/");
        }
        assert_eq!(
            base("gpt-5", &own("http://h:1/v1")),
            "OpenAI http://h:1/v1/"
        );
        assert_eq!(
            base("some-model", &own("http://h:1/v1/")),
            "OpenAI http://h:1/v1/"
        );
    }

    #[test]
    fn a_missing_key_names_its_variable() {
        let error = target("claude-x", &Providers::default()).unwrap_err();
        assert_eq!(
            error.hint().unwrap(),
            "set ANTHROPIC_API_KEY in `.env` or the environment"
        );
    }

    #[test]
    fn reads_the_providers_own_message() {
        assert_eq!(
            provider_message(r#"{"error":{"code":429,"message":"Quota"}}"#),
            "Quota"
        );
        assert_eq!(
            provider_message(r#"[{"error":{"message":"In a list"}}]"#),
            "In a list"
        );
        assert_eq!(
            provider_message(r#"{"error":"model not found"}"#),
            "model not found"
        );
        assert_eq!(
            provider_message("<html>\n  bad gateway</html>"),
            "<html> bad gateway</html>"
        );
        assert_eq!(provider_message(""), "no message");
    }
}
