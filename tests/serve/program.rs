//! A receiver that serves itself. Its hook ends when a line arrives on standard input.
//!
//! ```text
//! served <webhooks | inbox>
//! ```
//!
//! The inbox is `inbox.db` in the current folder.

use std::{env, io, net::Ipv4Addr, sync::Arc, thread};

use axum::{Router, routing::get};
use panora_hooks::{State, Verifier, Webhooks, hooks, inbox::SqliteInbox, on};
use tokio::{net::TcpListener, sync::Notify};

/// The secret of the receiver and of the test that sends to it.
const SECRET: &str = "f1f9a1c6-1c57-4a6b-a5b8-2c1f42f2a1de";

#[on("crm.contact.created", timeout = "5m", attempts = 5, serial_by = "/id")]
async fn contact_created(State(line): State<Arc<Notify>>) {
    tracing::info!("the hook begins");
    line.notified().await;
    tracing::info!("the hook ends");
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    tracing_subscriber::fmt().with_ansi(false).init();
    let line = Arc::new(Notify::new());
    let notify = Arc::clone(&line);
    thread::spawn(move || io::stdin().lines().for_each(|_| notify.notify_one()));
    let webhooks = Webhooks::new(Verifier::new(SECRET)?).with_state(line).hooks(hooks![contact_created]);
    let router = Router::new().route("/", get(async || "an application"));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    match env::args().nth(1).as_deref() {
        Some("webhooks") => webhooks.serve_with("/webhook", router, listener).await?,
        Some("inbox") => {
            let webhooks = webhooks.with_inbox(SqliteInbox::open("inbox.db")?);
            webhooks.serve_with("/webhook", router, listener).await?;
        }
        _ => anyhow::bail!("expected `webhooks` or `inbox`"),
    }
    tracing::info!("served");
    Ok(())
}
