//! One attempt of an event.

use std::time::Duration;

use tracing::{Instrument, field};

use super::runner::Runner;
use crate::{
    delivery::Delivery,
    execution::Ending,
    inbox::{Decision, Leased, policy::Policy},
    printable::Printable,
};

/// What is kept of a reason, in characters. What an error says is the user's, and may be of any length.
const MAX_REASON_CHARS: usize = 1000;

/// Runs the hook of an event, and says what becomes of the event.
pub(super) async fn attempt(runner: &dyn Runner, leased: Leased, policy: Policy) -> Decision {
    let attempt = leased.attempt;
    let delivery = Delivery::stored(leased);
    let span = tracing::info_span!(
        "attempt",
        event.id = %Printable(delivery.id()),
        event.r#type = %Printable(delivery.event_type()),
        attempt,
        outcome = field::Empty,
    );
    let outcome = run(runner, delivery, policy.hook_timeout).instrument(span.clone()).await;
    let _entered = span.enter();
    span.record("outcome", outcome.label());
    metrics::counter!("panora_hooks_attempts_total", "outcome" => outcome.label()).increment(1);
    settle(outcome, attempt, policy)
}

enum Outcome {
    Ended(Ending),
    TimedOut,
    Unhandled,
}

impl Outcome {
    fn label(&self) -> &'static str {
        match self {
            Self::Ended(Ending::Handled) => "handled",
            Self::Ended(Ending::Failed { .. }) => "failed",
            Self::Ended(Ending::Panicked) => "panicked",
            Self::TimedOut => "timed_out",
            Self::Unhandled => "unhandled",
        }
    }
}

async fn run(runner: &dyn Runner, delivery: Delivery<'static>, timeout: Duration) -> Outcome {
    let Some(call) = runner.call(delivery) else { return Outcome::Unhandled };
    let ending = tokio::time::timeout(timeout, call).await;
    ending.map_or(Outcome::TimedOut, Outcome::Ended)
}

fn settle(outcome: Outcome, attempt: u32, policy: Policy) -> Decision {
    let (is_retryable, reason) = match outcome {
        Outcome::Ended(Ending::Handled) => return Decision::Complete,
        Outcome::Ended(Ending::Failed { is_retryable, error }) => (is_retryable, error),
        Outcome::Ended(Ending::Panicked) => (true, "the hook panicked".to_owned()),
        Outcome::TimedOut => {
            tracing::error!("hook cancelled: it took longer than {:?}", policy.hook_timeout);
            (true, format!("the hook took longer than {:?}", policy.hook_timeout))
        }
        // Another release of the program has stored it, which may run beside this one.
        Outcome::Unhandled => (true, "no hook names the type of this event".to_owned()),
    };
    if is_retryable && attempt < policy.max_attempts {
        let delay = policy.backoff(attempt);
        tracing::debug!("attempt {attempt} failed, the next is in {delay:?}");
        return Decision::RetryAfter(delay);
    }
    if is_retryable {
        bury(&format!("all {attempt} attempts failed, the last: {reason}"))
    } else {
        bury(&reason)
    }
}

/// Says that an event is dead, and why.
pub(super) fn bury(reason: &str) -> Decision {
    let reason: String = reason.chars().take(MAX_REASON_CHARS).collect();
    tracing::error!("event is dead: {reason}");
    Decision::Bury(reason)
}
