//! Actions of operators.

use std::time::{Duration, SystemTime};

use rusqlite::params;

use super::{
    queue::{Durability, Queue, ROW_BYTES},
    read::Reader,
    thread::BatchStep,
};
use crate::inbox::{
    AuditEntry, AuditRecord, InboxError,
    time::{micros, time, whole_micros},
};

/// The most actions that one transaction removes.
const BATCH: u32 = 1000;

/// The approximate number of bytes that the removal of a batch writes to the log. Neighbours share
/// their pages.
const BATCH_BYTES: usize = BATCH as usize * 512;

impl Queue {
    pub(super) fn add_audit(&mut self, record: &AuditRecord, now: SystemTime) -> Result<(), InboxError> {
        let AuditRecord { who, action, what, events } = record;
        let events = i64::try_from(*events).unwrap_or(i64::MAX);
        self.change(Durability::Full, ROW_BYTES, |change| {
            change
                .prepare_cached(
                    "INSERT INTO audit(at, who, action, what, events) VALUES (?1, ?2, ?3, ?4, ?5)",
                )?
                .execute(params![micros(now), who, action, what, events])
                .map(drop)
        })
    }
}

/// Removes old actions in batches.
pub(super) struct PruneAudit {
    before: i64,
    left: u32,
    removed: u64,
}

impl PruneAudit {
    pub(super) fn new(older_than: Duration, max: u32, now: SystemTime) -> Self {
        let before = micros(now).saturating_sub(whole_micros(older_than));
        Self { before, left: max, removed: 0 }
    }

    /// Runs a batch in a transaction of its own.
    pub(super) fn run(&mut self, queue: &mut Queue) -> Result<BatchStep<u64>, InboxError> {
        let limit = self.left.min(BATCH);
        let removed = queue.change(Durability::Normal, BATCH_BYTES, |change| {
            change
                .prepare_cached(
                    "DELETE FROM audit WHERE number IN (
                         SELECT number FROM audit INDEXED BY audit_by_time
                         WHERE at < ?1 ORDER BY at LIMIT ?2)",
                )?
                .execute([self.before, limit.into()])
        })?;
        let removed = u32::try_from(removed).unwrap_or(limit);
        self.left -= removed;
        self.removed += u64::from(removed);
        Ok(if self.left == 0 || removed == 0 { BatchStep::Done(self.removed) } else { BatchStep::Continue })
    }
}

impl Reader {
    pub(super) fn audit(&mut self, before: Option<u64>, limit: u32) -> Result<Vec<AuditEntry>, InboxError> {
        let before = before.map_or(i64::MAX, |before| i64::try_from(before).unwrap_or(i64::MAX));
        let mut entries = self.connection().prepare_cached(
            "SELECT number, at, who, action, what, events FROM audit
             WHERE number < ?1 ORDER BY number DESC LIMIT ?2",
        )?;
        let entries = entries.query_map(params![before, limit], |row| {
            let events = row.get::<_, i64>(5)?.unsigned_abs();
            let record =
                AuditRecord::new(row.get(2)?, row.get::<_, String>(3)?, row.get::<_, String>(4)?, events);
            Ok(AuditEntry::new(row.get::<_, i64>(0)?.unsigned_abs(), time(row.get(1)?), record))
        })?;
        Ok(entries.collect::<rusqlite::Result<_>>()?)
    }
}
