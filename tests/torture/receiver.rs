//! A receiver for `panora-hooks torture`. Some kinds lose events on purpose.
//!
//! ```text
//! tortured <kind> <port> <inbox> <log>
//! ```
//!
//! The inbox is a file, or `<url>#<schema>` for PostgreSQL. The hook appends ids to the log.

mod early;

use std::{
    env,
    fs::{File, OpenOptions},
    io::Write,
    net::Ipv4Addr,
    sync::Arc,
    time::Duration,
};

use anyhow::Context;
use panora_hooks::{
    Metadata, Registry, State, Verifier, Webhooks, hooks,
    inbox::{Inbox, MemoryInbox, PostgresInbox, SqliteInbox},
    on,
};
use sqlx::postgres::PgPoolOptions;
use tokio::net::TcpListener;

use crate::early::Early;

/// The log of a receiver, and how often it notes each event.
#[derive(Clone)]
struct Log {
    file: Arc<File>,
    times: usize,
}

#[on("*")]
async fn any(meta: Metadata, State(log): State<Log>) -> std::io::Result<()> {
    // As long as a call of a service nearby.
    tokio::time::sleep(Duration::from_millis(5)).await;
    // A single write in append mode, because another process may write in between.
    (&*log.file).write_all(format!("{}\n", meta.id).repeat(log.times).as_bytes())
}

/// Ends the process, as a crash would.
#[on("*")]
async fn quit() {
    std::process::exit(0);
}

#[on("crm.contact.*")]
async fn contact(meta: Metadata, log: State<Log>) -> std::io::Result<()> {
    any(meta, log).await
}

fn all(registry: &mut Registry<Log>) {
    registry.hooks(hooks![any]);
}

fn contacts(registry: &mut Registry<Log>) {
    registry.hooks(hooks![contact]);
}

fn quits(registry: &mut Registry<Log>) {
    registry.hooks(hooks![quit]);
}

async fn serve(
    log: Log,
    hooks: fn(&mut Registry<Log>),
    port: u16,
    inbox: Option<impl Inbox>,
) -> anyhow::Result<()> {
    let verifier = Verifier::from_env("PANORA_WEBHOOK_SECRET")?;
    let webhooks = Webhooks::new(verifier).with_state(log).hooks(hooks);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    match inbox {
        Some(inbox) => {
            // A test waits for the leases of killed receivers.
            let webhooks = webhooks.with_inbox(inbox).lease_time(Duration::from_secs(3));
            webhooks.serve("/webhook", listener).await?;
        }
        None => webhooks.serve("/webhook", listener).await?,
    }
    Ok(())
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments: Vec<_> = env::args().collect();
    let [_, kind, port, inbox, log] = &*arguments else {
        anyhow::bail!("expected <kind> <port> <inbox> <log>")
    };
    let port = port.parse()?;
    let file = Arc::new(OpenOptions::new().create(true).append(true).open(log)?);
    let log = Log { file, times: if kind == "twice" { 2 } else { 1 } };
    let hooks: fn(&mut Registry<Log>) = match &**kind {
        "contacts" => contacts,
        "quits" => quits,
        _ => all,
    };
    match &**kind {
        "sqlite" | "twice" | "quits" => serve(log, hooks, port, Some(SqliteInbox::open(inbox)?)).await,
        "postgres" => {
            let (url, schema) = inbox.split_once('#').context("no schema")?;
            let pool = PgPoolOptions::new().max_connections(6).connect(url).await?;
            serve(log, hooks, port, Some(PostgresInbox::open_schema(pool, schema).await?)).await
        }
        "without-inbox" | "contacts" => serve(log, hooks, port, None::<MemoryInbox>).await,
        "early" => serve(log, hooks, port, Some(Early::open(inbox)?)).await,
        "memory" => serve(log, hooks, port, Some(MemoryInbox::new())).await,
        kind => anyhow::bail!("unknown kind `{kind}`"),
    }
}
