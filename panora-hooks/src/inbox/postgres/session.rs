//! Sessions: the connections of an inbox, and the guard that decides which of them are used again.
//!
//! A connection in an unknown state must not be used again. A future that is dropped while it
//! begins a transaction leaves the transaction open (transact-rs/sqlx#4385), and every event that
//! is stored on the connection afterwards is rolled back when the connection closes. So a
//! connection returns to the pool only after its statement or transaction has ended as intended.
//! Otherwise it is closed.

use std::{
    cell::Cell,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use sqlx::{
    ConnectOptions, Error, PgConnection, PgPool, Postgres,
    pool::PoolConnection,
    postgres::{PgConnectOptions, PgPoolOptions, PgRow},
};

use super::{
    failure::{self, Extent},
    schema::Statement,
};
use crate::inbox::InboxError;

/// The longest wait for a connection. sqlx doubles the pause between attempts to connect, up to a
/// fifth of this, so it also bounds the delay until a recovered server is noticed.
pub(super) const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// The settings of every session, made by statements because poolers refuse most startup options.
///
/// - Plans must not depend on statistics, which are missing or old while a queue grows. Planning
///   takes a third of the time of a lease, so plans depend on no values either, and a session keeps
///   those of [frequent statements](super::schema::Schema::cached). Just-in-time compilation would
///   be triggered by the penalty for scans of tables without an index, which have one row.
/// - Statements that lock rows and then read rows that others have committed need `read committed`.
/// - Statements that the library has abandoned must end on the server, too. A shorter timeout of
///   the program stays.
/// - `synchronous_commit = off` would acknowledge events that a crash of the server loses.
///   Transactions that may be lost, such as leases, turn it off again.
const SETTINGS: &str = "
    SET enable_seqscan = off;
    SET enable_bitmapscan = off;
    SET max_parallel_workers_per_gather = 0;
    SET jit = off;
    SET plan_cache_mode = force_generic_plan;
    SET default_transaction_isolation = 'read committed';
    SELECT set_config(name, '30s', false)
    FROM unnest('{statement_timeout, idle_in_transaction_session_timeout}'::text[]) AS setting(name)
    WHERE current_setting(name)::interval NOT BETWEEN '1ms' AND '30s';
    SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off';
";

/// Makes the server notice within a second that no client waits for a statement any more. Available
/// from PostgreSQL 14 on, and not on every platform.
const STOP_WHEN_ABANDONED: &str = "SET client_connection_check_interval = '1s'";

/// The first version with [`STOP_WHEN_ABANDONED`].
const NOTICES_ABANDONED: u32 = 14_00_00;

tokio::task_local! {
    /// Whether the connection that this task acquires has been in use before.
    static IS_PREPARED: Cell<bool>;
}

/// The sessions of an inbox.
///
/// They are in a pool that only the inbox uses, because code that shares a pool can leave a
/// connection in any state without the pool noticing.
pub(super) struct Sessions {
    /// The program's pool. The sessions follow its options, and end when it is closed.
    given: PgPool,
    own: PgPool,
    connect_options: Mutex<Arc<PgConnectOptions>>,
    condemned: Arc<Condemned>,
}

/// A time. Sessions that were opened before it are not used again.
#[derive(Default)]
struct Condemned(Mutex<Option<Instant>>);

impl Condemned {
    fn condemn(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    fn includes(&self, age: Duration) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_some_and(|time| age > time.elapsed())
    }
}

/// Returns the options of a pool that only the inbox uses.
pub(super) fn own_options(given: &PgPool) -> PgPoolOptions {
    let options = given.options().clone();
    let wait = LONGEST_WAIT.min(options.get_acquire_timeout());
    let options = options.min_connections(0).acquire_timeout(wait).test_before_acquire(true);
    // The program's own callback may reset the settings of a session.
    options.after_release(|_, _| Box::pin(async { Ok(true) }))
}

/// Returns the connect options of the program's pool, for connections that only the inbox uses.
pub(super) fn connect_options(given: &PgPool) -> PgConnectOptions {
    // Poolers refuse the option, and the inbox reads no floating-point numbers.
    (*given.connect_options()).clone().extra_float_digits(None)
}

impl Sessions {
    /// Opens up to `max` connections with the options of the program's pool.
    pub(super) fn new(given: PgPool, max: u32) -> Self {
        let condemned = Arc::<Condemned>::default();
        let condemns = Arc::clone(&condemned);
        let options = own_options(&given).max_connections(max).before_acquire(move |_, connection| {
            let is_usable = !condemns.includes(connection.age);
            Box::pin(async move {
                // In another task the session would be prepared once more, which is harmless.
                let _ = IS_PREPARED.try_with(|is_prepared| is_prepared.set(is_usable));
                Ok(is_usable)
            })
        });
        let own = options.connect_lazy_with(connect_options(&given));
        let connect_options = Mutex::new(given.connect_options());
        Self { given, own, connect_options, condemned }
    }

    /// Runs one statement in a transaction of its own.
    pub(super) async fn fetch(&self, statement: Statement) -> Result<Vec<PgRow>, InboxError> {
        let mut session = self.take().await?;
        let rows = session.try_fetch(statement).await;
        session.release(rows)
    }

    /// Runs a statement that has to succeed as soon as the server allows it. If only the session
    /// refuses it, the statement did nothing, and runs once more on a new session.
    pub(super) async fn fetch_promptly(
        &self,
        statement: impl Fn() -> Statement,
    ) -> Result<Vec<PgRow>, InboxError> {
        let mut session = self.take().await?;
        let rows = session.try_fetch(statement()).await;
        if rows.as_ref().is_err_and(|error| failure::extent(error) == Extent::Session) {
            drop(session.release(rows));
            return self.fetch(statement()).await;
        }
        session.release(rows)
    }

    /// Begins a transaction that is rolled back unless it is committed.
    pub(super) async fn begin(&self, begin: Begin) -> Result<OpenTransaction, InboxError> {
        let mut session = self.take().await?;
        session.execute(begin.sql()).await?;
        Ok(OpenTransaction(session))
    }

    /// Returns a session that is ready for statements.
    pub(super) async fn take(&self) -> Result<Session, InboxError> {
        if self.given.is_closed() {
            let own = self.own.clone();
            tokio::spawn(async move { own.close().await });
            return Err(Error::PoolClosed.into());
        }
        self.follow_connect_options();
        let acquire = async { (self.own.acquire().await, IS_PREPARED.with(Cell::get)) };
        let (connection, is_prepared) = IS_PREPARED.scope(Cell::new(false), acquire).await;
        let mut session = Session { connection: Some(connection?), condemned: Arc::clone(&self.condemned) };
        if !is_prepared {
            session.prepare().await?;
        }
        Ok(session)
    }

    /// Opens a connection beside the pool, if the program's pool has room for one and the server
    /// accepts it.
    pub(super) async fn connect_another(&self) -> Option<PgConnection> {
        if self.given.options().get_max_connections() < 2 {
            return None;
        }
        tokio::time::timeout(LONGEST_WAIT, connect_options(&self.given).connect()).await.ok()?.ok()
    }

    /// Adopts the connect options of the program's pool, whose password or host may have changed.
    fn follow_connect_options(&self) {
        let theirs = self.given.connect_options();
        let mut ours = self.connect_options.lock().unwrap_or_else(PoisonError::into_inner);
        if !Arc::ptr_eq(&theirs, &ours) {
            self.own.set_connect_options(connect_options(&self.given));
            *ours = theirs;
        }
    }
}

/// A connection in use. It is closed when it is dropped, unless it was [released](Self::release) in
/// a sound state.
pub(super) struct Session {
    connection: Option<PoolConnection<Postgres>>,
    condemned: Arc<Condemned>,
}

impl Session {
    async fn prepare(&mut self) -> Result<(), InboxError> {
        self.execute(SETTINGS).await?;
        let version = self.connection()?.server_version_num();
        if version.is_some_and(|version| version >= NOTICES_ABANDONED) {
            let set = sqlx::raw_sql(STOP_WHEN_ABANDONED).execute(self.connection()?).await;
            if let Err(error) = set
                // A statement error says that the server's platform lacks the setting. The
                // timeout remains.
                && failure::extent(&error) != Extent::Statement
            {
                return Err(error.into());
            }
        }
        Ok(())
    }

    /// Runs statements without values.
    pub(super) async fn execute(&mut self, sql: impl sqlx::SqlSafeStr + Send) -> Result<(), InboxError> {
        let result = sqlx::raw_sql(sql).execute(self.connection()?).await;
        self.check(result).map(drop)
    }

    /// Runs a statement.
    pub(super) async fn fetch(&mut self, statement: Statement) -> Result<Vec<PgRow>, InboxError> {
        let rows = self.try_fetch(statement).await;
        self.check(rows)
    }

    async fn try_fetch(&mut self, statement: Statement) -> sqlx::Result<Vec<PgRow>> {
        statement.fetch_all(self.connection()?).await
    }

    /// Returns the connection to the pool, unless an error affects the session or the connection.
    pub(super) fn release<T>(mut self, result: sqlx::Result<T>) -> Result<T, InboxError> {
        let is_sound = result.as_ref().err().is_none_or(|error| failure::extent(error) == Extent::Statement);
        let result = self.check(result);
        if is_sound {
            drop(self.connection.take());
        }
        result
    }

    /// Condemns all sessions of the pool if they share the error.
    fn check<T>(&self, result: sqlx::Result<T>) -> Result<T, InboxError> {
        result.map_err(|error| {
            if failure::extent(&error) == Extent::Session {
                self.condemned.condemn();
            }
            error.into()
        })
    }

    pub(super) fn connection(&mut self) -> sqlx::Result<&mut PgConnection> {
        self.connection.as_deref_mut().ok_or(Error::PoolClosed)
    }
}

impl Drop for Session {
    /// Closes the connection at once. The pool would wait for the answer to a statement that was
    /// cut off, which an unreachable server never sends.
    fn drop(&mut self) {
        drop(self.connection.take().map(PoolConnection::detach));
    }
}

/// The durability of a transaction's commit.
#[derive(Clone, Copy)]
pub(super) enum Begin {
    /// The commit waits for the disk.
    Durable,
    /// The commit waits for nothing. A crash of the server undoes the transaction, which can then
    /// be done again.
    Lazy,
    /// As `Durable`, with time to search a large table.
    Bulk,
}

impl Begin {
    fn sql(self) -> &'static str {
        match self {
            Self::Durable => "BEGIN",
            Self::Lazy => "BEGIN; SET LOCAL synchronous_commit = off",
            Self::Bulk => "BEGIN; SET LOCAL statement_timeout = '10min'",
        }
    }
}

/// An open transaction. If it is dropped, its connection is closed, which rolls it back.
pub(super) struct OpenTransaction(Session);

impl OpenTransaction {
    pub(super) async fn fetch(&mut self, statement: Statement) -> Result<Vec<PgRow>, InboxError> {
        self.0.fetch(statement).await
    }

    pub(super) async fn commit(mut self) -> Result<(), InboxError> {
        self.0.execute("COMMIT").await?;
        self.0.release(Ok(()))
    }
}
