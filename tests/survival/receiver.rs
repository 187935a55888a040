//! A receiver to be killed. Its hooks record their work in a ledger.
//!
//! ```text
//! receiver <store> <ledger> <incarnation>
//! ```
//!
//! The store is `sqlite:<file>`, `postgres://<database>#<schema>`, or `careless:<file>`, which does
//! not wait for the disk and shows that the tests detect this.

mod careless;

use std::{
    env,
    fs::{File, OpenOptions},
    io::Write,
    net::Ipv4Addr,
    str::FromStr,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use anyhow::Context;
use axum::Router;
use panora_hooks::{
    Event, HookError, Metadata, State, Verifier, Webhooks, hooks,
    inbox::{Inbox, PostgresInbox, SqliteInbox, Worker, readiness},
    on,
};
use serde::Deserialize;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use tokio::net::TcpListener;

use crate::careless::Careless;

/// The secret of the receiver and its senders.
const SECRET: &str = "f1f9a1c6-1c57-4a6b-a5b8-2c1f42f2a1de";

#[derive(Clone)]
struct Ledger {
    file: Arc<File>,
    incarnation: Arc<str>,
}

impl Ledger {
    fn write(&self, entry: &str) -> std::io::Result<()> {
        let line = format!("{} {entry}\n", self.incarnation);
        // A single write in append mode, because other processes write to the file, too.
        (&*self.file).write_all(line.as_bytes())
    }
}

#[derive(Deserialize)]
struct Contact {
    how: String,
}

#[on("crm.contact.created")]
async fn contact(
    Event(contact): Event<Contact>,
    meta: Metadata,
    State(ledger): State<Ledger>,
) -> Result<(), HookError> {
    tokio::time::sleep(Duration::from_micros(fastrand::u64(..3000))).await;
    match &*contact.how {
        "fails" if meta.attempt == 1 => return Err("the first attempt fails".into()),
        "panics" if meta.attempt == 1 => panic!("the first attempt panics"),
        "aborts" => std::process::abort(),
        _ => {}
    }
    Ok(ledger.write(&meta.id)?)
}

#[on("crm.contact.pulled")]
async fn contacts(meta: Metadata, State(ledger): State<Ledger>) -> std::io::Result<()> {
    ledger.write(&meta.id)
}

#[derive(Deserialize)]
struct Deal {
    #[expect(dead_code, reason = "it never fits")]
    amount: u64,
}

#[on("crm.deal.created")]
async fn deal(Event(_): Event<Deal>, meta: Metadata, State(ledger): State<Ledger>) -> std::io::Result<()> {
    ledger.write(&meta.id)
}

#[derive(Deserialize)]
struct Comment {
    how: String,
}

/// Records when an attempt begins and ends, in a single order for all processes.
#[on("ticketing.comment.created", serial_by = "/ticket_id")]
async fn comment(
    Event(comment): Event<Comment>,
    meta: Metadata,
    State(ledger): State<Ledger>,
) -> Result<(), HookError> {
    ledger.write(&format!("begins {}", meta.id))?;
    tokio::time::sleep(Duration::from_micros(fastrand::u64(..500))).await;
    if comment.how == "fails" && meta.attempt == 1 {
        ledger.write(&format!("fails {}", meta.id))?;
        return Err("the first attempt fails".into());
    }
    Ok(ledger.write(&format!("succeeds {}", meta.id))?)
}

/// Records when each attempt begins, in microseconds since 1970.
#[on("crm.note.created")]
async fn note(meta: Metadata, State(ledger): State<Ledger>) -> Result<(), HookError> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
    ledger.write(&now.as_micros().to_string())?;
    if meta.attempt == 1 {
        return Err(HookError::retry_after(Duration::from_secs(3), "too many requests"));
    }
    Ok(())
}

fn parts(ledger: Ledger, inbox: impl Inbox + Clone) -> anyhow::Result<(Router, Worker)> {
    let (router, worker) = Webhooks::new(Verifier::new(SECRET)?)
        .with_state(ledger)
        .hooks(hooks![contact, contacts, deal, comment, note])
        .with_inbox(inbox.clone())
        .backoff(Duration::from_millis(10), Duration::from_millis(100))
        // A busy machine extends it in time, and a test waits for the leases of killed processes.
        .lease_time(Duration::from_secs(3))
        .store_timeout(Duration::from_secs(2))
        .into_parts("/webhook");
    Ok((router.route("/ready", readiness(inbox, Duration::from_secs(60))), worker))
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    // Standard output carries only the address, and is not read after that.
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    let arguments: Vec<_> = env::args().collect();
    let [_, store, ledger, incarnation] = &*arguments else {
        anyhow::bail!("expected <store> <ledger> <incarnation>")
    };
    let file = OpenOptions::new().create(true).append(true).open(ledger)?;
    let ledger = Ledger { file: Arc::new(file), incarnation: incarnation.as_str().into() };
    let (router, worker) = match store.split_once(':') {
        Some(("sqlite", path)) => parts(ledger, SqliteInbox::open(path)?)?,
        Some(("careless", path)) => parts(ledger, Careless::open(path)?)?,
        Some(("postgres", _)) => {
            let (url, schema) = store.split_once('#').context("no schema")?;
            // By its application name, a test finds the connections.
            let options = PgConnectOptions::from_str(url)?.application_name(schema);
            let pool = PgPoolOptions::new().max_connections(6).connect_with(options).await?;
            parts(ledger, PostgresInbox::open_schema(pool, schema).await?)?
        }
        _ => anyhow::bail!("unknown store `{store}`"),
    };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    println!("{}", listener.local_addr()?);
    let server = tokio::spawn(axum::serve(listener, router).into_future());
    worker.run_until(std::future::pending()).await;
    server.await??;
    Ok(())
}
