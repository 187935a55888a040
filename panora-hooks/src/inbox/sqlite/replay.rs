//! Replaying and discarding events that an operator has selected.

use std::{collections::HashSet, time::SystemTime};

use rusqlite::{Connection, Transaction, params};

use super::{attempts, batch::Operation, content, lanes, queues, scan::Scan};
use crate::inbox::{EventInfo, EventState, Lane, Select, column, time::micros};

/// Makes selected events ready.
pub(super) struct Replay(pub(super) Select);

impl Operation for Replay {
    fn scan(&self, connection: &Connection, now: SystemTime) -> rusqlite::Result<Scan> {
        Scan::selected(connection, &self.0, now)
    }

    fn weigh(&self, event: &EventInfo) -> Option<u64> {
        let is_over = !matches!(event.state, EventState::Ready | EventState::Waiting | EventState::Leased);
        // An event without data was pruned.
        (is_over && event.size.is_some()).then_some(0)
    }

    fn apply(
        &mut self,
        change: &Transaction<'_>,
        event: &EventInfo,
        now: SystemTime,
    ) -> rusqlite::Result<()> {
        let (seq, now) = (column::seq(event.key), micros(now));
        if event.state == EventState::Delayed {
            // It stays the head of its lane.
            return change
                .prepare_cached("UPDATE due SET due = ?2, attempts = 0, asked = NULL WHERE seq = ?1")?
                .execute([seq, now])
                .map(drop);
        }
        take(change, event, now)?;
        let has_run = matches!(event.state, EventState::Dead | EventState::Done);
        let run = if has_run { attempts::next_run(change, seq, event.run)? } else { event.run };
        let (queue, lane) = (queues::of_event(change, seq)?, lanes::of_event(change, seq)?);
        lanes::insert(change, seq, now, Some(run), queue, lane)
    }
}

/// Removes an event from the table of its state.
fn take(change: &Transaction<'_>, event: &EventInfo, now: i64) -> rusqlite::Result<()> {
    let seq = column::seq(event.key);
    let delete = match event.state {
        EventState::Parked | EventState::Dead => "DELETE FROM dead WHERE seq = ?1",
        EventState::Done => "DELETE FROM done WHERE seq = ?1",
        EventState::Waiting => "DELETE FROM waiting WHERE seq = ?1",
        EventState::Ready | EventState::Delayed | EventState::Leased => {
            let mut delete = change.prepare_cached("DELETE FROM due WHERE seq = ?1 RETURNING lane")?;
            let lane = delete.query_row([seq], |row| row.get(0))?;
            return lanes::promote(change, lane, now);
        }
    };
    change.prepare_cached(delete)?.execute([seq]).map(drop)
}

/// Drops events for good. They are then done and pruned.
pub(super) struct Discard {
    which: Select,
    /// The lanes whose heads were dropped.
    dropped: HashSet<Lane>,
}

impl Discard {
    pub(super) fn new(which: Select) -> Self {
        Self { which, dropped: HashSet::new() }
    }

    /// Returns whether dropping another event has made this one the head of its lane. The filter
    /// did not select it before.
    fn is_promoted(&self, event: &EventInfo) -> bool {
        let is_selected = matches!(self.which, Select::Keys(_));
        !is_selected && event.is_head() && event.lane.is_some_and(|lane| self.dropped.contains(&lane))
    }
}

impl Operation for Discard {
    fn scan(&self, connection: &Connection, now: SystemTime) -> rusqlite::Result<Scan> {
        match &self.which {
            Select::All(filter) if filter.state.is_none() => Scan::over(connection, filter),
            which => Scan::selected(connection, which, now),
        }
    }

    fn weigh(&self, event: &EventInfo) -> Option<u64> {
        let discards = self.which.discards(event.state) && !self.is_promoted(event);
        discards.then_some(event.size.unwrap_or(0))
    }

    fn apply(
        &mut self,
        change: &Transaction<'_>,
        event: &EventInfo,
        now: SystemTime,
    ) -> rusqlite::Result<()> {
        if event.is_head() {
            self.dropped.extend(event.lane);
        }
        take(change, event, micros(now))?;
        let seq = column::seq(event.key);
        content::drop_data(change, seq)?;
        attempts::drop_all(change, seq)?;
        change
            .prepare_cached("INSERT INTO done(seq, at, attempts, is_pruned, run) VALUES (?1, ?2, ?3, 1, ?4)")?
            .execute(params![seq, micros(now), event.attempts, event.run])
            .map(drop)
    }
}
