//! Actions of operators.

use std::time::SystemTime;

use rusqlite::{Transaction, params};

use super::{
    queue::{Durability, Queue, ROW_BYTES},
    read::Reader,
};
use crate::inbox::{
    AuditEntry, AuditRecord, InboxError,
    time::{micros, time},
};

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

/// Removes up to `limit` actions from before a time. Returns the number of them.
pub(super) fn remove(change: &Transaction<'_>, before: i64, limit: u32) -> rusqlite::Result<usize> {
    change
        .prepare_cached(
            "DELETE FROM audit WHERE number IN (
                 SELECT number FROM audit INDEXED BY audit_by_time WHERE at < ?1 ORDER BY at LIMIT ?2)",
        )?
        .execute([before, limit.into()])
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
