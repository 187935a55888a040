//! The location of an inbox.

use std::{io, time::Duration};

use panora_hooks::inbox::{InboxError, OpenError, PostgresInbox, SqliteInbox};
use sqlx::{
    ConnectOptions,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use super::postgres_url;
use crate::failure::Failure;

/// The time limit for connecting to PostgreSQL.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The most connections to PostgreSQL. The dashboard reads while it replays or drops events.
const MAX_CONNECTIONS: u32 = 4;

/// Limits the wait for a lock, as SQLite does, and the duration of one statement.
const LIMITS: &str = "SET lock_timeout = '5s'; SET statement_timeout = '30s'";

#[derive(clap::Args)]
pub(crate) struct Location {
    /// A file or PostgreSQL URL [default: panora-inbox.db]
    #[arg(
        long,
        global = true,
        value_name = "INBOX",
        env = "PANORA_INBOX",
        hide_env = true,
        hide_env_values = true
    )]
    inbox: Option<String>,
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

/// An inbox, opened next to its receiver.
pub(crate) enum Store {
    Sqlite(SqliteInbox),
    Postgres(PostgresInbox),
}

impl Location {
    /// Returns whether the user named an inbox.
    #[cfg(unix)]
    pub(crate) fn is_given(&self) -> bool {
        self.inbox.is_some()
    }

    pub(crate) async fn open(&self) -> Result<Store, Failure> {
        self.attach().await?.map_err(|error| self.failed(error))
    }

    /// Opens the inbox, or returns `None` if no receiver of this version has opened it yet.
    #[cfg(unix)]
    pub(crate) async fn open_if_created(&self) -> Result<Option<Store>, Failure> {
        match self.attach().await? {
            Ok(store) => Ok(Some(store)),
            Err(OpenError::Missing { .. } | OpenError::Older { .. }) => Ok(None),
            Err(OpenError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.failed(error)),
        }
    }

    async fn attach(&self) -> Result<Result<Store, OpenError>, Failure> {
        match postgres_url::parse(self.text()) {
            None => Ok(SqliteInbox::attach(self.text()).map(Store::Sqlite)),
            Some(Ok(options)) => Ok(self.attach_schema(options).await?.map(Store::Postgres)),
            Some(Err(problem)) => {
                Err(Failure::usage(format_args!("the URL of the inbox cannot be used: {problem}")))
            }
        }
    }

    fn text(&self) -> &str {
        self.inbox.as_deref().unwrap_or("panora-inbox.db")
    }

    fn failed(&self, error: OpenError) -> Failure {
        match error {
            OpenError::Io { source, .. } if !is_file_name(self.text()) => Failure::Usage(format!(
                "the inbox is not a file that can be read ({source}), nor a URL of PostgreSQL as \
                 `postgres://user@host/database`; it is not shown, since it may contain a password"
            )),
            error => failed(error),
        }
    }

    async fn attach_schema(
        &self,
        options: PgConnectOptions,
    ) -> Result<Result<PostgresInbox, OpenError>, Failure> {
        // Poolers refuse the startup option that sqlx sends by default.
        let options = options.extra_float_digits(None);
        // A pool would retry until its own time limit.
        let first = tokio::time::timeout(CONNECT_TIMEOUT, options.connect()).await;
        let unreachable = "the database of the inbox cannot be reached: start it, or check the URL";
        match first {
            Ok(Ok(_)) => {}
            Ok(Err(sqlx::Error::Database(error))) => {
                return Err(Failure::Outside(format!(
                    "the database refused the connection ({})",
                    error.message()
                )));
            }
            Ok(Err(error)) => return Err(Failure::outside(unreachable, &error)),
            Err(elapsed) => return Err(Failure::outside(unreachable, &elapsed)),
        }
        let pool = PgPoolOptions::new().max_connections(MAX_CONNECTIONS).after_connect(|connection, _| {
            Box::pin(async { sqlx::raw_sql(LIMITS).execute(connection).await.map(drop) })
        });
        let pool = pool.connect_lazy_with(options);
        within(PostgresInbox::attach(pool, &self.schema)).await
    }
}

/// Returns whether a text that names no existing file looks like a file name. Any other text may
/// contain a password.
fn is_file_name(text: &str) -> bool {
    let is_plain = |c: char| c.is_alphanumeric() || "/\\._- ".contains(c);
    text.chars().all(is_plain) && text.contains(['/', '\\', '.'])
}

/// The time limit for one operation on an inbox, longer than the time limits of the stores.
const TIMEOUT: Duration = Duration::from_secs(40);

/// Waits for an operation on an inbox, with a time limit in case the server stops answering.
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
        OpenError::Io { ref source, .. } if source.kind() == io::ErrorKind::NotFound => Failure::outside(
            format_args!("{error}: start the receiver once, or say where it is with --inbox or PANORA_INBOX"),
            source,
        ),
        OpenError::NotAnInbox { inbox } => {
            Failure::usage(format_args!("{inbox} is not an inbox: check --inbox or PANORA_INBOX"))
        }
        OpenError::Store { inbox, source: error @ InboxError::Corrupt(_) } => Failure::outside(
            format_args!("{inbox} is not an inbox, or it is damaged: check --inbox or PANORA_INBOX"),
            &error,
        ),
        OpenError::SchemaName => Failure::usage(error),
        error => Failure::of(error),
    }
}
