//! `dashboard`: serves the dashboard of an inbox on this machine.

use std::{env, net::Ipv4Addr};

use panora_hooks::inbox::Inbox;
use panora_hooks_dashboard::{Access, Dashboard, LocalGuard};
use serde_json::json;
use tokio::net::TcpListener;

use super::{
    inbox::{Location, Store},
    listen,
};
use crate::{failure::Failure, print};

/// Serves the dashboard of an inbox on this machine, until Ctrl-C
#[derive(clap::Args)]
#[command(after_help = "\
The URL contains a key, which changes with each run. Anyone who holds the key
can read and change the inbox. PANORA_INBOX and PANORA_INBOX_SCHEMA set --inbox
and --schema.

Example: panora-hooks dashboard --inbox panora-inbox.db --read-only")]
pub(crate) struct Args {
    /// The port on this machine; 0 takes any
    #[arg(long, value_name = "N", default_value_t = 0)]
    port: u16,
    /// Offers no actions and shows no payload values
    #[arg(long)]
    read_only: bool,
    #[command(flatten)]
    location: Location,
}

pub(crate) async fn run(Args { port, read_only, location }: Args, json: bool) -> Result<(), Failure> {
    let access = access(read_only);
    match location.open().await? {
        Store::Sqlite(inbox) => serve(inbox, access, port, json).await,
        Store::Postgres(inbox) => serve(inbox, access, port, json).await,
    }
}

/// Returns the access of the operator, whose name appears in the audit.
fn access(read_only: bool) -> Access {
    let access = if read_only { Access::read() } else { Access::operate().with_data() };
    match env::var("USER") {
        Ok(user) => access.named(user),
        Err(_) => access,
    }
}

async fn serve(inbox: impl Inbox, access: Access, port: u16, json: bool) -> Result<(), Failure> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await;
    let listener = listener.map_err(|error| listen::not_bound(port, &error))?;
    let guard = LocalGuard::new().map_err(Failure::of)?;
    let url = guard.url(listener.local_addr().map_err(Failure::of)?, "/");
    if json {
        print::json(&json!({ "url": url }))?;
    } else {
        print::line(&url)?;
    }
    let dashboard = Dashboard::new(inbox, move |_: &_| access.clone());
    let router = guard.protect(dashboard.into_router());
    tokio::select! {
        // Open pages keep their connections, so this does not wait for them.
        () = listen::interrupted() => Ok(()),
        ended = axum::serve(listener, router) => ended.map_err(Failure::of),
    }
}
