//! Storing events.

use std::{
    mem,
    time::{Duration, SystemTime},
};

use rusqlite::{OptionalExtension, Transaction, params};

use super::{
    content, lanes,
    queue::{Durability, Queue, ROW_BYTES},
    queues,
    read::oldest_ready,
    states::{Reason, insert_dead},
};
use crate::inbox::{InboxError, Lane, NewEvent, ParkReason, Put, column, event::MAX_REPLAYS, time::micros};

impl Queue {
    pub(super) fn put(&mut self, batch: &[NewEvent], now: SystemTime) -> Result<Vec<Put>, InboxError> {
        let bytes: usize = batch.iter().map(|event| event.size() + ROW_BYTES).sum();
        // Forgotten if the transaction fails, because it may have added queues.
        let queues = mem::take(&mut self.queues);
        let (puts, queues) = self.change(Durability::Full, bytes, |change| {
            if batch.is_empty() {
                change.prepare_cached("UPDATE probe SET written = ?1")?.execute([micros(now)])?;
                return Ok((Vec::new(), queues));
            }
            let mut storage = Storage { change, next: next_seq(change)?, now: micros(now), queues };
            let puts = batch.iter().map(|event| storage.put(event)).collect::<rusqlite::Result<_>>()?;
            Ok((puts, storage.queues))
        })?;
        self.queues = queues;
        Ok(puts)
    }
}

impl Queue {
    /// Writes to find out whether the file is writable. Returns how long the oldest ready event has
    /// been ready.
    pub(super) fn probe(&mut self, now: SystemTime) -> Result<Option<Duration>, InboxError> {
        let now = micros(now);
        self.change(Durability::Full, ROW_BYTES, |change| {
            change.prepare_cached("UPDATE probe SET written = ?1")?.execute([now])?;
            Ok(oldest_ready(change, now)?.map(|oldest| Duration::from_micros(now.abs_diff(oldest))))
        })
    }
}

/// Returns the number of the next event. No event ever had it, even if all events are forgotten by
/// now.
fn next_seq(change: &Transaction<'_>) -> rusqlite::Result<i64> {
    let last: i64 = change
        .prepare_cached(
            "SELECT max(coalesce((SELECT max(seq) FROM event), 0), (SELECT max(seq) FROM forgotten))",
        )?
        .query_row([], |row| row.get(0))?;
    Ok(last + 1)
}

/// The state of one batch.
struct Storage<'t> {
    change: &'t Transaction<'t>,
    next: i64,
    now: i64,
    queues: queues::Numbers,
}

/// The stored events that have the same content.
struct Same {
    /// The event with the same identity.
    identical: Option<i64>,
    /// The first event.
    original: Option<i64>,
    /// The number of events. Not all of them are counted if there are more than the limit allows.
    count: usize,
}

impl Storage<'_> {
    fn put(&mut self, event: &NewEvent) -> rusqlite::Result<Put> {
        if !event.is_unique() {
            return self.store(event, event.park_reason(), false);
        }
        let same = self.same(event)?;
        if let Some(identical) = same.identical {
            return Ok(Put::Duplicate(column::key(identical)));
        }
        let Some(original) = same.original else { return self.store(event, event.park_reason(), false) };
        if same.count > MAX_REPLAYS {
            return Ok(Put::Duplicate(column::key(original)));
        }
        let is_shared = content::holder(self.change, event.content())?.is_some();
        self.store(event, Some(ParkReason::Replayed), is_shared)
    }

    fn same(&self, event: &NewEvent) -> rusqlite::Result<Same> {
        let (first, last) = content::identities(event.content());
        let mut find = self.change.prepare_cached(
            "SELECT seq, key = ?3 FROM event INDEXED BY event_key WHERE key BETWEEN ?1 AND ?2 LIMIT ?4",
        )?;
        let limit = i64::try_from(MAX_REPLAYS + 1).unwrap_or(i64::MAX);
        let mut rows = find.query(params![first, last, event.identity(), limit])?;
        let mut same = Same { identical: None, original: None, count: 0 };
        while let Some(row) = rows.next()? {
            let seq = row.get(0)?;
            same.count += 1;
            same.original = Some(same.original.map_or(seq, |first| seq.min(first)));
            if row.get(1)? {
                same.identical = Some(seq);
            }
        }
        // Version 1 of the format had no limit, so the identical event may be among those that were
        // not read.
        if same.identical.is_none() && same.count > MAX_REPLAYS {
            same.identical = self.find(event)?;
        }
        Ok(same)
    }

    fn find(&self, event: &NewEvent) -> rusqlite::Result<Option<i64>> {
        self.change
            .prepare_cached("SELECT seq FROM event WHERE key = ?1")?
            .query_row([event.identity()], |row| row.get(0))
            .optional()
    }

    /// Stores an event unless it is stored already. An event that shares its data does not hold it.
    fn store(
        &mut self,
        event: &NewEvent,
        park: Option<ParkReason>,
        is_shared: bool,
    ) -> rusqlite::Result<Put> {
        let seq = self.next;
        let queue = queues::number(self.change, &mut self.queues, event.queue())?;
        let lane = event.lane().map(Lane::to_bytes);
        let (data, shares) = if is_shared { (None, Some(1)) } else { (Some(event.data()), None) };
        let stored = self
            .change
            .prepare_cached(
                "INSERT INTO event(seq, key, id_event, type, received, data, shares, queue, lane)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT(key) DO NOTHING",
            )?
            .execute(params![
                seq,
                event.identity(),
                event.id(),
                event.wire_type(),
                micros(event.received_at()),
                data,
                shares,
                queue,
                lane,
            ])?;
        if stored == 0 {
            // The statement does nothing only if the identity is stored already.
            let there = self.find(event)?.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
            return Ok(Put::Duplicate(column::key(there)));
        }
        self.next += 1;
        let key = column::key(seq);
        let Some(reason) = park else {
            lanes::insert(self.change, seq, self.now, None, queue, lane)?;
            return Ok(Put::Stored(key));
        };
        insert_dead(self.change, seq, self.now, &Reason::Parked(reason))?;
        Ok(Put::Parked(key, reason))
    }
}
