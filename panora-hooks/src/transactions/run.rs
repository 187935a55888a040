//! Runs a hook in a transaction: begins, marks, calls, and commits or rolls back.

use std::{
    error::Error, future::poll_fn, panic::AssertUnwindSafe, pin::pin, sync::Arc, task::Poll, time::Duration,
};

use tokio::runtime::Handle;

use super::{CommitError, Marker, TransactionError, Transactions, Tx, tx::Lent};
use crate::{
    delivery::Delivery,
    hook::{
        BoxError, BoxFuture, Ended, HookError, InTransaction, RunningHook, StartHook, TimeLimit,
        TransactionKind,
    },
};

/// The time limit of a transaction whose hook has none: the default of hooks with an inbox.
const DEFAULT_LIMIT: Duration = Duration::from_secs(5 * 60);

/// Runs hooks in the transactions of one source.
//
// A panic of a hook cannot leave the source in a broken state, because the hook uses a transaction
// alone.
pub(crate) struct TransactionRunner<T>(AssertUnwindSafe<T>);

impl<T: Transactions> InTransaction for TransactionRunner<T> {
    fn kind(&self) -> TransactionKind {
        TransactionKind::of::<T>()
    }

    fn run(
        self: Arc<Self>,
        delivery: Delivery<'static>,
        hook: StartHook,
        limit: Option<TimeLimit>,
    ) -> BoxFuture<'static, Ended> {
        Box::pin(async move { self.attempt(delivery, hook, limit).await })
    }

    fn look(self: Arc<Self>, delivery: Delivery<'static>, limit: TimeLimit) -> BoxFuture<'static, Ended> {
        Box::pin(async move {
            match self.marked(&Marker::of(&delivery), &mut Some(limit)).await {
                Ok((transaction, mark)) => {
                    self.end(Some(transaction), mark).await;
                    Ended::NotDone
                }
                Err(ended) => ended,
            }
        })
    }

    fn prune(&self, keep: Duration, limit: u32) -> BoxFuture<'_, Result<u64, BoxError>> {
        Box::pin(self.0.prune(keep, limit))
    }
}

impl<T: Transactions> TransactionRunner<T> {
    pub(crate) fn new(transactions: T) -> Self {
        Self(AssertUnwindSafe(transactions))
    }

    async fn attempt(
        self: &Arc<Self>,
        delivery: Delivery<'static>,
        hook: StartHook,
        mut limit: Option<TimeLimit>,
    ) -> Ended {
        let marker = Marker::of(&delivery);
        let (transaction, mark) = match self.marked(&marker, &mut limit).await {
            Ok(begun) => begun,
            Err(ended) => return ended,
        };
        let (slot, lent) = Tx::<T>::lend(transaction);
        let guard = Marked { runner: Arc::clone(self), parts: Some((lent, mark)) };
        let runner = Arc::clone(self);
        let hook = hook(delivery.with_transaction(slot));
        let hook = Box::pin(async move { hook.await.map_err(|error| runner.classified(error)) });
        let ended = RunningHook::new(hook, limit).await;
        let Some((transaction, mark)) = guard.into_parts() else { return ended };
        match (ended, transaction) {
            (Ended::Returned(Ok(())), Some(transaction)) => self.commit(transaction, mark, &marker).await,
            (Ended::Returned(Ok(())), None) => {
                self.end(None, mark).await;
                Ended::Returned(Err(TransactionError::Kept.into()))
            }
            (ended, transaction) => self.end(transaction, mark).await.unwrap_or(ended),
        }
    }

    /// Begins a marked transaction within the time limit. Returns the end of the attempt otherwise.
    async fn marked(
        &self,
        marker: &Marker,
        limit: &mut Option<TimeLimit>,
    ) -> Result<(T::Transaction, T::Mark), Ended> {
        let duration = limit.as_ref().map_or(DEFAULT_LIMIT, TimeLimit::duration);
        match within(limit, self.begin(marker, duration)).await {
            Ok(Ok(Some(begun))) => Ok(begun),
            Ok(Ok(None)) => Err(Ended::AlreadyDone),
            Ok(Err(error)) => Err(Ended::NotMarked(self.classified(error.into()))),
            Err(limit) => Err(Ended::NotMarked(TransactionError::Late(limit).into())),
        }
    }

