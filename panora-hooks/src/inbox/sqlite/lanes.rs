//! Lanes: of the events of a lane that are to run, the head is in `due`, and the others wait.

use std::time::SystemTime;

use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::{batch::Sweep, queue::insert_due, source::FEW};
use crate::inbox::{Lane, time::micros};

/// The lane of an event, as a column.
pub(super) type LaneBytes = [u8; 16];

/// Makes an event ready, with no attempts counted, or lets it wait if another event of its lane
/// comes first. The first run is `None`.
pub(super) fn insert(
    change: &Transaction<'_>,
    seq: i64,
    now: i64,
    run: Option<u32>,
    queue: i64,
    lane: Option<LaneBytes>,
) -> rusqlite::Result<()> {
    let Some(lane) = lane else { return insert_due(change, seq, now, run, queue, None) };
    let last: Option<i64> = change
        .prepare_cached("SELECT max(position) FROM waiting INDEXED BY waiting_by_lane WHERE lane = ?1")?
        .query_row([lane], |row| row.get(0))?;
    if last.is_none() && !has_head(change, &lane)? {
        return insert_due(change, seq, now, run, queue, Some(lane));
    }
    change
        .prepare_cached("INSERT INTO waiting(seq, lane, position, run, queue) VALUES (?1, ?2, ?3, ?4, ?5)")?
        .execute(params![seq, lane, last.unwrap_or(0) + 1, run, queue])
        .map(drop)
}

fn has_head(change: &Transaction<'_>, lane: &LaneBytes) -> rusqlite::Result<bool> {
    change.prepare_cached("SELECT 1 FROM due INDEXED BY due_by_lane WHERE lane = ?1")?.exists([lane])
}

/// Makes the first waiting event of a lane ready, after the head has left `due`.
pub(super) fn promote(change: &Transaction<'_>, lane: Option<LaneBytes>, now: i64) -> rusqlite::Result<()> {
    let Some(lane) = lane else { return Ok(()) };
    let next = change
        .prepare_cached(
            "DELETE FROM waiting WHERE seq = (
                SELECT seq FROM waiting INDEXED BY waiting_by_lane WHERE lane = ?1 ORDER BY position LIMIT 1
             ) RETURNING seq, run, queue",
        )?
        .query_row([lane], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    match next {
        Some((seq, run, queue)) => insert_due(change, seq, now, run, queue, Some(lane)),
        None => Ok(()),
    }
}

/// Returns the lane of a stored event.
pub(super) fn of_event(connection: &Connection, seq: i64) -> rusqlite::Result<Option<LaneBytes>> {
    connection.prepare_cached("SELECT lane FROM event WHERE seq = ?1")?.query_row([seq], |row| row.get(0))
}

/// Returns the head of a lane.
pub(super) fn head(connection: &Connection, lane: Lane) -> rusqlite::Result<Option<i64>> {
    connection
        .prepare_cached("SELECT seq FROM due INDEXED BY due_by_lane WHERE lane = ?1")?
        .query_row([lane.to_bytes()], |row| row.get(0))
        .optional()
}

/// Returns the waiting events of a lane, by number, if there are few.
pub(super) fn few_waiting(connection: &Connection, lane: Lane) -> rusqlite::Result<Option<Vec<i64>>> {
    let mut waiting = connection
        .prepare_cached("SELECT seq FROM waiting INDEXED BY waiting_by_lane WHERE lane = ?1 LIMIT ?2")?;
    let limit = i64::try_from(FEW + 1).unwrap_or(i64::MAX);
    let waiting = waiting.query_map(params![lane.to_bytes(), limit], |row| row.get(0))?;
    let mut few: Vec<i64> = waiting.collect::<rusqlite::Result<_>>()?;
    few.sort_unstable();
    Ok((few.len() <= FEW).then_some(few))
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
        promote(change, of_event(change, seq)?, micros(now))
    }
}
