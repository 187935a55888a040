//! Runs the command-line tool as users run it.

// Modules of a test program need no visibility, tests may panic, and snapbox writes snapshots with
// hashes.
#![allow(
    unreachable_pub,
    clippy::expect_used,
    clippy::needless_raw_string_hashes,
    clippy::panic,
    clippy::unwrap_used
)]

#[path = "../../../tests/support/api.rs"]
mod api;
mod bad_input;
mod dashboard;
mod endpoints;
mod events;
#[path = "../../../tests/support/example.rs"]
mod example;
mod explain;
mod gaps;
mod help;
mod inbox;
mod lanes;
mod listen;
#[path = "../../../tests/support/pooler.rs"]
mod pooler;
mod replay;
mod secrecy;
mod send;
mod sign;
#[path = "../../../tests/support/skip.rs"]
mod skip;
mod stopping;
mod support;
#[cfg(unix)]
mod torture;
