//! Reading of events, with and without their data.

use std::time::{Duration, SystemTime};

use rusqlite::{Connection, OptionalExtension, Row};

use super::content;
use crate::inbox::{
    EventInfo, EventKey, EventState, Lane, StoredEvent,
    column::{self, LaneBytes},
    time::{micros, time},
};

/// Reads an event without its data. Each table is asked for one row by its number, whatever the
/// statistics are.
pub(super) fn info(
    connection: &Connection,
    seq: i64,
    now: SystemTime,
) -> rusqlite::Result<Option<EventInfo>> {
    let found = connection
        .prepare_cached(
            "SELECT event.seq, event.id_event, event.type, event.received, octet_length(event.data),
                    due.due, due.fence, coalesce(due.attempts, dead.attempts, done.attempts),
                    dead.is_parked, dead.reason, iif(event.shares IS NULL, NULL, event.key),
                    coalesce(due.run, waiting.run, dead.run, done.run, 1), done.at, done.duration,
                    (SELECT attempt.error FROM attempt
                     WHERE attempt.seq = event.seq AND attempt.error IS NOT NULL
                     ORDER BY attempt.place DESC LIMIT 1),
                    event.lane, waiting.seq IS NOT NULL
             FROM event LEFT JOIN due USING (seq) LEFT JOIN waiting USING (seq) LEFT JOIN dead USING (seq) LEFT JOIN done USING (seq)
             WHERE event.seq = ?1",
        )?
        .query_row([seq], |row| Ok((read(row, now)?, row.get::<_, Option<[u8; 48]>>(10)?)))
        .optional()?;
    let Some((mut info, sharing)) = found else { return Ok(None) };
    if let Some(identity) = sharing {
        info.size = shared_size(connection, &identity)?;
    }
    Ok(Some(info))
}

/// Reads an event with its data.
pub(super) fn event(
    connection: &Connection,
    key: EventKey,
    now: SystemTime,
) -> rusqlite::Result<Option<StoredEvent>> {
    let seq = column::seq(key);
    let Some(info) = info(connection, seq, now)? else { return Ok(None) };
    let data = match data(connection, seq)? {
        None if info.size.is_some() => shared_data(connection, seq)?,
        data => data,
    };
    Ok(Some(StoredEvent::new(info, data)))
}

/// Reads the data of an event that shares it.
pub(super) fn shared_data(connection: &Connection, seq: i64) -> rusqlite::Result<Option<String>> {
    let identity = connection
        .prepare_cached("SELECT key FROM event WHERE seq = ?1")?
        .query_row([seq], |row| row.get(0))?;
    match content::holder(connection, &content::of(&identity))? {
        Some(holder) => data(connection, holder),
        None => Ok(None),
    }
}

fn data(connection: &Connection, seq: i64) -> rusqlite::Result<Option<String>> {
    connection.prepare_cached("SELECT data FROM event WHERE seq = ?1")?.query_row([seq], |row| row.get(0))
}

fn shared_size(connection: &Connection, identity: &[u8; 48]) -> rusqlite::Result<Option<u64>> {
    let Some(holder) = content::holder(connection, &content::of(identity))? else { return Ok(None) };
    let size: Option<i64> = connection
        .prepare_cached("SELECT octet_length(data) FROM event WHERE seq = ?1")?
        .query_row([holder], |row| row.get(0))?;
    Ok(size.map(i64::unsigned_abs))
}

/// Returns a duration from its column.
pub(super) fn duration(micros: i64) -> Duration {
    Duration::from_micros(micros.unsigned_abs())
}

fn read(row: &Row<'_>, now: SystemTime) -> rusqlite::Result<EventInfo> {
    let due: Option<i64> = row.get(5)?;
    let is_leased = row.get::<_, Option<i64>>(6)?.is_some();
    let is_parked: Option<bool> = row.get(8)?;
    let state = if row.get(16)? {
        EventState::Waiting
    } else {
        EventState::of(due, micros(now), is_leased, is_parked)
    };
    Ok(EventInfo {
        attempts: row.get::<_, Option<u32>>(7)?.unwrap_or(0),
        until: due.filter(|due| *due > micros(now)).map(time),
        reason: row.get(9)?,
        run: row.get(11)?,
        lane: row.get::<_, Option<LaneBytes>>(15)?.map(Lane::from_bytes),
        done_at: row.get::<_, Option<i64>>(12)?.map(time),
        duration: row.get::<_, Option<i64>>(13)?.map(duration),
        last_error: row.get(14)?,
        size: row.get::<_, Option<i64>>(4)?.map(i64::unsigned_abs),
        ..EventInfo::new(column::key(row.get(0)?), row.get(1)?, row.get(2)?, time(row.get(3)?), state)
    })
}
