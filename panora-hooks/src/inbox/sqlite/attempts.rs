//! Records of attempts.

use std::time::SystemTime;

use rusqlite::{Connection, Row, Transaction, params};

use super::{info, read::Reader, states::Ended};
use crate::inbox::{
    AttemptInfo, AttemptOutcome, AttemptReport, EventKey, InboxError,
    attempt::KEPT_ATTEMPTS,
    column,
    time::{micros, time, whole_micros},
};

/// Records the attempt that ends with a settlement, unless the event says everything about it.
pub(super) fn record(
    change: &Transaction<'_>,
    seq: i64,
    ended: Ended,
    report: &AttemptReport,
    now: SystemTime,
) -> rusqlite::Result<()> {
    if !report.is_kept(ended.attempts) {
        return Ok(());
    }
    let attempt = AttemptInfo {
        started_at: now.checked_sub(report.duration.unwrap_or_default()),
        duration: report.duration,
        error: report.error.clone(),
        worker: Some(report.worker.to_string()),
        ..AttemptInfo::new(ended.run, ended.attempts, report.outcome)
    };
    insert(change, seq, &attempt)
}

/// Adds an attempt to those of an event. Drops one in the middle if there are many.
pub(super) fn insert(change: &Transaction<'_>, seq: i64, attempt: &AttemptInfo) -> rusqlite::Result<()> {
    let AttemptInfo { run, number, started_at, duration, outcome, error, worker } = attempt;
    let place: u32 = change
        .prepare_cached(
            "INSERT INTO attempt(seq, place, run, number, started, duration, outcome, error, worker)
             SELECT ?1, coalesce(max(place), 0) + 1, ?2, ?3, ?4, ?5, ?6, ?7, ?8
             FROM attempt WHERE seq = ?1
             RETURNING place",
        )?
        .query_row(
            params![
                seq,
                run,
                number,
                started_at.map(micros),
                duration.map(whole_micros),
                outcome.as_str(),
                error,
                worker,
            ],
            |row| row.get(0),
        )?;
    let last_dropped = place.saturating_sub(KEPT_ATTEMPTS);
    if last_dropped > KEPT_ATTEMPTS {
        change
            .prepare_cached("DELETE FROM attempt WHERE seq = ?1 AND place > ?2 AND place <= ?3")?
            .execute(params![seq, KEPT_ATTEMPTS, last_dropped])?;
    }
    Ok(())
}

/// Returns the run that a replay begins, after the run of the event. A process of an older version
/// may have lost that, but the attempts have theirs.
pub(super) fn next_run(change: &Connection, seq: i64, run: u32) -> rusqlite::Result<u32> {
    let recorded: Option<u32> = change
        .prepare_cached("SELECT max(run) FROM attempt WHERE seq = ?1")?
        .query_row([seq], |row| row.get(0))?;
    Ok(recorded.map_or(run, |recorded| recorded.max(run)).saturating_add(1))
}

/// Drops the records of an event.
pub(super) fn drop_all(change: &Connection, seq: i64) -> rusqlite::Result<()> {
    change.prepare_cached("DELETE FROM attempt WHERE seq = ?1")?.execute([seq]).map(drop)
}

impl Reader {
    pub(super) fn attempts(&mut self, key: EventKey) -> Result<Vec<AttemptInfo>, InboxError> {
        let snapshot = self.snapshot()?;
        let mut attempts = snapshot.prepare_cached(
            "SELECT run, number, started, duration, outcome, error, worker
             FROM attempt WHERE seq = ?1 ORDER BY place",
        )?;
        let attempts = attempts.query_map([column::seq(key)], read)?.collect::<rusqlite::Result<_>>()?;
        Ok(attempts)
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<AttemptInfo> {
    let outcome = AttemptOutcome::from_word(row.get_ref(4)?.as_str()?);
    Ok(AttemptInfo {
        started_at: row.get::<_, Option<i64>>(2)?.map(time),
        duration: row.get::<_, Option<i64>>(3)?.map(info::duration),
        error: row.get(5)?,
        worker: row.get(6)?,
        ..AttemptInfo::new(row.get(0)?, row.get(1)?, outcome)
    })
}
