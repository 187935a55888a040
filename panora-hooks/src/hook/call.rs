//! A hook that was called.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    task::{Context, Poll, ready},
};

use super::{HookFuture, RegisteredHook};
use crate::delivery::Delivery;

/// How a hook ended.
#[derive(Debug)]
pub(crate) enum HookOutcome {
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
    pub(crate) fn new<S>(entry: &RegisteredHook<S>, delivery: Delivery<'static>, state: S) -> Self {
        Self { hook: entry.definition.path(), running: (entry.call)(delivery, state) }
    }
}

impl Future for Call {
    type Output = HookOutcome;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<HookOutcome> {
        let hook = self.hook;
        // Nothing reads the hook's state after a panic.
        let poll = AssertUnwindSafe(|| {
            let result = ready!(self.running.as_mut().poll(context));
            // The text of an error comes from the user's code, which may panic, too.
            Poll::Ready(result.map_err(|error| (error.is_retryable(), error.to_string())))
        });
        let Ok(polled) = catch_unwind(poll) else {
            // The payload of the panic may hold anything. The panic hook has printed it, if at all.
            tracing::error!(hook, "hook panicked");
            return Poll::Ready(HookOutcome::Panicked);
        };
        Poll::Ready(match ready!(polled) {
            Ok(()) => {
                tracing::debug!(hook, "hook succeeded");
                HookOutcome::Handled
            }
            Err((is_retryable, error)) => {
                tracing::error!(hook, retryable = is_retryable, "hook failed: {error}");
                HookOutcome::Failed { is_retryable, error }
            }
        })
    }
}

impl Default for Call {
    /// A call that has ended.
    fn default() -> Self {
        Self { hook: "", running: Box::pin(async { Ok(()) }) }
    }
}
