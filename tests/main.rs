//! Everything that needs the binary or a server, in one linked program.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr)]

mod ask;
mod cli;
mod correction;
#[cfg(feature = "embedded")]
mod embedded;
mod eval;
mod faults;
mod guard;
mod library;
mod offline;
mod schema;
#[cfg(target_os = "linux")]
mod screen;
mod sessions;
mod share;
mod stores;
mod streaming;
mod support;
#[cfg(feature = "otel")]
mod telemetry;
mod terminal;
mod trust;
mod types;
mod web;
