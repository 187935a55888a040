//! One attempt: runs the hook of an event, and decides what happens to the event.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use tokio::time::Instant;
use tracing::{Instrument, Span, field};

use super::runner::Runner;
use crate::{
    catalogue,
    delivery::Delivery,
    hook::{Call, HookOutcome, Retry},
    inbox::{
        AttemptOutcome, AttemptReport, Decision, LeaseToken, Leased, Settlement,
        error_group::EXHAUSTED,
        policy::{AttemptLimits, Policy},
    },
    metric,
    printable::Printable,
};

/// The most characters of a reason that are kept. An error text comes from the application, and may
/// be of any length.
const MAX_REASON_CHARS: usize = 1000;

/// An attempt that has ended.
pub(super) struct Attempt {
    span: Span,
    /// The path of the hook, if one was called.
    hook: Option<&'static str>,
    event_type: &'static str,
    received_at: SystemTime,
    run: u32,
    /// How long the hook ran, if this worker has called it.
    duration: Option<Duration>,
    has_lane: bool,
    ending: Ending,
}

/// How an attempt ended, with its details.
pub(super) enum Ending {
    /// The hook ended.
    Ended(HookOutcome),
    /// No hook names the event's type. Another release, which may run beside this one, has stored
    /// the event.
    Unhandled,
    /// The process died, or the lease expired, while the hook ran.
    Interrupted,
    /// The hook does not yield to the runtime, so it cannot be cancelled.
    Blocked {
        /// Whether it may commit a transaction nevertheless.
        has_transaction: bool,
    },
}

/// A decision about an event, and the figures that count once the store has applied it.
pub(super) struct Decided {
    pub(super) settlement: Settlement,
    pub(super) event_type: &'static str,
    /// The time since the event arrived, in its first run. A replay may come days later.
    pub(super) latency: Option<Duration>,
    /// Whether another event may become ready when the event is done or dead.
    pub(super) has_lane: bool,
}

impl Ending {
    fn outcome(&self) -> AttemptOutcome {
        match self {
            Self::Ended(HookOutcome::Handled) => AttemptOutcome::Handled,
            Self::Ended(HookOutcome::AlreadyDone) => AttemptOutcome::AlreadyDone,
            Self::Ended(HookOutcome::Failed { .. }) => AttemptOutcome::Failed,
            Self::Ended(HookOutcome::Panicked) => AttemptOutcome::Panicked,
            Self::Ended(HookOutcome::TimedOut(_)) => AttemptOutcome::TimedOut,
            Self::Unhandled => AttemptOutcome::Unhandled,
            Self::Interrupted | Self::Ended(HookOutcome::NotDone) => AttemptOutcome::Interrupted,
            Self::Blocked { .. } => AttemptOutcome::Blocked,
        }
    }

    /// Returns whether another attempt may help, and the error; `None` after a success.
    fn failure(&self) -> Option<(Retry, String)> {
        Some(match self {
            Self::Ended(HookOutcome::Handled | HookOutcome::AlreadyDone) => return None,
            Self::Ended(HookOutcome::Failed { retry, error }) => (*retry, error.clone()),
            Self::Ended(HookOutcome::Panicked) => (Retry::Later, "the hook panicked".to_owned()),
            Self::Ended(HookOutcome::TimedOut(limit)) => {
                (Retry::Later, format!("the hook took longer than {limit:?}"))
            }
            Self::Unhandled => (Retry::Later, "no hook names the type of this event".to_owned()),
            Self::Interrupted | Self::Ended(HookOutcome::NotDone) => {
                (Retry::Later, "its process died or its lease expired".to_owned())
            }
            Self::Blocked { has_transaction } => {
                let retry = if *has_transaction { Retry::UntilKnown(None) } else { Retry::Later };
                (retry, "the hook blocks its thread".to_owned())
            }
        })
    }

    /// Logs how an attempt ended, unless the event is dead, which is logged with its reason.
    fn log(&self, hook: Option<&'static str>) {
        match self {
            Self::Ended(outcome) => outcome.log(hook),
            Self::Unhandled | Self::Interrupted | Self::Blocked { .. } => {}
        }
    }
}

/// Runs the hook of an event. After the last attempt was interrupted, only finds out whether its
/// transaction is committed.
pub(super) async fn attempt(runner: &dyn Runner, leased: Leased, limits: AttemptLimits) -> Attempt {
    let is_over = leased.is_interrupted && leased.attempt > limits.attempts;
    let (span, event_type) = (span(&leased), metric::event_type(&leased.wire_type));
    let (received_at, run_number, started_at) = (leased.received_at, leased.run, Instant::now());
    let has_lane = leased.lane.is_some();
    let delivery = delivery(leased);
    let call =
        if is_over { runner.look(delivery, limits.timeout) } else { runner.call(delivery, limits.timeout) };
    let (hook, ending) = run(call).instrument(span.clone()).await;
    let took = started_at.elapsed();
    measure(event_type, &ending, took, received_at);
    let has_run = hook.is_some() && ending.outcome() != AttemptOutcome::AlreadyDone;
    let duration = has_run.then_some(took);
    Attempt { hook, duration, has_lane, ..Attempt::new(span, event_type, received_at, run_number, ending) }
}

