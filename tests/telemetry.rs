//! Spans that a collector receives.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, channel};

use axum::Router;
use axum::body::Bytes;
use axum::http::HeaderMap;
use axum::routing::post;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;

use crate::support::model_server::ModelServer;
use crate::support::{SHOP, TestDatabase, gemini, pgagent, plan, stderr, verdict};

/// An OpenTelemetry collector that keeps what it is sent.
struct Collector {
    url: String,
    received: Receiver<(HeaderMap, Vec<u8>)>,
}

impl Collector {
    fn start() -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (sent, received) = channel();
        let take = move |headers: HeaderMap, body: Bytes| {
            let _ = sent.send((headers, body.to_vec()));
            async { "" }
        };
        let app = Router::new().route("/v1/traces", post(take));
        tokio::spawn(async {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            axum::serve(listener, app).await.unwrap();
        });
        Self { url, received }
    }

    /// What came, all in one: the headers of the first request, the resource and the spans.
    fn spans(&self) -> (HeaderMap, BTreeMap<String, String>, Vec<Span>) {
        let mut headers = HeaderMap::new();
        let mut resource = BTreeMap::new();
        let mut spans = Vec::new();
        for (sent, body) in self.received.try_iter() {
            headers = sent;
            let request = ExportTraceServiceRequest::decode(body.as_slice()).unwrap();
            for of in request.resource_spans {
                resource = texts(&of.resource.unwrap().attributes);
                spans.extend(of.scope_spans.into_iter().flat_map(|scope| scope.spans));
            }
        }
        (headers, resource, spans)
    }
}

fn texts(attributes: &[KeyValue]) -> BTreeMap<String, String> {
    let text = |pair: &KeyValue| match pair.value.as_ref()?.value.as_ref()? {
        Value::StringValue(text) => Some(text.clone()),
        Value::IntValue(n) => Some(n.to_string()),
        other => panic!("{}: {other:?}", pair.key),
    };
    let pairs = attributes.iter();
    pairs
        .filter_map(|pair| Some((pair.key.clone(), text(pair)?)))
        .collect()
}

const QUESTION: &str = "How many payments did Björn make?";
const SQL: &str =
    "SELECT count(*) AS n FROM payment JOIN customer USING (customer_id) WHERE name = 'Björn'";

/// Asks with these variables; the runtime is free to serve the collector meanwhile.
async fn ask(args: &'static [&'static str], env: Vec<(String, String)>) -> std::process::Output {
    let asking = move || {
        let env: Vec<_> = env.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        pgagent(args, &env)
    };
    tokio::task::spawn_blocking(asking).await.unwrap()
}

