//! Ask a Postgres database questions in plain language, safely.
//!
//! # The path of a question
//!
//! ```text
//! question ─► Supervisor ─► retrieve ──► plan ──► check ──► execute ──► judge ──► answer
//!              │  session    schema      model    guard     steps in    model     prose, rows, SQL
//!              │  store      index       JSON     PREPARE   order       verdict
//!              └──────────── a failure goes back to plan with what the database said ◄──┘
//! ```
//!
//! 1. [`agent::Supervisor::answer`] takes the question and does what [`agent::Run`] decides: a pure
//!    state machine over actions and outcomes, with the budget of attempts.
//! 2. [`schema::SchemaIndex`] puts the schema, or the part that the question is about, before the planner.
//! 3. The planner asks the [`llm::ChatModel`] for typed steps; [`agent::Plan`] reads them leniently and
//!    checks them strictly.
//! 4. Every SQL step passes the guard ([`sql::check`]), which alone makes a [`sql::CheckedSelect`], the
//!    only thing that [`db::Database`] runs: prepared first, then wrapped, read-only, rolled back.
//! 5. The executor runs the steps in the order of their dependencies with the [`tools`]; results are
//!    columnar ([`db::Table`]) and reach later steps as bound parameters.
//! 6. The critic judges the result and writes the prose; its numbers are traced to the results.
//!    What a model is told of results, errors and earlier turns passes one module, which cuts it down to
//!    what the person shares ([`config::Share`]).
//! 7. The turn goes into the [`session::SessionStore`]; the [`agent::Answer`] goes to a renderer.
//!
//! # Where things are
//!
//! | module | job |
//! |---|---|
//! | [`cli`], [`config`], [`config_file`], [`error`] | flags, settings, errors with hints and exit codes |
//! | [`commands`] | one file a subcommand: builds the parts, calls the library, renders |
//! | [`render`] | the only writers to stdout |
//! | [`agent`] | Supervisor, Run, plan, planner, executor, critic, events, prompts |
//! | [`tools`] | SQL, ANALYZE (polars), SEARCH, VERIFY |
//! | [`sql`] | the guard: pure, no connection |
//! | [`db`] | the target database: connect, prepare, stream, decode, cancel |
//! | [`schema`] | catalog, chunks, index, retrieval, setup |
//! | [`offline`] | the planner that needs no model: words of the schema, a grammar, a typed query, SQL |
//! | [`eval`] | execution accuracy on questions with known answers |
//! | [`llm`] | chat and embedding models through `genai` |
//! | [`telemetry`] | log lines, and spans for an OpenTelemetry collector |
//! | [`session`] | sessions in memory or Redis |
//! | `embedded` | Postgres inside the binary: sample data |
//!
//! # As a library
//!
#![doc = include_str!("../tests/support/library_example.md")]

pub mod agent;
pub mod cli;
pub mod commands;
pub mod config;
pub mod config_file;
pub mod db;
#[cfg(feature = "embedded")]
pub mod embedded;
pub mod error;
pub mod eval;
pub mod llm;
pub mod offline;
pub mod render;
pub mod schema;
pub mod session;
pub mod sql;
pub mod telemetry;
pub mod tools;
