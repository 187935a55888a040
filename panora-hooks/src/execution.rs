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
    hook::{Definition, HookFuture},
    tally::{Outcome, Tally},
};

/// Runs a hook to its end and counts what came of it.
///
/// A server drops the future of a request when the sender hangs up. A hook that has begun is finished all
/// the same, in a task of its own: the sender will not send the event again.
pub(crate) struct Execution {
    definition: Definition,
    hook: HookFuture,
    /// Taken when the hook has ended.
    tally: Option<Tally>,
    is_detached: bool,
}

impl Execution {
    pub(crate) fn new(definition: Definition, hook: HookFuture, tally: Tally) -> Self {
        Self { definition, hook, tally: Some(tally), is_detached: false }
    }

    fn poll_hook(&mut self, context: &mut Context<'_>) -> Poll<Outcome> {
        let hook = self.definition.path();
        // What the hook leaves behind is not looked at again.
        let poll = AssertUnwindSafe(|| {
            let result = ready!(self.hook.as_mut().poll(context));
            // What an error says is the user's code, too.
            Poll::Ready(result.map_err(|error| (error.is_retryable(), error.to_string())))
        });
        let Ok(polled) = catch_unwind(poll) else {
            // What it panicked with may hold anything. The panic hook has printed it, if at all.
            tracing::error!(hook, "hook panicked");
            return Poll::Ready(Outcome::Panicked);
        };
        Poll::Ready(match ready!(polled) {
            Ok(()) => {
                tracing::debug!(hook, "hook succeeded");
                Outcome::Handled
            }
            Err((retryable, error)) => {
                tracing::error!(hook, retryable, "hook failed: {error}");
                Outcome::Failed
            }
        })
    }
}

impl Future for Execution {
    type Output = Outcome;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Outcome> {
        let outcome = ready!(self.poll_hook(context));
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
        let hook = mem::replace(&mut self.hook, Box::pin(async { Ok(()) }));
        let detached = Self { definition: self.definition, hook, tally: Some(tally), is_detached: true };
        drop(runtime.spawn(detached.instrument(span)));
    }
}
