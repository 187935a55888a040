//! Sweeps: drop old data and identities, and repair lanes and times.

use std::time::{Duration, SystemTime};

use rusqlite::{Connection, Params, Transaction, params};

use super::{attempts, batch::Sweep, content, lanes, queues};
use crate::inbox::time::{CLOCK_STEP, micros, whole_micros};

/// Drops the data of events that were done before a time.
pub(super) struct Prune {
    pub(super) done_before: SystemTime,
}

impl Sweep for Prune {
    fn find(&self, connection: &Connection, _: SystemTime, limit: u32) -> rusqlite::Result<Vec<i64>> {
        seqs(
            connection,
            "SELECT seq FROM done INDEXED BY done_by_time
             WHERE is_pruned = 0 AND at < ?1 ORDER BY at LIMIT ?2",
            params![micros(self.done_before), limit],
        )
    }

    fn weigh(&self, connection: &Connection, seq: i64) -> rusqlite::Result<u64> {
        let mut size = connection.prepare_cached("SELECT octet_length(data) FROM event WHERE seq = ?1")?;
        let size: Option<i64> = size.query_row([seq], |row| row.get(0))?;
        Ok(size.unwrap_or(0).unsigned_abs())
    }

    fn apply(&self, change: &Transaction<'_>, seq: i64, _: SystemTime) -> rusqlite::Result<()> {
        content::drop_data(change, seq)?;
        attempts::drop_all(change, seq)?;
        change.prepare_cached("UPDATE done SET is_pruned = 1 WHERE seq = ?1")?.execute([seq]).map(drop)
    }
}

/// Removes events that are pruned and were done before a time.
pub(super) struct Forget {
    pub(super) done_before: SystemTime,
}

impl Sweep for Forget {
    fn find(&self, connection: &Connection, _: SystemTime, limit: u32) -> rusqlite::Result<Vec<i64>> {
        seqs(
            connection,
            "SELECT seq FROM done INDEXED BY done_by_time
             WHERE is_pruned = 1 AND at < ?1 ORDER BY at LIMIT ?2",
            params![micros(self.done_before), limit],
        )
    }

    fn apply(&self, change: &Transaction<'_>, seq: i64, _: SystemTime) -> rusqlite::Result<()> {
        change.prepare_cached("UPDATE forgotten SET seq = ?1 WHERE seq < ?1")?.execute([seq])?;
        // An older version prunes the data without the attempts.
        attempts::drop_all(change, seq)?;
        change.prepare_cached("DELETE FROM event WHERE seq = ?1")?.execute([seq])?;
        change.prepare_cached("DELETE FROM done WHERE seq = ?1")?.execute([seq]).map(drop)
    }
}

/// The most forgotten events whose attempts one call drops.
pub(super) const ORPHANS: u32 = 1000;

/// Drops attempts of events that an older version has forgotten without them.
pub(super) struct DropOrphans;

impl Sweep for DropOrphans {
    /// Looks at the first attempts, and at those from a random event on. So each call reads few
    /// rows, and all calls together find every such attempt.
    fn find(&self, connection: &Connection, _: SystemTime, limit: u32) -> rusqlite::Result<Vec<i64>> {
        let start: Option<i64> = connection
            .prepare_cached("SELECT abs(random() % (max(seq) + 1)) FROM attempt")?
            .query_row([], |row| row.get(0))?;
        let mut orphans = Vec::new();
        for start in [Some(0), start].into_iter().flatten() {
            orphans.extend(seqs(
                connection,
                "SELECT DISTINCT seq FROM (
                     SELECT seq FROM attempt WHERE seq >= ?1 ORDER BY seq LIMIT ?2
                 ) AS looked_at
                 WHERE NOT EXISTS (SELECT 1 FROM event WHERE event.seq = looked_at.seq)",
                params![start, limit],
            )?);
        }
        orphans.truncate(limit as usize);
        Ok(orphans)
    }

    fn apply(&self, change: &Transaction<'_>, seq: i64, _: SystemTime) -> rusqlite::Result<()> {
        attempts::drop_all(change, seq)
    }
}

