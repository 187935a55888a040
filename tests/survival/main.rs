//! Nothing acknowledged is lost if the process, the disk or the server fails.
#![cfg(unix)]

#[path = "../support/contents.rs"]
mod contents;
mod disk;
mod failed_sync;
mod failover;
mod kill;
mod lanes;
mod many;
mod own_server;
mod postgres;
mod power_cut;
mod process;
mod retry_after;
mod server;
#[path = "../support/skip.rs"]
mod skip;
mod storage;
#[path = "../support/mod.rs"]
mod support;

use std::io::{self, Write};

/// Prints a line past the test harness, which hides the output of passing tests.
fn say(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}
