#![doc = include_str!("../docs/transactions.md")]

mod error;
mod marker;
#[cfg(feature = "postgres")]
mod postgres;
pub(crate) mod pruning;
mod run;
mod tx;

use std::{error::Error, ops::DerefMut, time::Duration};

use crate::hook::BoxError;

#[cfg(feature = "postgres")]
pub use self::postgres::{PostgresMark, PostgresTransaction, PostgresTransactions};
pub(crate) use self::run::TransactionRunner;
pub use self::{
    error::{CommitError, TransactionError},
    marker::Marker,
    tx::Tx,
};

/// A source of transactions for hooks, in the application's own database.
///
/// Implement it for a database or a library that this crate does not know;
/// [`Webhooks::with_transactions`](crate::Webhooks::with_transactions) takes the implementation,
/// and hooks take [`Tx<Self>`](Tx). For each attempt of such a hook,
///
/// 1. [`begin`](Self::begin) begins a transaction;
/// 2. [`mark`](Self::mark) inserts the marker of the event's run. If the marker is there already,
///    the hook does not run, and the event is done;
/// 3. the hook runs;
/// 4. [`commit`](Self::commit) commits if the hook returned `Ok`, and [`rollback`](Self::rollback)
///    rolls back otherwise. [`abandon`](Self::abandon) ends a transaction that the hook has kept.
///
/// Steps 1 to 3 count towards the time limit of the hook. They are dropped at the limit, and at any
/// point if the program stops.
///
/// An event is dead only after step 2 has found no marker, because an earlier attempt may have been
/// committed without the inbox knowing it. An attempt that fails before is therefore repeated even
/// if it was the last one. After the last attempt was interrupted, steps 1 and 2 run once more; if
/// they fail, the next attempt may call the hook.
pub trait Transactions: Send + Sync + 'static {
    /// An open transaction, which hooks use through [`Tx`].
    ///
    /// If it is dropped, the transaction must be rolled back, and a connection in an unknown state
    /// must not be used again.
    type Transaction: DerefMut<Target: Sized> + Send + 'static;

    /// A value that identifies a transaction after it was marked, for [`commit`](Self::commit) and
    /// [`rollback`](Self::rollback).
    type Mark: Send + Sync + 'static;

    /// Begins a transaction.
    ///
    /// # Errors
    ///
    /// Returns an error if no transaction could be begun. The attempt fails, and is repeated.
    fn begin(&self) -> impl Future<Output = Result<Self::Transaction, BoxError>> + Send;

    /// Inserts a marker in the transaction. Returns `None` if the marker is committed already.
    ///
    /// It has to wait for another open transaction that has inserted the same marker. A primary key
    /// or a unique index of [`Marker::identity`] and [`Marker::run`] does that. `limit` is the time
    /// limit of the hook, or 5 minutes without one. The database should end a transaction that
    /// takes longer, because the process may be frozen.
    ///
    /// # Errors
    ///
    /// Returns an error if the marker could not be inserted. The attempt fails, and is repeated.
    fn mark(
        &self,
        transaction: &mut Self::Transaction,
        marker: &Marker,
        limit: Duration,
    ) -> impl Future<Output = Result<Option<Self::Mark>, BoxError>> + Send;

    /// Commits the transaction of a hook that returned `Ok`.
    ///
    /// # Errors
    ///
    /// Returns an error if the transaction is not committed, or if that is unknown. In particular,
    /// it has to notice that the hook has ended the transaction, or that one of its statements
    /// failed.
    fn commit(
        &self,
        transaction: Self::Transaction,
        mark: Self::Mark,
        marker: &Marker,
    ) -> impl Future<Output = Result<(), CommitError>> + Send;

    /// Rolls back the transaction of a hook that failed. `mark` is `None` if the hook did not run,
    /// because the marker was there already. By default, drops the transaction.
    ///
    /// # Errors
    ///
    /// Returns an error if the hook had ended the transaction, so that a part of its effects may be
    /// committed with the marker. The event is then dead. Other failures are not errors: they end
    /// the transaction, too.
    fn rollback(
        &self,
        transaction: Self::Transaction,
        mark: Option<Self::Mark>,
    ) -> impl Future<Output = Result<(), BoxError>> + Send {
        drop((transaction, mark));
        async { Ok(()) }
    }

    /// Ends a transaction that the hook has kept, because its marker would block every retry. By
    /// default, does nothing.
    fn abandon(&self, mark: Self::Mark) -> impl Future<Output = ()> + Send {
        drop(mark);
        async {}
    }

    /// Returns whether an error says that the transaction has failed only because of another one,
    /// and will probably succeed at once: a serialization failure or a deadlock.
    ///
    /// It is called for each error in the chain of [sources](Error::source) of a hook's error. By
    /// default, returns `false`.
    fn is_conflict(&self, error: &(dyn Error + 'static)) -> bool {
        let _ = error;
        false
    }

    /// Deletes up to `limit` markers that are older than `keep`. Returns their number. It is called
    /// once a minute, and repeatedly until it returns 0. It is dropped when its worker stops.
    ///
    /// By default, deletes nothing.
    ///
    /// # Errors
    ///
    /// Returns an error if the database failed. It is logged.
    fn prune(&self, keep: Duration, limit: u32) -> impl Future<Output = Result<u64, BoxError>> + Send {
        let _ = (keep, limit);
        async { Ok(0) }
    }
}

/// A type that [`Webhooks::with_transactions`](crate::Webhooks::with_transactions) takes: a source
/// of [`Transactions`], or sqlx's `PgPool`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a source of transactions",
    label = "expected a `sqlx::PgPool` or another source of transactions",
    note = "a `PgPool` is one if the feature `postgres` of panora-hooks is on",
    note = "implement `Transactions` for another database"
)]
pub trait IntoTransactions {
    /// The source of transactions.
    type Transactions: Transactions;

    /// Returns the source of transactions.
    fn into_transactions(self) -> Self::Transactions;
}

impl<T: Transactions> IntoTransactions for T {
    type Transactions = T;

    fn into_transactions(self) -> T {
        self
    }
}
