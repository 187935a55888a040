//! One module for each command.

mod deliveries;
pub(crate) mod endpoints;
pub(crate) mod events;
pub(crate) mod explain;
pub(crate) mod inbox;
pub(crate) mod listen;
pub(crate) mod manual;
pub(crate) mod replay;
pub(crate) mod send;
pub(crate) mod sign;
pub(crate) mod verify;

use crate::{
    args::{Args, Command},
    failure::Failure,
};

pub(crate) async fn run(Args { command, json, .. }: Args) -> Result<(), Failure> {
    match command {
        Command::Events(args) => events::run(&args, json),
        Command::Send(args) => send::run(args, json).await,
        Command::Listen(args) => listen::run(args, json).await,
        Command::Replay(args) => replay::run(args, json).await,
        Command::Sign(args) => sign::run(&args, json),
        Command::Verify(args) => verify::run(&args, json),
        Command::Explain(args) => explain::run(&args, json),
        Command::Endpoints(args) => endpoints::run(args, json).await,
        Command::Inbox(args) => inbox::run(args, json).await,
        Command::Completions(args) => manual::completions(&args),
        Command::Man(args) => manual::man(&args),
    }
}
