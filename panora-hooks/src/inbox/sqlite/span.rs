//! The part of the events that a search has yet to read.

use std::time::{Duration, SystemTime};

use rusqlite::{Connection, OptionalExtension};

use crate::inbox::{
    Filter,
    time::{micros, whole_micros},
};

/// The most that an event may have arrived before or after the events that were stored with it. The
/// clocks of receivers may differ, and be set.
const DISORDER: Duration = Duration::from_secs(60 * 60);

/// A range of numbers of events: those above `after`, up to `until`.
#[derive(Clone, Copy)]
pub(super) struct Span {
    pub(super) after: i64,
    pub(super) until: i64,
    pub(super) newest_first: bool,
}

impl Span {
    /// All events, oldest first.
    pub(super) const ALL: Self = Self { after: 0, until: i64::MAX, newest_first: false };

    /// Returns the range of the events that may have arrived at the times of a filter.
    ///
    /// Times are not indexed, but nearly in the order of the numbers. Nothing bounds the end of a
    /// range that reaches the present, so there events with a wrong time cannot hide others.
    pub(super) fn of(connection: &Connection, filter: &Filter, now: SystemTime) -> rusqlite::Result<Self> {
        let disorder = whole_micros(DISORDER);
        let mut span = Self::ALL;
        if let Some(from) = filter.received_from {
            span.after = last_before(connection, micros(from).saturating_sub(disorder))?;
        }
        if let Some(before) = filter.received_before {
            let before = micros(before).saturating_add(disorder);
            if before < micros(now) {
                span.until = last_before(connection, before)?;
            }
        }
        Ok(span)
    }

    /// Returns the first events of the range, out of `all` in ascending order.
    pub(super) fn first_of(self, all: &[i64], limit: usize) -> Vec<i64> {
        let [first, end] = [self.after, self.until].map(|last| all.partition_point(|seq| *seq <= last));
        let part = all.get(first..end).unwrap_or_default().iter().copied();
        if self.newest_first { part.rev().take(limit).collect() } else { part.take(limit).collect() }
    }

    /// Returns the last number in the order of the search.
    pub(super) fn last(self) -> i64 {
        if self.newest_first { self.after.saturating_add(1) } else { self.until }
    }

    /// Leaves out an event and those that come before it in the order of the search.
    pub(super) fn skip(&mut self, seq: i64) {
        if self.newest_first {
            self.until = self.until.min(seq.saturating_sub(1));
        } else {
            self.after = self.after.max(seq);
        }
    }
}

/// Returns the last event that arrived before a time, by bisection.
fn last_before(connection: &Connection, time: i64) -> rusqlite::Result<i64> {
    let mut next =
        connection.prepare_cached("SELECT seq, received FROM event WHERE seq >= ?1 ORDER BY seq LIMIT 1")?;
    // Events up to `low` arrived before the time, and events above `high` did not.
    let (mut low, mut high) = (0, last(connection)?);
    while low < high {
        let middle = low + (high - low + 1) / 2;
        let found = next.query_row([middle], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?))).optional()?;
        match found {
            Some((seq, received)) if seq <= high && received < time => low = seq,
            _ => high = middle - 1,
        }
    }
    Ok(low)
}

/// Returns the number of the event that was stored last.
pub(super) fn last(connection: &Connection) -> rusqlite::Result<i64> {
    let last: Option<i64> =
        connection.prepare_cached("SELECT max(seq) FROM event")?.query_row([], |row| row.get(0))?;
    Ok(last.unwrap_or(0))
}
