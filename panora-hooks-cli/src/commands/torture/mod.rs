//! `torture`: kills a receiver while deliveries arrive.

#[cfg(unix)]
mod contents;
#[cfg(unix)]
mod report;
#[cfg(unix)]
mod run;

use std::{ffi::OsString, path::PathBuf};

use super::inbox::Location;
#[cfg(not(unix))]
use crate::failure::Failure;

/// Kills a receiver repeatedly, and looks for acknowledged events
#[derive(clap::Args)]
#[command(
    override_usage = "panora-hooks torture [OPTIONS] --to <URL> -- <COMMAND>...",
    after_help = "\
Kills only the process group of COMMAND. Exit status: 0 nothing lost, 1 lost,
2 could not run. A power cut may lose events that a kill does not.

Example: panora-hooks torture --to http://127.0.0.1:8000/webhook -- \\
  cargo run --example quickstart"
)]
#[cfg_attr(not(unix), expect(dead_code, reason = "the command needs process groups"))]
pub(crate) struct Args {
    /// The URL of the receiver
    #[arg(long, value_name = "URL")]
    to: String,
    #[command(flatten)]
    location: Location,
    /// Accepts an inbox that holds events
    #[arg(long)]
    into_existing: bool,
    /// File of handled ids; alone, it replaces the inbox
    #[arg(long, value_name = "FILE")]
    handled_log: Option<PathBuf>,
    /// The number of kills
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1000))]
    kills: u32,
    /// Deliveries per second between bursts
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1000))]
    rate: u32,
    /// The most deliveries in flight
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=64))]
    senders: u8,
    /// Only event types such as `crm.*`
    #[arg(long, value_name = "PATTERN", default_value = "*", hide_default_value = true)]
    events: String,
    /// Repeats the deliveries and kills of an earlier run
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Also writes the report to a file, as JSON
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Starts the receiver
    #[arg(last = true, required = true, hide = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

#[cfg(unix)]
pub(crate) use self::run::run;

#[cfg(not(unix))]
pub(crate) async fn run(_: Args, _: bool) -> Result<(), Failure> {
    Err(Failure::usage("this command needs process groups: run it on Linux or another Unix"))
}
