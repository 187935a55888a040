//! The connection that writes.

use std::{
    fs::File,
    time::{Duration, SystemTime},
};

use bytestring::ByteString;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, TransactionBehavior, params};

use super::{checkpoint::Checkpointer, select};
use crate::inbox::{
    Decision, EventState, InboxError, LeaseRequest, LeaseToken, Leased, NewEvent, ParkReason, Put, Select,
    Settled, Settlement, column,
    lease::MAX_LEASED_BYTES,
    time::{micros, time, whole_micros},
};

/// At so many pages in the log, 64 MiB, this connection checkpoints itself, if the other one has not.
const CHECKPOINT_PAGES: u32 = 16_000;

/// The same for a receiver that has no other one.
const CHECKPOINT_PAGES_ALONE: u32 = 4_000;

/// About what a row takes in the log beside its data: parts of the pages of its tables and indexes.
pub(super) const ROW_BYTES: usize = 4096;

/// The events in the file, for who changes them.
pub(super) struct Queue {
    connection: Connection,
    checkpointer: Option<Checkpointer>,
    sync: Sync,
    /// Whether the system has failed to sync the file. What it had not synced by then it may have forgotten.
    is_suspect: bool,
    /// Held, not read. The last field: it is unlocked when the connection is closed.
    _lock: Option<File>,
}

/// What a commit waits for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Sync {
    /// The disk.
    Full,
    /// Nothing. If the power fails, the last changes are lost; if the process dies, none is.
    Normal,
}

impl Queue {
    /// For a receiver, which has `lock`.
    pub(super) fn for_receiver(
        connection: Connection,
        checkpointer: Option<Checkpointer>,
        lock: File,
    ) -> rusqlite::Result<Self> {
        let pages = if checkpointer.is_some() { CHECKPOINT_PAGES } else { CHECKPOINT_PAGES_ALONE };
        Self::new(connection, pages, checkpointer, Some(lock))
    }

    /// For a tool. It leaves checkpoints to the receiver: with some versions of SQLite, two that write must not both
    /// do them.
    pub(super) fn for_tool(connection: Connection) -> rusqlite::Result<Self> {
        Self::new(connection, 0, None, None)
    }

    fn new(
        connection: Connection,
        checkpoint_pages: u32,
        checkpointer: Option<Checkpointer>,
        lock: Option<File>,
    ) -> rusqlite::Result<Self> {
        connection.pragma_update(None, "wal_autocheckpoint", checkpoint_pages)?;
        connection.pragma_update(None, "cache_size", -64 * 1024)?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        Ok(Self { connection, checkpointer, sync: Sync::Full, is_suspect: false, _lock: lock })
    }

    pub(super) fn put(&mut self, batch: &[NewEvent], now: SystemTime) -> Result<Vec<Put>, InboxError> {
        let bytes: usize = batch.iter().map(|event| event.size() + ROW_BYTES).sum();
        self.change(Sync::Full, bytes, |change| {
            if batch.is_empty() {
                change.prepare_cached("UPDATE probe SET written = ?1")?.execute([micros(now)])?;
            }
            batch.iter().map(|event| put(change, event, now)).collect()
        })
    }

    pub(super) fn lease(
        &mut self,
        request: &LeaseRequest,
        now: SystemTime,
    ) -> Result<Vec<Leased>, InboxError> {
        let LeaseRequest { max, lease_for } = *request;
        let (now, until) = (micros(now), micros(now).saturating_add(whole_micros(lease_for)));
        // Looking takes no lock, and mostly there is nothing.
        let mut due = self.connection.prepare_cached("SELECT 1 FROM due WHERE due <= ?1 LIMIT 1")?;
        if !due.exists([now])? {
            return Ok(Vec::new());
        }
        drop(due);
        self.change(Sync::Normal, max as usize * 64, |change| {
            let mut due = change.prepare_cached(
                "SELECT due.seq, due.attempts, due.fence, event.key, event.id_event, event.type,
                        event.received, event.data
                 FROM due CROSS JOIN event USING (seq)
                 WHERE due.due <= ?1 ORDER BY due.due, due.seq LIMIT ?2",
            )?;
            let mut rows = due.query([now, max.into()])?;
            let mut leased = Vec::new();
            let mut bytes = 0;
            while let Some(row) = rows.next()? {
                let event = lease(row)?;
                bytes += event.data.len();
                if bytes > MAX_LEASED_BYTES as usize && !leased.is_empty() {
                    break;
                }
                leased.push(event);
            }
            drop(rows);
            let mut take = change.prepare_cached(
                "UPDATE due SET due = ?2, attempts = attempts + 1, fence = ?3 WHERE seq = ?1",
            )?;
            for Leased { token, .. } in &leased {
                take.execute([column::seq(token.key()), until, column::fence(*token)])?;
            }
            Ok(leased)
        })
    }

