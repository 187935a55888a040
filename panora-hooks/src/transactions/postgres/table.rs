//! The table of markers.

use std::time::Duration;

use sqlx::{AssertSqlSafe, PgPool, postgres::types::PgInterval};
use tokio::sync::OnceCell;

use super::transaction::detached;

/// The table of markers in one schema.
pub(super) struct Table {
    schema: String,
    /// Set once the table is known to exist.
    exists: OnceCell<()>,
}

impl Table {
    pub(super) fn new(schema: &str) -> Self {
        Self { schema: schema.to_owned(), exists: OnceCell::new() }
    }

    pub(super) fn schema(&self) -> &str {
        &self.schema
    }

    /// Returns the name of the table for statements.
    fn name(&self) -> String {
        format!("{}.panora_hooks_done", quoted(&self.schema))
    }

    /// Returns SQL in which `@` stands for the table.
    pub(super) fn sql(&self, text: &str) -> AssertSqlSafe<String> {
        // The name is quoted, and the texts are constants of this crate.
        AssertSqlSafe(text.replace('@', &self.name()))
    }

    /// Returns the statements that create the table.
    pub(super) fn ddl(&self) -> String {
        format!(
            "CREATE SCHEMA IF NOT EXISTS {schema};\n\
             CREATE TABLE IF NOT EXISTS {table} (\n    \
                 identity bytea NOT NULL,\n    \
                 run bigint NOT NULL,\n    \
                 done_at timestamptz NOT NULL DEFAULT now(),\n    \
                 PRIMARY KEY (identity, run)\n\
             );\n\
             CREATE INDEX IF NOT EXISTS panora_hooks_done_by_time ON {table} (done_at);\n",
            schema = quoted(&self.schema),
            table = self.name(),
        )
    }

    /// Creates the table unless it exists. Several processes may do this at once.
    pub(super) async fn ensure(&self, pool: &PgPool) -> sqlx::Result<()> {
        self.exists.get_or_try_init(|| self.create(pool)).await.copied()
    }

    async fn create(&self, pool: &PgPool) -> sqlx::Result<()> {
        let (pool, name, schema, ddl) = (pool.clone(), self.name(), quoted(&self.schema), self.ddl());
        let create = async move {
            // Read first, because creating requires a right even if nothing has to be created.
            let exists = sqlx::query_scalar("SELECT to_regclass($1) IS NOT NULL").bind(name);
            if exists.fetch_one(&pool).await? {
                return Ok(());
            }
            // Statements that are sent together are one transaction, which a pooler keeps on one
            // session.
            let lock = "SELECT pg_advisory_xact_lock(hashtext('panora_hooks_done'));";
            let has_schema = sqlx::query_scalar("SELECT to_regnamespace($1) IS NOT NULL").bind(schema);
            let ddl = match ddl.split_once('\n') {
                Some((_schema, rest)) if has_schema.fetch_one(&pool).await? => rest,
                _ => &ddl,
            };
            sqlx::raw_sql(AssertSqlSafe(format!("{lock}\n{ddl}"))).execute(&pool).await.map(drop)
        };
        detached(create).await
    }

    /// Deletes up to `limit` markers that are older than `keep`.
    pub(super) async fn prune(&self, pool: &PgPool, keep: Duration, limit: u32) -> sqlx::Result<u64> {
        self.ensure(pool).await?;
        // Other processes prune at the same time.
        let delete = self.sql(
            "DELETE FROM @ WHERE ctid = ANY(ARRAY(
                SELECT ctid FROM @ WHERE done_at < now() - $1 ORDER BY done_at LIMIT $2 FOR UPDATE SKIP LOCKED
             ))",
        );
        let delete = sqlx::query(delete).bind(interval(keep)).bind(i64::from(limit));
        let pool = pool.clone();
        detached(async move { delete.execute(&pool).await }).await.map(|deleted| deleted.rows_affected())
    }
}

/// Returns an identifier in quotes.
fn quoted(identifier: &str) -> String {
    format!("\"{}\"", identifier.replace('"', "\"\""))
}

fn interval(duration: Duration) -> PgInterval {
    let microseconds = i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
    PgInterval { months: 0, days: 0, microseconds }
}
