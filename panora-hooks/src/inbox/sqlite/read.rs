//! The connection that reads, beside the one that writes.

use std::{
    mem,
    time::{Duration, SystemTime},
};

use rusqlite::{Connection, OptionalExtension};

use super::{info, scan::Scan};
use crate::inbox::{
    Count, Depth, EventInfo, EventKey, InboxError, Page, Query, StoredEvent, column, time::micros,
};

/// Counting stops at this number, so that its cost is bounded.
const MOST_COUNTED: i64 = 10_000;

/// Finds when the oldest ready event became ready.
pub(super) const OLDEST_READY: &str =
    "SELECT due FROM due INDEXED BY due_by_time WHERE due <= ?1 ORDER BY due LIMIT 1";

/// Reads events.
///
/// The log cannot be emptied past a snapshot that is in use, so no snapshot is held for longer than
/// a step takes.
pub(super) struct Reader(Connection);

impl Reader {
    pub(super) fn new(connection: Connection) -> Self {
        Self(connection)
    }

    pub(super) fn list(&mut self, query: &Query, now: SystemTime) -> Result<Page<EventInfo>, InboxError> {
        let Query { filter, after, limit, .. } = query;
        // One more shows whether there is a next page.
        let wanted = (*limit as usize).saturating_add(1);
        let after = after.map_or(0, column::seq);
        let ways = Scan::ways(&self.0, filter, now)?.into_iter();
        let mut ways: Vec<_> = ways.map(|scan| (scan.after(after), Vec::new())).collect();
        // Usually every candidate is accepted, so the first step is the last.
        let mut step = wanted;
        // The first way that ends is the shortest.
        loop {
            for (scan, items) in &mut ways {
                let snapshot = self.0.transaction()?;
                let candidates = scan.step(&snapshot, step, now)?;
                let is_last = candidates.is_none();
                for seq in candidates.into_iter().flatten() {
                    items.extend(scan.accept(&snapshot, seq, now)?);
                    if items.len() >= wanted {
                        break;
                    }
                }
                if is_last || items.len() >= wanted {
                    return Ok(Page::new(mem::take(items), *limit));
                }
            }
            step = usize::MAX;
        }
    }

    pub(super) fn get(&mut self, key: EventKey, now: SystemTime) -> Result<Option<StoredEvent>, InboxError> {
        let snapshot = self.0.transaction()?;
        Ok(info::event(&snapshot, key, now)?)
    }

    pub(super) fn depth(&mut self, now: SystemTime) -> Result<Depth, InboxError> {
        let now = micros(now);
        let snapshot = self.0.transaction()?;
        let oldest: Option<i64> =
            snapshot.prepare_cached(OLDEST_READY)?.query_row([now], |row| row.get(0)).optional()?;
        let ready = count(&snapshot, "due INDEXED BY due_by_time WHERE due <= ?1", now)?;
        let leased = "due INDEXED BY due_leased WHERE due > ?1 AND fence IS NOT NULL";
        let leased = count(&snapshot, leased, now)?;
        let delayed = delayed(&snapshot, leased, now)?;
        let over = "dead INDEXED BY dead_by_state WHERE is_parked = ?1";
        Ok(Depth {
            ready,
            delayed,
            leased,
            parked: count(&snapshot, over, 1)?,
            dead: count(&snapshot, over, 0)?,
            oldest_ready: oldest.map(|oldest| Duration::from_micros(now.abs_diff(oldest))),
        })
    }
}

/// Counts the rows of an index up to the limit.
fn count(connection: &Connection, rows: &str, value: i64) -> rusqlite::Result<Count> {
    let sql = format!("SELECT count(*) FROM (SELECT 1 FROM {rows} LIMIT ?2)");
    let number: i64 =
        connection.prepare_cached(&sql)?.query_row([value, MOST_COUNTED + 1], |row| row.get(0))?;
    Ok(counted(number))
}

/// Counts the events that wait without a lease. The index contains leased events, too. Twice the
/// limit is enough to reach the limit, whatever part of them is leased.
fn delayed(connection: &Connection, leased: Count, now: i64) -> rusqlite::Result<Count> {
    let limit = 2 * MOST_COUNTED + 1;
    let waiting = "SELECT count(*) FROM (
        SELECT 1 FROM due INDEXED BY due_by_time WHERE due > ?1 LIMIT ?2)";
    if leased.is_exact() {
        let waiting: i64 = connection.prepare_cached(waiting)?.query_row([now, limit], |row| row.get(0))?;
        return Ok(counted(waiting - i64::try_from(leased.number()).unwrap_or(0)));
    }
    // More events are leased than are counted, which no worker comes close to.
    let free = "SELECT count(*), count(*) FILTER (WHERE fence IS NULL) FROM (
        SELECT fence FROM due INDEXED BY due_by_time WHERE due > ?1 LIMIT ?2)";
    let (waiting, free): (i64, i64) =
        connection.prepare_cached(free)?.query_row([now, limit], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let free = counted(free);
    Ok(if waiting < limit { free } else { Count::at_least(free.number()) })
}

fn counted(number: i64) -> Count {
    Count::up_to(MOST_COUNTED.unsigned_abs(), number.unsigned_abs())
}
