//! The connection that reads, beside the one that writes.

use std::{
    mem,
    time::{Duration, SystemTime},
};

use rusqlite::{Connection, Transaction};

use super::{
    info,
    queues::{DUE, IS_PAUSED},
    scan::Scan,
    thread::Caller,
};
use crate::inbox::{
    Count, Depth, EventInfo, EventKey, Filter, InboxError, Page, Query, StoredEvent, column, time::micros,
};

/// Counting stops at this number, so that its cost is bounded.
pub(super) const MOST_COUNTED: i64 = 10_000;

/// Returns when the oldest ready event became ready. Paused events do not count.
pub(super) fn oldest_ready(connection: &Connection, now: i64) -> rusqlite::Result<Option<i64>> {
    let oldest = format!(
        "SELECT min((
            SELECT due FROM due INDEXED BY due_by_time
            WHERE due.queue = queue.id AND due <= ?1 ORDER BY due LIMIT 1
         )) FROM queue WHERE NOT {IS_PAUSED}"
    );
    connection.prepare_cached(&oldest)?.query_row([now], |row| row.get(0))
}

/// Reads events.
///
/// The log cannot be emptied past a snapshot that is in use, so no snapshot is held for longer than
/// a step takes.
pub(super) struct Reader(Connection);

impl Reader {
    pub(super) fn new(connection: Connection) -> Self {
        Self(connection)
    }

    /// Returns the connection, for statements that need no common snapshot.
    pub(super) fn connection(&self) -> &Connection {
        &self.0
    }

    /// Begins to read a state of the file that does not change.
    pub(super) fn snapshot(&mut self) -> rusqlite::Result<Transaction<'_>> {
        self.0.transaction()
    }

    pub(super) fn list(
        &mut self,
        query: &Query,
        now: SystemTime,
        caller: Caller<'_>,
    ) -> Result<Page<EventInfo>, InboxError> {
        let Query { filter, after, newest_first, limit } = query;
        let after = after.map(column::seq);
        let ways = Scan::ways(&self.0, filter, now)?.into_iter();
        let ways = ways.map(|scan| scan.in_order(*newest_first, after)).collect();
        // One more shows whether there is a next page.
        let wanted = (*limit as usize).saturating_add(1);
        let items =
            self.search(ways, wanted, now, caller, |scan, snapshot, seq| scan.accept(snapshot, seq, now))?;
        Ok(Page::new(items, *limit))
    }

    /// Counts the events that a filter accepts, up to the limit.
    pub(super) fn count(
        &mut self,
        filter: &Filter,
        now: SystemTime,
        caller: Caller<'_>,
    ) -> Result<Count, InboxError> {
        let ways = Scan::ways(&self.0, filter, now)?;
        let wanted = usize::try_from(MOST_COUNTED + 1).unwrap_or(usize::MAX);
        let found = self.search(ways, wanted, now, caller, |scan, snapshot, seq| {
            if scan.accepts_all() {
                return Ok(Some(()));
            }
            Ok(scan.accept(snapshot, seq, now)?.map(drop))
        })?;
        Ok(Count::up_to(MOST_COUNTED.unsigned_abs(), found.len() as u64))
    }

    /// Searches for the first events that are accepted, in all these ways at once. The first way
    /// that ends is the shortest.
    fn search<T>(
        &mut self,
        ways: Vec<Scan>,
        wanted: usize,
        now: SystemTime,
        caller: Caller<'_>,
        accept: impl Fn(&Scan, &Connection, i64) -> rusqlite::Result<Option<T>>,
    ) -> Result<Vec<T>, InboxError> {
        let mut ways: Vec<_> = ways.into_iter().map(|scan| (scan, Vec::new())).collect();
        // Usually every candidate is accepted, so the first step is the last.
        let mut step = wanted;
        loop {
            for (scan, found) in &mut ways {
                caller.check()?;
                let snapshot = self.0.transaction()?;
                let candidates = scan.step(&snapshot, step, now)?;
                let is_last = candidates.is_none();
                for seq in candidates.into_iter().flatten() {
                    found.extend(accept(scan, &snapshot, seq)?);
                    if found.len() >= wanted {
                        break;
                    }
                }
                if is_last || found.len() >= wanted {
                    return Ok(mem::take(found));
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
        let oldest = oldest_ready(&snapshot, now)?;
        let ready = count(&snapshot, &format!("{DUE} WHERE due.due <= ?1 AND NOT {IS_PAUSED}"), now)?;
        let paused = count(&snapshot, &format!("{DUE} WHERE due.due <= ?1 AND {IS_PAUSED}"), now)?;
        let leased = "due INDEXED BY due_leased WHERE due > ?1 AND fence IS NOT NULL";
        let leased = count(&snapshot, leased, now)?;
        let delayed = delayed(&snapshot, leased, now)?;
        let over = "dead INDEXED BY dead_by_state WHERE is_parked = ?1";
        Ok(Depth {
            ready,
            paused,
            waiting: count(&snapshot, "waiting WHERE seq > ?1", 0)?,
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
    if leased.is_exact() {
        let waiting = format!("SELECT count(*) FROM (SELECT 1 FROM {DUE} WHERE due.due > ?1 LIMIT ?2)");
        let waiting: i64 = connection.prepare_cached(&waiting)?.query_row([now, limit], |row| row.get(0))?;
        return Ok(counted(waiting - i64::try_from(leased.number()).unwrap_or(0)));
    }
    // More events are leased than are counted, which no worker comes close to.
    let free = format!(
        "SELECT count(*), count(*) FILTER (WHERE fence IS NULL) FROM (
            SELECT fence FROM {DUE} WHERE due.due > ?1 LIMIT ?2)"
    );
    let (waiting, free): (i64, i64) =
        connection.prepare_cached(&free)?.query_row([now, limit], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let free = counted(free);
    Ok(if waiting < limit { free } else { Count::at_least(free.number()) })
}

fn counted(number: i64) -> Count {
    Count::up_to(MOST_COUNTED.unsigned_abs(), number.unsigned_abs())
}
