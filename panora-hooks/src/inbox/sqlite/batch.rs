//! Operations on many events, in batches that let other operations run in between.

use std::time::{Duration, Instant, SystemTime};

use rusqlite::{Connection, Transaction};

use super::{
    queue::{Durability, Queue},
    scan::Scan,
    thread::BatchStep,
};
use crate::inbox::{EventInfo, InboxError};

/// The most events that a batch looks at.
const MAX_EVENTS: u32 = 1000;

/// The most data that a batch drops, in bytes, unless a single event has more. There is a limit
/// because SQLite reads the pages that it frees.
const MAX_BYTES: u64 = 4 * 1024 * 1024;

/// The time after which a batch begins nothing more. The unit tests count steps, which must not
/// depend on the machine.
const MAX_TIME: Duration = if cfg!(test) { Duration::from_secs(3600) } else { Duration::from_millis(20) };

/// The approximate number of bytes that a batch writes to the log. Neighbours share their pages.
const BATCH_BYTES: usize = MAX_EVENTS as usize * 512;

/// The work that a batch may still do.
pub(super) struct Budget {
    events: u32,
    bytes: u64,
    until: Instant,
}

impl Budget {
    fn new() -> Self {
        Self { events: MAX_EVENTS, bytes: MAX_BYTES, until: Instant::now() + MAX_TIME }
    }

    /// Takes an event whose data may be dropped, and returns whether it fits. The first event
    /// always fits.
    fn take(&mut self, bytes: u64) -> bool {
        let is_first = self.events == MAX_EVENTS;
        let fits = self.events > 0 && bytes <= self.bytes && Instant::now() < self.until;
        self.events = self.events.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(bytes);
        is_first || fits
    }
}

/// An operation on a limited number of selected events, each of which is visited once.
pub(super) struct SelectedBatches<O> {
    scan: Option<Scan>,
    left: u32,
    changed: u64,
    operation: O,
}

/// A change of selected events, one at a time, that waits for the disk.
pub(super) trait Operation {
    /// Begins the search for events, in the first transaction.
    fn scan(&self, connection: &Connection, now: SystemTime) -> rusqlite::Result<Scan>;

    /// Returns the bytes that are dropped with the event, or `None` if the event stays as it is.
    fn weigh(&self, event: &EventInfo) -> Option<u64>;

    /// Changes an event that has been weighed.
    fn apply(&mut self, change: &Transaction<'_>, event: &EventInfo, now: SystemTime)
    -> rusqlite::Result<()>;
}

impl<O: Operation> SelectedBatches<O> {
    pub(super) fn new(operation: O, max: u32) -> Self {
        Self { scan: None, left: max, changed: 0, operation }
    }

    /// Runs a batch in a transaction of its own.
    pub(super) fn run(&mut self, queue: &mut Queue, now: SystemTime) -> Result<BatchStep<u64>, InboxError> {
        if self.left == 0 {
            return Ok(BatchStep::Done(self.changed));
        }
        let is_over = queue.change(Durability::Full, BATCH_BYTES, |change| self.batch(change, now))?;
        Ok(if is_over { BatchStep::Done(self.changed) } else { BatchStep::Continue })
    }

    /// Returns whether this was the last batch.
    fn batch(&mut self, change: &Transaction<'_>, now: SystemTime) -> rusqlite::Result<bool> {
        let (mut budget, mut visited) = (Budget::new(), 0);
        let scan = match &mut self.scan {
            Some(scan) => scan,
            None => self.scan.insert(self.operation.scan(change, now)?),
        };
        let Some(candidates) = scan.step(change, MAX_EVENTS as usize, now)? else { return Ok(true) };
        for seq in candidates {
            let event = scan.accept(change, seq, now)?;
            let weighed = event.as_ref().and_then(|event| self.operation.weigh(event));
            if !budget.take(weighed.unwrap_or(0)) {
                // The next batch begins with this event.
                scan.back_to(visited);
                return Ok(false);
            }
            if let (Some(event), Some(_)) = (&event, weighed) {
                self.operation.apply(change, event, now)?;
                self.changed += 1;
                self.left -= 1;
                if self.left == 0 {
                    return Ok(true);
                }
            }
            visited = seq;
        }
        Ok(false)
    }
}

/// A change of a limited number of events. A changed event no longer needs the change, so each
/// batch finds the next ones.
pub(super) struct Rounds<S> {
    left: u32,
    changed: u64,
    sweep: S,
}

/// A change that keeps the store in order. It is done again if the power fails.
pub(super) trait Sweep {
    /// Finds up to `limit` events that need the change.
    fn find(&self, connection: &Connection, now: SystemTime, limit: u32) -> rusqlite::Result<Vec<i64>>;

    /// Returns the bytes that are dropped with an event.
    fn weigh(&self, _connection: &Connection, _seq: i64) -> rusqlite::Result<u64> {
        Ok(0)
    }

    /// Changes an event.
    fn apply(&self, change: &Transaction<'_>, seq: i64, now: SystemTime) -> rusqlite::Result<()>;
}

impl<S: Sweep> Rounds<S> {
    pub(super) fn new(sweep: S, max: u32) -> Self {
        Self { left: max, changed: 0, sweep }
    }

    /// Runs a batch in a transaction of its own.
    pub(super) fn run(&mut self, queue: &mut Queue, now: SystemTime) -> Result<BatchStep<u64>, InboxError> {
        let limit = self.left.min(MAX_EVENTS);
        let changed = queue.change(Durability::Normal, BATCH_BYTES, |change| {
            let mut budget = Budget::new();
            let found = self.sweep.find(change, now, limit)?;
            let mut changed = 0;
            for seq in found {
                if !budget.take(self.sweep.weigh(change, seq)?) {
                    break;
                }
                self.sweep.apply(change, seq, now)?;
                changed += 1;
            }
            Ok(changed)
        })?;
        self.left -= changed;
        self.changed += u64::from(changed);
        // A batch without changes has found no events.
        Ok(if self.left == 0 || changed == 0 { BatchStep::Done(self.changed) } else { BatchStep::Continue })
    }
}
