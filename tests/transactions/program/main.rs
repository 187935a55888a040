//! A receiver to be killed, whose hook has one effect in a transaction.
//!
//! ```text
//! transactional <store> <database>#<schema> <name>
//! ```
//!
//! The store is `sqlite:<file>`, `postgres`, or `none` for a receiver without an inbox. The name is
//! the application name of its sessions. `PANORA_FAILPOINT` is a point and a number: the process is
//! killed when it reaches the point for the last of so many times. `PANORA_ATTEMPTS` and
//! `PANORA_HOOK_TIMEOUT`, in seconds, set the limits of attempts.

mod failpoint;
mod fragile;

use std::{env, net::Ipv4Addr, str::FromStr, time::Duration};

use anyhow::Context;
use axum::Router;
use panora_hooks::{
    Event, HookError, Metadata, State, Verifier, Webhooks, hooks,
    inbox::{Inbox, PostgresInbox, SqliteInbox, Worker},
    on,
    transactions::{PostgresTransactions, Tx},
};
use serde::Deserialize;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use tokio::net::TcpListener;

use crate::{
    failpoint::Failpoint,
    fragile::{FragileInbox, FragileTransactions},
};

/// The secret of the receiver and its senders.
const SECRET: &str = "f1f9a1c6-1c57-4a6b-a5b8-2c1f42f2a1de";

#[derive(Deserialize)]
struct Contact {
    how: String,
}

#[on("crm.contact.created")]
async fn contact(
    Event(contact): Event<Contact>,
    meta: Metadata,
    State(failpoint): State<Failpoint>,
    mut tx: Tx<FragileTransactions>,
) -> Result<(), HookError> {
    let insert = sqlx::query("INSERT INTO effect VALUES ($1, $2, $3)");
    let insert = insert.bind(&meta.id).bind(i64::from(meta.run)).bind(meta.idempotency_key());
    insert.execute(&mut *tx).await?;
    failpoint.pass("in-hook");
    match &*contact.how {
        "fails" if meta.attempt == 1 => Err("the first attempt fails".into()),
        "dies" if meta.run == 1 => Err(HookError::permanent("the first run fails")),
        "takes 1 second" => wait(1).await,
        "takes 3 seconds" => wait(3).await,
        _ => Ok(()),
    }
}

async fn wait(seconds: u64) -> Result<(), HookError> {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    Ok(())
}

fn parts(webhooks: Webhooks<Failpoint>, failpoint: Failpoint, inbox: impl Inbox) -> (Router, Option<Worker>) {
    let number = |name| env::var(name).ok().and_then(|number| number.parse().ok());
    let (router, worker) = webhooks
        .with_inbox(FragileInbox { inbox, failpoint })
        .backoff(Duration::from_millis(1), Duration::from_millis(20))
        .lease_time(Duration::from_secs(1))
        // Kills use up attempts.
        .max_attempts(number("PANORA_ATTEMPTS").unwrap_or(10_000))
        .hook_timeout(Duration::from_secs(number("PANORA_HOOK_TIMEOUT").unwrap_or(300).into()))
        .into_parts("/webhook");
    (router, Some(worker))
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    // Standard output carries only the address, and is not read after that.
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    let arguments: Vec<_> = env::args().collect();
    let [_, store, database, name] = &*arguments else {
        anyhow::bail!("expected <store> <database>#<schema> <name>")
    };
    let (url, schema) = database.split_once('#').context("no schema")?;
    let options = PgConnectOptions::from_str(url)?.application_name(name);
    let pool_in = |schema: &str| {
        let options = options.clone().options([("search_path", schema)]);
        PgPoolOptions::new().max_connections(6).connect_lazy_with(options)
    };
    let failpoint = Failpoint::from_env();
    let inner = PostgresTransactions::new(pool_in(schema)).schema(schema);
    let webhooks = Webhooks::new(Verifier::new(SECRET)?)
        .with_state(failpoint.clone())
        .with_transactions(FragileTransactions { inner, failpoint: failpoint.clone() })
        .hooks(hooks![contact]);
    let (router, worker) = match store.split_once(':') {
        Some(("sqlite", path)) => parts(webhooks, failpoint, SqliteInbox::open(path)?),
        None if store == "postgres" => {
            let inbox = format!("{schema}_inbox");
            parts(webhooks, failpoint, PostgresInbox::open_schema(pool_in(&inbox), &inbox).await?)
        }
        None if store == "none" => (webhooks.into_router("/webhook"), None),
        _ => anyhow::bail!("unknown store `{store}`"),
    };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    println!("{}", listener.local_addr()?);
    let server = tokio::spawn(axum::serve(listener, router).into_future());
    if let Some(worker) = worker {
        worker.run_until(std::future::pending()).await;
    }
    server.await??;
    Ok(())
}
