//! The connection that reads, beside the one that writes.

use std::time::{Duration, SystemTime};

use rusqlite::Connection;

use super::select;
use crate::inbox::{
    Count, Depth, EventInfo, EventKey, InboxError, Page, Query, StoredEvent, column, time::micros,
};

/// The events in the file, for who looks at them.
pub(super) struct Reader(Connection);

impl Reader {
    pub(super) fn new(connection: Connection) -> Self {
        Self(connection)
    }

    pub(super) fn list(&mut self, query: &Query, now: SystemTime) -> Result<Page<EventInfo>, InboxError> {
        let Query { filter, after, limit } = query;
        Ok(Page::new(select::page(&self.0, filter, *after, *limit, now)?, *limit))
    }

    pub(super) fn get(&mut self, key: EventKey, now: SystemTime) -> Result<Option<StoredEvent>, InboxError> {
        // Of one moment.
        let snapshot = self.0.transaction()?;
        let Some(info) = select::one(&snapshot, key, now)? else { return Ok(None) };
        let mut data = snapshot.prepare_cached("SELECT data FROM event WHERE seq = ?1")?;
        let data = data.query_row([column::seq(key)], |row| row.get(0))?;
        Ok(Some(StoredEvent::new(info, data)))
    }

    pub(super) fn depth(&mut self, now: SystemTime) -> Result<Depth, InboxError> {
        let now = micros(now);
        let snapshot = self.0.transaction()?;
        let count = |sql: &str, value: i64| -> rusqlite::Result<Count> {
            let count: i64 = snapshot.prepare_cached(sql)?.query_row([value], |row| row.get(0))?;
            Ok(Count::exactly(count.unsigned_abs()))
        };
        let oldest: Option<i64> = snapshot
            .prepare_cached("SELECT min(due) FROM due WHERE due <= ?1")?
            .query_row([now], |row| row.get(0))?;
        Ok(Depth {
            ready: count("SELECT count(*) FROM due WHERE due <= ?1", now)?,
            delayed: count("SELECT count(*) FROM due WHERE due > ?1 AND fence IS NULL", now)?,
            leased: count("SELECT count(*) FROM due WHERE due > ?1 AND fence IS NOT NULL", now)?,
            parked: count("SELECT count(*) FROM dead WHERE is_parked = ?1", 1)?,
            dead: count("SELECT count(*) FROM dead WHERE is_parked = ?1", 0)?,
            oldest_ready: oldest.map(|oldest| Duration::from_micros(now.abs_diff(oldest))),
        })
    }
}
