//! A separate database for a test that changes its settings.

use panora_hooks::inbox::PostgresInbox;
use sqlx::{
    AssertSqlSafe, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use crate::stores::{connect_options, rand};

/// The application name of the inbox's sessions.
const NAME: &str = "panora_test_inbox";

pub struct Database {
    pub name: String,
    /// Connections to another database of the server.
    pub server: PgPool,
    options: PgConnectOptions,
}

impl Database {
    /// Returns `None`, and reports it, if there is no server.
    pub async fn new() -> Option<Self> {
        let options = connect_options()?;
        let name = format!("panora_test_{:016x}", rand());
        let server = PgPoolOptions::new().max_connections(4).connect_with(options.clone()).await.unwrap();
        // Another test may use the default template for the same purpose.
        let create = AssertSqlSafe(format!("CREATE DATABASE {name} TEMPLATE template0"));
        sqlx::raw_sql(create).execute(&server).await.unwrap();
        Some(Self { options: options.database(&name).application_name(NAME), name, server })
    }

    pub fn options(&self) -> PgConnectOptions {
        self.options.clone()
    }

    pub async fn inbox(&self) -> PostgresInbox {
        let pool = PgPoolOptions::new().max_connections(5).connect_lazy_with(self.options());
        PostgresInbox::open(pool).await.unwrap()
    }

    /// Changes a setting of sessions that are opened from now on.
    pub async fn set(&self, setting: &str) {
        let name = &self.name;
        let set = AssertSqlSafe(format!("ALTER DATABASE {name} {setting}"));
        sqlx::raw_sql(set).execute(&self.server).await.unwrap();
    }

    /// Ends all sessions of the inbox.
    pub async fn end_sessions(&self) {
        let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE datname = $1 AND application_name = $2";
        sqlx::query(end).bind(&self.name).bind(NAME).execute(&self.server).await.unwrap();
    }

    /// Counts the sessions of the inbox that satisfy a condition on `pg_stat_activity`.
    pub async fn sessions(&self, condition: &str) -> i64 {
        let count = format!(
            "SELECT count(*) FROM pg_stat_activity
             WHERE datname = '{}' AND application_name = '{NAME}' AND {condition}",
            self.name,
        );
        sqlx::query_scalar(AssertSqlSafe(count)).fetch_one(&self.server).await.unwrap()
    }

    /// Waits until `count` sessions of the inbox satisfy a condition.
    pub async fn wait_for_sessions(&self, condition: &str, count: i64) {
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
        while self.sessions(condition).await != count {
            assert!(std::time::Instant::now() < deadline, "not {count} sessions: {condition}");
            tokio::task::yield_now().await;
        }
    }
}

/// Drops the database and its user, even if the test fails.
impl Drop for Database {
    fn drop(&mut self) {
        let options = connect_options().unwrap();
        let name = self.name.clone();
        let drop_database = async move {
            let pool = PgPoolOptions::new().max_connections(1).connect_with(options).await?;
            let database = AssertSqlSafe(format!("DROP DATABASE {name} WITH (FORCE)"));
            sqlx::raw_sql(database).execute(&pool).await?;
            let user = AssertSqlSafe(format!("DROP ROLE IF EXISTS {name}_user"));
            sqlx::raw_sql(user).execute(&pool).await
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        std::thread::spawn(move || drop(runtime.block_on(drop_database))).join().unwrap();
    }
}
