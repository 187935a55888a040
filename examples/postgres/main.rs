//! Two receivers on one PostgreSQL: an event that one of them stores runs on either, and once.
//!
//! ```text
//! export DATABASE_URL=postgres://localhost/postgres
//! cargo run -p panora-hooks-postgres-example --example postgres
//! ```
//!
//! They stand for two machines. The tables are created in their own schema, `panora_hooks`.

use std::{env, io::IsTerminal, net::Ipv4Addr};

use anyhow::Context;
use panora_hooks::{Metadata, State, Verifier, Webhooks, hooks, inbox::PostgresInbox, on, testing::Sample};
use sqlx::postgres::PgPoolOptions;
use tokio::net::TcpListener;

/// The name of this machine.
#[derive(Clone)]
struct Machine(&'static str);

#[on("crm.contact.created")]
async fn contact_created(meta: Metadata, State(Machine(name)): State<Machine>) {
    tracing::info!(id = ?meta.id, "runs on {name}");
}

/// Runs a machine, with its own pool, server and worker.
async fn receive(name: &'static str, verifier: Verifier, listener: TcpListener) -> anyhow::Result<()> {
    let url = env::var("DATABASE_URL").context("DATABASE_URL is not set")?;
    let pool = PgPoolOptions::new().max_connections(5).connect(&url).await?;
    Webhooks::new(verifier)
        .with_state(Machine(name))
        .hooks(hooks![contact_created])
        .with_inbox(PostgresInbox::open(pool).await?)
        .serve("/webhook", listener)
        .await?;
    Ok(())
}

#[tokio::main]
#[expect(clippy::print_stdout, reason = "the program talks to its user")]
async fn main() -> anyhow::Result<()> {
    tracing_subscriber::fmt().with_ansi(std::io::stdout().is_terminal()).init();
    let verifier = Verifier::new(uuid::Uuid::new_v4().to_string())?;
    let first = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let second = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    println!("Deliver events to either of two receivers:\n");
    for listener in [&first, &second] {
        let sample =
            Sample::new("crm.contact.created", serde_json::json!({ "id": uuid::Uuid::new_v4().to_string() }));
        println!(
            "curl -i http://{}/webhook -H 'Panora-Signature: {}' --data-raw '{}'\n",
            listener.local_addr()?,
            sample.signature(&verifier),
            sample.body()
        );
    }
    let first = receive("the first machine", verifier.clone(), first);
    let second = receive("the second machine", verifier, second);
    tokio::try_join!(first, second)?;
    Ok(())
}
