//! Leased events that have not started.

use std::time::Duration;

use tokio::time::Instant;

use super::slots::SlotUse;
use crate::inbox::{EventKey, Leased};

/// A leased event that the worker holds until its hook may start.
pub(super) struct HeldEvent {
    pub(super) leased: Leased,
    /// The lease lasts at least until then.
    pub(super) leased_until: Instant,
    pub(super) usage: SlotUse,
}

impl HeldEvent {
    pub(super) fn key(&self) -> EventKey {
        self.leased.token.key()
    }

    /// Returns whether so little of the lease is left that it has to be extended before the event
    /// starts. The event may have been held for a long time, and another worker may have it.
    pub(super) fn needs_extension(&self, lease: Duration) -> bool {
        self.leased_until < Instant::now() + lease / 4
    }
}
