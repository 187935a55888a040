//! What may be asked for.

use clap::{Parser, Subcommand};

use crate::commands::{endpoints, events, explain, inbox, listen, manual, replay, send, sign, verify};

/// Tools for receivers of Panora's webhooks.
#[derive(Parser)]
#[command(
    name = "panora-hooks",
    version,
    disable_version_flag = true,
    term_width = 80,
    disable_help_subcommand = true,
    after_help = "\
Exit status: 0 done, 1 the answer is no, 2 the command line or a file is wrong,
3 the network, the API or the inbox. PANORA_WEBHOOK_SECRET is the secret.
Example: panora-hooks events 'crm.*'"
)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
    /// Prints JSON, for other programs
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Prints the version
    #[arg(short = 'V', long, action = clap::ArgAction::Version, hide = true)]
    version: Option<bool>,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    Events(events::Args),
    Send(send::Args),
    Listen(listen::Args),
    Replay(replay::Args),
    Sign(sign::Args),
    Verify(verify::Args),
    Explain(explain::Args),
    Endpoints(endpoints::Args),
    Inbox(inbox::Args),
    Completions(manual::CompletionsArgs),
    Man(manual::ManArgs),
}
