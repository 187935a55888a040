//! One attempt: runs the hook of an event, and decides what happens to the event.

use std::time::Duration;

use tracing::{Instrument, Span, field};

use super::runner::Runner;
use crate::{
    catalogue,
    delivery::Delivery,
    hook::HookOutcome,
    inbox::{Decision, Leased, policy::Policy},
    printable::Printable,
};

/// The most characters of a reason that are kept. An error text comes from the application, and may
/// be of any length.
const MAX_REASON_CHARS: usize = 1000;

/// An attempt whose hook has ended.
pub(super) struct Attempt {
    span: Span,
    outcome: AttemptOutcome,
}

/// How an attempt ended.
pub(super) enum AttemptOutcome {
    /// The hook ended.
    Ended(HookOutcome),
    /// The hook ran for longer than this.
    TimedOut(Duration),
    /// No hook names the event's type. Another release, which may run beside this one, has stored
    /// the event.
    Unhandled,
    /// The process died, or the lease expired, while the hook ran.
    Interrupted,
    /// The hook does not yield to the runtime, so it cannot be cancelled.
    Blocked,
}

impl AttemptOutcome {
    fn label(&self) -> &'static str {
        match self {
            Self::Ended(HookOutcome::Handled) => "handled",
            Self::Ended(HookOutcome::Failed { .. }) => "failed",
            Self::Ended(HookOutcome::Panicked) => "panicked",
            Self::TimedOut(_) => "timed_out",
            Self::Unhandled => "unhandled",
            Self::Interrupted => "interrupted",
            Self::Blocked => "blocked",
        }
    }
}

/// Runs the hook of an event.
pub(super) async fn attempt(runner: &dyn Runner, leased: Leased, timeout: Duration) -> Attempt {
    let span = span(&leased);
    let outcome = run(runner, delivery(leased), timeout).instrument(span.clone()).await;
    Attempt::new(span, outcome)
}

fn delivery(leased: Leased) -> Delivery<'static> {
    let Leased { content, id, wire_type, data, attempt, received_at, .. } = leased;
    Delivery::stored(content, id, wire_type, data, attempt, received_at)
}

fn span(leased: &Leased) -> Span {
    let event_type = match catalogue::find(&leased.wire_type) {
        Some(known) => known.name(),
        None => &leased.wire_type,
    };
    tracing::info_span!(
        "attempt",
        event.id = %Printable(&leased.id),
        event.r#type = %Printable(event_type),
        attempt = leased.attempt,
        outcome = field::Empty,
    )
}

async fn run(runner: &dyn Runner, delivery: Delivery<'static>, timeout: Duration) -> AttemptOutcome {
    let Some(call) = runner.call(delivery) else { return AttemptOutcome::Unhandled };
    let ending = tokio::time::timeout(timeout, call).await;
    ending.map_or_else(
        |_| {
            tracing::error!("hook cancelled: it took longer than {timeout:?}");
            AttemptOutcome::TimedOut(timeout)
        },
        AttemptOutcome::Ended,
    )
}

impl Attempt {
    fn new(span: Span, outcome: AttemptOutcome) -> Self {
        span.record("outcome", outcome.label());
        metrics::counter!("panora_hooks_attempts_total", "outcome" => outcome.label()).increment(1);
        Self { span, outcome }
    }

    /// Creates an attempt that ended without the hook, as `leased` shows.
    pub(super) fn of(leased: &Leased, outcome: AttemptOutcome) -> Self {
        Self::new(span(leased), outcome)
    }

    /// Creates an attempt whose hook panicked where the panic could not be caught.
    pub(super) fn panicked() -> Self {
        Self::new(Span::none(), AttemptOutcome::Ended(HookOutcome::Panicked))
    }

    /// Decides what happens to the event. This was its `number`th attempt.
    pub(super) fn decide(self, number: u32, policy: &Policy) -> Decision {
        let _entered = self.span.enter();
        decide(self.outcome, number, policy)
    }
}

fn decide(outcome: AttemptOutcome, number: u32, policy: &Policy) -> Decision {
    let (is_retryable, reason) = match outcome {
        AttemptOutcome::Ended(HookOutcome::Handled) => return Decision::Complete,
        AttemptOutcome::Ended(HookOutcome::Failed { is_retryable, error }) => (is_retryable, error),
        AttemptOutcome::Ended(HookOutcome::Panicked) => (true, "the hook panicked".to_owned()),
        AttemptOutcome::TimedOut(limit) => (true, format!("the hook took longer than {limit:?}")),
        AttemptOutcome::Unhandled => (true, "no hook names the type of this event".to_owned()),
        AttemptOutcome::Interrupted => (true, "its process died or its lease expired".to_owned()),
        AttemptOutcome::Blocked => (true, "the hook blocks its thread".to_owned()),
    };
    if is_retryable && number < policy.max_attempts {
        let delay = policy.backoff(number);
        tracing::debug!("attempt {number} failed, the next is in {delay:?}");
        return Decision::RetryAfter(delay);
    }
    let reason =
        if is_retryable { format!("all {number} attempts failed, the last: {reason}") } else { reason };
    let reason: String = reason.chars().take(MAX_REASON_CHARS).collect();
    tracing::error!("event is dead: {reason}");
    Decision::Bury(reason)
}
