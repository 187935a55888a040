//! Fingerprints of the errors of dead events, as a column.

use rusqlite::{Transaction, params};

use super::queue::{Durability, Queue};
use crate::inbox::{Fingerprint, InboxError, error::chain};

/// The most fingerprints that are computed in one transaction.
const BATCH: usize = 1000;

/// The approximate size of a row of `dead` with its indexes in the log, in bytes.
const DEAD_BYTES: usize = 512;

/// Returns the number of a fingerprint. One that no error can have becomes -1, which no row has.
pub(super) fn column(fingerprint: Fingerprint) -> i64 {
    i64::try_from(fingerprint.number()).unwrap_or(-1)
}

/// Returns the fingerprint with this number.
pub(super) fn of(column: i64) -> Fingerprint {
    Fingerprint::new(column.unsigned_abs())
}

impl Queue {
    /// Computes some fingerprints of dead events that an older version has written. Returns whether
    /// there may be more. If that is interrupted or fails, the next receiver continues.
    pub(super) fn fill_fingerprints(&mut self) -> bool {
        match self.change(Durability::Normal, BATCH * DEAD_BYTES, fill) {
            Ok(filled) => filled > 0,
            Err(InboxError::Busy) => true,
            Err(error) => {
                tracing::warn!("the errors of older dead events are not grouped yet: {}", chain(&error));
                false
            }
        }
    }
}

/// Computes some fingerprints. Returns the number of them.
fn fill(change: &Transaction<'_>) -> rusqlite::Result<usize> {
    let mut find = change.prepare_cached(
        "SELECT seq, reason FROM dead INDEXED BY dead_by_error
         WHERE is_parked = 0 AND coalesce(fingerprint, 0) = 0 LIMIT ?1",
    )?;
    let found =
        find.query_map([i64::try_from(BATCH).unwrap_or(i64::MAX)], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let found: Vec<(i64, String)> = found.collect::<rusqlite::Result<_>>()?;
    let mut set = change.prepare_cached("UPDATE dead SET fingerprint = ?2 WHERE seq = ?1")?;
    for (seq, reason) in &found {
        set.execute(params![seq, column(Fingerprint::of(reason))])?;
    }
    Ok(found.len())
}
