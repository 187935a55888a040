//! A crash at the worst moment: the effect of a hook is committed, and the inbox does not know yet
//! that the event is done.

use std::{fmt, process};

use tracing::{
    Subscriber,
    field::{Field, Visit},
    span,
};
use tracing_subscriber::layer::{Context, Layer};

/// Ends the process after the hook of an event has succeeded. The library records the outcome of an
/// attempt after the commit and before it settles the event.
pub(crate) struct AfterCommit;

impl<S: Subscriber> Layer<S> for AfterCommit {
    fn on_record(&self, _span: &span::Id, values: &span::Record<'_>, _context: Context<'_, S>) {
        values.record(&mut Outcome);
    }
}

/// Reads the outcome of an attempt.
struct Outcome;

impl Visit for Outcome {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "outcome" && value == "handled" {
            tracing::error!("the process dies, and the inbox does not know that the event is done");
            // Runs no destructors, as a kill.
            process::abort();
        }
    }

    fn record_debug(&mut self, _field: &Field, _value: &dyn fmt::Debug) {}
}
