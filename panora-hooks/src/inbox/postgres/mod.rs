//! `PostgresInbox`.

mod announce;
mod attempts;
mod audit;
mod bulk;
mod copies;
mod failure;
mod figures;
mod fill;
mod groups;
mod ids;
mod info;
mod lanes;
mod lost;
mod notify;
mod open;
mod pooler;
mod put;
mod queue;
mod queues;
mod read;
mod received;
mod retention;
mod schema;
mod select;
mod session;
mod settle;
mod wanted;

use std::{
    fmt,
    ops::Range,
    sync::Arc,
    time::{Duration, SystemTime},
};

use sqlx::PgPool;

use self::{
    notify::{Announcer, Listener},
    queues::KnownQueues,
    schema::Schema,
    session::Sessions,
};
use super::{
    AttemptInfo, AuditEntry, AuditRecord, Capabilities, Count, Depth, ErrorGroup, EventInfo, EventKey,
    Figures, Filter, Inbox, InboxError, LeaseRequest, LeaseToken, Leased, NewEvent, OpenError, Page, Put,
    Query, Select, Settled, Settlement, StatisticsStep, StoredEvent, share::paused_pattern,
};

/// An inbox in PostgreSQL, for several receivers and workers on several machines.
///
/// The inbox opens connections of its own, up to the `max_connections` of the pool that it is
/// given, with that pool's connect options, timeouts and `after_connect`. It never uses a
/// connection of that pool, because code that shares a pool can leave a connection in the middle of
/// a transaction. The pool's `min_connections` and other callbacks have no effect. When the given
/// pool is closed, the inbox stops, too.
///
/// Give it four connections or more. With two or more, and if there is a worker, one of them
/// receives notifications of events that other processes have stored. With one, the worker only
/// polls. The connections go to the server itself, or through a pooler that keeps sessions.
///
/// Times are by the server's clock. The tables are in a schema of their own.
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
    sessions: Arc<Sessions>,
    schema: Arc<Schema>,
    queues: Arc<KnownQueues>,
    /// Receives notifications of other processes' events. `None` if there is only one connection,
    /// which is needed for storing.
    listener: Option<Arc<Listener>>,
    announcer: Announcer,
}

impl PostgresInbox {
    /// Opens the inbox in the schema `panora_hooks`, and creates it if it is missing.
    ///
    /// Tables of an earlier version are migrated while older receivers store events. If the
    /// migration needs an index, opening waits until all transactions have ended that were open in
    /// the database. The errors of events that an earlier version has buried are
    /// [grouped](Inbox::error_groups) in the background.
    ///
    /// # Errors
    ///
    /// Returns an error if the server is unreachable, if the tables cannot be created, or if a
    /// later version of this library has written them.
    pub async fn open(pool: PgPool) -> Result<Self, OpenError> {
        Self::open_schema(pool, "panora_hooks").await
    }

    /// Opens the inbox in another schema. Receivers with different hooks need an inbox each.
    ///
    /// # Errors
    ///
    /// As for [`open`](Self::open), or if the name is not a plain one: up to 48 lower-case letters,
    /// digits and `_`.
    pub async fn open_schema(pool: PgPool, schema: &str) -> Result<Self, OpenError> {
        let connections = pool.options().get_max_connections();
        if connections < 4 {
            tracing::warn!(
                connections,
                "the pool of the inbox is small: four connections or more are better"
            );
        }
        let inbox = Self::new(pool, schema)?;
        if open::open(&inbox.sessions, &inbox.schema).await? {
            fill::start(Arc::clone(&inbox.sessions), Arc::clone(&inbox.schema));
        }
        Ok(inbox)
    }

    /// Opens an inbox for a tool that lists, replays and prunes events beside running receivers.
    ///
    /// # Errors
    ///
    /// As for [`open_schema`](Self::open_schema), but nothing is created: the schema has to hold an
    /// inbox of this version.
    pub async fn attach(pool: PgPool, schema: &str) -> Result<Self, OpenError> {
        let inbox = Self::new(pool, schema)?;
        open::attach(&inbox.sessions, &inbox.schema).await?;
        Ok(inbox)
    }

    fn new(pool: PgPool, name: &str) -> Result<Self, OpenError> {
        let schema = Schema::new(name).ok_or(OpenError::SchemaName)?;
        let connections = pool.options().get_max_connections();
        let listener = (connections > 1).then(|| Arc::new(Listener::new(pool.clone(), schema.name())));
        let sessions = Sessions::new(pool, if listener.is_some() { connections - 1 } else { 1 });
        Ok(Self {
            sessions: Arc::new(sessions),
            schema: Arc::new(schema),
            queues: Arc::default(),
            listener,
            announcer: Announcer::default(),
        })
    }

    /// Notifies other processes that there are events to run.
    fn announce(&self) {
        self.announcer.announce(Arc::clone(&self.sessions), self.schema.name());
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

    async fn probe(&self) -> Result<Option<Duration>, InboxError> {
        self.check().await
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

    async fn next_due(&self) -> Result<Option<Duration>, InboxError> {
        self.time_to_next().await
    }

    async fn claim_dead(&self, max: u32, claim_for: Duration) -> Result<Vec<LeaseToken>, InboxError> {
        self.claim_announcements(max, claim_for).await
    }

    async fn announced(&self, claims: Vec<LeaseToken>) -> Result<u64, InboxError> {
        self.note_announced(&claims).await
    }

    async fn count(&self, filter: Filter) -> Result<Count, InboxError> {
        self.count_accepted(&filter).await
    }

    async fn contains_ids(
        &self,
        ids: Vec<String>,
        received_from: Option<SystemTime>,
    ) -> Result<Vec<bool>, InboxError> {
        self.find_ids(&ids, received_from).await
    }

    async fn attempts(&self, key: EventKey) -> Result<Vec<AttemptInfo>, InboxError> {
        self.attempts_of(key).await
    }

    async fn error_groups(&self, limit: u32) -> Result<Vec<ErrorGroup>, InboxError> {
        self.groups(limit).await
    }

    async fn add_figures(&self, figures: Vec<(String, Figures)>) -> Result<(), InboxError> {
        self.add_sums(figures).await
    }

    async fn statistics(
        &self,
        range: Range<SystemTime>,
        step: Duration,
    ) -> Result<Vec<StatisticsStep>, InboxError> {
        self.sums_between(&range, step).await
    }

    async fn prune_figures(&self, minutes: Duration, hours: Duration, max: u32) -> Result<u64, InboxError> {
        self.prune_sums(minutes, hours, max).await
    }

    async fn add_audit(&self, record: AuditRecord) -> Result<(), InboxError> {
        self.record_action(&record).await
    }

    async fn prune_audit(&self, older_than: Duration, max: u32) -> Result<u64, InboxError> {
        self.prune_actions(older_than, max).await
    }

    async fn audit(&self, before: Option<u64>, limit: u32) -> Result<Vec<AuditEntry>, InboxError> {
        self.actions(before, limit).await
    }

    async fn pause(&self, pattern: String) -> Result<bool, InboxError> {
        self.pause_queues(&paused_pattern(pattern)).await
    }

    async fn resume(&self, pattern: String) -> Result<bool, InboxError> {
        self.resume_queues(&paused_pattern(pattern)).await
    }

    async fn paused(&self) -> Result<Vec<String>, InboxError> {
        self.paused_patterns().await
    }

    async fn arrived(&self) {
        match &self.listener {
            Some(listener) => listener.arrived().await,
            None => std::future::pending().await,
        }
    }
}
