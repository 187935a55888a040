//! Nothing acknowledged is lost, whatever happens to the process, the disk or the server.
#![cfg(unix)]

mod disk;
mod failed_sync;
mod failover;
mod kill;
mod many;
mod own_server;
mod postgres;
mod power_cut;
mod process;
mod server;
#[path = "../support/skip.rs"]
mod skip;
mod storage;
#[path = "../support/mod.rs"]
mod support;

use std::io::{self, Write};

/// Past the test harness, which keeps what passing tests print to itself.
fn say(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}
