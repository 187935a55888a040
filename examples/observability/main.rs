//! A receiver with metrics for Prometheus at `/metrics`, and with OpenTelemetry traces, which it
//! shows at `/traces/{event_id}`. `README.md` beside this file has the commands and their output.
//!
//! ```text
//! cargo run -p panora-hooks-observability-example --example observability
//! ```
//!
//! `PORT` sets another port than 8000.

mod metrics;
mod traces;

use std::{
    env,
    io::{self, IsTerminal},
    net::Ipv4Addr,
};

use anyhow::Context;
use panora_hooks::{
    Event, HookError, Metadata, Verifier, Webhooks, hooks, inbox::SqliteInbox, on, testing::Sample,
};
use serde::Deserialize;
use serde_json::json;
use tokio::net::TcpListener;
use tracing_subscriber::{Layer, filter::LevelFilter, layer::SubscriberExt, util::SubscriberInitExt};

/// The file of the inbox.
const INBOX: &str = "observability.db";

#[derive(Deserialize)]
struct Contact {
    first_name: Option<String>,
}

/// Fails once for each contact, as if a service were unreachable, and for good without a name.
#[on("crm.contact.created")]
async fn contact_created(Event(contact): Event<Contact>, meta: Metadata) -> Result<(), HookError> {
    let Some(name) = contact.first_name else {
        return Err(HookError::permanent("the contact has no name"));
    };
    if meta.attempt == 1 {
        return Err(io::Error::other("the mail server is unreachable").into());
    }
    tracing::info!("welcome, {name}");
    Ok(())
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let spans = traces::Spans::default();
    let log = tracing_subscriber::fmt::layer().with_ansi(io::stdout().is_terminal());
    let log = log.with_filter(LevelFilter::INFO);
    tracing_subscriber::registry().with(log).with(traces::layer(spans.clone())).init();
    // Before the receiver is built, which describes its metrics then.
    let router = metrics::router()?.merge(traces::router(spans));

    let port = match env::var("PORT") {
        Ok(port) => port.parse().with_context(|| format!("PORT is `{port}`, not a port number"))?,
        Err(_) => 8000,
    };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .await
        .with_context(|| format!("cannot listen on port {port}; PORT sets another"))?;
    let verifier = Verifier::new(uuid::Uuid::new_v4().to_string())?;
    let url = format!("http://{}", listener.local_addr()?);
    print_commands(&verifier, &url, "whose hook fails once", json!({ "first_name": "Ada" }));
    print_commands(&verifier, &url, "whose hook fails for good", json!({}));

    Webhooks::new(verifier)
        .hooks(hooks![contact_created])
        .with_inbox(SqliteInbox::open(INBOX)?)
        .serve_with("/webhook", router, listener)
        .await?;
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the program talks to its user")]
fn print_commands(verifier: &Verifier, url: &str, what: &str, contact: serde_json::Value) {
    let id = uuid::Uuid::new_v4().to_string();
    let sample = Sample::new("crm.contact.created", contact).id(&id);
    let (signature, body) = (sample.signature(verifier), sample.body());
    println!("Deliver an event {what}, and look at its spans:\n");
    println!("curl -i {url}/webhook -H 'Panora-Signature: {signature}' --data-raw '{body}'");
    println!("curl {url}/traces/{id}\n");
}