/// Measures an attempt, if there was a hook to run.
fn measure(event_type: &'static str, ending: &Ending, took: Duration, received_at: SystemTime) {
    let outcome = ending.outcome();
    if matches!(outcome, AttemptOutcome::Unhandled | AttemptOutcome::Interrupted) {
        return;
    }
    let label = outcome.as_str();
    metrics::histogram!(metric::ATTEMPT_DURATION, "outcome" => label, "event_type" => event_type)
        .record(took);
    if outcome.is_success() {
        metrics::histogram!(metric::LATENCY, "event_type" => event_type).record(latency(received_at));
    }
}

/// Returns the time since an event arrived; zero if the clock of the machine that received it is
/// ahead.
fn latency(received_at: SystemTime) -> Duration {
    received_at.elapsed().unwrap_or_default()
}

fn delivery(leased: Leased) -> Delivery<'static> {
    let Leased { content, id, wire_type, data, attempt, run, received_at, .. } = leased;
    Delivery::stored(content, id, wire_type, data, received_at).with_attempt(attempt).with_run(run)
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

/// Waits for the end of a call, and returns the path of its hook with the ending.
async fn run(call: Option<Call>) -> (Option<&'static str>, Ending) {
    let Some(call) = call else { return (None, Ending::Unhandled) };
    (Some(call.hook()), Ending::Ended(call.await))
}

impl Attempt {
    fn new(span: Span, event_type: &'static str, received_at: SystemTime, run: u32, ending: Ending) -> Self {
        let label = ending.outcome().as_str();
        span.record("outcome", label);
        metrics::counter!(metric::ATTEMPTS, "outcome" => label, "event_type" => event_type).increment(1);
        Self { span, hook: None, event_type, received_at, run, duration: None, has_lane: false, ending }
    }

    /// Creates an attempt that ended without the hook, as `leased` shows.
    pub(super) fn of(leased: &Leased, ending: Ending) -> Self {
        let event_type = metric::event_type(&leased.wire_type);
        let attempt = Self::new(span(leased), event_type, leased.received_at, leased.run, ending);
        Self { has_lane: leased.lane.is_some(), ..attempt }
    }

    /// Creates an attempt whose hook panicked where the panic could not be caught.
    pub(super) fn panicked() -> Self {
        let ending = Ending::Ended(HookOutcome::Panicked);
        let attempt = Self::new(Span::none(), metric::OTHER, SystemTime::now(), 1, ending);
        // The event is unknown here, and may have a lane.
        Self { has_lane: true, ..attempt }
    }

    /// Returns whether the attempt only showed that the one before was interrupted.
    pub(super) fn is_interrupted(&self) -> bool {
        matches!(self.ending, Ending::Interrupted | Ending::Ended(HookOutcome::NotDone))
    }

    /// Decides what happens to the event. This was its `number`th attempt of up to `max_attempts`.
    pub(super) fn decide(
        self,
        token: LeaseToken,
        number: u32,
        max_attempts: u32,
        policy: &Policy,
        worker: &Arc<str>,
    ) -> Decided {
        let _entered = self.span.enter();
        let failure = self.ending.failure();
        let mut report = AttemptReport::new(self.ending.outcome(), Arc::clone(worker)).number(number);
        report.duration = self.duration;
        if let Some((_, error)) = &failure {
            report = report.error(error);
        }
        let decision = self.decision(failure, number, max_attempts, policy);
        let settlement = Settlement::new(token, decision).attempt(report);
        let latency = (self.run == 1).then(|| latency(self.received_at));
        Decided { settlement, event_type: self.event_type, latency, has_lane: self.has_lane }
    }

    fn decision(
        &self,
        failure: Option<(Retry, String)>,
        number: u32,
        max_attempts: u32,
        policy: &Policy,
    ) -> Decision {
        let Some((retry, reason)) = failure else {
            self.ending.log(self.hook);
            return Decision::Complete;
        };
        let is_retryable = retry != Retry::Never;
        if is_retryable && number < max_attempts || matches!(retry, Retry::UntilKnown(_)) {
            self.ending.log(self.hook);
            let delay = match retry {
                Retry::After(delay) | Retry::UntilKnown(Some(delay)) => {
                    self.bounded(delay, policy.longest_retry())
                }
                Retry::Later | Retry::UntilKnown(None) | Retry::Never => policy.backoff(number),
            };
            tracing::debug!("attempt {number} failed, the next is in {delay:?}");
            return Decision::RetryAfter(delay);
        }
        let reason = if is_retryable { format!("all {number}{EXHAUSTED}{reason}") } else { reason };
        let reason: String = reason.chars().take(MAX_REASON_CHARS).collect();
        // The only line about the last attempt.
        tracing::error!(hook = self.hook, retryable = is_retryable, "event is dead: {reason}");
        Decision::Bury(reason)
    }

    /// Shortens the delay that the hook asks for, if it is too long.
    fn bounded(&self, delay: Duration, longest: Duration) -> Duration {
        if delay > longest {
            tracing::error!(
                hook = self.hook,
                "the hook asks for the next attempt in {delay:?}, but no event waits longer than {longest:?}"
            );
        }
        delay.min(longest)
    }
}
