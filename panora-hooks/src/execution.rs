//! A hook at work.

use std::{
    mem,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::runtime::Handle;
use tracing::Instrument;

use crate::{
    delivery::Delivery,
    hook::HookFuture,
    registry::Entry,
    tally::{Outcome, Tally},
};

/// How a hook ended.
#[derive(Debug)]
pub(crate) enum Ending {
    Handled,
    Failed { is_retryable: bool, error: String },
    Panicked,
}

/// A hook that was called. Whatever it does, it ends.
pub(crate) struct Call {
    /// The path of the hook inside its crate.
    hook: &'static str,
    running: HookFuture,
}

impl Call {
    /// Calls the hook. It does not run before it is polled.
    pub(crate) fn new<S>(entry: &Entry<S>, delivery: Delivery<'static>, state: S) -> Self {
        Self { hook: entry.definition.path(), running: (entry.call)(delivery, state) }
    }
}

impl Future for Call {
    type Output = Ending;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Ending> {
        let hook = self.hook;
        // What the hook leaves behind is not looked at again.
        let poll = AssertUnwindSafe(|| {
            let result = ready!(self.running.as_mut().poll(context));
            // What an error says is the user's code, too.
            Poll::Ready(result.map_err(|error| (error.is_retryable(), error.to_string())))
        });
        let Ok(polled) = catch_unwind(poll) else {
            // What it panicked with may hold anything. The panic hook has printed it, if at all.
            tracing::error!(hook, "hook panicked");
            return Poll::Ready(Ending::Panicked);
        };
        Poll::Ready(match ready!(polled) {
            Ok(()) => {
                tracing::debug!(hook, "hook succeeded");
                Ending::Handled
            }
            Err((is_retryable, error)) => {
                tracing::error!(hook, retryable = is_retryable, "hook failed: {error}");
                Ending::Failed { is_retryable, error }
            }
        })
    }
}

/// Runs a hook to its end while the sender waits, and counts what came of it.
///
/// A server drops the future of a request when the sender hangs up. A hook that has begun is finished all
/// the same, in a task of its own: the sender will not send the event again.
pub(crate) struct Execution {
    call: Call,
    /// Taken when the hook has ended.
    tally: Option<Tally>,
    is_detached: bool,
}

impl Execution {
    pub(crate) fn new(call: Call, tally: Tally) -> Self {
        Self { call, tally: Some(tally), is_detached: false }
    }
}

impl Future for Execution {
    type Output = Outcome;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Outcome> {
        let outcome = match ready!(Pin::new(&mut self.call).poll(context)) {
            Ending::Handled => Outcome::Handled,
            Ending::Failed { .. } => Outcome::Failed,
            Ending::Panicked => Outcome::Panicked,
        };
        if let Some(tally) = self.tally.take() {
            tally.close(&outcome);
        }
        Poll::Ready(outcome)
    }
}

impl Drop for Execution {
    fn drop(&mut self) {
        // A task that is dropped was dropped by its runtime, which takes no more.
        let Some(tally) = self.tally.take_if(|_| !self.is_detached) else { return };
        let Ok(runtime) = Handle::try_current() else { return };
        let span = tally.span().clone();
        tracing::debug!(parent: &span, "the sender is gone, the hook goes on");
        let ended = Call { hook: self.call.hook, running: Box::pin(async { Ok(()) }) };
        let call = mem::replace(&mut self.call, ended);
        let detached = Self { call, tally: Some(tally), is_detached: true };
        drop(runtime.spawn(detached.instrument(span)));
    }
}
