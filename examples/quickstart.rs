//! Receives deliveries on 127.0.0.1:8000 at `/webhook`, with nothing to set up.
//!
//! ```text
//! cargo run --example quickstart
//! ```
//!
//! `PANORA_WEBHOOK_SECRET` sets the endpoint's secret, `PORT` another port.

use std::{env, net::Ipv4Addr, time::Duration};

use anyhow::Context;
use panora_hooks::{Event, Metadata, Verifier, Webhooks, hooks, on};
use serde::Deserialize;
use tokio::{net::TcpListener, sync::oneshot};

/// How long a hook may still run once the program is told to stop.
const GRACE: Duration = Duration::from_secs(10);

/// As much of a contact as this program needs.
#[derive(Deserialize)]
struct Contact {
    first_name: Option<String>,
    last_name: Option<String>,
}

/// Greets every new contact.
#[on("crm.contact.created")]
async fn contact_created(Event(contact): Event<Contact>) {
    let Contact { first_name, last_name } = contact;
    let names: Vec<_> = [first_name, last_name].into_iter().flatten().collect();
    tracing::info!("welcome, {}", names.join(" "));
}

/// Runs for `crm.company.push` too, which is what the body says.
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
    tracing_subscriber::fmt().with_env_filter(log_filter()).init();

    let port = match env::var("PORT") {
        Ok(port) => port.parse().with_context(|| format!("PORT is `{port}`, not a port number"))?,
        Err(_) => 8000,
    };
    let verifier = verifier()?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .await
        .with_context(|| format!("cannot listen on port {port}; PORT sets another"))?;
    print_curl(&verifier, listener.local_addr()?.port());

    let router = Webhooks::new(verifier)
        .hooks(hooks![contact_created, company_created, contacts_pulled])
        .into_router("/webhook");
    let (stop, stopped) = oneshot::channel::<()>();
    let server = axum::serve(listener, router).with_graceful_shutdown(async { drop(stopped.await) });
    let server = tokio::spawn(server.into_future());
    shutdown_signal().await;
    drop(stop);
    // A client that never ends its request does not keep the program from ending.
    if let Ok(ended) = tokio::time::timeout(GRACE, server).await {
        ended??;
    }
    Ok(())
}

/// Without `PANORA_WEBHOOK_SECRET`, a secret that is made up for this run.
#[expect(clippy::print_stdout, reason = "the program speaks to who started it")]
fn verifier() -> anyhow::Result<Verifier> {
    const SECRET: &str = "PANORA_WEBHOOK_SECRET";
    if env::var_os(SECRET).is_some() {
        return Ok(Verifier::from_env(SECRET)?);
    }
    let secret = uuid::Uuid::new_v4().to_string();
    println!("{SECRET} is not set. The secret of this run, for development only: {secret}\n");
    Ok(Verifier::new(secret)?)
}

/// Prints a delivery as the sender makes it: the payload is a JSON string that contains JSON, and the
/// signature covers that string, quotes and escapes included.
#[expect(clippy::print_stdout, reason = "the program speaks to who started it")]
fn print_curl(verifier: &Verifier, port: u16) {
    let data = r#""{\"first_name\":\"Ada\",\"last_name\":\"Lovelace\"}""#;
    let id = uuid::Uuid::new_v4();
    let body = format!(r#"{{"id_event":"{id}","data":{data},"type":"crm.contact.created"}}"#);
    let signature = verifier.sign(data);
    println!("Listening on http://127.0.0.1:{port}/webhook. Deliver an event:\n");
    println!("curl -i http://127.0.0.1:{port}/webhook \\");
    println!("  -H 'Content-Type: application/json' \\");
    println!("  -H 'Panora-Signature: {signature}' \\");
    println!("  --data-raw '{body}'\n");
}

fn log_filter() -> tracing_subscriber::EnvFilter {
    tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "info".into())
}

/// Ctrl-C or SIGTERM: what runs is finished, then the program ends.
async fn shutdown_signal() {
    let interrupt = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let terminate = async {
        use tokio::signal::unix::{SignalKind, signal};
        match signal(SignalKind::terminate()) {
            Ok(mut signal) => drop(signal.recv().await),
            Err(_) => std::future::pending().await,
        }
    };
    #[cfg(not(unix))]
    let terminate = std::future::pending::<()>();
    tokio::select! {
        () = interrupt => {}
        () = terminate => {}
    }
}
