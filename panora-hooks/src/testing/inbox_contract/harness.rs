//! [`Harness`]: the store under test, and control of its clock and its process.

use std::{
    future::{Future, ready},
    time::Duration,
};

use crate::inbox::Inbox;

/// A fresh, empty store, and the means to test it.
///
/// Each rule gets its own harness and drops it at the end. `Drop` is the place to delete files or
/// tables.
pub trait Harness {
    /// The store.
    type Inbox: Inbox;

    /// Returns a handle to the store. All handles of one harness access the same events.
    fn inbox(&self) -> Self::Inbox;

    /// Moves the clock of the store forward. Returns whether it could; defaults to `false`.
    ///
    /// For a store whose clock cannot be moved, such as that of a database server, the harness can
    /// instead move all stored times back by the same duration: when events are due, when leases
    /// end and when events were done.
    fn advance(&self, by: Duration) -> impl Future<Output = bool> {
        let _ = by;
        ready(false)
    }

    /// Sets the clock of the store back. Returns whether it could; defaults to `false`.
    fn set_back(&self, by: Duration) -> impl Future<Output = bool> {
        let _ = by;
        ready(false)
    }

    /// Opens the store again, as after a crash: only acknowledged changes survive. The rules hold
    /// no handle during the restart. Defaults to [`Restart::Unsupported`].
    fn restart(&mut self) -> impl Future<Output = Restart> {
        ready(Restart::Unsupported)
    }
}

/// How a store restarts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Restart {
    /// The harness cannot restart the store.
    Unsupported,
    /// Leases last until they expire, because their workers may still run.
    LeasesKept,
    /// Leases have ended, because their workers have ended with the process.
    LeasesFreed,
}
