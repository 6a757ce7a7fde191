//! Replies as they come: pieces are heard, the whole is what a plain request would have given, and a
//! provider that does not stream is asked plainly.

use std::sync::{Arc, Mutex};

use pgagent::agent::{Event, Observer};
use pgagent::config::{Providers, Secret};
use pgagent::llm::{ChatModel, ChatRequest, ReplySchema, connect};
use serde_json::json;

use crate::support::model_server::{ModelServer, Reply};

fn providers(server: &ModelServer) -> Providers {
    Providers {
        gemini_key: Some(Secret::new("k")),
        gemini_url: Some(server.url().to_owned()),
        openai_key: Some(Secret::new("k")),
        openai_url: Some(format!("{}/v1", server.url())),
        ..Providers::default()
    }
}

fn request() -> ChatRequest {
    ChatRequest {
        system: "Judge as JSON.".to_owned(),
        user: "Is it so?".to_owned(),
        schema: Some(ReplySchema {
            name: "verdict",
            schema: json!({"type": "object", "properties": {"answer": {"type": "string"}},
                           "required": ["answer"], "additionalProperties": false}),
        }),
        web_search: false,
    }
}

/// The reply, and the pieces that were heard.
async fn asked(model: &dyn ChatModel) -> (Result<String, String>, Vec<String>) {
    let heard = Mutex::new(Vec::new());
    let told = |piece: &str| heard.lock().unwrap().push(piece.to_owned());
    let reply = model.chat_telling(&request(), &told).await;
    let reply = reply
        .inspect(|reply| assert!(reply.usage.input_tokens > 0 && reply.usage.output_tokens > 0))
        .map(|reply| reply.text)
        .map_err(|error| error.to_string());
    (reply, heard.into_inner().unwrap())
}

#[tokio::test]
async fn pieces_are_heard_and_make_the_whole() {
    let said = json!({"answer": "Björn paid 99.99, more than anyone."});
    for name in ["gemini-3.8-flash", "gpt-4o"] {
        let server = ModelServer::start();
        let model = connect(&providers(&server)).unwrap().chat(name).unwrap();
        server.reply(Reply::Json(said.clone()));
        let (reply, heard) = asked(&model).await;
        assert_eq!(reply.as_deref(), Ok(said.to_string().as_str()), "{name}");
        assert_eq!(heard.concat(), said.to_string());
        assert!(heard.len() > 3, "{heard:?}");
        assert_eq!(server.violations(), [""; 0]);
        assert!(server.requests().iter().all(|r| r.is_streamed()));
    }
}

#[tokio::test]
async fn who_does_not_stream_is_asked_plainly_and_streaming_is_not_tried_again() {
    for (name, instead) in [
        ("gemini-3.8-flash", Reply::status(404)),
        ("gpt-4o", Reply::status(400)),
        ("gpt-4o", Reply::NotJson),
        (
            "gemini-3.8-flash",
            Reply::BrokenOff("{\"answer\": \"half of it\"}".into()),
        ),
        (
            "gpt-4o",
            Reply::BrokenOff("{\"answer\": \"half of it\"}".into()),
        ),
    ] {
        let server = ModelServer::start();
        let model = connect(&providers(&server)).unwrap().chat(name).unwrap();
        for reply in [
            instead.clone(),
            Reply::Text("one".into()),
            Reply::Text("two".into()),
        ] {
            server.reply(reply);
        }
        assert_eq!(
            asked(&model).await.0.as_deref(),
            Ok("one"),
            "{name} {instead:?}"
        );
        assert_eq!(asked(&model).await, (Ok("two".to_owned()), vec![]));
        let streamed: Vec<bool> = server.requests().iter().map(|r| r.is_streamed()).collect();
        assert_eq!(streamed, [true, false, false]);
    }
}

#[tokio::test]
async fn a_refusal_is_told_as_without_streaming() {
    for (name, reply, says) in [
        (
            "gemini-3.8-flash",
            Reply::status(401),
            "refuses the key (401)",
        ),
        ("gpt-4o", Reply::status(403), "refuses the key (403)"),
        (
            "gemini-3.8-flash",
            Reply::CutOff("{\"answer\": \"x".into()),
            "cut off",
        ),
        (
            "gpt-4o",
            Reply::CutOff("{\"answer\": \"x".into()),
            "cut off",
        ),
    ] {
        let server = ModelServer::start();
        let model = connect(&providers(&server)).unwrap().chat(name).unwrap();
        server.reply(reply);
        let (reply, _) = asked(&model).await;
        assert!(
            reply.as_ref().unwrap_err().contains(says),
            "{name}: {reply:?}"
        );
        assert_eq!(server.requests().len(), 1);
    }
}

/// Someone who waits for prose.
#[derive(Default)]
struct Reader(Mutex<Vec<String>>);

impl Observer for Reader {
    fn observe(&self, event: &Event) {
        if let Event::Prose { delta } = event {
            self.0.lock().unwrap().push(delta.clone());
        }
    }

    fn wants_prose(&self) -> bool {
        true
    }
}

#[tokio::test]
async fn prose_comes_in_while_the_critic_writes_it() {
    use crate::support::{SHOP, TestDatabase, plan, verdict};
    use pgagent::agent::Supervisor;
    use pgagent::db::Postgres;
    use pgagent::schema::PgSchemaIndex;
    use pgagent::session::{MemoryStore, SessionId};
    use tokio_util::sync::CancellationToken;

    let Some(db) = TestDatabase::create(SHOP).await else {
        return;
    };
    let server = ModelServer::start();
    server.reply(plan("SELECT count(*) AS n FROM customer"));
    server.reply(verdict("There are 3 customers."));
    let chat = connect(&providers(&server))
        .unwrap()
        .chat("gpt-4o")
        .unwrap();
    let database = Postgres::new(&Secret::new(&db.url), 2).unwrap();
    let pool = database.pool().clone();
    let index = PgSchemaIndex::new(pool.clone(), pool, None, 8_000);
    let supervisor = Supervisor::new(
        Arc::new(chat),
        Arc::new(index),
        Arc::new(database),
        Arc::new(MemoryStore::default()),
    );
    let reader = Reader::default();
    let answer = supervisor
        .answer_with(
            "How many customers?",
            &SessionId::random(),
            &reader,
            &CancellationToken::new(),
        )
        .await
        .unwrap();
    assert_eq!(answer.answer, "There are 3 customers.");
    let heard = reader.0.into_inner().unwrap();
    assert_eq!(heard.concat(), "There are 3 customers.");
    assert!(heard.len() > 1, "{heard:?}");
    let streamed: Vec<bool> = server.requests().iter().map(|r| r.is_streamed()).collect();
    assert_eq!(streamed, [false, true], "only prose is worth it");
    assert_eq!(server.violations(), [""; 0]);
    drop(supervisor);
    db.drop().await;
}
