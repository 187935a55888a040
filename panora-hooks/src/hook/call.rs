//! A call of a hook, and its outcome.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use super::{
    HookError, RegisteredHook,
    in_transaction::{BoxFuture, InTransaction},
    running::{Ended, RunningHook, TimeLimit},
};
use crate::delivery::Delivery;

/// How a call of a hook ended.
#[derive(Debug)]
pub(crate) enum HookOutcome {
    Handled,
    /// The hook did not run, because an earlier attempt has committed its transaction.
    AlreadyDone,
    /// The hook was not to run, and no earlier attempt has committed its transaction.
    NotDone,
    Failed {
        retry: Retry,
        error: String,
    },
    Panicked,
    /// The hook was cancelled, because it ran for longer than this.
    TimedOut(Duration),
}

/// Whether another attempt may help after a failure, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Retry {
    Never,
    /// After the backoff.
    Later,
    /// After the time that the hook asks for.
    After(Duration),
    /// After this time or the backoff, even if this was the last attempt: the next one finds out
    /// whether the hook's transaction is committed.
    UntilKnown(Option<Duration>),
}

impl Retry {
    fn of(error: &HookError) -> Self {
        match error {
            HookError::RetryAfter(delay, _) => Self::After(*delay),
            error if error.is_retryable() => Self::Later,
            _ => Self::Never,
        }
    }
}

impl HookOutcome {
    fn of(ended: Ended) -> Self {
        match ended {
            Ended::Returned(Ok(())) => Self::Handled,
            Ended::Returned(Err(error)) => {
                Self::Failed { retry: Retry::of(&error), error: error.to_string() }
            }
            Ended::AlreadyDone => Self::AlreadyDone,
            Ended::NotDone => Self::NotDone,
            Ended::Unresolved(error) => {
                Self::Failed { retry: Retry::UntilKnown(None), error: HookError::Retry(error).to_string() }
            }
            Ended::NotMarked(error) => {
                let delay = match &error {
                    HookError::RetryAfter(delay, _) => Some(*delay),
                    _ => None,
                };
                Self::Failed { retry: Retry::UntilKnown(delay), error: error.to_string() }
            }
            Ended::Panicked => Self::Panicked,
            Ended::TimedOut(limit) => Self::TimedOut(limit),
        }
    }

    /// Logs how a hook ended, with its path if that is known.
    pub(crate) fn log(&self, hook: Option<&'static str>) {
        match self {
            Self::Handled => tracing::debug!(hook, "hook succeeded"),
            Self::AlreadyDone => {
                tracing::info!(hook, "hook skipped: an earlier attempt has committed its transaction");
            }
            Self::NotDone => tracing::debug!(hook, "hook not called: no attempt is left"),
            Self::Failed { retry, error } => {
                tracing::error!(hook, retryable = *retry != Retry::Never, "hook failed: {error}");
            }
            // The payload of the panic is not logged, because it may hold anything. The panic hook
            // has printed it if it prints at all.
            Self::Panicked => tracing::error!(hook, "hook panicked"),
            Self::TimedOut(limit) => tracing::error!(hook, "hook cancelled: it took longer than {limit:?}"),
        }
    }
}

/// A call of a hook. A panic becomes [`HookOutcome::Panicked`].
#[derive(Default)]
pub(crate) struct Call {
    /// The path of the hook inside its crate.
    hook: &'static str,
    kind: Kind,
}

enum Kind {
    Plain(RunningHook),
    InTransaction(BoxFuture<'static, Ended>),
}

impl Call {
    /// Calls the hook, in a transaction if it takes one. Nothing runs before the first poll. The
    /// hook is cancelled after `limit`, which begins now.
    pub(crate) fn new<S: Send + 'static>(
        entry: &RegisteredHook<S>,
        transactions: Option<&Arc<dyn InTransaction>>,
        delivery: Delivery<'static>,
        state: S,
        limit: Option<Duration>,
    ) -> Self {
        let (limit, call) = (limit.map(TimeLimit::new), entry.call);
        let kind = match transactions.filter(|_| entry.definition.transaction.is_some()) {
            Some(transactions) => {
                let hook = Box::new(move |delivery| call(delivery, state));
                Kind::InTransaction(Arc::clone(transactions).run(delivery, hook, limit))
            }
            None => Kind::Plain(RunningHook::new(call(delivery, state), limit)),
        };
        Self { hook: entry.definition.path(), kind }
    }

    /// Finds out whether an earlier attempt has committed the transaction of a hook. The outcome is
    /// [`HookOutcome::AlreadyDone`] or [`HookOutcome::NotDone`], unless the database fails.
    pub(crate) fn look<S>(
        entry: &RegisteredHook<S>,
        transactions: Option<&Arc<dyn InTransaction>>,
        delivery: Delivery<'static>,
        limit: Duration,
    ) -> Self {
        let kind = match transactions.filter(|_| entry.definition.transaction.is_some()) {
            Some(transactions) => {
                Kind::InTransaction(Arc::clone(transactions).look(delivery, TimeLimit::new(limit)))
            }
            None => Kind::InTransaction(Box::pin(async { Ended::NotDone })),
        };
        Self { hook: entry.definition.path(), kind }
    }

    /// Returns the path of the hook inside its crate.
    pub(crate) fn hook(&self) -> &'static str {
        self.hook
    }

    /// Returns how the hook ends, with its error unchanged.
    #[cfg(feature = "testing")]
    pub(crate) async fn ended(mut self) -> Ended {
        std::future::poll_fn(|context| self.kind.poll(context)).await
    }
}

impl Kind {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Ended> {
        match self {
            Self::Plain(running) => Pin::new(running).poll(context),
            Self::InTransaction(running) => running.as_mut().poll(context),
        }
    }
}

impl Future for Call {
    type Output = HookOutcome;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<HookOutcome> {
        // Unwind safe, since no code reads the state of the call after a panic. A panic of the hook
        // is caught before, so this one comes from the source of its transaction.
        let Ok(ended) = catch_unwind(AssertUnwindSafe(|| self.kind.poll(context))) else {
            let error = "the source of transactions panicked".to_owned();
            return Poll::Ready(HookOutcome::Failed { retry: Retry::UntilKnown(None), error });
        };
        // `Display` of an error is the user's code and may panic, too.
        ended.map(|ended| {
            catch_unwind(AssertUnwindSafe(|| HookOutcome::of(ended))).unwrap_or(HookOutcome::Panicked)
        })
    }
}

impl Default for Kind {
    /// A call that has ended.
    fn default() -> Self {
        Self::Plain(RunningHook::default())
    }
}
