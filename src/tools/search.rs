//! SEARCH steps: the web, through the model provider's own search. Off unless configured.

use std::sync::Arc;

use async_trait::async_trait;

use super::{ErrorClass, StepError};
use crate::db::{Column, ColumnInfo, Table, Values};
use crate::llm::{ChatModel, ChatRequest, Source, Usage};

/// What was found, and where.
#[derive(Debug, Clone, PartialEq)]
pub struct WebSearch {
    pub text: String,
    pub sources: Vec<Source>,
    /// Tokens, where a model searched.
    pub usage: Option<Usage>,
}

impl WebSearch {
    /// The sources as rows, with the text on the first.
    pub fn to_table(&self) -> Table {
        let column = |name: &str, values: Vec<Option<Box<str>>>| Column {
            info: ColumnInfo {
                name: name.to_owned(),
                type_name: "text".to_owned(),
            },
            values: Values::Text(values),
        };
        let of = |field: fn(&Source) -> &str| {
            self.sources.iter().map(|s| Some(field(s).into())).collect()
        };
        let text = (0..self.sources.len())
            .map(|i| (i == 0).then(|| self.text.as_str().into()))
            .collect();
        Table::new(
            vec![
                column("title", of(|s| &s.title)),
                column("url", of(|s| &s.url)),
                column("text", text),
            ],
            false,
        )
    }
}

/// Searches the web.
#[async_trait]
pub trait SearchTool: Send + Sync {
    async fn search(&self, query: &str) -> Result<WebSearch, StepError>;
}

/// Search by the provider's grounding.
pub struct GroundedSearch {
    model: Arc<dyn ChatModel>,
}

impl GroundedSearch {
    pub fn new(model: Arc<dyn ChatModel>) -> Self {
        Self { model }
    }
}

#[async_trait]
impl SearchTool for GroundedSearch {
    async fn search(&self, query: &str) -> Result<WebSearch, StepError> {
        let request = ChatRequest {
            system: include_str!("../agent/prompts/search.md").to_owned(),
            user: query.to_owned(),
            schema: None,
            web_search: true,
        };
        let reply = self.model.chat(&request).await?;
        if reply.sources.is_empty() {
            return Err(StepError::new(
                ErrorClass::Plan,
                "the web search gave no sources",
            ));
        }
        Ok(WebSearch {
            text: reply.text,
            sources: reply.sources,
            usage: Some(reply.usage),
        })
    }
}
