//! Metrics: their names, their descriptions, and the values of their labels.

use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};

use crate::catalogue;

/// Counts requests, by `event_type` and `outcome`.
pub(crate) const DELIVERIES: &str = "panora_hooks_deliveries_total";

/// Counts attempts of a worker, by `event_type` and `outcome`.
pub(crate) const ATTEMPTS: &str = "panora_hooks_attempts_total";

/// Measures how long a worker's attempts take, by `event_type` and `outcome`.
pub(crate) const ATTEMPT_DURATION: &str = "panora_hooks_attempt_duration_seconds";

/// Measures the time from arrival to success, by `event_type`.
pub(crate) const LATENCY: &str = "panora_hooks_event_latency_seconds";

/// The number of events in the inbox, by `state`.
pub(crate) const INBOX_EVENTS: &str = "panora_hooks_inbox_events";

/// How long the oldest ready event has been ready.
pub(crate) const OLDEST_READY: &str = "panora_hooks_inbox_oldest_ready_seconds";

/// Describes every metric to the recorder that is installed now. A recorder that knows the
/// descriptions takes them again.
pub(crate) fn describe() {
    describe_counter!(DELIVERIES, Unit::Count, "Requests to the webhook, by event type and outcome.");
    describe_counter!(ATTEMPTS, Unit::Count, "Attempts to run a stored event, by event type and outcome.");
    describe_histogram!(ATTEMPT_DURATION, Unit::Seconds, "Duration of an attempt to run a stored event.");
    describe_histogram!(
        LATENCY,
        Unit::Seconds,
        "Time from the arrival of a stored event to the success of its hook."
    );
    describe_gauge!(INBOX_EVENTS, Unit::Count, "Events in the inbox, by state.");
    describe_gauge!(OLDEST_READY, Unit::Seconds, "Time for which the oldest ready event has been ready.");
}

/// The label `event_type` of an event that the catalogue does not hold, and of a request whose type
/// is not known.
pub(crate) const OTHER: &str = "other";

/// Returns the label `event_type` of a wire type. The sender does not sign the type, so only names
/// of the catalogue become labels, whose number is bounded.
pub(crate) fn event_type(wire_type: &str) -> &'static str {
    catalogue::find(wire_type).map_or(OTHER, catalogue::EventType::name)
}
