//! The queues of events. Events and their index hold a number instead of the name.

use std::collections::HashMap;

use bytestring::ByteString;
use rusqlite::{Connection, OptionalExtension, Transaction};

use crate::inbox::share::Shares;

/// The condition that a row of `queue` is paused.
pub(super) const IS_PAUSED: &str = "EXISTS (
    SELECT 1 FROM paused
    WHERE name = pattern OR substr(name, 1, length(pattern) - 1) || '*' = pattern
)";

/// The events of all queues, whose index is searched by time.
pub(super) const DUE: &str = "queue CROSS JOIN due INDEXED BY due_by_time ON due.queue = queue.id";

/// The numbers of queues that are known.
pub(super) type Numbers = HashMap<ByteString, i64>;

/// Returns the number of a queue, which is new if no event was in the queue before.
pub(super) fn number(change: &Transaction<'_>, known: &mut Numbers, name: &str) -> rusqlite::Result<i64> {
    if let Some(number) = known.get(name) {
        return Ok(*number);
    }
    let stored = change
        .prepare_cached("SELECT id FROM queue WHERE name = ?1")?
        .query_row([name], |row| row.get(0))
        .optional()?;
    let number = if let Some(number) = stored {
        number
    } else {
        change.prepare_cached("INSERT INTO queue(name) VALUES (?1)")?.execute([name])?;
        change.last_insert_rowid()
    };
    known.insert(name.into(), number);
    Ok(number)
}

/// Returns the numbers of all queues.
pub(super) fn numbers(connection: &Connection) -> rusqlite::Result<Vec<i64>> {
    connection.prepare_cached("SELECT id FROM queue")?.query_map([], |row| row.get(0))?.collect()
}

/// Returns the number of the queue of a stored event.
pub(super) fn of_event(connection: &Connection, seq: i64) -> rusqlite::Result<i64> {
    connection.prepare_cached("SELECT queue FROM event WHERE seq = ?1")?.query_row([seq], |row| row.get(0))
}

/// A queue that events are leased from.
pub(super) struct LeasedQueue {
    pub(super) number: i64,
    pub(super) name: ByteString,
    pub(super) group: usize,
    pub(super) max: u32,
}

/// Returns the queues that events are leased from, without those that are paused.
pub(super) fn leased(connection: &Connection, shares: &Shares<'_>) -> rusqlite::Result<Vec<LeasedQueue>> {
    let sql = format!("SELECT id, name FROM queue WHERE NOT {IS_PAUSED}");
    let mut queues = connection.prepare_cached(&sql)?;
    let mut rows = queues.query([])?;
    let mut leased = Vec::new();
    while let Some(row) = rows.next()? {
        let name = row.get_ref(1)?.as_str()?;
        if let Some((group, max)) = shares.of(name) {
            leased.push(LeasedQueue { number: row.get(0)?, name: name.into(), group, max });
        }
    }
    Ok(leased)
}
