//! A local stand-in for the model providers' REST APIs.
//!
//! It speaks the documented formats of Gemini, OpenAI, Anthropic and Ollama, so that the
//! `pgagent` binary can be run against it unchanged: only the base URL and the key differ.
//! It has no model behind it. A test says what "the model" answers ([`ModelServer::reply`],
//! [`ModelServer::when`]), runs the program, and then looks at what was sent
//! ([`ModelServer::requests`]) and whether it was as the provider documents
//! ([`ModelServer::violations`]).
//!
//! A request that breaks the documentation is still answered: the violation is what a test
//! asserts on, and a refusal would only hide the behaviour under test behind an early error.
//! The one exception is the API key, because a missing or wrong key is itself something a
//! user runs into: a missing one is refused as the provider refuses it, and so is one that
//! starts with `invalid` (which is no violation: the request was well formed).
//!
//! The API is synchronous, as the tests that spawn a process are: the server runs on a thread
//! of its own and stops when the [`ModelServer`] is dropped.

// Every test binary that includes this file uses a part of it.
#![allow(dead_code)]

use std::collections::{BTreeMap, VecDeque};
use std::net::TcpListener;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, Method, Uri};
use axum::response::Response;
use serde_json::{Map, Value, json};
use tokio::sync::oneshot;

/// Whose API a request was made to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Provider {
    Gemini,
    OpenAi,
    Anthropic,
    Ollama,
    /// The path is none that this server knows; always a violation.
    Unknown,
}

/// What a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Chat,
    Embed,
    Models,
    /// See [`Provider::Unknown`].
    Unknown,
}

/// A request as it was received.
#[derive(Clone, Debug)]
pub struct Recorded {
    pub provider: Provider,
    pub kind: Kind,
    pub method: String,
    pub path: String,
    pub query: String,
    /// Names in lower case; the values of a repeated header are joined with `, `.
    pub headers: BTreeMap<String, String>,
    /// `Null` when the body is absent or is not JSON.
    pub body: Value,
    /// The model asked for, from the path (Gemini) or the body (the others).
    pub model: String,
    /// The system instruction, wherever the provider carries it.
    pub system: String,
    /// The texts of all user messages, one after the other.
    pub user: String,
    /// The system instruction and every message: what [`ModelServer::when`] searches.
    pub prompt: String,
    /// The texts to embed.
    pub texts: Vec<String>,
    pub at: Instant,
}

/// How a chat request is answered.
#[derive(Clone, Debug)]
pub enum Reply {
    /// The model's text is this JSON.
    Json(Value),
    Text(String),
    /// An HTTP answer of this status. An empty body stands for the error the provider documents
    /// for the status; see [`Reply::status`].
    Status {
        code: u16,
        headers: Vec<(String, String)>,
        body: String,
    },
    Delayed(Duration, Box<Reply>),
    /// Takes the request and never answers.
    Hang,
    /// Closes the connection without a byte of an answer.
    Disconnect,
    /// A success that carries no text.
    Empty,
    /// The provider's safety block. Ollama has none and answers as with [`Reply::Empty`].
    Blocked,
    /// The text so far, and the provider's sign that the token limit cut it off.
    CutOff(String),
    /// This text, but a stream of it ends in the middle.
    BrokenOff(String),
    /// A success that is an HTML page, as an intermediary on the way sends it.
    NotJson,
    /// Gemini's answer from Google Search: the text and the `(title, uri)` of its sources.
    /// The other providers send the text alone.
    Grounded {
        text: String,
        sources: Vec<(String, String)>,
    },
}

impl Reply {
    /// An answer of this HTTP status with the body that the provider asked documents for it.
    pub fn status(code: u16) -> Self {
        Self::Status {
            code,
            headers: Vec::new(),
            body: String::new(),
        }
    }

    /// Adds a header, such as `retry-after`, to a [`Reply::Status`]; others stay as they are.
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        if let Self::Status { headers, .. } = &mut self {
            headers.push((name.to_owned(), value.to_owned()));
        }
        self
    }

    /// The same reply, this much later.
    pub fn after(self, delay: Duration) -> Self {
        Self::Delayed(delay, Box::new(self))
    }
}

/// How embedding requests are answered.
#[derive(Clone, Debug)]
pub enum Embeddings {
    /// Vectors made from the words of each text (see [`embedding`]). `dimensions` overrides the
    /// number of dimensions that the request asks for.
    Deterministic { dimensions: Option<usize> },
    /// Every request fails with this status and the provider's documented error.
    Fail(u16),
    /// As `Fail` for this many requests, and as by default after that.
    FailFirst { times: usize, code: u16 },
    /// Requests are taken and never answered.
    Hang,
}

impl Default for Embeddings {
    fn default() -> Self {
        Self::Deterministic { dimensions: None }
    }
}

/// The running server; dropping it stops it.
pub struct ModelServer {
    url: String,
    shared: Arc<Mutex<Shared>>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl ModelServer {
    /// Starts on a free port of 127.0.0.1.
    pub fn start() -> Self {
        Self::start_on(0)
    }

    /// Starts on this port of 127.0.0.1.
    pub fn start_on(port: u16) -> Self {
        // Bound here rather than on the thread, so that the URL is known and connections are
        // queued by the time this returns.
        let listener = TcpListener::bind(("127.0.0.1", port)).expect("bind the port");
        listener.set_nonblocking(true).expect("unblock the socket");
        let address = listener.local_addr().expect("read the bound address");
        let shared = Arc::default();
        let app = Router::new()
            .fallback(answer)
            .layer(DefaultBodyLimit::disable())
            .with_state(Arc::clone(&shared));
        let (stop, stopped) = oneshot::channel::<()>();
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .enable_all()
                .build()
                .expect("start the model server's runtime");
            // Not a graceful shutdown: that would wait for the requests that never end.
            runtime.block_on(async move {
                let listener = tokio::net::TcpListener::from_std(listener).expect("listen");
                tokio::select! {
                    _ = axum::serve(listener, app).into_future() => {}
                    _ = stopped => {}
                }
            });
        });
        Self {
            url: format!("http://{address}"),
            shared,
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    /// The base URL without a path: `http://127.0.0.1:PORT`, no trailing slash.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Queues the answer to the next chat request that no rule matches.
    pub fn reply(&self, reply: Reply) {
        locked(&self.shared).queue.push_back(reply);
    }

    /// Answers every chat request whose prompt contains `needle`; the empty string matches all.
    /// Of several rules that match, the one added last answers.
    pub fn when(&self, needle: &str, reply: Reply) {
        let rule = (needle.to_owned(), reply, false);
        locked(&self.shared).rules.push(rule);
    }

    /// As [`ModelServer::when`], for one request.
    pub fn when_once(&self, needle: &str, reply: Reply) {
        let rule = (needle.to_owned(), reply, true);
        locked(&self.shared).rules.push(rule);
    }

    /// Sets how embedding requests are answered from now on.
    pub fn embeddings(&self, behaviour: Embeddings) {
        locked(&self.shared).embeddings = behaviour;
    }

    /// Everything received, in order.
    pub fn requests(&self) -> Vec<Recorded> {
        locked(&self.shared).requests.clone()
    }

    pub fn chat_requests(&self) -> Vec<Recorded> {
        self.requests_of(Kind::Chat)
    }

    pub fn embedding_requests(&self) -> Vec<Recorded> {
        self.requests_of(Kind::Embed)
    }

    fn requests_of(&self, kind: Kind) -> Vec<Recorded> {
        let mut requests = self.requests();
        requests.retain(|request| request.kind == kind);
        requests
    }

    /// What was wrong with any request; empty when all were as documented.
    pub fn violations(&self) -> Vec<String> {
        locked(&self.shared).violations.clone()
    }
}

impl Drop for ModelServer {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

#[derive(Default)]
struct Shared {
    requests: Vec<Recorded>,
    violations: Vec<String>,
    queue: VecDeque<Reply>,
    /// What the prompt contains, the reply, and whether the rule serves only once.
    rules: Vec<(String, Reply, bool)>,
    embeddings: Embeddings,
}

impl Shared {
    fn violated(&mut self, request: &Recorded, problem: &str) {
        let Recorded { method, path, .. } = request;
        self.violations.push(format!("{method} {path}: {problem}"));
    }

