//! Gemini, OpenAI and compatible, Anthropic, Ollama and whoever else `genai` knows, chosen by the model's name.

mod chat;
mod embedding;
mod error;

use std::sync::Arc;
use std::time::Duration;

use genai::adapter::AdapterKind;
use genai::resolver::{AuthData, Endpoint};
use genai::{Client, ModelIden, ServiceTarget};

pub use self::chat::ProviderChat;
pub use self::embedding::ProviderEmbedding;
use super::ModelError;
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
        Ok(ProviderChat::new(self.endpoint(model)?))
    }

    /// # Errors
    /// As [`Connector::chat`].
    pub fn embedding(&self, model: &str) -> Result<ProviderEmbedding, ModelError> {
        Ok(ProviderEmbedding::new(self.endpoint(model)?))
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
}
