//! Leased events that have not started.

use std::time::Duration;

use tokio::time::Instant;

use super::slots::SlotUse;
use crate::inbox::{EventKey, Leased};

/// A leased event that waits for its turn.
pub(super) struct WaitingEvent {
    pub(super) leased: Leased,
    /// The lease lasts at least until then.
    pub(super) leased_until: Instant,
    pub(super) usage: SlotUse,
}

impl WaitingEvent {
    pub(super) fn key(&self) -> EventKey {
        self.leased.token.key()
    }

    /// Returns whether so little of the lease is left that it has to be extended before the event
    /// starts. The event may have waited for a long time, and another worker may have it.
    pub(super) fn needs_extension(&self, lease: Duration) -> bool {
        self.leased_until < Instant::now() + lease / 4
    }
}