    fn next_reply(&mut self, request: &Recorded) -> Option<Reply> {
        let matches = |(needle, _, _): &(String, _, _)| request.prompt.contains(needle);
        let reply = match self.rules.iter().rposition(matches) {
            Some(index) if self.rules[index].2 => Some(self.rules.remove(index).1),
            Some(index) => Some(self.rules[index].1.clone()),
            None => self.queue.pop_front(),
        };
        match &reply {
            None => self.violated(request, "there was no reply for this request"),
            Some(Reply::Grounded { .. }) if !searches(&request.body) => {
                self.violated(
                    request,
                    "a grounded reply, but no googleSearch tool was sent",
                );
            }
            Some(_) => {}
        }
        reply
    }

    /// The dimensions to use instead of those asked for, or the status to fail with; nothing for
    /// a request that is never answered.
    fn next_embedding(&mut self) -> Option<Result<Option<usize>, u16>> {
        Some(match &mut self.embeddings {
            Embeddings::Deterministic { dimensions } => Ok(*dimensions),
            Embeddings::FailFirst { times: 0, .. } => Ok(None),
            Embeddings::FailFirst { times, code } => {
                *times -= 1;
                Err(*code)
            }
            Embeddings::Fail(code) => Err(*code),
            Embeddings::Hang => return None,
        })
    }
}

/// A panic elsewhere in the test must not hide behind a second one about the lock.
fn locked(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn answer(
    State(shared): State<Arc<Mutex<Shared>>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let request = Recorded::new(&method, &uri, &headers, &body);
    let mut check = Check::default();
    let refusal = check.request(&request);
    let number = {
        let mut shared = locked(&shared);
        for problem in &check.problems {
            shared.violated(&request, problem);
        }
        shared.requests.push(request.clone());
        shared.requests.len()
    };
    // The lock is let go before the answer is made, so that requests are served in parallel.
    let (code, body) = match (refusal, request.kind) {
        (Some((code, error)), _) => (code, error),
        (None, Kind::Chat) => {
            let reply = locked(&shared).next_reply(&request);
            if let Some(reply) = reply {
                return send(&request, number, reply).await;
            }
            let message = "the model server was given no reply for this";
            (500, error(request.provider, 500, message))
        }
        (None, Kind::Embed) => {
            let behaviour = locked(&shared).next_embedding();
            match behaviour {
                Some(Ok(dimensions)) => (200, embedding_body(&request, dimensions)),
                Some(Err(code)) => (code, documented_error(request.provider, code)),
                None => std::future::pending().await,
            }
        }
        (None, Kind::Models | Kind::Unknown) => (200, models_body(request.provider)),
    };
    response(code, &[], body.to_string())
}

// ---------------------------------------------------------------------------------------------
// Requests
// ---------------------------------------------------------------------------------------------

const RESPONSES: &str = "/v1/responses";
const STREAM_GEMINI: &str = "streamGenerateContent";

fn route(path: &str, headers: &HeaderMap) -> (Provider, Kind) {
    let call = path.strip_prefix("/v1beta/models/");
    match call.and_then(|call| call.split_once(':')) {
        Some((_, "generateContent" | STREAM_GEMINI)) => return (Provider::Gemini, Kind::Chat),
        Some((_, "embedContent" | "batchEmbedContents")) => return (Provider::Gemini, Kind::Embed),
        _ => {}
    }
    match path {
        "/v1beta/models" => (Provider::Gemini, Kind::Models),
        "/v1/chat/completions" | RESPONSES => (Provider::OpenAi, Kind::Chat),
        "/v1/embeddings" => (Provider::OpenAi, Kind::Embed),
        "/v1/messages" => (Provider::Anthropic, Kind::Chat),
        // OpenAI and Anthropic share this path; only Anthropic has these headers.
        "/v1/models"
            if headers.contains_key("x-api-key") || headers.contains_key("anthropic-version") =>
        {
            (Provider::Anthropic, Kind::Models)
        }
        "/v1/models" => (Provider::OpenAi, Kind::Models),
        "/api/chat" => (Provider::Ollama, Kind::Chat),
        "/api/embed" => (Provider::Ollama, Kind::Embed),
        "/api/tags" => (Provider::Ollama, Kind::Models),
        _ => (Provider::Unknown, Kind::Unknown),
    }
}

impl Recorded {
    fn new(method: &Method, uri: &Uri, headers: &HeaderMap, body: &[u8]) -> Self {
        let path = uri.path();
        let (provider, kind) = route(path, headers);
        let body = serde_json::from_slice(body).unwrap_or(Value::Null);
        let call = path.strip_prefix("/v1beta/models/");
        let model = match call.and_then(|call| call.split_once(':')) {
            Some((model, _)) => model,
            None => body["model"].as_str().unwrap_or_default(),
        };
        let mut values = BTreeMap::<String, Vec<_>>::new();
        for (name, value) in headers {
            let value = String::from_utf8_lossy(value.as_bytes());
            values.entry(name.to_string()).or_default().push(value);
        }
        let headers = values.into_iter().map(|(name, all)| (name, all.join(", ")));
        let turns = match kind {
            Kind::Chat => turns(provider, path, &body),
            _ => Vec::new(),
        };
        // The texts of all turns whose role is wanted.
        let said = |is: fn(&str) -> bool| {
            let said = turns.iter().filter(|(role, _)| is(role));
            said.map(|(_, text)| text.as_str())
                .collect::<Vec<_>>()
                .join("\n")
        };
        Self {
            provider,
            kind,
            method: method.to_string(),
            path: path.to_owned(),
            query: uri.query().unwrap_or_default().to_owned(),
            headers: headers.collect(),
            model: model.to_owned(),
            system: said(|role| role == "system" || role == "developer"),
            user: said(|role| role == "user"),
            prompt: said(|_| true),
            texts: match kind {
                Kind::Embed => texts_to_embed(provider, &body),
                _ => Vec::new(),
            },
            body,
            at: Instant::now(),
        }
    }

    /// Whether the answer is wanted as server-sent events.
    pub fn is_streamed(&self) -> bool {
        self.path.ends_with(STREAM_GEMINI) || self.body["stream"] == true
    }

    fn is_responses(&self) -> bool {
        self.path == RESPONSES
    }

    fn is_batch(&self) -> bool {
        self.path.ends_with(":batchEmbedContents")
    }
}

/// Every text of a chat request with its role, the system instruction first.
fn turns<'a>(provider: Provider, path: &str, body: &'a Value) -> Vec<(&'a str, String)> {
    let (system, messages, content) = match provider {
        Provider::Gemini => (&body["systemInstruction"]["parts"], "contents", "parts"),
        Provider::OpenAi if path == RESPONSES => (&body["instructions"], "input", "content"),
        Provider::Anthropic => (&body["system"], "messages", "content"),
        _ => (&Value::Null, "messages", "content"),
    };
    let mut turns = Vec::new();
    if !system.is_null() {
        turns.push(("system", text_of(system)));
    }
    if body[messages].is_string() {
        turns.push(("user", text_of(&body[messages])));
    }
    for message in list(&body[messages]) {
        let role = message["role"].as_str().unwrap_or_default();
        turns.push((role, text_of(&message[content])));
    }
    turns
}

fn texts_to_embed(provider: Provider, body: &Value) -> Vec<String> {
    let content = |request: &Value| text_of(&request["content"]["parts"]);
    match (provider, &body["requests"], &body["input"]) {
        (Provider::Gemini, Value::Array(requests), _) => requests.iter().map(content).collect(),
        (Provider::Gemini, ..) => vec![content(body)],
        (_, _, Value::Array(inputs)) => inputs.iter().map(text_of).collect(),
        (_, _, input) => vec![text_of(input)],
    }
}

/// The text of a content, which all providers write as a string or as a list of text parts.
fn text_of(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts.iter().map(text_of).collect::<Vec<_>>().join("\n"),
        part => part["text"].as_str().unwrap_or_default().to_owned(),
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// Whether a Gemini request has the search tool; a null there counts as no tool.
fn searches(body: &Value) -> bool {
    let mut tools = list(&body["tools"]).iter();
    tools.any(|tool| tool["googleSearch"].is_object() || tool["google_search"].is_object())
}

// ---------------------------------------------------------------------------------------------
// Checks
// ---------------------------------------------------------------------------------------------

// The documented fields of each object. A line has what the values are (see `is`) and the names
// of the fields; `!` marks the required ones. The values of fields that pgagent has no use for
// are not looked at.

/// <https://ai.google.dev/api/generate-content>
const GEMINI_CHAT: &str = "
    list: contents! tools safetySettings
    object: systemInstruction generationConfig toolConfig
    text: cachedContent";
const GEMINI_CONFIG: &str = "
    count: candidateCount maxOutputTokens topK
    up-to-2: temperature
    up-to-1: topP
    int32: seed
    5-texts: stopSequences
    mime: responseMimeType
    object: responseSchema responseJsonSchema thinkingConfig
    any: presencePenalty frequencyPenalty responseLogprobs logprobs enableEnhancedCivicAnswers
    any: responseModalities speechConfig imageConfig mediaResolution";
const GEMINI_CONTENT: &str = "
    gemini-role: role
    list: parts!";
const GEMINI_PART: &str = "
    text: text! thoughtSignature
    bool: thought";
/// <https://ai.google.dev/api/embeddings>
const GEMINI_EMBED: &str = "
    text: model! title
    object: content!
    gemini-task: taskType
    up-to-3072: outputDimensionality";
const GEMINI_TASKS: &str = "TASK_TYPE_UNSPECIFIED RETRIEVAL_QUERY RETRIEVAL_DOCUMENT \
    SEMANTIC_SIMILARITY CLASSIFICATION CLUSTERING QUESTION_ANSWERING FACT_VERIFICATION \
    CODE_RETRIEVAL_QUERY";
/// All the keywords that `responseJsonSchema` supports.
const GEMINI_SCHEMA: &str = "$id $defs $ref $anchor type format title description enum items \
    prefixItems minItems maxItems minimum maximum anyOf oneOf properties additionalProperties \
    required propertyOrdering";

/// <https://platform.openai.com/docs/api-reference/chat/create>
const OPENAI_CHAT: &str = "
    text: model! reasoning_effort verbosity service_tier
    list: messages! tools
    bool: stream
    object: stream_options
    up-to-2: temperature
    up-to-1: top_p
    count: max_tokens max_completion_tokens
    integer: seed
    texts: stop
    object: response_format
    any: audio frequency_penalty logit_bias logprobs metadata modalities n parallel_tool_calls
    any: prediction presence_penalty prompt_cache_key prompt_cache_options user tool_choice
    any: prompt_cache_retention safety_identifier store top_logprobs web_search_options";
/// <https://platform.openai.com/docs/api-reference/responses/create>: unlike chat completions,
/// it has neither `seed` nor `stop`, and refuses them.
const OPENAI_RESPONSES: &str = "
    text: model! instructions service_tier
    text-or-list: input!
    list: tools
    false: stream
    up-to-2: temperature
    up-to-1: top_p
    count: max_output_tokens
    object: text reasoning
    bool: store
    any: background conversation include max_tool_calls metadata parallel_tool_calls prompt
    any: previous_response_id prompt_cache_key prompt_cache_options prompt_cache_retention
    any: safety_identifier tool_choice top_logprobs truncation user";
const OPENAI_FORMAT: &str = "
    json_schema: type
    name: name!
    true: strict!
    object: schema!
    text: description";
/// <https://platform.openai.com/docs/api-reference/embeddings/create>
const OPENAI_EMBED: &str = "
    text: model! user
    2048-texts: input!
    count: dimensions
    float: encoding_format";
const OPENAI_SCHEMA_REFUSED: &str = "oneOf allOf not dependentRequired dependentSchemas if then \
    else patternProperties";

/// <https://platform.claude.com/docs/en/api/messages/create>
const ANTHROPIC_CHAT: &str = "
    text: model!
    list: messages! tools
    count: max_tokens!
    content: system
    false: stream
    up-to-1: temperature top_p
    texts: stop_sequences
    object: output_config thinking
    any: cache_control container inference_geo metadata service_tier tool_choice top_k";
const ANTHROPIC_OUTPUT: &str = "
    object: format
    text: effort";
const ANTHROPIC_FORMAT: &str = "
    json_schema: type!
    object: schema!";
const ANTHROPIC_SCHEMA_REFUSED: &str = "minimum maximum exclusiveMinimum exclusiveMaximum \
    multipleOf minLength maxLength maxItems uniqueItems patternProperties not if then else";

/// <https://docs.ollama.com/api/chat>; `stream` is required here because it is true by default.
const OLLAMA_CHAT: &str = "
    text: model!
    list: messages! tools
    false: stream!
    ollama-format: format
    object: options
    any: keep_alive logprobs think top_logprobs";
const OLLAMA_OPTIONS: &str = "
    up-to-2: temperature
    up-to-1: top_p
    integer: seed num_predict
    count: num_ctx
    texts: stop
    any: frequency_penalty main_gpu min_p num_batch num_gpu num_keep num_thread use_mmap
    any: presence_penalty repeat_last_n repeat_penalty top_k typical_p";
const OLLAMA_EMBED: &str = "
    text: model!
    texts: input!
    count: dimensions
    bool: truncate
    any: keep_alive options";

/// Whether a value is what one of the tables above says.
fn is(value: &Value, what: &str) -> bool {
    let within = |most: f64| value.as_f64().is_some_and(|n| (0.0..=most).contains(&n));
    let items = list(value);
    let texts = |all: &[Value]| !all.is_empty() && all.iter().all(|item| is(item, "text"));
    match what {
        "any" => true,
        "bool" => value.is_boolean(),
        "true" => *value == true,
        "false" => *value == false,
        "integer" => value.is_i64() || value.is_u64(),
        "int32" => value.as_i64().is_some_and(|n| i32::try_from(n).is_ok()),
        "count" => value.as_u64().is_some_and(|n| n > 0),
        "up-to-1" => within(1.0),
        "up-to-2" => within(2.0),
        "up-to-3072" => is(value, "count") && within(3072.0),
        "object" => value.is_object(),
        "list" => !items.is_empty(),
        "100-items" => (1..=100).contains(&items.len()),
        "text" => value.as_str().is_some_and(|text| !text.is_empty()),
        "texts" => is(value, "text") || texts(items),
        "5-texts" => texts(items) && items.len() <= 5,
        "2048-texts" => is(value, "texts") && items.len() <= 2048,
        "text-or-list" => is(value, "text") || is(value, "list"),
        "content" => {
            let is_text = |part: &Value| is(&part["text"], "text");
            is(value, "text") || (!items.is_empty() && items.iter().all(is_text))
        }
        "gemini-role" => value == "user" || value == "model",
        "mime" => value == "application/json" || value == "text/plain" || value == "text/x.enum",
        "gemini-task" => words(GEMINI_TASKS).any(|task| value == task),
        "name" => value.as_str().is_some_and(|name| {
            let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
            (1..=64).contains(&name.len()) && name.chars().all(allowed)
        }),
        "ollama-format" => value == "json" || value.is_object(),
        exactly => value == exactly,
    }
}

fn words(names: &str) -> impl Iterator<Item = &str> {
    names.split_whitespace()
}

/// The beginning of a value, so that a violation stays readable.
fn short(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(80) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text,
    }
}

/// Collects what is wrong with one request.
#[derive(Default)]
struct Check {
    problems: Vec<String>,
}

impl Check {
    fn need(&mut self, holds: bool, problem: impl Into<String>) {
        if !holds {
            self.problems.push(problem.into());
        }
    }

