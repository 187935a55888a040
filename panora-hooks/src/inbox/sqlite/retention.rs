//! What is dropped, and when.

use std::time::SystemTime;

use rusqlite::{Transaction, params};

use super::{
    queue::{Queue, ROW_BYTES, Sync},
    select,
};
use crate::inbox::{EventInfo, EventState, Filter, InboxError, Select, column, time::micros};

/// No more data than this is dropped at once, in bytes, unless a single event has more: SQLite reads what it frees.
const MAX_DROPPED_BYTES: u64 = 8 * 1024 * 1024;

impl Queue {
    pub(super) fn prune(&mut self, done_before: SystemTime, max: u32) -> Result<u64, InboxError> {
        self.change(Sync::Normal, max as usize * ROW_BYTES, |change| {
            let mut old = change.prepare_cached(
                "SELECT seq, octet_length(data) FROM done CROSS JOIN event USING (seq)
                 WHERE is_pruned = 0 AND at < ?1 ORDER BY at LIMIT ?2",
            )?;
            let old = old.query_map([micros(done_before), max.into()], |row| {
                Ok((row.get(0)?, row.get::<_, Option<i64>>(1)?.unwrap_or(0).unsigned_abs()))
            })?;
            let old: Vec<(i64, u64)> = old.collect::<rusqlite::Result<_>>()?;
            let (mut bytes, mut pruned) = (0, 0);
            for (seq, size) in old {
                bytes += size;
                // Nothing can be stored meanwhile. The rest is for the next time.
                if pruned > 0 && bytes > MAX_DROPPED_BYTES {
                    break;
                }
                change.prepare_cached("UPDATE event SET data = NULL WHERE seq = ?1")?.execute([seq])?;
                change.prepare_cached("UPDATE done SET is_pruned = 1 WHERE seq = ?1")?.execute([seq])?;
                pruned += 1;
            }
            Ok(pruned)
        })
    }

    pub(super) fn forget(&mut self, done_before: SystemTime, max: u32) -> Result<u64, InboxError> {
        self.change(Sync::Normal, max as usize * ROW_BYTES, |change| {
            // The last number stays, so that it is not given again.
            let mut old = change.prepare_cached(
                "SELECT seq FROM done WHERE is_pruned = 1 AND at < ?1
                 AND seq < (SELECT max(seq) FROM event) ORDER BY at LIMIT ?2",
            )?;
            let old = old.query_map([micros(done_before), max.into()], |row| row.get(0))?;
            let old: Vec<i64> = old.collect::<rusqlite::Result<_>>()?;
            for seq in &old {
                change.prepare_cached("DELETE FROM event WHERE seq = ?1")?.execute([seq])?;
                change.prepare_cached("DELETE FROM done WHERE seq = ?1")?.execute([seq])?;
            }
            Ok(old.len() as u64)
        })
    }

    pub(super) fn discard(&mut self, which: &Select, max: u32, now: SystemTime) -> Result<u64, InboxError> {
        self.change(Sync::Full, max as usize * ROW_BYTES, |change| {
            let (mut bytes, mut discarded) = (0, 0);
            for event in over(change, which, max, now)? {
                bytes += event.size.unwrap_or(0);
                if discarded > 0 && bytes > MAX_DROPPED_BYTES {
                    break;
                }
                let seq = column::seq(event.key);
                change.prepare_cached("DELETE FROM dead WHERE seq = ?1")?.execute([seq])?;
                change.prepare_cached("UPDATE event SET data = NULL WHERE seq = ?1")?.execute([seq])?;
                change
                    .prepare_cached("INSERT INTO done(seq, at, attempts, is_pruned) VALUES (?1, ?2, ?3, 1)")?
                    .execute(params![seq, micros(now), event.attempts])?;
                discarded += 1;
            }
            Ok(discarded)
        })
    }
}

/// Up to `max` parked and dead events of those that are selected.
fn over(
    change: &Transaction<'_>,
    which: &Select,
    max: u32,
    now: SystemTime,
) -> rusqlite::Result<Vec<EventInfo>> {
    let is_over = |state| matches!(state, EventState::Parked | EventState::Dead);
    let mut found = Vec::new();
    match which {
        Select::Keys(_) => {
            found = select::selected(change, which, now)?;
            found.retain(|event| is_over(event.state));
        }
        Select::All(filter) => {
            for state in [EventState::Parked, EventState::Dead] {
                if filter.state.is_none_or(|wanted| wanted == state) {
                    let filter = Filter { state: Some(state), ..filter.clone() };
                    found.extend(select::page(change, &filter, None, max, now)?);
                }
            }
        }
    }
    found.truncate(max as usize);
    Ok(found)
}
