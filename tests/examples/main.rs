//! The examples that are separate packages, as a new user sees them.
#![cfg(unix)]

mod database;
mod observability;
mod program;
#[path = "../support/skip.rs"]
mod skip;
#[path = "../support/mod.rs"]
mod support;
mod transactions;
mod two_receivers;
