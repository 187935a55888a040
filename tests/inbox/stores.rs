//! The stores under test.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, SystemTime},
};

use panora_hooks::inbox::{Inbox, MemoryInbox, PostgresInbox, SqliteInbox};
use sqlx::{
    AssertSqlSafe, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use tempfile::TempDir;

use crate::skip::skip;

/// A clock that jumps.
#[derive(Clone, Default)]
pub struct Jumps(Arc<AtomicI64>);

impl Jumps {
    pub fn now(&self) -> SystemTime {
        let jumped = self.0.load(Ordering::SeqCst);
        let distance = Duration::from_micros(jumped.unsigned_abs());
        if jumped < 0 { SystemTime::now() - distance } else { SystemTime::now() + distance }
    }

    pub fn jump(&self, micros: i64) {
        self.0.fetch_add(micros, Ordering::SeqCst);
    }
}

/// The control of a test over a store.
pub trait Store: Send + Sync {
    type Inbox: Inbox + Clone;

    fn inbox(&self) -> Self::Inbox;

    /// Makes the clock of the store jump, back if `micros` is negative.
    async fn jump(&self, micros: i64);

    /// Kills and restarts the process. Returns whether its leases are free at once.
    async fn restart(&mut self) -> bool;
}

pub struct Memory {
    inbox: MemoryInbox,
    clock: Jumps,
}

impl Memory {
    pub fn new() -> Self {
        let clock = Jumps::default();
        let now = clock.clone();
        Self { inbox: MemoryInbox::new().with_clock(move || now.now()), clock }
    }
}

impl Store for Memory {
    type Inbox = MemoryInbox;

    fn inbox(&self) -> MemoryInbox {
        self.inbox.clone()
    }

    async fn jump(&self, micros: i64) {
        self.clock.jump(micros);
    }

    async fn restart(&mut self) -> bool {
        false
    }
}

pub struct Sqlite {
    pub folder: TempDir,
    inbox: Option<SqliteInbox>,
    clock: Jumps,
}

impl Sqlite {
    pub fn new() -> Self {
        let mut store = Self { folder: TempDir::new().unwrap(), inbox: None, clock: Jumps::default() };
        store.open();
        store
    }

    pub fn path(&self) -> PathBuf {
        self.folder.path().join("inbox.db")
    }

    fn open(&mut self) {
        let clock = self.clock.clone();
        self.inbox = Some(SqliteInbox::open_with_clock(self.path(), move || clock.now()).unwrap());
    }
}

impl Store for Sqlite {
    type Inbox = SqliteInbox;

    fn inbox(&self) -> SqliteInbox {
        self.inbox.clone().unwrap()
    }

    async fn jump(&self, micros: i64) {
        self.clock.jump(micros);
    }

    async fn restart(&mut self) -> bool {
        self.inbox = None;
        self.open();
        true
    }
}

pub struct Postgres {
    /// A pool independent of the inbox.
    pub pool: PgPool,
    pub schema: String,
    inbox: PostgresInbox,
}

impl Postgres {
    /// Returns `None`, and reports it, if there is no server.
    pub async fn new() -> Option<Self> {
        Self::with(8, |options| options).await
    }

    /// Opens the inbox over a pool of `connections` with changed connect options. Their application
    /// name is the schema, by which a test finds the sessions of the inbox.
    pub async fn with(
        connections: u32,
        change: impl FnOnce(PgConnectOptions) -> PgConnectOptions,
    ) -> Option<Self> {
        let options = connect_options()?;
        let schema = format!("panora_test_{:016x}", rand());
        let pool = PgPoolOptions::new().max_connections(4).connect_with(options.clone()).await.unwrap();
        let given = PgPoolOptions::new()
            .max_connections(connections)
            .connect_lazy_with(change(options.application_name(&schema)));
        let inbox = PostgresInbox::open_schema(given, &schema).await.unwrap();
        Some(Self { pool, schema, inbox })
    }

    pub async fn execute(&self, sql: &str) {
        sqlx::raw_sql(self.sql(sql)).execute(&self.pool).await.unwrap();
    }

    /// Returns the number that a statement selects.
    pub async fn number(&self, sql: &str) -> i64 {
        sqlx::query_scalar(self.sql(sql)).fetch_one(&self.pool).await.unwrap()
    }

    fn sql(&self, sql: &str) -> AssertSqlSafe<String> {
        AssertSqlSafe(sql.replace('@', &format!("{}.", self.schema)))
    }
}

impl Store for Postgres {
    type Inbox = PostgresInbox;

    fn inbox(&self) -> PostgresInbox {
        self.inbox.clone()
    }

    /// Moves all times in the tables, because the server's clock cannot be set.
    async fn jump(&self, micros: i64) {
        // The keys of figures must not meet while they move.
        self.execute(&format!(
            "UPDATE @due SET due = due - {micros}, started = started - {micros};
             UPDATE @dead SET announce = announce - {micros};
             UPDATE @done SET at = at - {micros};
             UPDATE @attempt SET started = started - {micros};
             UPDATE @figure SET start = -start;
             UPDATE @figure SET start = -start - {micros};
             UPDATE @audit SET at = at - {micros}"
        ))
        .await;
    }

    async fn restart(&mut self) -> bool {
        let options = PgPoolOptions::new().max_connections(8);
        let pool = options.connect_lazy_with(connect_options().unwrap().application_name(&self.schema));
        self.inbox = PostgresInbox::open_schema(pool, &self.schema).await.unwrap();
        false
    }
}

/// Drops the schema, even if the test fails.
impl Drop for Postgres {
    fn drop(&mut self) {
        let (schema, options) = (self.schema.clone(), (*self.pool.connect_options()).clone());
        let drop_schema = async move {
            let pool = PgPoolOptions::new().max_connections(1).connect_with(options).await?;
            let sql = AssertSqlSafe(format!("DROP SCHEMA {schema} CASCADE"));
            sqlx::raw_sql(sql).execute(&pool).await
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        std::thread::spawn(move || drop(runtime.block_on(drop_schema))).join().unwrap();
    }
}

/// Returns the connect options of the test server, or `None`, and reports it, if there is none.
pub fn connect_options() -> Option<PgConnectOptions> {
    let Ok(url) = std::env::var("PANORA_TEST_POSTGRES") else {
        skip("PANORA_TEST_POSTGRES is not set");
        return None;
    };
    Some(url.parse().unwrap())
}

pub fn rand() -> u64 {
    use std::hash::{BuildHasher, RandomState};
    RandomState::new().hash_one(0)
}

/// Defines a test for each function and each store.
macro_rules! on_every_store {
    ($($test:ident,)*) => {
        mod memory {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                super::$test(crate::stores::Memory::new()).await;
            })*
        }
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                super::$test(crate::stores::Sqlite::new()).await;
            })*
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                if let Some(store) = crate::stores::Postgres::new().await {
                    super::$test(store).await;
                }
            })*
        }
    };
}
pub(crate) use on_every_store;