    pub(super) fn settle(
        &mut self,
        items: &[Settlement],
        now: SystemTime,
    ) -> Result<Vec<Settled>, InboxError> {
        self.change(Sync::Normal, items.len() * 64, |change| {
            items.iter().map(|item| settle(change, item.token, &item.decision, micros(now))).collect()
        })
    }

    pub(super) fn replay(&mut self, which: &Select, max: u32, now: SystemTime) -> Result<u64, InboxError> {
        self.change(Sync::Full, 0, |change| {
            let mut replayed = 0;
            for event in select::selected(change, which, now)? {
                let table = match event.state {
                    _ if event.size.is_none() => continue,
                    EventState::Ready | EventState::Leased => continue,
                    EventState::Delayed => "due",
                    EventState::Parked | EventState::Dead => "dead",
                    EventState::Done => "done",
                };
                if replayed >= u64::from(max) {
                    break;
                }
                let seq = column::seq(event.key);
                change.prepare_cached(&format!("DELETE FROM {table} WHERE seq = ?1"))?.execute([seq])?;
                insert_due(change, seq, micros(now))?;
                replayed += 1;
            }
            Ok(replayed)
        })
    }

    /// Makes ready what somebody has leased who is dead, which still counts as interrupted, and what was never tried:
    /// that is delayed only if the clock has gone back.
    pub(super) fn free_leases(&mut self, now: SystemTime) -> Result<(), InboxError> {
        self.change(Sync::Normal, 0, |change| {
            change.execute(
                "UPDATE due SET due = ?1 WHERE due > ?1 AND attempts = 0 AND fence IS NULL",
                [micros(now)],
            )?;
            let freed = change
                .execute("UPDATE due SET due = ?1 WHERE due > ?1 AND fence IS NOT NULL", [micros(now)])?;
            if freed > 0 {
                tracing::warn!(events = freed, "events were interrupted, and run again");
            }
            Ok(())
        })
    }

    pub(super) fn expedite(
        &mut self,
        longest_delay: Duration,
        max: u32,
        now: SystemTime,
    ) -> Result<u64, InboxError> {
        let (now, longest_delay) = (micros(now), whole_micros(longest_delay));
        self.change(Sync::Normal, max as usize * 64, |change| {
            let mut expedite = change.prepare_cached(
                "UPDATE due SET due = iif(fence IS NULL, ?1, ?2)
                 WHERE seq IN (SELECT seq FROM due WHERE due > ?2 ORDER BY due DESC LIMIT ?3)",
            )?;
            let late = now.saturating_add(longest_delay);
            Ok(expedite.execute([now, late, max.into()])? as u64)
        })
    }

