//! A hook whose effect happens exactly once, although the process dies between the commit and the
//! completion of the event. `README.md` beside this file has the commands and their output.
//!
//! ```text
//! export DATABASE_URL=postgres://localhost/greeter
//! cargo run -p panora-hooks-transactions-example --example transactions -- --crash
//! ```

mod crash;

use std::{
    env,
    io::{self, IsTerminal},
    net::Ipv4Addr,
};

use anyhow::{Context, bail};
use panora_hooks::{
    Event, HookError, State, Tx, Verifier, Webhooks, hooks, inbox::SqliteInbox, on, testing::Sample,
};
use serde::Deserialize;
use serde_json::json;
use sqlx::{PgPool, postgres::PgPoolOptions};
use tokio::net::TcpListener;
use tracing_subscriber::{Layer, filter::LevelFilter, layer::SubscriberExt, util::SubscriberInitExt};

/// The file of the inbox.
const INBOX: &str = "transactions.db";

/// The tables of the application. No constraint keeps an effect from happening twice.
const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS contacts (id bigint GENERATED ALWAYS AS IDENTITY, name text);
    CREATE TABLE IF NOT EXISTS companies (id bigint GENERATED ALWAYS AS IDENTITY, name text);";

#[derive(Deserialize)]
struct Contact {
    first_name: Option<String>,
}

/// Inserts each contact exactly once: the row and the note that the event is done are committed
/// together.
#[on("crm.contact.created")]
async fn contact_created(Event(contact): Event<Contact>, mut tx: Tx) -> Result<(), HookError> {
    tracing::info!("a hook inserts a contact");
    let insert = sqlx::query("INSERT INTO contacts (name) VALUES ($1)");
    insert.bind(contact.first_name).execute(&mut *tx).await?;
    Ok(())
}

#[derive(Deserialize)]
struct Company {
    name: Option<String>,
}

/// Inserts each company at least once, for comparison: the row is committed here, and the inbox
/// notes later that the event is done.
#[on("crm.company.created")]
async fn company_created(
    Event(company): Event<Company>,
    State(pool): State<PgPool>,
) -> Result<(), HookError> {
    tracing::info!("a hook inserts a company");
    let insert = sqlx::query("INSERT INTO companies (name) VALUES ($1)");
    insert.bind(company.name).execute(&pool).await?;
    Ok(())
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let crashes = match env::args().nth(1).as_deref() {
        None => false,
        Some("--crash") => true,
        Some(other) => bail!("unknown argument `{other}`: the only one is `--crash`"),
    };
    let log = tracing_subscriber::fmt::layer().with_ansi(io::stdout().is_terminal());
    let log = log.with_filter(LevelFilter::INFO);
    tracing_subscriber::registry().with(log).with(crashes.then_some(crash::AfterCommit)).init();

    let url = env::var("DATABASE_URL").context("DATABASE_URL is not set")?;
    let pool = PgPoolOptions::new().max_connections(5).connect(&url).await?;
    sqlx::raw_sql(TABLES).execute(&pool).await?;

    let verifier = Verifier::new(uuid::Uuid::new_v4().to_string())?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let url = format!("http://{}/webhook", listener.local_addr()?);
    print_delivery(
        &verifier,
        &url,
        "contact",
        &Sample::new("crm.contact.created", json!({ "first_name": "Ada" })),
    );
    print_delivery(
        &verifier,
        &url,
        "company",
        &Sample::new("crm.company.created", json!({ "name": "Acme" })),
    );

    Webhooks::new(verifier)
        .with_state(pool.clone())
        .with_transactions(pool)
        .hooks(hooks![contact_created, company_created])
        .with_inbox(SqliteInbox::open(INBOX)?)
        .serve("/webhook", listener)
        .await?;
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the program talks to its user")]
fn print_delivery(verifier: &Verifier, url: &str, what: &str, sample: &Sample) {
    let (signature, body) = (sample.signature(verifier), sample.body());
    println!("Deliver a {what}:\n");
    println!("curl -i {url} -H 'Panora-Signature: {signature}' --data-raw '{body}'\n");
}