    /// Checks an object against a table of its fields.
    fn fields(&mut self, name: &str, value: &Value, table: &str) {
        let Some(object) = value.as_object() else {
            return self.need(false, format!("{name} is {}", short(value)));
        };
        let mut unknown = object.keys().collect::<Vec<_>>();
        for (what, fields) in table.lines().filter_map(|line| line.split_once(": ")) {
            for field in words(fields) {
                let (field, required) = match field.strip_suffix('!') {
                    Some(field) => (field, true),
                    None => (field, false),
                };
                unknown.retain(|name| *name != field);
                match object.get(field) {
                    Some(value) if is(value, what.trim()) => {}
                    Some(value) => {
                        self.need(false, format!("{name}.{field} may not be {}", short(value)));
                    }
                    None => self.need(!required, format!("{name}.{field} is missing")),
                }
            }
        }
        for field in unknown {
            self.need(false, format!("{name}.{field} is not documented"));
        }
    }

    /// Checks a request, and tells with which status and error it is refused, if it is.
    fn request(&mut self, request: &Recorded) -> Option<(u16, Value)> {
        let (provider, body, query) = (request.provider, &request.body, &request.query);
        let header = |name: &str| request.headers.get(name).map_or("", String::as_str);
        if request.kind == Kind::Models {
            self.need(request.method == "GET", "not called with GET");
        } else {
            self.need(request.method == "POST", "not called with POST");
            let json = header("content-type").starts_with("application/json");
            self.need(json, "the content-type is not application/json");
            // Without it Gemini streams a JSON array.
            let wanted = if request.path.ends_with(STREAM_GEMINI) {
                "alt=sse"
            } else {
                ""
            };
            self.need(query == wanted, format!("unexpected query {query}"));
        }
        match (provider, request.kind) {
            (Provider::Gemini, Kind::Chat) => self.gemini_chat(&request.model, body),
            (Provider::Gemini, Kind::Embed) => self.gemini_embed(request),
            (Provider::OpenAi, Kind::Chat) => self.openai_chat(request),
            (Provider::OpenAi, Kind::Embed) => self.fields("body", body, OPENAI_EMBED),
            (Provider::Anthropic, Kind::Chat) => self.anthropic_chat(body),
            (Provider::Ollama, Kind::Chat) => self.ollama_chat(body),
            (Provider::Ollama, Kind::Embed) => self.fields("body", body, OLLAMA_EMBED),
            _ => {}
        }
        let key = match provider {
            Provider::Gemini => header("x-goog-api-key"),
            Provider::OpenAi => {
                let authorization = header("authorization");
                authorization.strip_prefix("Bearer ").unwrap_or_default()
            }
            Provider::Anthropic => {
                let version = header("anthropic-version");
                self.need(version == "2023-06-01", "no valid anthropic-version");
                header("x-api-key")
            }
            Provider::Ollama => return None,
            Provider::Unknown => {
                self.need(false, "no provider documents this path");
                return Some((404, documented_error(provider, 404)));
            }
        };
        let key = key.trim();
        let in_url = query.contains("key=") || (!key.is_empty() && query.contains(key));
        self.need(!in_url, "the API key is in the URL");
        self.need(!key.is_empty(), "the API key is missing");
        refusal(provider, key)
    }

