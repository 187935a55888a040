//! One attempt: runs the hook of an event, and decides what happens to the event.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    time::{Duration, SystemTime},
};

use tokio::time::Instant;
use tracing::{Instrument, Span, field};

use super::runner::Runner;
use crate::{
    catalogue,
    delivery::Delivery,
    hook::HookOutcome,
    inbox::{Decision, Leased, policy::Policy},
    metric,
    printable::Printable,
};

/// The most characters of a reason that are kept. An error text comes from the application, and may
/// be of any length.
const MAX_REASON_CHARS: usize = 1000;

/// An attempt whose hook has ended.
pub(super) struct Attempt {
    span: Span,
    /// The path of the hook, if one was called.
    hook: Option<&'static str>,
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

    /// Logs how an attempt ended, unless the event is dead, which is logged with its reason.
    fn log(&self, hook: Option<&'static str>) {
        match self {
            Self::Ended(outcome) => outcome.log(hook),
            Self::TimedOut(limit) => tracing::error!(hook, "hook cancelled: it took longer than {limit:?}"),
            Self::Unhandled | Self::Interrupted | Self::Blocked => {}
        }
    }
}

/// Runs the hook of an event.
pub(super) async fn attempt(runner: &dyn Runner, leased: Leased, timeout: Duration) -> Attempt {
    let (span, event_type) = (span(&leased), metric::event_type(&leased.wire_type));
    let (received_at, started_at) = (leased.received_at, Instant::now());
    let (hook, outcome) = run(runner, delivery(leased), timeout).instrument(span.clone()).await;
    measure(event_type, &outcome, started_at.elapsed(), received_at);
    Attempt::new(span, event_type, hook, outcome)
}

/// Measures an attempt, if there was a hook to run.
fn measure(event_type: &'static str, outcome: &AttemptOutcome, took: Duration, received_at: SystemTime) {
    if matches!(outcome, AttemptOutcome::Unhandled) {
        return;
    }
    let label = outcome.label();
    metrics::histogram!(metric::ATTEMPT_DURATION, "outcome" => label, "event_type" => event_type)
        .record(took);
    if matches!(outcome, AttemptOutcome::Ended(HookOutcome::Handled)) {
        // Zero if the clock of the machine that received the event is ahead.
        let latency = received_at.elapsed().unwrap_or_default();
        metrics::histogram!(metric::LATENCY, "event_type" => event_type).record(latency);
    }
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

/// Runs the hook, and returns its path with the outcome.
async fn run(
    runner: &dyn Runner,
    delivery: Delivery<'static>,
    timeout: Duration,
) -> (Option<&'static str>, AttemptOutcome) {
    let Some(mut call) = runner.call(delivery) else { return (None, AttemptOutcome::Unhandled) };
    let hook = Some(call.hook());
    let ending = tokio::time::timeout(timeout, &mut call).await;
    // A destructor in a hook that is cut off may panic, which must not end the attempt without its
    // outcome.
    drop(catch_unwind(AssertUnwindSafe(|| drop(call))));
    (hook, ending.map_or(AttemptOutcome::TimedOut(timeout), AttemptOutcome::Ended))
}

impl Attempt {
    fn new(
        span: Span,
        event_type: &'static str,
        hook: Option<&'static str>,
        outcome: AttemptOutcome,
    ) -> Self {
        let label = outcome.label();
        span.record("outcome", label);
        metrics::counter!(metric::ATTEMPTS, "outcome" => label, "event_type" => event_type).increment(1);
        Self { span, hook, outcome }
    }

    /// Creates an attempt that ended without the hook, as `leased` shows.
    pub(super) fn of(leased: &Leased, outcome: AttemptOutcome) -> Self {
        Self::new(span(leased), metric::event_type(&leased.wire_type), None, outcome)
    }

    /// Creates an attempt whose hook panicked where the panic could not be caught.
    pub(super) fn panicked() -> Self {
        Self::new(Span::none(), metric::OTHER, None, AttemptOutcome::Ended(HookOutcome::Panicked))
    }

    /// Decides what happens to the event. This was its `number`th attempt.
    pub(super) fn decide(self, number: u32, policy: &Policy) -> Decision {
        let _entered = self.span.enter();
        decide(self.hook, &self.outcome, number, policy)
    }
}

fn decide(hook: Option<&'static str>, outcome: &AttemptOutcome, number: u32, policy: &Policy) -> Decision {
    let (is_retryable, reason) = match outcome {
        AttemptOutcome::Ended(HookOutcome::Handled) => {
            outcome.log(hook);
            return Decision::Complete;
        }
        AttemptOutcome::Ended(HookOutcome::Failed { is_retryable, error }) => (*is_retryable, error.clone()),
        AttemptOutcome::Ended(HookOutcome::Panicked) => (true, "the hook panicked".to_owned()),
        AttemptOutcome::TimedOut(limit) => (true, format!("the hook took longer than {limit:?}")),
        AttemptOutcome::Unhandled => (true, "no hook names the type of this event".to_owned()),
        AttemptOutcome::Interrupted => (true, "its process died or its lease expired".to_owned()),
        AttemptOutcome::Blocked => (true, "the hook blocks its thread".to_owned()),
    };
    if is_retryable && number < policy.max_attempts {
        outcome.log(hook);
        let delay = policy.backoff(number);
        tracing::debug!("attempt {number} failed, the next is in {delay:?}");
        return Decision::RetryAfter(delay);
    }
    let reason =
        if is_retryable { format!("all {number} attempts failed, the last: {reason}") } else { reason };
    let reason: String = reason.chars().take(MAX_REASON_CHARS).collect();
    // The only line about the last attempt.
    tracing::error!(hook, retryable = is_retryable, "event is dead: {reason}");
    Decision::Bury(reason)
}
