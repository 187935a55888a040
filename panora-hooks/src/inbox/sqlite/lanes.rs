//! Lanes: of the events of a lane that are to run, the head is in `due`, and the others wait.

use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::{source::FEW, states::insert_due};
use crate::inbox::{Lane, column::LaneBytes};

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
            "SELECT seq, run, queue FROM waiting INDEXED BY waiting_by_lane
             WHERE lane = ?1 ORDER BY position LIMIT 1",
        )?
        .query_row([lane], |row| Ok((row.get::<_, i64>(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    let Some((seq, run, queue)) = next else { return Ok(()) };
    change.prepare_cached("DELETE FROM waiting WHERE seq = ?1")?.execute([seq])?;
    insert_due(change, seq, now, run, queue, Some(lane))
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