    fn gemini_chat(&mut self, model: &str, body: &Value) {
        self.fields("body", body, GEMINI_CHAT);
        for content in list(&body["contents"]) {
            self.gemini_content("contents[]", content);
        }
        if let Some(system) = body.get("systemInstruction") {
            self.gemini_content("systemInstruction", system);
        }
        for tool in list(&body["tools"]) {
            let mut values = tool.as_object().into_iter().flatten();
            let set = values.any(|(_, value)| !value.is_null());
            self.need(set, format!("tools[] has a tool without a type: {tool}"));
        }
        let Some(config) = body.get("generationConfig") else {
            return;
        };
        self.fields("generationConfig", config, GEMINI_CONFIG);
        let as_json = config["responseMimeType"] == "application/json";
        if let Some(schema) = config.get("responseJsonSchema") {
            self.need(as_json, "responseJsonSchema without a JSON MIME type");
            let single = config.get("responseSchema").is_none();
            self.need(single, "responseSchema beside responseJsonSchema");
            self.schema(schema, Provider::Gemini);
        }
        // Only Gemini 3 and later combine the built-in tools with structured output.
        let old = model.starts_with("gemini-1") || model.starts_with("gemini-2");
        let combined = as_json && searches(body);
        self.need(!(old && combined), "googleSearch beside a JSON MIME type");
    }

