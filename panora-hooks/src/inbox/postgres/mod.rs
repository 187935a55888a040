//! `PostgresInbox`.

mod failure;
mod listen;
mod open;
mod put;
mod queue;
mod read;
mod retention;
mod schema;

use std::{
    fmt,
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};

use sqlx::{
    PgPool, Postgres,
    pool::PoolConnection,
    postgres::{PgListener, PgRow},
};
use tokio::sync::Mutex;

use self::schema::Schema;
use super::{
    Capabilities, Depth, EventInfo, EventKey, Inbox, InboxError, LeaseRequest, Leased, NewEvent, OpenError,
    Page, Put, Query, Select, Settled, Settlement, StoredEvent,
};

/// An inbox in PostgreSQL, for several receivers and workers on several machines.
///
/// It uses a pool of the program's, and the server's clock. Its tables are in a schema of their own.
///
/// Give it a pool of its own, of four connections or more: hooks that wait for connections of the same pool would keep
/// it from storing. A worker keeps one to itself, on which it hears of events that other processes have stored. For that the
/// pool connects to the server itself, or through a pooler that keeps sessions.
///
/// ```no_run
/// use panora_hooks::{Verifier, Webhooks, hooks, inbox::PostgresInbox};
/// use sqlx::postgres::PgPoolOptions;
///
/// # async fn example() -> anyhow::Result<()> {
/// let pool = PgPoolOptions::new().max_connections(5).connect("postgres://localhost/app").await?;
/// let (router, worker) = Webhooks::new(Verifier::from_env("PANORA_WEBHOOK_SECRET")?)
///     .hooks(hooks![])
///     .with_inbox(PostgresInbox::open(pool).await?)
///     .into_parts::<()>("/webhook");
/// # drop((router, worker));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct PostgresInbox {
    pool: PgPool,
    schema: Arc<Schema>,
    /// What hears of other processes' events, once somebody asks.
    listener: Arc<Mutex<Option<PgListener>>>,
    /// Whether other processes are about to be told of an event.
    is_announcing: Arc<AtomicBool>,
}

impl PostgresInbox {
    /// Opens the inbox in the schema `panora_hooks`, and creates it if it is missing.
    ///
    /// # Errors
    ///
    /// If the server cannot be reached, the tables cannot be created, or a later version of this library
    /// has written them.
    pub async fn open(pool: PgPool) -> Result<Self, OpenError> {
        Self::open_schema(pool, "panora_hooks").await
    }

    /// Opens the inbox in another schema: each receiver whose hooks are others needs an inbox of its own.
    ///
    /// # Errors
    ///
    /// As for [`open`](Self::open), or if the name is no plain one: up to 48 lower-case letters, digits and `_`.
    pub async fn open_schema(pool: PgPool, schema: &str) -> Result<Self, OpenError> {
        let connections = pool.options().get_max_connections();
        if connections < 4 {
            tracing::warn!(
                connections,
                "the pool of the inbox is small: four connections or more are better"
            );
        }
        Ok(Self::new(open::open(&pool, schema).await?, pool))
    }

    /// Opens an inbox for a tool: to look at, replay and prune what is in a schema, beside running receivers.
    ///
    /// # Errors
    ///
    /// As for [`open_schema`](Self::open_schema), but nothing is created: the schema has to hold an inbox of this
    /// version.
    pub async fn attach(pool: PgPool, schema: &str) -> Result<Self, OpenError> {
        Ok(Self::new(open::attach(&pool, schema).await?, pool))
    }

    fn new(schema: Schema, pool: PgPool) -> Self {
        let (listener, is_announcing) = Default::default();
        Self { pool, schema: Arc::new(schema), listener, is_announcing }
    }

    async fn fetch(&self, query: schema::Statement) -> Result<Vec<PgRow>, InboxError> {
        let mut connection = Borrowed(Some(self.pool.acquire().await?));
        let Some(borrowed) = &mut connection.0 else { return Ok(Vec::new()) };
        let rows = query.fetch_all(&mut **borrowed).await;
        drop(connection.0.take());
        Ok(rows?)
    }
}

/// A connection that is closed, and not given back, if what it is used for is cut off: the pool would wait for its
/// answer, for as long as a server that is gone does not send one.
struct Borrowed(Option<PoolConnection<Postgres>>);

impl Drop for Borrowed {
    fn drop(&mut self) {
        drop(self.0.take().map(PoolConnection::detach));
    }
}

impl fmt::Debug for PostgresInbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresInbox").field("schema", &self.schema.name()).finish_non_exhaustive()
    }
}

impl Inbox for PostgresInbox {
    async fn put(&self, batch: Vec<NewEvent>) -> Result<Vec<Put>, InboxError> {
        self.put_batch(&batch).await
    }

    async fn lease(&self, request: LeaseRequest) -> Result<Vec<Leased>, InboxError> {
        self.lease_batch(&request).await
    }

    async fn settle(&self, settlements: Vec<Settlement>) -> Result<Vec<Settled>, InboxError> {
        self.settle_batch(&settlements).await
    }

    async fn list(&self, query: Query) -> Result<Page<EventInfo>, InboxError> {
        self.page(&query).await
    }

    async fn get(&self, key: EventKey) -> Result<Option<StoredEvent>, InboxError> {
        self.one(key).await
    }

    async fn replay(&self, which: Select, max: u32) -> Result<u64, InboxError> {
        self.replay_selected(&which, max).await
    }

    async fn depth(&self) -> Result<Depth, InboxError> {
        self.counts().await
    }

    async fn prune(&self, older_than: Duration, max: u32) -> Result<u64, InboxError> {
        self.prune_done(older_than, max).await
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::ALL
    }

    async fn discard(&self, which: Select, max: u32) -> Result<u64, InboxError> {
        self.discard_selected(&which, max).await
    }

    async fn forget(&self, older_than: Duration, max: u32) -> Result<u64, InboxError> {
        self.forget_pruned(older_than, max).await
    }

    async fn expedite(&self, longest_delay: Duration, max: u32) -> Result<u64, InboxError> {
        self.expedite_late(longest_delay, max).await
    }

    async fn arrived(&self) {
        self.listen().await;
    }
}
