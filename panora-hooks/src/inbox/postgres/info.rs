//! The records of events, as lists and single lookups return them.

use std::time::Duration;

use sqlx::{ColumnIndex, Row, postgres::PgRow};

use crate::inbox::{
    EventInfo, EventState, InboxError, Lane,
    column::{self, LaneBytes},
    time::time,
};

/// Returns the statement that selects the columns of [`info`] and `data` for the numbers that
/// `found` returns, in ascending or descending `order`.
///
/// Each row is looked up by its number, because the planner could join whole tables instead.
pub(super) fn infos(found: &str, data: &str, order: &str) -> String {
    format!(
        "SELECT event.*, due.*, waiting.*, dead.*, done.*, failed.last_error, :now AS now
         FROM ({found}) AS found
         CROSS JOIN LATERAL (
            SELECT event.seq, event.id_event, event.type, event.received, event.lane, {data} AS data
            FROM @event AS event WHERE event.seq = found.seq LIMIT 1
         ) AS event
         LEFT JOIN LATERAL (
            SELECT due, fence IS NOT NULL AS is_leased, attempts AS due_attempts, run AS due_run
            FROM @due WHERE seq = found.seq LIMIT 1
         ) AS due ON true
         LEFT JOIN LATERAL (
            SELECT true AS is_waiting, run AS waiting_run FROM @waiting WHERE seq = found.seq LIMIT 1
         ) AS waiting ON true
         LEFT JOIN LATERAL (
            SELECT is_parked, reason, attempts AS dead_attempts, run AS dead_run
            FROM @dead WHERE seq = found.seq LIMIT 1
         ) AS dead ON true
         LEFT JOIN LATERAL (
            SELECT at AS done_at, duration, attempts AS done_attempts, run AS done_run
            FROM @done WHERE seq = found.seq LIMIT 1
         ) AS done ON true
         LEFT JOIN LATERAL (
            SELECT error AS last_error FROM @attempt AS attempt
            WHERE attempt.seq = found.seq AND error IS NOT NULL ORDER BY place DESC LIMIT 1
         ) AS failed ON true
         ORDER BY found.seq {order}"
    )
}

/// Returns an expression for the data of `event`, which is NULL if the event is done and pruned.
/// The same content may be kept for another event.
pub(super) fn kept(data: &str) -> String {
    format!(
        "CASE WHEN (SELECT is_pruned FROM @done AS done WHERE done.seq = event.seq) THEN NULL ELSE {data} END"
    )
}

/// Reads the columns of [`infos`], except for the data.
pub(super) fn info(row: &PgRow, size: Option<i64>) -> Result<EventInfo, InboxError> {
    let (due, now): (Option<i64>, i64) = (row.try_get("due")?, row.try_get("now")?);
    let is_leased = row.try_get::<Option<bool>, _>("is_leased")?.unwrap_or(false);
    let state = match row.try_get::<Option<bool>, _>("is_waiting")? {
        Some(_) => EventState::Waiting,
        None => EventState::of(due, now, is_leased, row.try_get("is_parked")?),
    };
    // An event is in one of these tables.
    let number = |columns: &[&str]| {
        let found = columns.iter().map(|column| row.try_get::<Option<i32>, _>(*column));
        let found = found.collect::<sqlx::Result<Vec<_>>>()?.into_iter().flatten().next();
        Ok::<_, sqlx::Error>(found.map(i32::unsigned_abs))
    };
    Ok(EventInfo {
        attempts: number(&["due_attempts", "dead_attempts", "done_attempts"])?.unwrap_or(0),
        run: number(&["due_run", "waiting_run", "dead_run", "done_run"])?.unwrap_or(1),
        lane: row.try_get::<Option<LaneBytes>, _>("lane")?.map(Lane::from_bytes),
        until: due.filter(|due| *due > now).map(time),
        reason: optional_text(row, "reason")?,
        last_error: optional_text(row, "last_error")?,
        done_at: row.try_get::<Option<i64>, _>("done_at")?.map(time),
        duration: row.try_get::<Option<i64>, _>("duration")?.map(duration),
        size: size.map(i64::unsigned_abs),
        ..EventInfo::new(
            column::key(row.try_get("seq")?),
            text(row, "id_event")?,
            text(row, "type")?,
            time(row.try_get("received")?),
            state,
        )
    })
}

/// Reads a duration, which is stored in microseconds.
pub(super) fn duration(micros: i64) -> Duration {
    Duration::from_micros(micros.unsigned_abs())
}

/// Reads a text, which is stored as its bytes.
pub(super) fn text(row: &PgRow, column: impl ColumnIndex<PgRow>) -> Result<String, InboxError> {
    Ok(optional_text(row, column)?.unwrap_or_default())
}

pub(super) fn optional_text(
    row: &PgRow,
    column: impl ColumnIndex<PgRow>,
) -> Result<Option<String>, InboxError> {
    let bytes: Option<Vec<u8>> = row.try_get(column)?;
    bytes.map(String::from_utf8).transpose().map_err(|error| InboxError::Corrupt(error.into()))
}