    fn gemini_content(&mut self, name: &str, content: &Value) {
        self.fields(name, content, GEMINI_CONTENT);
        for part in list(&content["parts"]) {
            self.fields(&format!("{name}.parts[]"), part, GEMINI_PART);
        }
    }

    fn gemini_embed(&mut self, request: &Recorded) {
        let (body, model) = (&request.body, format!("models/{}", request.model));
        let requests = match request.is_batch() {
            true => {
                self.fields("body", body, "100-items: requests!");
                list(&body["requests"])
            }
            false => std::slice::from_ref(body),
        };
        for request in requests {
            self.fields("request", request, GEMINI_EMBED);
            self.gemini_content("content", &request["content"]);
            let asked = &request["model"];
            self.need(*asked == model, format!("model {asked} at {model}"));
        }
    }

    /// Checks messages of the form `{role, content}`, which all but Gemini use.
    fn messages(&mut self, messages: &Value, roles: &str) {
        for message in list(messages) {
            let (role, content) = (&message["role"], &message["content"]);
            let known = words(roles).any(|known| role == known);
            self.need(known, format!("a message of role {role}"));
            let said = is(content, "content");
            self.need(said, format!("a message without text: {}", short(content)));
        }
    }

    fn openai_chat(&mut self, request: &Recorded) {
        let (body, model) = (&request.body, &request.model);
        let format = if request.is_responses() {
            self.fields("body", body, OPENAI_RESPONSES);
            self.messages(&body["input"], "developer system user assistant");
            &body["text"]["format"]
        } else {
            self.fields("body", body, OPENAI_CHAT);
            self.messages(&body["messages"], "developer system user assistant tool");
            let reasons = words("gpt-5 o1 o3 o4").any(|prefix| model.starts_with(prefix));
            let refused = reasons && body.get("max_tokens").is_some();
            self.need(!refused, "max_tokens for a reasoning model");
            &body["response_format"]
        };
        match format["type"].as_str() {
            Some("json_schema") => {
                // Chat completions nest what responses keep flat.
                let spec = format.get("json_schema").unwrap_or(format);
                self.fields("json_schema", spec, OPENAI_FORMAT);
                self.schema(&spec["schema"], Provider::OpenAi);
            }
            Some("json_object") => {
                let said = request.prompt.to_lowercase().contains("json");
                self.need(said, "json_object, but no message says JSON");
            }
            Some("text") => {}
            _ => self.need(format.is_null(), format!("the format {}", short(format))),
        }
    }

    fn anthropic_chat(&mut self, body: &Value) {
        self.fields("body", body, ANTHROPIC_CHAT);
        self.messages(&body["messages"], "user assistant");
        // Consecutive turns of one role are documented to be merged, but a last assistant turn
        // is a prefill, which recent models and structured outputs refuse.
        let messages = list(&body["messages"]);
        let is_user = |message: Option<&Value>| message.is_some_and(|m| m["role"] == "user");
        self.need(
            is_user(messages.first()),
            "the first turn is not the user's",
        );
        self.need(is_user(messages.last()), "the last turn is not the user's");
        let Some(config) = body.get("output_config") else {
            return;
        };
        self.fields("output_config", config, ANTHROPIC_OUTPUT);
        if let Some(format) = config.get("format") {
            self.fields("output_config.format", format, ANTHROPIC_FORMAT);
            self.schema(&format["schema"], Provider::Anthropic);
        }
    }

    fn ollama_chat(&mut self, body: &Value) {
        self.fields("body", body, OLLAMA_CHAT);
        self.messages(&body["messages"], "system user assistant tool");
        if let Some(options) = body.get("options") {
            self.fields("options", options, OLLAMA_OPTIONS);
        }
        if body["format"].is_object() {
            self.schema(&body["format"], Provider::Ollama);
        }
    }

    /// Checks a schema for structured output against the provider's subset of JSON Schema.
    fn schema(&mut self, schema: &Value, provider: Provider) {
        let object = schema["type"] == "object";
        self.need(object, "the root of the schema is not an object");
        self.schema_node("schema", schema, schema, provider);
    }

