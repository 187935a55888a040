//! Runs a hook while the sender waits.

use std::{
    mem,
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::runtime::Handle;
use tracing::Instrument;

use super::outcome::{DeliveryOutcome, Tally};
use crate::hook::{Call, HookOutcome};

/// Runs a hook to its end while the sender waits, and counts the outcome.
///
/// A server drops the future of a request when the sender disconnects. A hook that has started is
/// then finished in a detached task, because the sender will not send the event again.
pub(crate) struct Execution {
    call: Call,
    /// `None` once the hook has ended.
    tally: Option<Tally>,
    is_detached: bool,
}

impl Execution {
    pub(crate) fn new(call: Call, tally: Tally) -> Self {
        Self { call, tally: Some(tally), is_detached: false }
    }
}

impl Future for Execution {
    type Output = DeliveryOutcome;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<DeliveryOutcome> {
        let outcome = ready!(Pin::new(&mut self.call).poll(context));
        outcome.log(Some(self.call.hook()));
        let outcome = match outcome {
            HookOutcome::Handled => DeliveryOutcome::Handled,
            HookOutcome::AlreadyDone => DeliveryOutcome::AlreadyDone,
            HookOutcome::NotDone | HookOutcome::Failed { .. } => DeliveryOutcome::Failed,
            HookOutcome::Panicked => DeliveryOutcome::Panicked,
            HookOutcome::TimedOut(_) => DeliveryOutcome::TimedOut,
        };
        Poll::Ready(match self.tally.take() {
            Some(tally) => tally.close(outcome),
            None => outcome,
        })
    }
}

impl Drop for Execution {
    fn drop(&mut self) {
        // A detached task is dropped only when the runtime shuts down, and nothing can be spawned
        // then.
        let Some(tally) = self.tally.take_if(|_| !self.is_detached) else { return };
        let Ok(runtime) = Handle::try_current() else { return };
        let span = tally.span().clone();
        tracing::debug!(parent: &span, "the sender disconnected; the hook continues");
        let call = mem::take(&mut self.call);
        let detached = Self { call, tally: Some(tally), is_detached: true };
        drop(runtime.spawn(detached.instrument(span)));
    }
}
