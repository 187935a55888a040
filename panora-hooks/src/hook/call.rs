//! A running hook.

use std::{
    mem,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::{Pin, pin},
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    task::unconstrained,
    time::{Sleep, sleep},
};

use super::{HookError, HookFuture, RegisteredHook};
use crate::delivery::Delivery;

/// How a call of a hook ended.
#[derive(Debug)]
pub(crate) enum HookOutcome {
    Handled,
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
    /// Logs how a hook ended, with its path if that is known.
    pub(crate) fn log(&self, hook: Option<&'static str>) {
        match self {
            Self::Handled => tracing::debug!(hook, "hook succeeded"),
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

/// A running hook. A panic becomes [`HookOutcome::Panicked`].
pub(crate) struct Call {
    /// The path of the hook inside its crate.
    hook: &'static str,
    running: HookFuture,
    time_limit: Option<TimeLimit>,
}

struct TimeLimit {
    limit: Duration,
    is_over: Pin<Box<Sleep>>,
}

impl Call {
    /// Calls the hook. Nothing runs before the first poll. The hook is cancelled after `limit`,
    /// which begins now.
    pub(crate) fn new<S>(
        entry: &RegisteredHook<S>,
        delivery: Delivery<'static>,
        state: S,
        limit: Option<Duration>,
    ) -> Self {
        Self {
            hook: entry.definition.path(),
            running: (entry.call)(delivery, state),
            time_limit: limit.map(|limit| TimeLimit { limit, is_over: Box::pin(sleep(limit)) }),
        }
    }

    /// Returns the path of the hook inside its crate.
    pub(crate) fn hook(&self) -> &'static str {
        self.hook
    }

    /// Waits for the end of the time limit, and cancels the hook.
    fn poll_time_limit(&mut self, context: &mut Context<'_>) -> Poll<HookOutcome> {
        let Some(TimeLimit { limit, is_over }) = &mut self.time_limit else { return Poll::Pending };
        // A hook that has used up the budget of its task cannot keep the limit from being noticed.
        ready!(pin!(unconstrained(is_over.as_mut())).poll(context));
        let running = mem::replace(&mut self.running, ended());
        // A destructor in a hook that is cut off may panic, too.
        drop(catch_unwind(AssertUnwindSafe(|| drop(running))));
        Poll::Ready(HookOutcome::TimedOut(*limit))
    }
}

impl Future for Call {
    type Output = HookOutcome;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<HookOutcome> {
        // Unwind safe, since no code reads the state of the hook after a panic.
        let poll = AssertUnwindSafe(|| {
            let result = ready!(self.running.as_mut().poll(context));
            // `Display` of an error is the user's code and may panic, too.
            Poll::Ready(result.map_err(|error| (Retry::of(&error), error.to_string())))
        });
        match catch_unwind(poll) {
            Ok(Poll::Pending) => self.poll_time_limit(context),
            Ok(Poll::Ready(Ok(()))) => Poll::Ready(HookOutcome::Handled),
            Ok(Poll::Ready(Err((retry, error)))) => Poll::Ready(HookOutcome::Failed { retry, error }),
            Err(_) => Poll::Ready(HookOutcome::Panicked),
        }
    }
}

impl Default for Call {
    /// A call that has ended.
    fn default() -> Self {
        Self { hook: "", running: ended(), time_limit: None }
    }
}

fn ended() -> HookFuture {
    Box::pin(async { Ok(()) })
}