    fn schema_node(&mut self, at: &str, node: &Value, root: &Value, provider: Provider) {
        let Some(map) = node.as_object() else {
            return self.need(false, format!("{at} may not be {}", short(node)));
        };
        let mut shapes = words("type anyOf oneOf allOf enum const $ref");
        let shaped = shapes.any(|shape| map.contains_key(shape));
        self.need(shaped, format!("{at} has neither type nor choice"));
        let types = match &node["type"] {
            Value::Array(types) => types.iter().collect(),
            Value::Null => Vec::new(),
            single => vec![single],
        };
        for kind in &types {
            let mut known = words("string number integer boolean object array null");
            let known = known.any(|known| *kind == known);
            self.need(known, format!("{at} is of type {kind}"));
        }
        let has_type = |name: &str| types.iter().any(|kind| *kind == name);
        if has_type("array") {
            let items = map.contains_key("items") || map.contains_key("prefixItems");
            self.need(items, format!("{at} is an array without items"));
        }
        if let Some(target) = map.get("$ref") {
            let pointer = target.as_str().and_then(|target| target.strip_prefix('#'));
            let found = pointer.is_some_and(|pointer| root.pointer(pointer).is_some());
            self.need(found, format!("{at} refers to {target}"));
        }

        let none = Map::new();
        let properties = node["properties"].as_object().unwrap_or(&none);
        let required = list(&node["required"]);
        for name in required {
            let known = name
                .as_str()
                .is_some_and(|name| properties.contains_key(name));
            self.need(known, format!("{at} lacks {name}, but requires it"));
        }
        if has_type("object") && matches!(provider, Provider::OpenAi | Provider::Anthropic) {
            let closed = node["additionalProperties"] == false;
            self.need(closed, format!("{at} takes additionalProperties"));
        }
        if provider == Provider::OpenAi {
            for name in properties.keys() {
                let known = required.iter().any(|required| required == name);
                self.need(known, format!("{at} does not require {name}"));
            }
        }

        for (keyword, value) in map {
            let taken = takes_keyword(provider, keyword, map);
            self.need(taken, format!("{at} has an unsupported {keyword}"));
            match keyword.as_str() {
                "properties" | "$defs" | "definitions" => {
                    for (name, child) in value.as_object().into_iter().flatten() {
                        self.schema_node(&format!("{at}.{name}"), child, root, provider);
                    }
                }
                "anyOf" | "oneOf" | "allOf" | "prefixItems" => {
                    for child in list(value) {
                        self.schema_node(&format!("{at}.{keyword}"), child, root, provider);
                    }
                }
                "items" | "additionalProperties" if !value.is_boolean() => {
                    self.schema_node(&format!("{at}.{keyword}"), value, root, provider);
                }
                _ => {}
            }
        }
    }
}

fn takes_keyword(provider: Provider, keyword: &str, node: &Map<String, Value>) -> bool {
    let is_one_of = |keywords: &str| words(keywords).any(|known| known == keyword);
    // Gemini and OpenAI take a reference only on its own.
    let beside_ref = node.contains_key("$ref") && !keyword.starts_with('$');
    match provider {
        Provider::Gemini => is_one_of(GEMINI_SCHEMA) && !beside_ref,
        Provider::OpenAi => !is_one_of(OPENAI_SCHEMA_REFUSED) && !beside_ref,
        Provider::Anthropic if keyword == "minItems" => node[keyword].as_u64() < Some(2),
        Provider::Anthropic => !is_one_of(ANTHROPIC_SCHEMA_REFUSED),
        _ => true,
    }
}

// ---------------------------------------------------------------------------------------------
// Answers
// ---------------------------------------------------------------------------------------------

/// Replies carry a fixed time, so that a run gives the same bytes again: 2026-01-01T00:00:00Z.
const CREATED: u64 = 1_767_225_600;
const CREATED_AT: &str = "2026-01-01T00:00:00Z";

async fn send(request: &Recorded, number: usize, mut reply: Reply) -> Response {
    while let Reply::Delayed(delay, later) = reply {
        tokio::time::sleep(delay).await;
        reply = *later;
    }
    match reply {
        Reply::Status {
            code,
            headers,
            body,
        } if body.is_empty() => {
            let error = documented_error(request.provider, code);
            response(code, &headers, error.to_string())
        }
        Reply::Status {
            code,
            headers,
            body,
        } => response(code, &headers, body),
        Reply::NotJson => {
            let html = (
                "content-type".to_owned(),
                "text/html; charset=utf-8".to_owned(),
            );
            let page = "<!doctype html><title>Welcome</title><p>Please sign in to this network.";
            response(200, &[html], page.to_owned())
        }
        Reply::Hang => std::future::pending().await,
        // Unwinding ends the task that owns the connection and with it the connection. This way
        // of doing so does not print a panic message.
        Reply::Disconnect => std::panic::resume_unwind(Box::new("disconnect")),
        reply if request.is_streamed() => streamed(request, number, reply),
        reply => response(200, &[], chat_body(request, number, &reply).to_string()),
    }
}

/// The answer in server-sent events of a few characters each, as Gemini and OpenAI's chat completions
/// document them. [`Reply::BrokenOff`] ends without its last event.
fn streamed(request: &Recorded, number: usize, reply: Reply) -> Response {
    const PIECE: usize = 7;
    let whole = match &reply {
        Reply::BrokenOff(text) => chat_body(request, number, &Reply::Text(text.clone())),
        reply => chat_body(request, number, reply),
    };
    let (text, end) = match request.provider {
        Provider::Gemini => (
            "/candidates/0/content/parts/0/text",
            "/candidates/0/finishReason",
        ),
        _ => ("/choices/0/message/content", "/choices/0/finish_reason"),
    };
    let said: Vec<char> = whole
        .pointer(text)
        .and_then(Value::as_str)
        .unwrap_or_default()
        .chars()
        .collect();
    let mut pieces: Vec<String> = said.chunks(PIECE).map(|p| p.iter().collect()).collect();
    let mut events = Vec::new();
    if matches!(reply, Reply::BrokenOff(_)) {
        pieces.truncate(pieces.len() / 2);
    }
    let last = pieces.len().saturating_sub(1);
    for (i, piece) in pieces.iter().enumerate() {
        let finish = match &reply {
            Reply::BrokenOff(_) => Value::Null,
            _ if i < last => Value::Null,
            _ => whole.pointer(end).cloned().unwrap_or_default(),
        };
        let mut event = match request.provider {
            Provider::Gemini => json!({
                "candidates": [{"content": {"role": "model", "parts": [{"text": piece}]}, "index": 0}],
                "usageMetadata": whole["usageMetadata"], "modelVersion": request.model,
            }),
            _ => json!({
                "id": whole["id"], "object": "chat.completion.chunk", "created": CREATED,
                "model": request.model,
                "choices": [{"index": 0, "delta": {"content": piece}, "finish_reason": null}],
            }),
        };
        if let (false, Some(place)) = (finish.is_null(), event.pointer_mut(end)) {
            *place = finish;
        } else if !finish.is_null() {
            event["candidates"][0]["finishReason"] = finish;
        }
        events.push(event);
    }
    let usage = &request.body["stream_options"]["include_usage"];
    if request.provider == Provider::OpenAi && *usage == true {
        events.push(
            json!({"id": whole["id"], "object": "chat.completion.chunk", "created": CREATED,
                           "model": request.model, "choices": [], "usage": whole["usage"]}),
        );
    }
    let mut body: String = events
        .iter()
        .map(|event| format!("data: {event}\n\n"))
        .collect();
    if request.provider == Provider::OpenAi && !matches!(reply, Reply::BrokenOff(_)) {
        body.push_str("data: [DONE]\n\n");
    }
    let kind = ("content-type".to_owned(), "text/event-stream".to_owned());
    response(200, &[kind], body)
}

/// A response of JSON, unless the headers say otherwise.
fn response(code: u16, headers: &[(String, String)], body: String) -> Response {
    let mut response = Response::builder().status(code);
    for (name, value) in headers {
        response = response.header(name, value);
    }
    if !headers
        .iter()
        .any(|(name, _)| name.eq_ignore_ascii_case("content-type"))
    {
        response = response.header("content-type", "application/json");
    }
    response
        .body(body.into())
        .expect("a valid status and valid headers")
}

/// A deterministic stand-in for the providers' token counts.
fn tokens(text: &str) -> usize {
    text.chars().count().div_ceil(4)
}

/// Picks how a provider names the end of a text: complete, cut off, or blocked.
fn reason<'a>(reply: &Reply, complete: &'a str, cut_off: &'a str, blocked: &'a str) -> &'a str {
    match reply {
        Reply::CutOff(_) => cut_off,
        Reply::Blocked => blocked,
        _ => complete,
    }
}

