//! The command line arguments, and the dispatch to the commands.

use clap::{CommandFactory, Parser, Subcommand};

use crate::{
    commands::{dashboard, endpoints, events, explain, inbox, listen, manual, replay, send, sign, verify},
    failure::Failure,
};

/// Tools for receivers of Panora's webhooks.
#[derive(Parser)]
#[command(
    name = "panora-hooks",
    version,
    disable_version_flag = true,
    term_width = 80,
    disable_help_subcommand = true,
    after_help = "\
Exit status: 0 done, 1 no, 2 wrong arguments or file, 3 network, API or inbox.
Example: panora-hooks events 'crm.*'"
)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
    /// Prints JSON, for other programs
    #[arg(long, global = true)]
    json: bool,
    /// Prints the version
    #[arg(short = 'V', long, action = clap::ArgAction::Version, hide = true)]
    version: Option<bool>,
}

#[derive(Subcommand)]
enum Command {
    Events(events::Args),
    Send(send::Args),
    Listen(listen::Args),
    Replay(replay::Args),
    Sign(sign::Args),
    Verify(verify::Args),
    Explain(explain::Args),
    Endpoints(endpoints::Args),
    Inbox(inbox::Args),
    Dashboard(dashboard::Args),
    Completions(manual::CompletionsArgs),
    Man(manual::ManArgs),
}

impl Args {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let json = self.json;
        match self.command {
            Command::Events(args) => events::run(&args, json),
            Command::Send(args) => send::run(args, json).await,
            Command::Listen(args) => listen::run(args, json).await,
            Command::Replay(args) => replay::run(args, json).await,
            Command::Sign(args) => sign::run(&args, json),
            Command::Verify(args) => verify::run(&args, json),
            Command::Explain(args) => explain::run(&args, json),
            Command::Endpoints(args) => endpoints::run(args, json).await,
            Command::Inbox(args) => inbox::run(args, json).await,
            Command::Dashboard(args) => dashboard::run(args, json).await,
            Command::Completions(args) => manual::completions(&args, Self::command()),
            Command::Man(args) => manual::man(&args, Self::command()),
        }
    }
}