    /// One transaction, which writes about so many bytes to the log.
    pub(super) fn change<T>(
        &mut self,
        sync: Sync,
        bytes: usize,
        change: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, InboxError> {
        let changed = self.try_change(sync, change);
        if let Err(error) = &changed {
            self.is_suspect |= is_sync_failure(error);
        }
        if let Some(checkpointer) = &mut self.checkpointer {
            checkpointer.wrote(bytes);
        }
        Ok(changed?)
    }

    fn try_change<T>(
        &mut self,
        sync: Sync,
        change: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<T> {
        if self.is_suspect {
            self.write_anew()?;
        }
        if sync != self.sync {
            let mode = if sync == Sync::Full { "FULL" } else { "NORMAL" };
            self.connection.pragma_update(None, "synchronous", mode)?;
            self.sync = sync;
        }
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let changed = change(&transaction)?;
        transaction.commit()?;
        Ok(changed)
    }

    /// Writes all that the log holds to the database, and begins a new log.
    ///
    /// When a sync fails, the system marks what it could not write as written; another sync would succeed and
    /// write nothing. So nothing is added to that log.
    fn write_anew(&mut self) -> rusqlite::Result<()> {
        let is_busy: bool =
            self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
        if is_busy {
            let busy = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_BUSY);
            return Err(rusqlite::Error::SqliteFailure(busy, None));
        }
        self.is_suspect = false;
        Ok(())
    }
}

fn is_sync_failure(error: &rusqlite::Error) -> bool {
    use rusqlite::ffi::{SQLITE_IOERR_DIR_FSYNC, SQLITE_IOERR_FSYNC};

    let code = error.sqlite_error().map(|error| error.extended_code);
    matches!(code, Some(SQLITE_IOERR_FSYNC | SQLITE_IOERR_DIR_FSYNC))
}

fn put(change: &Transaction<'_>, event: &NewEvent, now: SystemTime) -> rusqlite::Result<Put> {
    let key = event.identity();
    let stored = change
        .prepare_cached(
            "INSERT INTO event(key, id_event, type, received, data) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT(key) DO NOTHING",
        )?
        .execute(params![key, event.id(), event.wire_type(), micros(event.received_at()), event.data()])?;
    if stored == 0 {
        let there = change
            .prepare_cached("SELECT seq FROM event WHERE key = ?1")?
            .query_row([key], |row| row.get(0))?;
        return Ok(Put::Duplicate(column::key(there)));
    }
    let seq = change.last_insert_rowid();
    let is_replayed = event.is_unique() && is_known(change, event.content(), seq)?;
    let park = if is_replayed { Some(ParkReason::Replayed) } else { event.park_reason() };
    let key = column::key(seq);
    let Some(reason) = park else {
        insert_due(change, seq, micros(now))?;
        return Ok(Put::Stored(key));
    };
    insert_dead(change, seq, micros(now), 0, Some(reason), reason.as_str())?;
    Ok(Put::Parked(key, reason))
}

/// Whether there is an event with this content besides this one.
fn is_known(change: &Transaction<'_>, content: &[u8; 32], seq: i64) -> rusqlite::Result<bool> {
    let (mut first, mut last) = ([0; 48], [u8::MAX; 48]);
    first[..32].copy_from_slice(content);
    last[..32].copy_from_slice(content);
    change
        .prepare_cached("SELECT 1 FROM event WHERE key BETWEEN ?1 AND ?2 AND seq <> ?3 LIMIT 1")?
        .exists(params![first, last, seq])
}

fn insert_due(change: &Transaction<'_>, seq: i64, due: i64) -> rusqlite::Result<()> {
    let mut insert = change.prepare_cached("INSERT INTO due(seq, due, attempts) VALUES (?1, ?2, 0)")?;
    insert.execute([seq, due]).map(drop)
}

fn insert_dead(
    change: &Transaction<'_>,
    seq: i64,
    at: i64,
    attempts: i64,
    park: Option<ParkReason>,
    reason: &str,
) -> rusqlite::Result<()> {
    change
        .prepare_cached("INSERT INTO dead(seq, at, attempts, is_parked, reason) VALUES (?1, ?2, ?3, ?4, ?5)")?
        .execute(params![seq, at, attempts, park.is_some(), reason])
        .map(drop)
}

fn lease(row: &Row<'_>) -> rusqlite::Result<Leased> {
    let token = column::token(row.get(0)?, column::new_fence());
    let key: [u8; 48] = row.get(3)?;
    let mut content = [0; 32];
    content.copy_from_slice(&key[..32]);
    let data = ByteString::from(row.get::<_, String>(7)?);
    let received_at = time(row.get(6)?);
    Ok(Leased {
        attempt: row.get::<_, u32>(1)?.saturating_add(1),
        is_interrupted: row.get::<_, Option<i64>>(2)?.is_some(),
        ..Leased::new(token, content, row.get(4)?, row.get(5)?, data, received_at)
    })
}

fn settle(
    change: &Transaction<'_>,
    token: LeaseToken,
    decision: &Decision,
    now: i64,
) -> rusqlite::Result<Settled> {
    let (seq, fence) = (column::seq(token.key()), column::fence(token));
    let is_settled = match decision {
        Decision::Complete | Decision::Bury(_) => {
            let attempts: Option<i64> = change
                .prepare_cached("DELETE FROM due WHERE seq = ?1 AND fence = ?2 RETURNING attempts")?
                .query_row([seq, fence], |row| row.get(0))
                .optional()?;
            match (attempts, decision) {
                (None, _) => false,
                (Some(attempts), Decision::Bury(reason)) => {
                    insert_dead(change, seq, now, attempts, None, reason)?;
                    true
                }
                (Some(attempts), _) => {
                    let mut insert = change.prepare_cached(
                        "INSERT INTO done(seq, at, attempts, is_pruned) VALUES (?1, ?2, ?3, 0)",
                    )?;
                    insert.execute([seq, now, attempts])? == 1
                }
            }
        }
        Decision::RetryAfter(delay) => {
            let due = now.saturating_add(whole_micros(*delay));
            let mut retry = change
                .prepare_cached("UPDATE due SET due = ?3, fence = NULL WHERE seq = ?1 AND fence = ?2")?;
            retry.execute([seq, fence, due])? == 1
        }
        Decision::Extend(lease_for) => {
            let until = now.saturating_add(whole_micros(*lease_for));
            let mut extend =
                change.prepare_cached("UPDATE due SET due = ?3 WHERE seq = ?1 AND fence = ?2")?;
            extend.execute([seq, fence, until])? == 1
        }
        Decision::Release => {
            let mut release = change.prepare_cached(
                "UPDATE due SET due = ?3, attempts = attempts - 1, fence = NULL WHERE seq = ?1 AND fence = ?2",
            )?;
            release.execute([seq, fence, now])? == 1
        }
    };
    Ok(if is_settled { Settled::Applied } else { Settled::Stale })
}