fn chat_body(request: &Recorded, number: usize, reply: &Reply) -> Value {
    let text = match reply {
        Reply::Json(value) => Some(value.to_string()),
        Reply::Text(text) | Reply::CutOff(text) | Reply::BrokenOff(text) => Some(text.clone()),
        Reply::Grounded { text, .. } => Some(text.clone()),
        _ => None,
    };
    let model = &request.model;
    let sent = tokens(&request.prompt);
    let back = text.as_deref().map_or(0, tokens);
    match request.provider {
        Provider::Gemini => gemini_chat_body(request, number, reply, text),
        Provider::OpenAi if request.is_responses() => {
            let status = reason(reply, "completed", "incomplete", "incomplete");
            let incomplete = match reason(reply, "", "max_output_tokens", "content_filter") {
                "" => Value::Null,
                reason => json!({"reason": reason}),
            };
            let message = text.map(|text| {
                let content = json!({"type": "output_text", "text": text, "annotations": []});
                json!({"type": "message", "id": format!("msg_{number}"), "status": status,
                       "role": "assistant", "content": [content]})
            });
            json!({
                "id": format!("resp_{number}"), "object": "response", "created_at": CREATED,
                "status": status, "error": null, "incomplete_details": incomplete, "model": model,
                "output": Vec::from_iter(message),
                "usage": {
                    "input_tokens": sent, "input_tokens_details": {"cached_tokens": 0},
                    "output_tokens": back, "output_tokens_details": {"reasoning_tokens": 0},
                    "total_tokens": sent + back,
                },
            })
        }
        Provider::OpenAi | Provider::Unknown => json!({
            "id": format!("chatcmpl-{number}"), "object": "chat.completion", "created": CREATED,
            "model": model, "system_fingerprint": "fp_model_server",
            "choices": [{
                "index": 0, "logprobs": null,
                "message": {"role": "assistant", "content": text, "refusal": null,
                            "annotations": []},
                "finish_reason": reason(reply, "stop", "length", "content_filter"),
            }],
            "usage": {"prompt_tokens": sent, "completion_tokens": back,
                      "total_tokens": sent + back},
        }),
        Provider::Anthropic => {
            let content = text.map(|text| json!({"type": "text", "text": text}));
            json!({
                "id": format!("msg_{number}"), "type": "message", "role": "assistant",
                "model": model, "content": Vec::from_iter(content),
                "stop_reason": reason(reply, "end_turn", "max_tokens", "refusal"),
                "stop_sequence": null,
                "usage": {"input_tokens": sent, "output_tokens": back,
                          "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0,
                          "service_tier": "standard"},
            })
        }
        Provider::Ollama => json!({
            "model": model, "created_at": CREATED_AT,
            "message": {"role": "assistant", "content": text.unwrap_or_default()},
            "done": true, "done_reason": reason(reply, "stop", "length", "stop"),
            "total_duration": 2_000_000, "load_duration": 1_000_000, "prompt_eval_count": sent,
            "prompt_eval_duration": 500_000, "eval_count": back, "eval_duration": 500_000,
        }),
    }
}

fn gemini_chat_body(
    request: &Recorded,
    number: usize,
    reply: &Reply,
    text: Option<String>,
) -> Value {
    let sent = tokens(&request.prompt);
    let back = text.as_deref().map_or(0, tokens);
    let mut body = json!({
        "usageMetadata": {
            "promptTokenCount": sent, "candidatesTokenCount": back,
            "totalTokenCount": sent + back,
            "promptTokensDetails": [{"modality": "TEXT", "tokenCount": sent}],
        },
        "modelVersion": request.model, "responseId": format!("response-{number}"),
    });
    if let Reply::Blocked = reply {
        // A blocked prompt has feedback instead of candidates.
        let rating = json!({"category": "HARM_CATEGORY_DANGEROUS_CONTENT", "probability": "HIGH",
                            "blocked": true});
        body["promptFeedback"] = json!({"blockReason": "SAFETY", "safetyRatings": [rating]});
        return body;
    }
    let mut candidate = json!({
        "content": {"role": "model"}, "index": 0,
        "finishReason": reason(reply, "STOP", "MAX_TOKENS", "SAFETY"),
    });
    // An empty answer has no parts at all.
    if let Some(text) = text {
        candidate["content"]["parts"] = json!([{"text": text}]);
    }
    if let Reply::Grounded { text, sources } = reply {
        let web = |(title, uri): &(String, String)| json!({"web": {"uri": uri, "title": title}});
        candidate["groundingMetadata"] = json!({
            "webSearchQueries": [request.user],
            "searchEntryPoint": {"renderedContent": "<div class=\"container\"></div>"},
            "groundingChunks": sources.iter().map(web).collect::<Vec<_>>(),
            "groundingSupports": [{
                "segment": {"startIndex": 0, "endIndex": text.len(), "text": text},
                "groundingChunkIndices": (0..sources.len()).collect::<Vec<_>>(),
            }],
        });
    }
    body["candidates"] = json!([candidate]);
    body
}

fn embedding_body(request: &Recorded, dimensions: Option<usize>) -> Value {
    let (body, model) = (&request.body, &request.model);
    let (asked, default) = match request.provider {
        Provider::Gemini if request.is_batch() => {
            (&body["requests"][0]["outputDimensionality"], 3072)
        }
        Provider::Gemini => (&body["outputDimensionality"], 3072),
        Provider::OpenAi if model.contains("3-large") => (&body["dimensions"], 3072),
        Provider::OpenAi => (&body["dimensions"], 1536),
        _ => (&body["dimensions"], 768),
    };
    let asked = asked.as_u64().and_then(|asked| usize::try_from(asked).ok());
    let dimensions = dimensions.or(asked).unwrap_or(default);
    let vectors = request.texts.iter().map(|text| embedding(text, dimensions));
    let used = request.texts.iter().map(|text| tokens(text)).sum::<usize>();
    match request.provider {
        Provider::Gemini => {
            let mut embeddings = vectors.map(|values| json!({"values": values})).collect();
            let (name, value) = match request.is_batch() {
                true => ("embeddings", Value::Array(embeddings)),
                false => ("embedding", embeddings.remove(0)),
            };
            let details = json!([{"modality": "TEXT", "tokenCount": used}]);
            let usage = json!({"promptTokenCount": used, "promptTokenDetails": details});
            json!({name: value, "usageMetadata": usage})
        }
        Provider::Ollama => json!({
            "model": model, "embeddings": vectors.collect::<Vec<_>>(),
            "total_duration": 2_000_000, "load_duration": 1_000_000, "prompt_eval_count": used,
        }),
        _ => {
            let item = |(index, vector)| json!({"object": "embedding", "index": index, "embedding": vector});
            let data = vectors.enumerate().map(item).collect::<Vec<_>>();
            let usage = json!({"prompt_tokens": used, "total_tokens": used});
            json!({"object": "list", "data": data, "model": model, "usage": usage})
        }
    }
}

