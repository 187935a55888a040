//! [`PostgresTransaction`]: an open transaction on a connection of the application's pool.
//!
//! A statement on the pool must not be cut off. If it begins a transaction, sqlx returns the
//! connection with the transaction open (transact-rs/sqlx#4385). If it fails afterwards, for example
//! at a timeout of the server, the pool reads the error while it tests the connection, and closes
//! it. With TLS, it can wait for that forever, and has one connection less.

use std::{
    fmt,
    ops::{Deref, DerefMut},
};

use sqlx::{PgConnection, PgPool, Postgres, Transaction};
use tokio::runtime::Handle;
use tracing::Instrument;

/// An open transaction of [`PostgresTransactions`](super::PostgresTransactions), which hooks use
/// through [`Tx`](crate::Tx). If it is dropped, it is rolled back.
pub struct PostgresTransaction {
    /// `Some` until it ends.
    transaction: Option<Transaction<'static, Postgres>>,
}

impl PostgresTransaction {
    pub(super) async fn begin(pool: &PgPool) -> sqlx::Result<Self> {
        let pool = pool.clone();
        let transaction = detached(async move { pool.begin().await }).await?;
        Ok(Self { transaction: Some(transaction) })
    }

    pub(super) async fn commit(self) -> sqlx::Result<()> {
        detached(self.into_inner().commit()).await
    }

    pub(super) async fn rollback(self) -> sqlx::Result<()> {
        detached(self.into_inner().rollback()).await
    }

    fn into_inner(mut self) -> Transaction<'static, Postgres> {
        match self.transaction.take() {
            Some(transaction) => transaction,
            None => unreachable!("only its end takes the transaction out"),
        }
    }
}

impl Drop for PostgresTransaction {
    /// Rolls back, which reads the error of a statement that was cut off.
    fn drop(&mut self) {
        let Some(transaction) = self.transaction.take() else { return };
        if let Ok(runtime) = Handle::try_current() {
            drop(runtime.spawn(transaction.rollback()));
        }
    }
}

impl Deref for PostgresTransaction {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        match &self.transaction {
            Some(transaction) => transaction,
            None => unreachable!("only its end takes the transaction out"),
        }
    }
}

impl DerefMut for PostgresTransaction {
    fn deref_mut(&mut self) -> &mut PgConnection {
        match &mut self.transaction {
            Some(transaction) => transaction,
            None => unreachable!("only its end takes the transaction out"),
        }
    }
}

impl fmt::Debug for PostgresTransaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PostgresTransaction(..)")
    }
}

/// Executes statements in a task, which goes on if this future is dropped.
pub(super) async fn detached<T: Send + 'static>(
    statements: impl Future<Output = sqlx::Result<T>> + Send + 'static,
) -> sqlx::Result<T> {
    tokio::spawn(statements.in_current_span())
        .await
        .unwrap_or_else(|error| Err(sqlx::Error::Io(error.into())))
}
