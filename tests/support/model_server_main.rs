//! A model to try pgagent with where no provider can be reached: plans one query, accepts every result.
//! `cargo run --example model_server -- PORT "SELECT …"`

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod model_server;

use std::time::Duration;

use model_server::{ModelServer, Reply};
use serde_json::json;

fn main() {
    let mut args = std::env::args().skip(1);
    let port = args.next().and_then(|p| p.parse().ok()).unwrap_or(8099);
    let sql = args.next().unwrap_or_else(|| "SELECT 1 AS one".to_owned());
    let server = ModelServer::start_on(port);
    server.when(
        "",
        Reply::Json(json!({
            "reasoning": "One query answers it.", "clarification": null,
            "steps": [{"id": "1", "type": "SQL", "description": "run the query", "depends_on": [],
                       "tool_input": {"query": sql}, "fallback": null}]
        })),
    );
    server.when(
        "You judge whether",
        Reply::Json(json!({
            "answer": "Here is what the query found.", "answers_question": true, "confidence": 0.9,
            "reason": "The rows answer it.", "suggestion": null
        })),
    );
    loop {
        std::thread::sleep(Duration::from_secs(3600));
    }
}