/// Counts the words of a text in the dimensions that their hashes name, and scales the length
/// to 1: texts that share words are near each other.
pub fn embedding(text: &str, dimensions: usize) -> Vec<f32> {
    let text = text.to_lowercase();
    let split = text.split(|c: char| !c.is_alphanumeric());
    let mut words = split.filter(|word| !word.is_empty()).collect::<Vec<_>>();
    // A text without words gets a direction too: a zero vector has no cosine distance.
    if words.is_empty() {
        words.push(&text);
    }
    let mut vector = vec![0.0_f32; dimensions.max(1)];
    for word in words {
        // FNV-1a.
        let hash = word.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        let index = hash % vector.len() as u64;
        vector[index as usize] += 1.0;
    }
    let length = vector.iter().map(|value| value * value).sum::<f32>().sqrt();
    vector.iter().map(|value| value / length).collect()
}

fn models_body(provider: Provider) -> Value {
    let names = match provider {
        Provider::Gemini => "gemini-2.5-flash gemini-2.5-pro gemini-embedding-001",
        Provider::Anthropic => "claude-sonnet-4-5 claude-haiku-4-5",
        Provider::Ollama => "llama3.2:latest nomic-embed-text:latest",
        Provider::OpenAi | Provider::Unknown => "gpt-4o-mini gpt-5-mini text-embedding-3-small",
    };
    let model = |name| match provider {
        Provider::Gemini => json!({
            "name": format!("models/{name}"), "version": "001", "displayName": name,
            "inputTokenLimit": 1_048_576, "outputTokenLimit": 65_536,
            "supportedGenerationMethods": ["generateContent", "embedContent", "countTokens"],
        }),
        Provider::Anthropic => {
            json!({"type": "model", "id": name, "display_name": name, "created_at": CREATED_AT})
        }
        Provider::Ollama => json!({
            "name": name, "model": name, "modified_at": CREATED_AT, "size": 2_000_000_000,
            "digest": "0".repeat(64), "details": {"format": "gguf", "parameter_size": "3.2B"},
        }),
        _ => json!({"id": name, "object": "model", "created": CREATED, "owned_by": "openai"}),
    };
    let models = words(names).map(model).collect::<Vec<_>>();
    match provider {
        Provider::Gemini | Provider::Ollama => json!({"models": models}),
        Provider::Anthropic => json!({
            "first_id": models[0]["id"], "last_id": models[1]["id"], "has_more": false,
            "data": models,
        }),
        _ => json!({"object": "list", "data": models}),
    }
}

/// With which status and error a provider refuses this key, if it does.
fn refusal(provider: Provider, key: &str) -> Option<(u16, Value)> {
    let invalid = key.starts_with("invalid");
    if !key.is_empty() && !invalid {
        return None;
    }
    let (code, message) = match (provider, invalid) {
        (Provider::Gemini, true) => (400, "API key not valid. Please pass a valid API key."),
        (Provider::Gemini, false) => (
            403,
            "Method doesn't allow unregistered callers (callers without established identity). \
             Please use API Key or other form of API consumer identity to call this API.",
        ),
        (Provider::OpenAi, true) => (401, "Incorrect API key provided."),
        (Provider::OpenAi, false) => (
            401,
            "You didn't provide an API key. You need to provide your API key in an Authorization \
             header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY).",
        ),
        (_, true) => (401, "invalid x-api-key"),
        (_, false) => (401, "x-api-key header is required"),
    };
    let mut error = error(provider, code, message);
    if provider == Provider::OpenAi && !invalid {
        error["error"]["code"] = Value::Null;
    }
    if provider == Provider::Gemini && invalid {
        // The status alone does not tell a bad key from a bad request.
        error["error"]["details"] = json!([{
            "@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID",
            "domain": "googleapis.com",
            "metadata": {"service": "generativelanguage.googleapis.com"},
        }]);
    }
    Some((code, error))
}

fn documented_error(provider: Provider, code: u16) -> Value {
    let message = match code {
        401 => "Invalid authentication.",
        403 => "You do not have permission to use this model.",
        404 => "The requested resource was not found.",
        429 => "Resource has been exhausted (e.g. check quota).",
        400..=499 => "Request contains an invalid argument.",
        503 | 529 => "The model is overloaded. Please try again later.",
        _ => "An internal error has occurred.",
    };
    error(provider, code, message)
}

/// An error in the form that the provider documents.
fn error(provider: Provider, code: u16, message: &str) -> Value {
    match provider {
        Provider::Gemini => {
            let status = match code {
                401 => "UNAUTHENTICATED",
                403 => "PERMISSION_DENIED",
                404 => "NOT_FOUND",
                429 => "RESOURCE_EXHAUSTED",
                400..=499 => "INVALID_ARGUMENT",
                503 => "UNAVAILABLE",
                504 => "DEADLINE_EXCEEDED",
                _ => "INTERNAL",
            };
            json!({"error": {"code": code, "message": message, "status": status}})
        }
        Provider::Anthropic => {
            let kind = match code {
                401 => "authentication_error",
                403 => "permission_error",
                404 => "not_found_error",
                413 => "request_too_large",
                429 => "rate_limit_error",
                400..=499 => "invalid_request_error",
                504 => "timeout_error",
                529 => "overloaded_error",
                _ => "api_error",
            };
            let error = json!({"type": kind, "message": message});
            json!({"type": "error", "error": error, "request_id": "req_model_server"})
        }
        Provider::Ollama => json!({"error": message}),
        Provider::OpenAi | Provider::Unknown => {
            let (kind, name) = match code {
                401 => ("invalid_request_error", Some("invalid_api_key")),
                404 => ("invalid_request_error", Some("model_not_found")),
                429 => ("requests", Some("rate_limit_exceeded")),
                400..=499 => ("invalid_request_error", None),
                _ => ("server_error", None),
            };
            json!({"error": {"message": message, "type": kind, "param": null, "code": name}})
        }
    }
}
