//! The outcome of a delivery, counted once for each request.

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use tracing::Span;

use super::refusal::Refusal;
use crate::{inbox::ParkReason, metric};

/// How a delivery ended.
#[derive(Debug)]
pub(crate) enum DeliveryOutcome {
    /// The event is in the inbox.
    Stored,
    /// The inbox held the event already.
    Duplicate,
    /// The event is in the inbox but does not run.
    Parked(ParkReason),
    /// The inbox did not take the event.
    NotStored,
    /// A hook ran and succeeded.
    Handled,
    /// The hook did not run, because an earlier delivery has committed its transaction.
    AlreadyDone,
    /// No hook names the event's type.
    Unhandled,
    /// A hook failed.
    Failed,
    /// A hook panicked.
    Panicked,
    /// A hook ran for longer than its time limit.
    TimedOut,
    /// The request is not a delivery from the sender.
    Refused(Refusal),
    /// The sender disconnected before it had sent everything, or the program ended before the hook
    /// did.
    Abandoned,
}

impl DeliveryOutcome {
    /// Returns the response. With an inbox a failed hook is answered with 503 instead of 500,
    /// because it ran only since the event could not be stored.
    pub(crate) fn into_response(self, has_inbox: bool) -> Response {
        let status = match self {
            Self::Refused(refusal) => return (&refusal).into_response(),
            Self::Stored
            | Self::Duplicate
            | Self::Parked(_)
            | Self::Handled
            | Self::AlreadyDone
            | Self::Unhandled => StatusCode::OK,
            Self::Failed | Self::Panicked | Self::TimedOut if !has_inbox => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Failed | Self::Panicked | Self::TimedOut | Self::NotStored | Self::Abandoned => {
                StatusCode::SERVICE_UNAVAILABLE
            }
        };
        status.into_response()
    }

    fn label(&self) -> &'static str {
        match self {
            Self::Stored => "stored",
            Self::Duplicate => "duplicate",
            Self::Parked(reason) => reason.as_str(),
            Self::NotStored => "not_stored",
            Self::Handled => "handled",
            Self::AlreadyDone => "already_done",
            Self::Unhandled => "unhandled",
            Self::Failed => "failed",
            Self::Panicked => "panicked",
            Self::TimedOut => "timed_out",
            Self::Refused(refusal) => refusal.label(),
            Self::Abandoned => "abandoned",
        }
    }
}

/// Counts the outcome of one request. A tally that is dropped unclosed counts as abandoned.
#[derive(Debug)]
pub(crate) struct Tally {
    span: Span,
    /// The label of the event type, once that is known.
    event_type: &'static str,
    is_open: bool,
}

impl Tally {
    pub(crate) fn new(span: Span) -> Self {
        Self { span, event_type: metric::OTHER, is_open: true }
    }

    pub(crate) fn span(&self) -> &Span {
        &self.span
    }

    /// Sets the event type that is counted, once the delivery is verified.
    pub(crate) fn set_event_type(&mut self, wire_type: &str) {
        self.event_type = metric::event_type(wire_type);
    }

    pub(crate) fn close(mut self, outcome: DeliveryOutcome) -> DeliveryOutcome {
        self.count(&outcome);
        outcome
    }

    fn count(&mut self, outcome: &DeliveryOutcome) {
        self.is_open = false;
        let outcome = outcome.label();
        self.span.record("outcome", outcome);
        let event_type = self.event_type;
        metrics::counter!(metric::DELIVERIES, "outcome" => outcome, "event_type" => event_type).increment(1);
    }
}

impl Drop for Tally {
    fn drop(&mut self) {
        if self.is_open {
            self.count(&DeliveryOutcome::Abandoned);
        }
    }
}
