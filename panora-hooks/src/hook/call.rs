//! A running hook.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    task::{Context, Poll, ready},
};

use super::{HookFuture, RegisteredHook};
use crate::delivery::Delivery;

/// How a call of a hook ended.
#[derive(Debug)]
pub(crate) enum HookOutcome {
    Handled,
    Failed { is_retryable: bool, error: String },
    Panicked,
}

impl HookOutcome {
    /// Logs how a hook ended, with its path if that is known.
    pub(crate) fn log(&self, hook: Option<&'static str>) {
        match self {
            Self::Handled => tracing::debug!(hook, "hook succeeded"),
            Self::Failed { is_retryable, error } => {
                tracing::error!(hook, retryable = is_retryable, "hook failed: {error}");
            }
            // The payload of the panic is not logged, because it may hold anything. The panic hook
            // has printed it if it prints at all.
            Self::Panicked => tracing::error!(hook, "hook panicked"),
        }
    }
}

/// A running hook. A panic becomes [`HookOutcome::Panicked`].
pub(crate) struct Call {
    /// The path of the hook inside its crate.
    hook: &'static str,
    running: HookFuture,
}

impl Call {
    /// Calls the hook. Nothing runs before the first poll.
    pub(crate) fn new<S>(entry: &RegisteredHook<S>, delivery: Delivery<'static>, state: S) -> Self {
        Self { hook: entry.definition.path(), running: (entry.call)(delivery, state) }
    }

    /// Returns the path of the hook inside its crate.
    pub(crate) fn hook(&self) -> &'static str {
        self.hook
    }
}

impl Future for Call {
    type Output = HookOutcome;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<HookOutcome> {
        // Unwind safe, since no code reads the state of the hook after a panic.
        let poll = AssertUnwindSafe(|| {
            let result = ready!(self.running.as_mut().poll(context));
            // `Display` of an error is the user's code and may panic, too.
            Poll::Ready(result.map_err(|error| (error.is_retryable(), error.to_string())))
        });
        let Ok(polled) = catch_unwind(poll) else { return Poll::Ready(HookOutcome::Panicked) };
        Poll::Ready(match ready!(polled) {
            Ok(()) => HookOutcome::Handled,
            Err((is_retryable, error)) => HookOutcome::Failed { is_retryable, error },
        })
    }
}

impl Default for Call {
    /// A call that has ended.
    fn default() -> Self {
        Self { hook: "", running: Box::pin(async { Ok(()) }) }
    }
}
