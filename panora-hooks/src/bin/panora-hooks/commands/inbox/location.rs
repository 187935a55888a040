//! Where an inbox is.

use std::time::Duration;

use panora_hooks::inbox::{InboxError, OpenError, PostgresInbox, SqliteInbox};
use sqlx::{
    ConnectOptions,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use crate::failure::Failure;

/// How long PostgreSQL may take to let us in.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long PostgreSQL may wait for a lock, as SQLite does, and take for one statement.
const LIMITS: [(&str, &str); 2] = [("lock_timeout", "5s"), ("statement_timeout", "30s")];

#[derive(clap::Args)]
pub(crate) struct Location {
    /// A file, or PostgreSQL's URL
    #[arg(
        long,
        global = true,
        value_name = "INBOX",
        env = "PANORA_INBOX",
        hide_env = true,
        hide_env_values = true,
        default_value = "panora-inbox.db"
    )]
    inbox: String,
    /// The schema in PostgreSQL
    #[arg(
        long,
        global = true,
        value_name = "NAME",
        env = "PANORA_INBOX_SCHEMA",
        hide_env = true,
        default_value = "panora_hooks"
    )]
    schema: String,
}

/// An inbox, opened beside its receiver.
pub(crate) enum Store {
    Sqlite(SqliteInbox),
    Postgres(PostgresInbox),
}

impl Location {
    pub(crate) async fn open(&self) -> Result<Store, Failure> {
        let Self { inbox, schema } = self;
        if !(inbox.starts_with("postgres://") || inbox.starts_with("postgresql://")) {
            return SqliteInbox::attach(inbox).map(Store::Sqlite).map_err(failed);
        }
        let options: PgConnectOptions = inbox.parse().map_err(|_| {
            Failure::usage("the URL of the inbox is not one: expected `postgres://user@host/database`")
        })?;
        let options = options.options(LIMITS);
        // A pool would go on trying.
        let first = tokio::time::timeout(CONNECT_TIMEOUT, options.connect()).await;
        let unreachable = "the database of the inbox cannot be reached: start it, or check the URL";
        match first {
            Ok(Ok(_)) => {}
            Ok(Err(sqlx::Error::Database(error))) => {
                return Err(Failure::Outside(format!(
                    "the database does not let us in ({})",
                    error.message()
                )));
            }
            Ok(Err(error)) => return Err(Failure::outside(unreachable, &error)),
            Err(elapsed) => return Err(Failure::outside(unreachable, &elapsed)),
        }
        let pool = PgPoolOptions::new().max_connections(2).connect_lazy_with(options);
        let attached = within(PostgresInbox::attach(pool, schema)).await?;
        attached.map(Store::Postgres).map_err(failed)
    }
}

/// How long an inbox may take for one thing: longer than it takes by itself to give up.
const TIMEOUT: Duration = Duration::from_secs(40);

/// Waits for what an inbox does, but not for a server that says nothing any more.
pub(crate) async fn within<T>(work: impl Future<Output = T>) -> Result<T, Failure> {
    let silent = |_| {
        let seconds = TIMEOUT.as_secs();
        Failure::Outside(format!(
            "the inbox did not answer within {seconds} seconds: check the server and the network"
        ))
    };
    tokio::time::timeout(TIMEOUT, work).await.map_err(silent)
}

fn failed(error: OpenError) -> Failure {
    match error {
        OpenError::Io { ref source, .. } if source.kind() == std::io::ErrorKind::NotFound => {
            Failure::outside(
                format_args!(
                    "{error}: start the receiver once, or say where it is with --inbox or PANORA_INBOX"
                ),
                source,
            )
        }
        OpenError::NotAnInbox { inbox } => {
            Failure::usage(format_args!("{inbox} is not an inbox: check --inbox or PANORA_INBOX"))
        }
        OpenError::Store { inbox, source: error @ InboxError::Corrupt(_) } => Failure::outside(
            format_args!("{inbox} is not an inbox, or it is damaged: check --inbox or PANORA_INBOX"),
            &error,
        ),
        OpenError::SchemaName { .. } => Failure::usage(error),
        error => Failure::of(error),
    }
}