/// The most lanes without a head for which one call looks.
pub(super) const LANES: u32 = 1000;

/// Promotes events of lanes whose head a tool of an older version has dropped.
pub(super) struct PromoteHeads;

impl Sweep for PromoteHeads {
    /// Looks at the first lanes, and at those from a random one on, so that all calls together find
    /// every such lane.
    fn find(&self, connection: &Connection, _: SystemTime, limit: u32) -> rusqlite::Result<Vec<i64>> {
        let mut find = connection.prepare_cached(
            "WITH RECURSIVE lane(lane, number) AS (
                SELECT min(lane), 1 FROM waiting INDEXED BY waiting_by_lane WHERE lane >= ?1
                UNION ALL
                SELECT (SELECT min(lane) FROM waiting INDEXED BY waiting_by_lane WHERE waiting.lane > lane.lane),
                    number + 1
                FROM lane WHERE lane IS NOT NULL AND number < ?2
             )
             SELECT (
                SELECT seq FROM waiting INDEXED BY waiting_by_lane
                WHERE waiting.lane = lane.lane ORDER BY position LIMIT 1
             ) FROM lane
             WHERE lane IS NOT NULL
             AND NOT EXISTS (SELECT 1 FROM due INDEXED BY due_by_lane WHERE due.lane = lane.lane)",
        )?;
        let mut found = Vec::new();
        for start in [0, fastrand::u128(..)].map(u128::to_be_bytes) {
            let lanes = find.query_map(params![start, limit], |row| row.get(0))?;
            found.extend(lanes.collect::<rusqlite::Result<Vec<i64>>>()?);
        }
        found.sort_unstable();
        found.dedup();
        found.truncate(limit as usize);
        Ok(found)
    }

    fn apply(&self, change: &Transaction<'_>, seq: i64, now: SystemTime) -> rusqlite::Result<()> {
        lanes::promote(change, lanes::of_event(change, seq)?, micros(now))
    }
}

/// Makes delayed events ready, and lets leases end, if they last longer than any policy allows and
/// their hooks have asked for. That happens only after the clock was set back.
pub(super) struct Expedite {
    pub(super) longest_delay: Duration,
}

/// The most events of a queue with a late time that are examined at once, latest first. All of them
/// may be delayed because their hooks have asked for it.
const MOST_LATE: i64 = 10_000;

impl Expedite {
    fn latest(&self, now: SystemTime) -> i64 {
        micros(now).saturating_add(whole_micros(self.longest_delay))
    }
}

impl Sweep for Expedite {
    fn find(&self, connection: &Connection, now: SystemTime, limit: u32) -> rusqlite::Result<Vec<i64>> {
        let mut late = Vec::new();
        for queue in queues::numbers(connection)? {
            late.extend(seqs(
                connection,
                "SELECT seq FROM (
                    SELECT seq, due, fence, asked FROM due INDEXED BY due_by_time
                    WHERE queue = ?1 AND due > ?2 ORDER BY due DESC LIMIT ?3
                 )
                 WHERE fence IS NOT NULL OR due > ?4 + coalesce(asked, 0) LIMIT ?5",
                params![queue, self.latest(now), MOST_LATE, micros(now) + whole_micros(CLOCK_STEP), limit],
            )?);
        }
        late.truncate(limit as usize);
        Ok(late)
    }

    fn apply(&self, change: &Transaction<'_>, seq: i64, now: SystemTime) -> rusqlite::Result<()> {
        change
            .prepare_cached("UPDATE due SET due = iif(fence IS NULL, ?2, ?3), asked = NULL WHERE seq = ?1")?
            .execute([seq, micros(now), self.latest(now)])
            .map(drop)
    }
}

fn seqs(connection: &Connection, sql: &str, params: impl Params) -> rusqlite::Result<Vec<i64>> {
    connection.prepare_cached(sql)?.query_map(params, |row| row.get(0))?.collect()
}
