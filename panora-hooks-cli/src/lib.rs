//! The command-line tool `panora-hooks`, and its parts.
//!
//! | command | module |
//! |---|---|
//! | `events` | [`find`] |
//! | `send` | [`template`] creates deliveries, [`send`](mod@send) sends one, [`batch`] many |
//! | `listen` | [`listen`] |
//! | `listen --record`, `replay` | [`recording`] |
//! | `sign` | [`body`] |
//! | `explain` | [`explain`] |
//! | `inbox show` | [`redact`] |
//! | `torture` | `torture`, on Unix |
//!
//! `dashboard` serves the crate `panora-hooks-dashboard`. The other commands call
//! [`Verifier`](panora_hooks::Verifier), [`endpoints`](panora_hooks::endpoints) or
//! [`inbox`](panora_hooks::inbox).
//!
//! The parts connect to no address but the given one, and no error or `Debug` contains anything of
//! a delivery. Only the binary is stable: the modules may change in any release.

mod args;
pub mod batch;
pub mod body;
mod commands;
pub mod explain;
mod failure;
pub mod find;
mod input;
pub mod listen;
mod moment;
mod print;
pub mod recording;
pub mod redact;
mod secrets;
pub mod send;
pub mod template;
#[cfg(unix)]
pub mod torture;

use std::process::ExitCode;

use clap::Parser;
use tokio::runtime::Runtime;

use crate::{args::Args, failure::Failure};

/// Runs the command line of this process.
#[must_use]
pub fn run() -> ExitCode {
    let done = match Args::try_parse() {
        Ok(args) => start(args),
        Err(error) if error.use_stderr() => error.exit(),
        // Help and version are printed like other output, because clap ignores that output fails.
        Err(error) => print::text(error.render().ansi()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            print::failure(&failure);
            failure.exit_code()
        }
    }
}

fn start(args: Args) -> Result<(), Failure> {
    let runtime = Runtime::new().map_err(|error| Failure::outside("cannot start threads", &error))?;
    runtime.block_on(args.run())
}
