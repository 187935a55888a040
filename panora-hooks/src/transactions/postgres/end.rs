//! The end of a transaction: a commit that is certain, or a rollback that frees its marker.

use std::time::Duration;

use sqlx::{
    ConnectOptions, Connection, PgConnection, PgPool,
    postgres::{PgDatabaseError, PgSeverity},
};
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::{table::Table, transaction::PostgresTransaction};
use crate::{
    hook::BoxError,
    transactions::{CommitError, Marker},
};

/// How long to wait for a connection and its first answers, when the state of a transaction has to
/// be found out or ended.
const PATIENCE: Duration = Duration::from_secs(5);

/// The pause between two looks for a marker.
const PAUSE: Duration = Duration::from_millis(200);

/// Identifies a marked transaction of [`PostgresTransactions`](super::PostgresTransactions).
#[derive(Debug)]
pub struct PostgresMark {
    /// The number of the transaction.
    pub(super) xid: String,
    /// The process that serves its session.
    pub(super) pid: i32,
    /// How long it may take.
    pub(super) limit: Duration,
}

/// The error of a hook that leaves its transaction unfit for a commit.
#[derive(Debug, thiserror::Error)]
enum Unfit {
    #[error(
        "a statement of the hook failed, but the hook returned `Ok`: return the error, or wrap the \
         statement in a savepoint, `tx.begin()`"
    )]
    Failed,
    #[error(
        "the hook has executed `COMMIT` or `ROLLBACK`: remove it, because the transaction is committed \
         after the hook has returned `Ok`"
    )]
    Ended,
}

/// Commits a transaction, unless its hook has ended it or has ignored an error.
pub(super) async fn commit(
    pool: &PgPool,
    table: &Table,
    mut transaction: PostgresTransaction,
    mark: &PostgresMark,
    marker: &Marker,
) -> Result<(), CommitError> {
    // `COMMIT` of a failed transaction is a `ROLLBACK`, which sqlx reports as a success.
    match state(&mut transaction, mark).await {
        Ok(State::Alive) => {}
        Ok(State::Failed) => return Err(CommitError::RolledBack(Unfit::Failed.into())),
        Ok(State::Ended) => return Err(CommitError::Ended(Unfit::Ended.into())),
        // The hook may have executed `COMMIT` before.
        Err(error) => return resolve(pool, table, mark, marker, error.into()).await,
    }
    match transaction.commit().await {
        Ok(()) => Ok(()),
        Err(error) if is_refused(&error) => Err(CommitError::RolledBack(error.into())),
        Err(error) => resolve(pool, table, mark, marker, error.into()).await,
    }
}

/// The state of a transaction after its hook.
enum State {
    Alive,
    /// A statement has failed, so the transaction can only be rolled back.
    Failed,
    /// The hook has executed `COMMIT` or `ROLLBACK`.
    Ended,
}

async fn state(connection: &mut PgConnection, mark: &PostgresMark) -> sqlx::Result<State> {
    let mut xid = current_xid(connection).await;
    // The answer can be the error of a statement of the hook that was cut off.
    if xid.as_ref().is_err_and(|error| is_refused(error) && !is_failed_transaction(error)) {
        xid = current_xid(connection).await;
    }
    match xid {
        Ok(Some(xid)) if xid == mark.xid => Ok(State::Alive),
        Ok(_) => Ok(State::Ended),
        Err(error) if is_failed_transaction(&error) => Ok(State::Failed),
        Err(error) => Err(error),
    }
}

/// Returns the number of the transaction of a session, if it has one.
async fn current_xid(connection: &mut PgConnection) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar("SELECT pg_current_xact_id_if_assigned()::text").fetch_one(connection).await
}

