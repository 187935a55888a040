//! Groups of dead events by their error and type.

use std::cmp::Reverse;

use rusqlite::{Connection, OptionalExtension, params};

use super::{
    fingerprint,
    read::{MOST_COUNTED, Reader},
    thread::Caller,
};
use crate::inbox::{Count, ErrorGroup, InboxError, time::time};

/// The most groups that are looked at.
const MAX_GROUPS: usize = 1000;

/// The most rows of the index that are counted, of all groups together.
const MAX_ROWS: i64 = 100_000;

/// The numbers at which counting stops, one after the other. So each group is counted to the first
/// number before large ones take the rows that are left.
const STOPS: [i64; 3] = [MAX_ROWS / 1000, 1000, MOST_COUNTED];

/// A group in the index. Types that agree in their first 64 characters are one group.
struct Group {
    error: i64,
    prefix: String,
    count: Count,
}

impl Reader {
    /// Returns the largest groups. Each statement reads a snapshot of its own, so a group may be
    /// gone before it is read.
    pub(super) fn error_groups(
        &mut self,
        limit: u32,
        caller: Caller<'_>,
    ) -> Result<Vec<ErrorGroup>, InboxError> {
        let connection = self.connection();
        let mut groups: Vec<Group> = Vec::new();
        while groups.len() < MAX_GROUPS
            && let Some(next) = next(connection, groups.last())?
        {
            caller.check()?;
            groups.push(next);
        }
        count(connection, &mut groups, caller)?;
        groups.sort_by_key(|group| Reverse(group.count.number()));
        groups.truncate(limit as usize);
        let mut found = Vec::new();
        for group in groups {
            caller.check()?;
            found.extend(read(connection, &group)?);
        }
        Ok(found)
    }
}

/// Finds the first group after another, without reading the events of that one.
fn next(connection: &Connection, last: Option<&Group>) -> rusqlite::Result<Option<Group>> {
    let group = |error, prefix| Group { error, prefix, count: Count::at_least(1) };
    let error = match last {
        None => -1,
        Some(last) => {
            let same_error = connection
                .prepare_cached(
                    "SELECT prefix FROM dead INDEXED BY dead_by_error_and_type
                     WHERE is_parked = 0 AND coalesce(fingerprint, 0) = ?1 AND prefix > ?2
                     ORDER BY prefix LIMIT 1",
                )?
                .query_row(params![last.error, last.prefix], |row| row.get(0))
                .optional()?;
            if let Some(prefix) = same_error {
                return Ok(Some(group(last.error, prefix)));
            }
            last.error
        }
    };
    connection
        .prepare_cached(
            "SELECT coalesce(fingerprint, 0), prefix FROM dead INDEXED BY dead_by_error_and_type
             WHERE is_parked = 0 AND coalesce(fingerprint, 0) > ?1 AND prefix >= ''
             ORDER BY coalesce(fingerprint, 0), prefix LIMIT 1",
        )?
        .query_row([error], |row| Ok(group(row.get(0)?, row.get(1)?)))
        .optional()
}

/// Counts the events of groups, until too many rows are read.
fn count(connection: &Connection, groups: &mut [Group], caller: Caller<'_>) -> Result<(), InboxError> {
    let mut count = connection.prepare_cached(
        "SELECT count(*) FROM (
             SELECT 1 FROM dead INDEXED BY dead_by_error_and_type
             WHERE is_parked = 0 AND coalesce(fingerprint, 0) = ?1 AND prefix = ?2 LIMIT ?3)",
    )?;
    let mut left = MAX_ROWS;
    for stop in STOPS {
        for group in groups.iter_mut().filter(|group| !group.count.is_exact()) {
            caller.check()?;
            if left <= stop {
                return Ok(());
            }
            let limit = stop + 1;
            let number: i64 = count.query_row(params![group.error, group.prefix, limit], |row| row.get(0))?;
            group.count = Count::up_to(stop.unsigned_abs(), number.unsigned_abs());
            left -= number;
        }
    }
    Ok(())
}

/// Reads the first and the last event of a group. Returns `None` if it has no events by now.
fn read(connection: &Connection, group: &Group) -> rusqlite::Result<Option<ErrorGroup>> {
    let event = |order: &str| {
        let sql = format!(
            "SELECT event.type, event.received, dead.reason
             FROM dead INDEXED BY dead_by_error_and_type CROSS JOIN event USING (seq)
             WHERE is_parked = 0 AND coalesce(fingerprint, 0) = ?1 AND prefix = ?2
             ORDER BY dead.seq {order} LIMIT 1"
        );
        connection
            .prepare_cached(&sql)?
            .query_row(params![group.error, group.prefix], |row| {
                Ok((row.get(0)?, time(row.get(1)?), row.get(2)?))
            })
            .optional()
    };
    let Some((wire_type, newest, example)) = event("DESC")? else { return Ok(None) };
    let oldest = event("ASC")?.map_or(newest, |(_, oldest, _): (String, _, String)| oldest);
    let found = ErrorGroup::new(fingerprint::of(group.error), wire_type, newest, example);
    Ok(Some(ErrorGroup { count: group.count, oldest, ..found }))
}
