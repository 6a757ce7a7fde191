//! SEARCH steps by an HTTP search service: Brave, Tavily or SearXNG.

use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value, json};
use url::Url;

use super::{ErrorClass, SearchTool, StepError, WebSearch};
use crate::config::{Secret, WebSearchConfig, WebSearchService};
use crate::error::{Error, Result};
use crate::llm::Source;

/// Results that are looked at.
const MOST_RESULTS: usize = 8;
const TIMEOUT: Duration = Duration::from_secs(20);

enum Service {
    /// <https://api-dashboard.search.brave.com/app/documentation/web-search/get-started>
    Brave(Secret),
    /// <https://docs.tavily.com/documentation/api-reference/endpoint/search>
    Tavily(Secret),
    /// <https://docs.searxng.org/dev/search_api.html>
    Searxng,
}

/// Searches by one HTTP request.
pub struct HttpSearch {
    client: reqwest::Client,
    service: Service,
    url: Url,
}

impl HttpSearch {
    /// Nothing where the model itself searches.
    ///
    /// # Errors
    /// An address that cannot be read, or a service that lacks its key.
    pub fn new(config: &WebSearchConfig, client: reqwest::Client) -> Result<Option<Self>> {
        let key = |variable: &str| {
            config.key.clone().ok_or_else(|| {
                Error::usage(format!("{variable} is not set")).with_hint(format!(
                    "set {variable}, or let the model search with PGAGENT_WEB_SEARCH=model"
                ))
            })
        };
        let (service, default) = match config.service {
            WebSearchService::Model => return Ok(None),
            WebSearchService::Brave => (
                Service::Brave(key("BRAVE_API_KEY")?),
                "https://api.search.brave.com/res/v1/web/search",
            ),
            WebSearchService::Tavily => (
                Service::Tavily(key("TAVILY_API_KEY")?),
                "https://api.tavily.com/search",
            ),
            WebSearchService::Searxng => (Service::Searxng, "http://localhost:8080/search"),
        };
        let address = config.url.as_deref().unwrap_or(default);
        let url = Url::parse(address).map_err(|e| {
            Error::usage(format!("PGAGENT_WEB_SEARCH_URL is no address: {e}"))
                .with_hint("write it as https://host/path")
        })?;
        Ok(Some(Self {
            client,
            service,
            url,
        }))
    }

    async fn ask(&self, query: &str) -> reqwest::Result<Value> {
        let request = match &self.service {
            Service::Brave(key) => self
                .client
                .get(with_query(&self.url, &[("q", query)]))
                .header("X-Subscription-Token", key.expose()),
            Service::Tavily(key) => self
                .client
                .post(self.url.clone())
                .bearer_auth(key.expose())
                .json(&json!({ "query": query, "max_results": MOST_RESULTS })),
            Service::Searxng => self
                .client
                .get(with_query(&self.url, &[("q", query), ("format", "json")])),
        };
        let reply = request.timeout(TIMEOUT).send().await?;
        reply.error_for_status()?.json().await
    }

    fn results<'a>(&self, reply: &'a Value) -> Option<&'a Vec<Value>> {
        let list = match self.service {
            Service::Brave(_) => reply.pointer("/web/results"),
            Service::Tavily(_) | Service::Searxng => reply.get("results"),
        };
        list?.as_array()
    }
}

fn with_query(url: &Url, pairs: &[(&str, &str)]) -> Url {
    let mut url = url.clone();
    url.query_pairs_mut().extend_pairs(pairs);
    url
}

#[async_trait]
impl SearchTool for HttpSearch {
    async fn search(&self, query: &str) -> Result<WebSearch, StepError> {
        let reply = self.ask(query).await.map_err(|e| StepError {
            hint: Some("check PGAGENT_WEB_SEARCH_URL and the service's key".to_owned()),
            ..StepError::new(
                ErrorClass::Service,
                format!("the web search fails: {}", e.without_url()),
            )
        })?;
        let text_of = |result: &Value, names: &[&str]| {
            let text = names.iter().find_map(|name| result.get(name)?.as_str());
            text.unwrap_or_default().to_owned()
        };
        let results = self.results(&reply).map(Vec::as_slice).unwrap_or_default();
        let mut text = String::new();
        let mut sources = Vec::new();
        for result in results.iter().take(MOST_RESULTS) {
            let url = text_of(result, &["url"]);
            if url.is_empty() {
                continue;
            }
            text.push_str(&text_of(result, &["content", "description"]));
            text.push('\n');
            sources.push(Source {
                title: text_of(result, &["title"]),
                url,
            });
        }
        if sources.is_empty() {
            return Err(StepError::plan("the web search found nothing"));
        }
        Ok(WebSearch {
            text,
            sources,
            usage: None,
        })
    }
}
