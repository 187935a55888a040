//! Transactions in PostgreSQL.

mod end;
mod table;
mod transaction;

use std::{error::Error, fmt, time::Duration};

use sqlx::{PgPool, Row, error::DatabaseError, postgres::PgDatabaseError};

use self::table::Table;
pub use self::{end::PostgresMark, transaction::PostgresTransaction};
use super::{CommitError, IntoTransactions, Marker, Transactions};
use crate::hook::BoxError;

/// Transactions in a PostgreSQL database, on connections of the application's pool.
///
/// [`Webhooks::with_transactions`](crate::Webhooks::with_transactions) also takes a pool; this type
/// sets the schema of the markers:
///
/// ```no_run
/// use panora_hooks::{Verifier, Webhooks, transactions::PostgresTransactions};
/// # fn example(pool: sqlx::PgPool, verifier: Verifier) {
///
/// let webhooks = Webhooks::new(verifier)
///     .with_transactions(PostgresTransactions::new(pool).schema("billing"));
/// # drop(webhooks);
/// # }
/// ```
pub struct PostgresTransactions {
    pool: PgPool,
    table: Table,
}

impl PostgresTransactions {
    /// Begins transactions on connections of `pool`. The markers are in the schema `public`.
    #[must_use]
    pub fn new(pool: PgPool) -> Self {
        Self { pool, table: Table::new("public") }
    }

    /// Sets the schema that holds the table of markers, `panora_hooks_done`. Two applications that
    /// share a database need two schemas, because both may receive the same event.
    ///
    /// The schema and the table are created before the first transaction, unless they exist.
    #[must_use]
    pub fn schema(self, name: &str) -> Self {
        Self { table: Table::new(name), ..self }
    }

    /// Returns the statements that create the table of markers, for an application that may not
    /// create tables when it runs. They can be executed twice. The role of the application needs
    /// `USAGE` on the schema, and `SELECT`, `INSERT`, `UPDATE` and `DELETE` on the table.
    #[must_use]
    pub fn ddl(&self) -> String {
        self.table.ddl()
    }
}

impl fmt::Debug for PostgresTransactions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresTransactions").field("schema", &self.table.schema()).finish_non_exhaustive()
    }
}

impl IntoTransactions for PgPool {
    type Transactions = PostgresTransactions;

    fn into_transactions(self) -> PostgresTransactions {
        PostgresTransactions::new(self)
    }
}

impl Transactions for PostgresTransactions {
    type Transaction = PostgresTransaction;
    type Mark = PostgresMark;

    async fn begin(&self) -> Result<Self::Transaction, BoxError> {
        self.table.ensure(&self.pool).await?;
        Ok(PostgresTransaction::begin(&self.pool).await?)
    }

    async fn mark(
        &self,
        transaction: &mut Self::Transaction,
        marker: &Marker,
        limit: Duration,
    ) -> Result<Option<PostgresMark>, BoxError> {
        let (identity, run) = (&marker.identity()[..], i64::from(marker.run()));
        let limit_ms = i64::try_from(limit.as_millis()).unwrap_or(i64::MAX).clamp(1, LONGEST_TIMEOUT);
        let mark = sqlx::query(self.table.sql(MARK)).bind(identity).bind(run).bind(limit_ms);
        if let Some(row) = mark.fetch_optional(&mut **transaction).await? {
            return Ok(Some(PostgresMark { xid: row.try_get(0)?, pid: row.try_get(1)?, limit }));
        }
        let exists = self.table.sql("SELECT EXISTS (SELECT FROM @ WHERE identity = $1 AND run = $2)");
        let exists = sqlx::query_scalar(exists).bind(identity).bind(run);
        if exists.fetch_one(&mut **transaction).await? { Ok(None) } else { Err(Used.into()) }
    }

    async fn commit(
        &self,
        transaction: Self::Transaction,
        mark: PostgresMark,
        marker: &Marker,
    ) -> Result<(), CommitError> {
        end::commit(&self.pool, &self.table, transaction, &mark, marker).await
    }

    async fn rollback(
        &self,
        transaction: Self::Transaction,
        mark: Option<PostgresMark>,
    ) -> Result<(), BoxError> {
        end::rollback(&self.pool, transaction, mark.as_ref()).await
    }

    async fn abandon(&self, mark: PostgresMark) {
        end::abandon(&self.pool, &mark).await;
    }

    fn is_conflict(&self, error: &(dyn Error + 'static)) -> bool {
        let code = |error: &dyn DatabaseError| error.code().map(String::from);
        let code = if let Some(error) = error.downcast_ref::<sqlx::Error>() {
            error.as_database_error().and_then(code)
        } else if let Some(error) = error.downcast_ref::<PgDatabaseError>() {
            code(error)
        } else {
            error.downcast_ref::<Box<dyn DatabaseError>>().and_then(|error| code(&**error))
        };
        matches!(code.as_deref(), Some("40001" | "40P01"))
    }

    async fn prune(&self, keep: Duration, limit: u32) -> Result<u64, BoxError> {
        Ok(self.table.prune(&self.pool, keep, limit).await?)
    }
}

/// Marks the transaction and bounds it, in one statement:
///
/// - A session that is longer without a statement, or in one, than the hook may run is ended. A
///   shorter timeout of the application stays.
/// - The wait for another transaction with the same marker is as long at most. The statement that
///   sets its own timeout is not subject to it, but a lock timeout applies at once.
/// - The commit waits for the disk, because the inbox is told that the event is done.
/// - A transaction with a number has changed something before. Code that shares the pool has left
///   it open, so it is not marked.
const MARK: &str = "
    INSERT INTO @(identity, run) SELECT $1, $2 WHERE pg_current_xact_id_if_assigned() IS NULL
    AND CASE WHEN current_setting('lock_timeout')::interval NOT BETWEEN '1ms' AND $3 * interval '1 ms'
        THEN set_config('lock_timeout', $3::text, true) ELSE '' END IS NOT NULL
    AND CASE WHEN current_setting('statement_timeout')::interval NOT BETWEEN '1ms' AND $3 * interval '1 ms'
        THEN set_config('statement_timeout', $3::text, true) ELSE '' END IS NOT NULL
    AND CASE WHEN current_setting('idle_in_transaction_session_timeout')::interval
            NOT BETWEEN '1ms' AND $3 * interval '1 ms'
        THEN set_config('idle_in_transaction_session_timeout', $3::text, true) ELSE '' END IS NOT NULL
    AND CASE current_setting('synchronous_commit')
        WHEN 'off' THEN set_config('synchronous_commit', 'on', true) ELSE '' END IS NOT NULL
    ON CONFLICT DO NOTHING RETURNING pg_current_xact_id()::text, pg_backend_pid()";

/// The longest timeout that PostgreSQL takes, in milliseconds.
const LONGEST_TIMEOUT: i64 = i32::MAX as i64;

/// The error of a connection on which other code has left a transaction open.
#[derive(Debug, thiserror::Error)]
#[error("other code that shares the pool has left a transaction open on this connection")]
struct Used;
