//! The command line: parses what is asked for, lets the library do it, and prints what comes of it.

mod args;
mod commands;
mod failure;
mod input;
mod print;
mod secrets;

use std::process::ExitCode;

use clap::Parser;

use crate::{args::Args, failure::Failure};

fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) if error.use_stderr() => error.exit(),
        // Help and version are output like any other: clap ignores that it cannot be written.
        Err(error) => {
            return match print::text(error.render().ansi()) {
                Ok(()) => ExitCode::SUCCESS,
                Err(failure) => failure.report(),
            };
        }
    };
    let runtime =
        tokio::runtime::Runtime::new().map_err(|error| Failure::outside("cannot start threads", &error));
    match runtime.and_then(|runtime| runtime.block_on(commands::run(args))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}