/// Rolls a transaction back. A session that does not answer at once is ended, because its marker
/// blocks every retry.
pub(super) async fn rollback(
    pool: &PgPool,
    mut transaction: PostgresTransaction,
    mark: Option<&PostgresMark>,
) -> Result<(), BoxError> {
    let roll_back = async {
        let state = match mark {
            Some(mark) => state(&mut transaction, mark).await?,
            None => State::Alive,
        };
        transaction.rollback().await.map(|()| state)
    };
    match (timeout(PATIENCE / 5, roll_back).await, mark) {
        (Ok(Ok(State::Ended)), _) => return Err(Unfit::Ended.into()),
        (Ok(Err(_)) | Err(_), Some(mark)) => abandon(pool, mark).await,
        _ => {}
    }
    Ok(())
}

/// Ends the session of a transaction.
pub(super) async fn abandon(pool: &PgPool, mark: &PostgresMark) {
    let end = async {
        let mut connection = connect(pool).await?;
        terminate(&mut connection, mark).await?;
        connection.close().await
    };
    if !matches!(timeout(PATIENCE, end).await, Ok(Ok(()))) {
        tracing::warn!("the session of a hook's transaction is not ended: its event may wait for it");
    }
}

/// Opens a connection beside the pool, all of whose connections may be in use.
async fn connect(pool: &PgPool) -> sqlx::Result<PgConnection> {
    let options = pool.connect_options();
    timeout(PATIENCE, options.connect()).await.unwrap_or(Err(sqlx::Error::PoolTimedOut))
}

/// Ends the session of a transaction, unless the transaction has ended. Another session may have
/// the number of its process by now, but not the number of the transaction.
async fn terminate(connection: &mut PgConnection, mark: &PostgresMark) -> sqlx::Result<()> {
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
               WHERE pid = $1 AND backend_xid::text = ($2::text::xid8::xid)::text";
    sqlx::query(end).bind(mark.pid).bind(&mark.xid).execute(connection).await.map(drop)
}

/// Finds out whether a transaction is committed whose `COMMIT` was not answered.
async fn resolve(
    pool: &PgPool,
    table: &Table,
    mark: &PostgresMark,
    marker: &Marker,
    lost: BoxError,
) -> Result<(), CommitError> {
    tracing::warn!("the answer to the `COMMIT` of a hook's transaction was lost: looking for its marker");
    let until = Instant::now() + mark.limit;
    loop {
        match timeout_at(until, is_committed(pool, table, mark, marker)).await {
            Ok(Ok(true)) => return Ok(()),
            Ok(Ok(false)) => return Err(CommitError::RolledBack(lost)),
            Ok(Err(_)) | Err(_) if Instant::now() >= until => return Err(CommitError::Unknown(lost)),
            Ok(Err(_)) | Err(_) => sleep(PAUSE).await,
        }
    }
}

/// Waits until the transaction has ended, and returns whether it has left its marker.
async fn is_committed(
    pool: &PgPool,
    table: &Table,
    mark: &PostgresMark,
    marker: &Marker,
) -> sqlx::Result<bool> {
    let mut connection = connect(pool).await?;
    // Without the right to end it, the transaction ends at its timeout.
    let _ = terminate(&mut connection, mark).await;
    // The insertion waits for an open transaction that has inserted the same marker.
    let mut transaction = connection.begin().await?;
    let inserted =
        sqlx::query(table.sql("INSERT INTO @(identity, run) VALUES ($1, $2) ON CONFLICT DO NOTHING"))
            .bind(&marker.identity()[..])
            .bind(i64::from(marker.run()))
            .execute(&mut *transaction)
            .await?;
    transaction.rollback().await?;
    connection.close().await?;
    Ok(inserted.rows_affected() == 0)
}

/// Returns whether an error answers a `COMMIT` with certainty: the transaction is rolled back.
fn is_refused(error: &sqlx::Error) -> bool {
    let database = error.as_database_error().and_then(|error| error.try_downcast_ref::<PgDatabaseError>());
    // A session that is ended while it commits reports a fatal error; a pooler reports class 08.
    database.is_some_and(|error| error.severity() == PgSeverity::Error && !error.code().starts_with("08"))
}

/// Returns whether a statement was refused because an earlier one of its transaction has failed.
fn is_failed_transaction(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|error| error.code().as_deref() == Some("25P02"))
}
