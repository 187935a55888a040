//! Errors of transactions.

use std::time::Duration;

use super::BoxError;

/// The error of an attempt that failed because of its transaction.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TransactionError {
    /// The transaction could not be begun.
    #[error("the transaction of the hook cannot be begun")]
    Begin(#[source] BoxError),
    /// The marker could not be inserted.
    #[error("the marker of the event cannot be inserted into the hook's transaction")]
    Mark(#[source] BoxError),
    /// The time limit of the hook has passed before the marker was inserted: no connection was
    /// free, or another transaction has inserted the same marker and is still open.
    #[error("the transaction of the hook was not begun and marked within {0:?}")]
    Late(Duration),
    /// The transaction could not be committed.
    #[error("the transaction of the hook was not committed")]
    Commit(#[source] BoxError),
    /// The hook has ended the transaction.
    #[error("the hook has ended its transaction itself, so its effects may be incomplete")]
    Ended(#[source] BoxError),
    /// It is unknown whether the transaction was committed. The next attempt finds out.
    #[error("it is unknown whether the transaction of the hook was committed")]
    Unknown(#[source] BoxError),
    /// The hook has returned while its [`Tx`](super::Tx) still exists.
    #[error(
        "the hook has returned, but its `Tx` still exists, so its transaction was rolled back: \
         drop the `Tx` before, also in tasks and in values that outlive the hook"
    )]
    Kept,
    /// There is no transaction to take.
    #[error(
        "no transaction was begun for this `Tx`: it is taken twice, or by another argument; \
         name `Tx` in the signature of the hook, once"
    )]
    Missing,
}

/// The error of [`Transactions::commit`](super::Transactions::commit).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CommitError {
    /// The transaction was rolled back. The attempt has failed, and is retried.
    #[error("the transaction was rolled back")]
    RolledBack(#[source] BoxError),
    /// The hook has committed or rolled back the transaction itself, so its effects may be
    /// incomplete. The event is dead.
    #[error("the transaction had ended before")]
    Ended(#[source] BoxError),
    /// The answer of the database was lost. The event is retried, however many attempts there were:
    /// the marker tells the next one whether the transaction was committed.
    #[error("the answer of the database was lost")]
    Unknown(#[source] BoxError),
}
