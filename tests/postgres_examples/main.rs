//! The examples that need PostgreSQL, as a new user sees them.
#![cfg(unix)]

mod database;
mod program;
#[path = "../support/skip.rs"]
mod skip;
#[path = "../support/mod.rs"]
mod support;
mod transactions;
mod two_receivers;
