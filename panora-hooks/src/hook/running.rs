//! A hook that runs: catches its panics, and ends it at its time limit.

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

use super::{BoxError, HookError, HookFuture};

/// How a hook ended.
#[derive(Debug)]
pub(crate) enum Ended {
    /// The hook returned.
    Returned(Result<(), HookError>),
    /// The hook did not run, because an earlier attempt has committed its transaction.
    AlreadyDone,
    /// No attempt is left, so the hook did not run, and no earlier attempt has committed its
    /// transaction.
    NotDone,
    /// The hook succeeded, but whether its transaction is committed could not be found out.
    Unresolved(BoxError),
    /// The hook did not run, because its transaction could not be begun or marked. An earlier
    /// attempt may have committed one.
    NotMarked(HookError),
    Panicked,
    /// The hook was cancelled, because it ran for longer than this.
    TimedOut(Duration),
}

/// The time limit of an attempt.
pub(crate) struct TimeLimit {
    limit: Duration,
    is_over: Pin<Box<Sleep>>,
}

impl TimeLimit {
    /// Creates a limit that begins now.
    pub(crate) fn new(limit: Duration) -> Self {
        Self { limit, is_over: Box::pin(sleep(limit)) }
    }

    pub(crate) fn duration(&self) -> Duration {
        self.limit
    }

    /// Returns ready after the end of the limit.
    pub(crate) fn poll_over(&mut self, context: &mut Context<'_>) -> Poll<()> {
        // A hook that has used up the budget of its task cannot keep the limit from being noticed.
        pin!(unconstrained(self.is_over.as_mut())).poll(context)
    }
}

/// A running hook.
pub(crate) struct RunningHook {
    hook: HookFuture,
    time_limit: Option<TimeLimit>,
}

impl RunningHook {
    /// Runs a hook, which is cancelled at the end of the time limit.
    pub(crate) fn new(hook: HookFuture, time_limit: Option<TimeLimit>) -> Self {
        Self { hook, time_limit }
    }

    /// Waits for the end of the time limit, and cancels the hook.
    fn poll_time_limit(&mut self, context: &mut Context<'_>) -> Poll<Ended> {
        let Some(time_limit) = &mut self.time_limit else { return Poll::Pending };
        ready!(time_limit.poll_over(context));
        let hook = mem::replace(&mut self.hook, ended());
        // A destructor in a hook that is cut off may panic, too.
        drop(catch_unwind(AssertUnwindSafe(|| drop(hook))));
        Poll::Ready(Ended::TimedOut(time_limit.limit))
    }
}

impl Future for RunningHook {
    type Output = Ended;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Ended> {
        // Unwind safe, since no code reads the state of the hook after a panic.
        match catch_unwind(AssertUnwindSafe(|| self.hook.as_mut().poll(context))) {
            Ok(Poll::Ready(result)) => Poll::Ready(Ended::Returned(result)),
            Ok(Poll::Pending) => self.poll_time_limit(context),
            Err(_) => Poll::Ready(Ended::Panicked),
        }
    }
}

impl Default for RunningHook {
    /// A hook that has succeeded.
    fn default() -> Self {
        Self { hook: ended(), time_limit: None }
    }
}

fn ended() -> HookFuture {
    Box::pin(async { Ok(()) })
}
