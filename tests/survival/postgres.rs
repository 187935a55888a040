//! A separate schema for a test.

use panora_hooks::inbox::PostgresInbox;
use sqlx::{AssertSqlSafe, PgPool, postgres::PgPoolOptions};
use tokio::runtime::Runtime;

use crate::skip::skip;

pub struct Schema {
    pub name: String,
    url: String,
}

impl Schema {
    /// Returns `None`, and reports it, if there is no server.
    pub fn new() -> Option<Self> {
        let Ok(url) = std::env::var("PANORA_TEST_POSTGRES") else {
            skip("PANORA_TEST_POSTGRES is not set");
            return None;
        };
        Some(Self::on(&url))
    }

    pub fn on(url: &str) -> Self {
        Self { name: format!("panora_test_{:016x}", fastrand::u64(..)), url: url.to_owned() }
    }

    /// Returns the schema in the notation of the program `receiver`.
    pub fn store(&self) -> String {
        format!("{}#{}", self.url, self.name)
    }

    pub async fn pool(&self) -> PgPool {
        PgPoolOptions::new().max_connections(6).connect(&self.url).await.unwrap()
    }

    pub async fn inbox(&self) -> PostgresInbox {
        PostgresInbox::open_schema(self.pool().await, &self.name).await.unwrap()
    }
}

/// Drops the schema, even if the test fails.
impl Drop for Schema {
    fn drop(&mut self) {
        let sql = AssertSqlSafe(format!("DROP SCHEMA IF EXISTS {} CASCADE", self.name));
        let drop_schema = async { sqlx::raw_sql(sql).execute(&self.pool().await).await };
        drop(Runtime::new().unwrap().block_on(drop_schema));
    }
}
