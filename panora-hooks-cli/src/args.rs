//! The command line arguments, and the dispatch to the commands.

use clap::{CommandFactory, Parser, Subcommand};

use crate::{
    commands::{
        dashboard, endpoints, events, explain, gaps, inbox, listen, manual, replay, send, sign, torture,
        verify,
    },
    failure::Failure,
};

/// The end of the help, without the empty line that usually precedes it, so that the help fits a
/// screen of 24 lines.
const AFTER_HELP: &str = "\
Exit status: 0 done, 1 no, 2 wrong arguments or file, 3 network, API or inbox.
Example: panora-hooks events 'crm.*'";

/// Tools for receivers of Panora's webhooks.
#[derive(Parser)]
#[command(
    name = "panora-hooks",
    version,
    disable_version_flag = true,
    term_width = 80,
    disable_help_subcommand = true,
    help_template = format!("{{about}}\n{{usage-heading}} {{usage}}\n\n{{all-args}}\n{AFTER_HELP}"),
    after_help = AFTER_HELP
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
    Gaps(gaps::Args),
    Dashboard(dashboard::Args),
    Torture(torture::Args),
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
            Command::Gaps(args) => gaps::run(args, json).await,
            Command::Dashboard(args) => dashboard::run(args, json).await,
            Command::Torture(args) => torture::run(args, json).await,
            Command::Completions(args) => manual::completions(&args, Self::command()),
            Command::Man(args) => manual::man(&args, Self::command()),
        }
    }
}
