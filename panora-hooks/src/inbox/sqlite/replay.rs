//! Replaying and discarding events that an operator has selected.

use std::time::SystemTime;

use rusqlite::{Connection, Transaction, params};

use super::{attempts, batch::Operation, content, queue::insert_due, queues, scan::Scan};
use crate::inbox::{EventInfo, EventState, Select, column, time::micros};

/// Makes selected events ready.
pub(super) struct Replay(pub(super) Select);

impl Operation for Replay {
    fn scan(&self, connection: &Connection, now: SystemTime) -> rusqlite::Result<Scan> {
        Scan::selected(connection, &self.0, now)
    }

    fn weigh(&self, event: &EventInfo) -> Option<u64> {
        let is_over = !matches!(event.state, EventState::Ready | EventState::Leased);
        // An event without data was pruned.
        (is_over && event.size.is_some()).then_some(0)
    }

    fn apply(&self, change: &Transaction<'_>, event: &EventInfo, now: SystemTime) -> rusqlite::Result<()> {
        take(change, event)?;
        let has_run = matches!(event.state, EventState::Dead | EventState::Done);
        let seq = column::seq(event.key);
        let run = if has_run { attempts::next_run(change, seq, event.run)? } else { event.run };
        insert_due(change, seq, micros(now), Some(run), queues::of_event(change, seq)?)
    }
}

/// Removes an event from the table of its state.
fn take(change: &Transaction<'_>, event: &EventInfo) -> rusqlite::Result<()> {
    let delete = match event.state {
        EventState::Parked | EventState::Dead => "DELETE FROM dead WHERE seq = ?1",
        EventState::Done => "DELETE FROM done WHERE seq = ?1",
        _ => "DELETE FROM due WHERE seq = ?1",
    };
    change.prepare_cached(delete)?.execute([column::seq(event.key)]).map(drop)
}

/// Drops events for good. They are then done and pruned.
pub(super) struct Discard(pub(super) Select);

impl Operation for Discard {
    fn scan(&self, connection: &Connection, now: SystemTime) -> rusqlite::Result<Scan> {
        match &self.0 {
            Select::All(filter) if filter.state.is_none() => Scan::over(connection, filter),
            which => Scan::selected(connection, which, now),
        }
    }

    fn weigh(&self, event: &EventInfo) -> Option<u64> {
        self.0.discards(event.state).then_some(event.size.unwrap_or(0))
    }

    fn apply(&self, change: &Transaction<'_>, event: &EventInfo, now: SystemTime) -> rusqlite::Result<()> {
        take(change, event)?;
        let seq = column::seq(event.key);
        content::drop_data(change, seq)?;
        attempts::drop_all(change, seq)?;
        change
            .prepare_cached("INSERT INTO done(seq, at, attempts, is_pruned, run) VALUES (?1, ?2, ?3, 1, ?4)")?
            .execute(params![seq, micros(now), event.attempts, event.run])
            .map(drop)
    }
}