fn owned(env: &[(&str, &str)]) -> Vec<(String, String)> {
    let pairs = env.iter();
    pairs
        .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_is_a_trace_without_what_was_asked_or_found() {
    let Some(db) = TestDatabase::create(SHOP).await else {
        return;
    };
    let (model, collector) = (ModelServer::start(), Collector::start());
    model.reply(plan("SELECT nothing FROM payment"));
    model.reply(plan(SQL));
    model.reply(verdict("Björn made 1 payment."));
    let mut env = owned(&gemini(&db, &model));
    env.extend(owned(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.url),
        ("OTEL_EXPORTER_OTLP_HEADERS", "x-team=data"),
        (
            "OTEL_RESOURCE_ATTRIBUTES",
            "deployment.environment.name=test",
        ),
    ]));
    let output = ask(&["ask", QUESTION, "--session", "s1"], env).await;
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));

    let (headers, resource, spans) = collector.spans();
    assert_eq!(headers["x-team"], "data");
    assert_eq!(headers["content-type"], "application/x-protobuf");
    assert_eq!(resource["service.name"], "pgagent");
    assert_eq!(resource["deployment.environment.name"], "test");
    let question = spans.iter().find(|span| span.name == "question").unwrap();
    let mut children: Vec<&Span> = spans.iter().filter(|s| s.name != "question").collect();
    children.sort_by_key(|span| span.start_time_unix_nano);
    let names: Vec<&str> = children.iter().map(|span| span.name.as_str()).collect();
    assert_eq!(
        names,
        ["retrieve", "plan", "step", "plan", "step", "critique"]
    );
    for child in &children {
        assert_eq!(child.parent_span_id, question.span_id, "{}", child.name);
        assert_eq!(child.trace_id, question.trace_id);
    }

    let asked = texts(&question.attributes);
    for (name, value) in [
        ("gen_ai.operation.name", "invoke_agent"),
        ("gen_ai.conversation.id", "s1"),
        ("gen_ai.request.model", "gemini-3.8-flash"),
        ("pgagent.attempts", "2"),
        ("pgagent.outcome", "answered"),
    ] {
        assert_eq!(asked[name], value, "{asked:?}");
    }
    let planned = texts(&children[3].attributes);
    assert_eq!(planned["gen_ai.operation.name"], "chat");
    assert_eq!(planned["gen_ai.provider.name"], "gcp.gemini");
    assert!(planned["gen_ai.usage.input_tokens"].parse::<u64>().unwrap() > 0);
    let failed = texts(&children[2].attributes);
    assert_eq!(failed["db.response.status_code"], "42703", "{failed:?}");
    assert_eq!(failed["error.type"], "plan");
    let step = texts(&children[4].attributes);
    for (name, value) in [
        ("gen_ai.tool.name", "sql"),
        ("db.system.name", "postgresql"),
        ("db.operation.name", "SELECT"),
        ("db.response.returned_rows", "1"),
    ] {
        assert_eq!(step[name], value, "{step:?}");
    }
    let all = format!("{spans:?}");
    for secret in ["Björn", "count(*)", "customer", &db.url] {
        assert!(!all.contains(secret), "{secret}");
    }
    db.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_asked_and_found_is_told_when_that_is_wanted() {
    let Some(db) = TestDatabase::create(SHOP).await else {
        return;
    };
    let (model, collector) = (ModelServer::start(), Collector::start());
    model.reply(plan(SQL));
    model.reply(verdict("Björn made 1 payment."));
    let mut env = owned(&gemini(&db, &model));
    let endpoint = format!("{}/v1/traces", collector.url);
    env.extend(owned(&[
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", &endpoint),
        ("OTEL_SERVICE_NAME", "questions"),
        ("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "true"),
    ]));
    let output = ask(&["ask", QUESTION], env).await;
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let (_, resource, spans) = collector.spans();
    assert_eq!(resource["service.name"], "questions");
    let of = |name: &str| {
        let span = spans.iter().find(|span| span.name == name).unwrap();
        texts(&span.attributes)
    };
    assert!(of("question")["gen_ai.input.messages"].contains(QUESTION));
    assert_eq!(of("step")["db.query.text"], SQL);
    let critique = of("critique");
    let shown = &critique["gen_ai.input.messages"];
    assert!(shown.contains("\\n1\\n</results>"), "{shown}");
    let said: serde_json::Value =
        serde_json::from_str(&critique["gen_ai.output.messages"]).unwrap();
    assert_eq!(said[0]["role"], "assistant");
    db.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_is_not_there_costs_a_warning_and_one_that_is_off_nothing() {
    let Some(db) = TestDatabase::create(SHOP).await else {
        return;
    };
    for (variables, warning) in [
        (
            vec![("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")],
            "spans are not exported",
        ),
        (
            vec![
                ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1"),
                ("OTEL_SDK_DISABLED", "true"),
            ],
            "",
        ),
    ] {
        let model = ModelServer::start();
        model.reply(plan(SQL));
        model.reply(verdict("Björn made 1 payment."));
        let mut env = owned(&gemini(&db, &model));
        env.extend(owned(&variables));
        let output = ask(&["ask", QUESTION], env).await;
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        let said = stderr(&output);
        let warned = said
            .lines()
            .find(|line| line.contains("spans"))
            .unwrap_or_default();
        assert!(
            warned.contains(warning) && (warned.is_empty() == warning.is_empty()),
            "{said}"
        );
    }
    db.drop().await;
}
