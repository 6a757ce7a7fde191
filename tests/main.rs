//! Everything that needs the binary or a server, in one linked program.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr)]

mod ask;
mod cli;
mod faults;
mod offline;
mod sessions;
mod stores;
mod support;
mod terminal;
mod web;