    /// Rolls back a transaction, or ends the one that the hook has kept. Returns the end of the
    /// attempt if the hook had ended the transaction itself.
    ///
    /// A task does it, because a worker that stops drops the attempt.
    async fn end(self: &Arc<Self>, transaction: Option<T::Transaction>, mark: T::Mark) -> Option<Ended> {
        let runner = Arc::clone(self);
        let end = tokio::spawn(async move {
            let Some(transaction) = transaction else {
                runner.0.abandon(mark).await;
                return Ok(());
            };
            runner.0.rollback(transaction, Some(mark)).await
        });
        let Ok(Err(error)) = end.await else { return None };
        Some(Ended::Returned(Err(HookError::permanent(TransactionError::Ended(error)))))
    }

    /// Begins a marked transaction. Returns `None` if the run is done already.
    async fn begin(
        &self,
        marker: &Marker,
        limit: Duration,
    ) -> Result<Option<(T::Transaction, T::Mark)>, TransactionError> {
        let mut transaction = self.0.begin().await.map_err(TransactionError::Begin)?;
        let mark = self.0.mark(&mut transaction, marker, limit).await.map_err(TransactionError::Mark)?;
        if let Some(mark) = mark {
            return Ok(Some((transaction, mark)));
        }
        // The run is done, whether this succeeds or not.
        let _ = self.0.rollback(transaction, None).await;
        Ok(None)
    }

    async fn commit(&self, transaction: T::Transaction, mark: T::Mark, marker: &Marker) -> Ended {
        let error = match self.0.commit(transaction, mark, marker).await {
            Ok(()) => return Ended::Returned(Ok(())),
            Err(CommitError::RolledBack(error)) => self.classified(TransactionError::Commit(error).into()),
            Err(CommitError::Ended(error)) => HookError::permanent(TransactionError::Ended(error)),
            Err(CommitError::Unknown(error)) => {
                return Ended::Unresolved(TransactionError::Unknown(error).into());
            }
        };
        Ended::Returned(Err(error))
    }

    /// Makes the next attempt due at once if the error is a conflict with another transaction.
    fn classified(&self, error: HookError) -> HookError {
        let HookError::Retry(error) = error else { return error };
        let mut source: Option<&(dyn Error + 'static)> = Some(&*error);
        while let Some(error) = source {
            if self.0.is_conflict(error) {
                break;
            }
            source = error.source();
        }
        match source.map(drop) {
            Some(()) => HookError::RetryAfter(Duration::ZERO, error),
            None => HookError::Retry(error),
        }
    }
}

/// A marked transaction whose hook runs.
struct Marked<T: Transactions> {
    runner: Arc<TransactionRunner<T>>,
    /// `None` once the hook has ended.
    parts: Option<(Lent<T>, T::Mark)>,
}

impl<T: Transactions> Marked<T> {
    /// Returns the transaction, unless the hook has kept it, and the mark.
    fn into_parts(mut self) -> Option<(Option<T::Transaction>, T::Mark)> {
        self.parts.take().map(|(lent, mark)| (lent.take(), mark))
    }
}

impl<T: Transactions> Drop for Marked<T> {
    /// Rolls back the transaction of an attempt that is dropped while its hook runs. A statement of
    /// the hook would otherwise go on, and its marker would block every retry.
    fn drop(&mut self) {
        let Some((lent, mark)) = self.parts.take() else { return };
        let Ok(runtime) = Handle::try_current() else { return };
        let (runner, transaction) = (Arc::clone(&self.runner), lent.take());
        drop(runtime.spawn(async move { runner.end(transaction, mark).await }));
    }
}

/// Waits for a future until the end of the time limit. Returns an error with the limit if that
/// comes first.
async fn within<F: Future>(limit: &mut Option<TimeLimit>, future: F) -> Result<F::Output, Duration> {
    let mut future = pin!(future);
    poll_fn(|context| {
        if let Poll::Ready(output) = future.as_mut().poll(context) {
            return Poll::Ready(Ok(output));
        }
        match limit {
            Some(limit) => limit.poll_over(context).map(|()| Err(limit.duration())),
            None => Poll::Pending,
        }
    })
    .await
}
