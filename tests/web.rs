//! SEARCH steps by HTTP services, each against a server that speaks as the service documents.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, Method, Uri};
use pgagent::config::{Secret, WebSearchConfig, WebSearchService};
use pgagent::llm::connect;
use pgagent::tools::{HttpSearch, SearchTool};
use serde_json::{Value, json};

type Seen = Arc<Mutex<Vec<(Method, Uri, HeaderMap, Bytes)>>>;

/// A server that gives `reply` to everything; its address, and what it was asked.
async fn serve(reply: Value) -> (String, Seen) {
    let seen = Seen::default();
    let log = Arc::clone(&seen);
    let app = Router::new().fallback(
        move |method: Method, uri: Uri, headers: HeaderMap, body: Bytes| async move {
            log.lock().unwrap().push((method, uri, headers, body));
            reply.to_string()
        },
    );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/search", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    (address, seen)
}

fn searcher(service: WebSearchService, url: &str) -> HttpSearch {
    let config = WebSearchConfig {
        service,
        url: Some(url.to_owned()),
        key: Some(Secret::new("the-key")),
    };
    let http = connect(&Default::default()).unwrap().http();
    HttpSearch::new(&config, http).unwrap().unwrap()
}

#[tokio::test]
async fn each_service_is_asked_and_read_as_it_documents() {
    let one = |text: &str| json!({"title": "Euro", "url": "https://example.org/e", text: "1.08"});
    for (service, reply) in [
        (
            WebSearchService::Brave,
            json!({"web": {"results": [one("description")]}}),
        ),
        (
            WebSearchService::Tavily,
            json!({"results": [one("content")]}),
        ),
        (
            WebSearchService::Searxng,
            json!({"results": [one("content")]}),
        ),
    ] {
        let (url, seen) = serve(reply).await;
        let found = searcher(service, &url)
            .search("the euro & more")
            .await
            .unwrap();
        assert_eq!(found.text, "1.08\n");
        assert_eq!(found.sources[0].url, "https://example.org/e");
        let seen = seen.lock().unwrap();
        let (method, uri, headers, body) = &seen[0];
        let query = uri.query().unwrap_or_default();
        match service {
            WebSearchService::Brave => {
                assert_eq!((method.as_str(), query), ("GET", "q=the+euro+%26+more"));
                assert_eq!(headers["x-subscription-token"], "the-key");
            }
            WebSearchService::Tavily => {
                let body: Value = serde_json::from_slice(body).unwrap();
                assert_eq!(
                    (method.as_str(), &body["query"]),
                    ("POST", &json!("the euro & more"))
                );
                assert_eq!(headers["authorization"], "Bearer the-key");
            }
            _ => assert_eq!(
                (method.as_str(), query),
                ("GET", "q=the+euro+%26+more&format=json")
            ),
        }
        assert!(!uri.to_string().contains("the-key"));
    }
}

#[tokio::test]
async fn nothing_found_and_nobody_there_are_told_apart() {
    let (url, _) = serve(json!({"results": []})).await;
    let error = searcher(WebSearchService::Searxng, &url)
        .search("x")
        .await
        .unwrap_err();
    assert_eq!(error.message, "the web search found nothing");
    let error = searcher(WebSearchService::Brave, "http://127.0.0.1:1/")
        .search("x")
        .await
        .unwrap_err();
    assert!(error.message.contains("the web search fails"), "{error}");
    assert!(!format!("{error:?}").contains("the-key"), "{error:?}");
}
