//! A database for one run of an example.

use sqlx::{AssertSqlSafe, PgPool};
use tokio::runtime::Runtime;

use crate::skip::skip;

/// A database that is dropped with this value.
pub(crate) struct Database {
    name: String,
    pub(crate) url: String,
    server: PgPool,
    runtime: Runtime,
}

impl Database {
    /// Returns `None`, and reports it, if there is no server.
    pub(crate) fn new() -> Option<Self> {
        let Ok(url) = std::env::var("PANORA_TEST_POSTGRES") else {
            skip("PANORA_TEST_POSTGRES is not set");
            return None;
        };
        let name = format!("panora_test_{:016x}", fastrand::u64(..));
        let runtime = Runtime::new().unwrap();
        let server = runtime.block_on(PgPool::connect(&url)).unwrap();
        let create = AssertSqlSafe(format!("CREATE DATABASE {name}"));
        runtime.block_on(sqlx::raw_sql(create).execute(&server)).unwrap();
        let url = format!("{}/{name}", url.rsplit_once('/').unwrap().0);
        Some(Self { name, url, server, runtime })
    }

    /// Returns how many rows a table has.
    pub(crate) fn count(&self, table: &str) -> i64 {
        let count = AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
        self.runtime.block_on(async {
            let pool = PgPool::connect(&self.url).await.unwrap();
            let count = sqlx::query_scalar(count).fetch_one(&pool).await.unwrap();
            pool.close().await;
            count
        })
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let drop_database = AssertSqlSafe(format!("DROP DATABASE {} WITH (FORCE)", self.name));
        drop(self.runtime.block_on(sqlx::raw_sql(drop_database).execute(&self.server)));
    }
}
