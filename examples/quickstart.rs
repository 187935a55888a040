//! Receives deliveries on 127.0.0.1:8000 at `/webhook`, with nothing to set up. Events are stored
//! in the current folder before they are acknowledged, and survive a kill. A dashboard shows them.
//!
//! ```text
//! cargo run --example quickstart
//! ```
//!
//! `PANORA_WEBHOOK_SECRET` sets the endpoint's secret, `PORT` another port.

use std::{
    env,
    io::{self, IsTerminal},
    net::Ipv4Addr,
    process,
    time::Duration,
};

use anyhow::Context;
use axum::Router;
use panora_hooks::{
    Event, HookError, Metadata, Verifier, Webhooks, hooks,
    inbox::{self, SqliteInbox},
    on,
};
use panora_hooks_dashboard::{Access, Dashboard, LocalGuard};
use serde::Deserialize;
use tokio::net::TcpListener;

/// The file of the inbox.
const INBOX: &str = "panora-inbox.db";

/// The waiting time of an event after which the receiver is not ready.
const MAX_WAIT: Duration = Duration::from_secs(300);

/// The fields of a contact that this program needs.
#[derive(Deserialize)]
struct Contact {
    first_name: Option<String>,
    last_name: Option<String>,
}

/// Greets every new contact, which takes a while.
#[on("crm.contact.created")]
async fn contact_created(Event(contact): Event<Contact>) -> Result<(), HookError> {
    let Contact { first_name, last_name } = contact;
    let names: Vec<_> = [first_name, last_name].into_iter().flatten().collect();
    if names.is_empty() {
        return Err(HookError::permanent("the contact has no name"));
    }
    tracing::info!("writing to a new contact");
    tokio::time::sleep(Duration::from_secs(3)).await;
    tracing::info!("welcome, {}", names.join(" "));
    Ok(())
}

/// Also runs for `crm.company.push`, the wire type of this event.
#[on("crm.company.created")]
async fn company_created(meta: Metadata) {
    tracing::info!(wire_type = ?meta.wire_type, "a company was created");
}

/// A sync carries a list, often an empty one.
#[on("crm.contact.pulled")]
async fn contacts_pulled(Event(contacts): Event<Vec<Contact>>) {
    tracing::info!("a sync brought {} contacts", contacts.len());
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let colours = io::stdout().is_terminal();
    tracing_subscriber::fmt().with_env_filter(log_filter()).with_ansi(colours).init();

    let port = match env::var("PORT") {
        Ok(port) => port.parse().with_context(|| format!("PORT is `{port}`, not a port number"))?,
        Err(_) => 8000,
    };
    let verifier = verifier()?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .await
        .with_context(|| format!("cannot listen on port {port}; PORT sets another"))?;
    let inbox = SqliteInbox::open(INBOX)?;
    let guard = LocalGuard::new()?;
    let address = listener.local_addr()?;
    print_introduction(&verifier, address.port(), &guard.url(address, "/dashboard"))?;

    // A dashboard on the internet needs the accounts of your application instead of this guard.
    let dashboard = Dashboard::new(inbox.clone(), |_: &_| Access::operate().with_data());
    let dashboard = guard.protect(Router::new().nest("/dashboard", dashboard.into_router()));
    let router = Router::new().route("/ready", inbox::readiness(inbox.clone(), MAX_WAIT)).merge(dashboard);
    // On Ctrl-C or SIGTERM, running hooks finish before the program ends.
    Webhooks::new(verifier)
        .hooks(hooks![contact_created, company_created, contacts_pulled])
        .with_inbox(inbox)
        .serve_with("/webhook", router, listener)
        .await?;
    Ok(())
}

/// Reads `PANORA_WEBHOOK_SECRET`, or generates a secret for this run.
#[expect(clippy::print_stdout, reason = "the program talks to its user")]
fn verifier() -> anyhow::Result<Verifier> {
    const SECRET: &str = "PANORA_WEBHOOK_SECRET";
    if env::var_os(SECRET).is_some() {
        return Ok(Verifier::from_env(SECRET)?);
    }
    let secret = uuid::Uuid::new_v4().to_string();
    println!("{SECRET} is not set. The secret of this run, for development only: {secret}\n");
    Ok(Verifier::new(secret)?)
}

#[expect(clippy::print_stdout, reason = "the program talks to its user")]
fn print_introduction(verifier: &Verifier, port: u16, dashboard: &str) -> anyhow::Result<()> {
    println!("Events are stored in {}", env::current_dir()?.join(INBOX).display());
    println!("Listening on http://127.0.0.1:{port}/webhook. The dashboard shows every event:\n");
    println!("{dashboard}\n");
    println!("Deliver an event:\n");
    print_delivery(
        verifier,
        port,
        "crm.contact.created",
        r#"{\"first_name\":\"Ada\",\"last_name\":\"Lovelace\"}"#,
    );
    println!("One whose hook fails, because the contact has no name:\n");
    print_delivery(verifier, port, "crm.contact.created", r#"{\"first_name\":null}"#);
    println!("One without a hook:\n");
    print_delivery(verifier, port, "crm.deal.created", r#"{\"name\":\"Analytical engine\"}"#);
    println!(
        "The first hook takes 3 seconds. Run `kill -9 {}` meanwhile and start again: the hook runs again.\n",
        process::id()
    );
    Ok(())
}

/// Prints a delivery as the sender makes it: the payload is a JSON string that contains JSON, and
/// the signature covers that string, including quotes and escapes.
#[expect(clippy::print_stdout, reason = "the program talks to its user")]
fn print_delivery(verifier: &Verifier, port: u16, event_type: &str, escaped: &str) {
    let data = format!(r#""{escaped}""#);
    let id = uuid::Uuid::new_v4();
    let body = format!(r#"{{"id_event":"{id}","data":{data},"type":"{event_type}"}}"#);
    println!("curl -i http://127.0.0.1:{port}/webhook \\");
    println!("  -H 'Content-Type: application/json' \\");
    println!("  -H 'Panora-Signature: {}' \\", verifier.sign(&data));
    println!("  --data-raw '{body}'\n");
}

fn log_filter() -> tracing_subscriber::EnvFilter {
    tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "info".into())
}
