//! The connection that writes.

use std::{
    fs::File,
    sync::Arc,
    time::{Duration, SystemTime},
};

use rusqlite::{Connection, ErrorCode, Transaction, TransactionBehavior};

use super::{
    checkpoint::{self, Checkpointer},
    fences::Fences,
    identity::OpenFiles,
    queues::{self, LeasedQueue},
    schema,
};
use crate::inbox::{InboxError, share::Shares, time::micros};

/// How long a receiver waits for the write lock of another process. It must answer soon, and
/// retries.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_millis(250);

/// The size of a page of the database. The log consists of such pages, too.
const PAGE_BYTES: i64 = 4096;

/// Without a checkpointer, this connection checkpoints when the log has this many pages.
const CHECKPOINT_PAGES_ALONE: i64 = 4_000;

/// How long to wait for readers before a new log begins.
const READER_PATIENCE: Duration = Duration::from_millis(10);

/// The approximate size of a row in the log without its data: parts of the pages of its tables and
/// indexes.
pub(super) const ROW_BYTES: usize = 4096;

/// The connection that changes events.
pub(super) struct Queue {
    checkpointer: Option<Checkpointer>,
    connection: Connection,
    files: OpenFiles,
    durability: Durability,
    /// The fences of leases.
    pub(super) fences: Fences,
    /// The worker that leased last, and its number.
    pub(super) worker: Option<(Arc<str>, i64)>,
    /// The numbers of queues that events were put into.
    pub(super) queues: queues::Numbers,
    /// Whether the operating system has failed to sync the file. It may have discarded everything
    /// that it had not synced by then.
    is_suspect: bool,
    /// Held, not read. This is the last field, so that the file is unlocked after the connections
    /// are closed.
    _lock: Option<File>,
}

/// The durability of a commit.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Durability {
    /// The commit waits for the disk.
    Full,
    /// The commit waits for nothing. If the power fails, the last changes are lost; if the process
    /// dies, no change is lost.
    Normal,
}

impl Queue {
    /// Opens the queue of a receiver, which has `lock`.
    pub(super) fn for_receiver(
        connection: Connection,
        files: OpenFiles,
        checkpointer: Option<Checkpointer>,
        lock: File,
    ) -> rusqlite::Result<Self> {
        let pages = if checkpointer.is_some() { 0 } else { CHECKPOINT_PAGES_ALONE };
        Self::new(connection, files, pages, checkpointer, Some(lock))
    }

    /// Opens the queue of a tool. It leaves checkpoints to the receiver if only one connection may
    /// do them.
    pub(super) fn for_tool(connection: Connection, files: OpenFiles) -> rusqlite::Result<Self> {
        let pages = if checkpoint::may_be_beside() { checkpoint::LONG_PAGES } else { 0 };
        Self::new(connection, files, pages, None, None)
    }

    fn new(
        connection: Connection,
        files: OpenFiles,
        checkpoint_pages: i64,
        checkpointer: Option<Checkpointer>,
        lock: Option<File>,
    ) -> rusqlite::Result<Self> {
        connection.pragma_update(None, "wal_autocheckpoint", checkpoint_pages)?;
        // A log that grew longer because a reader needed it is cut to this size when a new log
        // begins.
        let limit = checkpoint::LONG_PAGES * PAGE_BYTES;
        connection.query_row(&format!("PRAGMA journal_size_limit={limit}"), [], |_| Ok(()))?;
        connection.pragma_update(None, "cache_size", -64 * 1024)?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        Ok(Self {
            connection,
            checkpointer,
            files,
            durability: Durability::Full,
            fences: Fences::default(),
            worker: None,
            queues: queues::Numbers::new(),
            is_suspect: false,
            _lock: lock,
        })
    }

    /// Returns an error if a newer program has migrated the file in the meantime. The new format
    /// may require more of a program that runs events.
    pub(super) fn check_version(&self) -> Result<(), InboxError> {
        let (found, known) = (schema::version(&self.connection)?, schema::current());
        if found <= known {
            return Ok(());
        }
        let newer = format!(
            "a newer program has changed the inbox to format {found}, \
             but this program knows only {known}: update it"
        );
        Err(InboxError::Other(newer.into()))
    }

    /// Returns the queues to lease from. Returns none if no event in them is ready. This read takes
    /// no lock, and usually no event is ready.
    pub(super) fn ready_queues(&self, shares: &Shares<'_>, now: i64) -> rusqlite::Result<Vec<LeasedQueue>> {
        let queues = queues::leased(&self.connection, shares)?;
        let mut ready = self.connection.prepare_cached(
            "SELECT 1 FROM due INDEXED BY due_by_time WHERE queue = ?1 AND due <= ?2 LIMIT 1",
        )?;
        for queue in &queues {
            if ready.exists([queue.number, now])? {
                return Ok(queues);
            }
        }
        Ok(Vec::new())
    }

    /// Looks for announcements to claim without taking the write lock.
    pub(super) fn is_anything_unannounced(&self, now: i64) -> rusqlite::Result<bool> {
        let mut owed = self
            .connection
            .prepare_cached("SELECT 1 FROM dead INDEXED BY dead_unannounced WHERE announce <= ?1 LIMIT 1")?;
        owed.exists([now])
    }

    /// Returns the time until the next event becomes ready.
    pub(super) fn next_due(&self, now: SystemTime) -> Result<Option<Duration>, InboxError> {
        let now = micros(now);
        let mut next = self.connection.prepare_cached(
            "SELECT min((
                SELECT due FROM due INDEXED BY due_by_time
                WHERE due.queue = queue.id AND due > ?1 ORDER BY due LIMIT 1
             )) FROM queue",
        )?;
        let next: Option<i64> = next.query_row([now], |row| row.get(0))?;
        Ok(next.map(|next| Duration::from_micros(next.abs_diff(now))))
    }

    /// Runs one transaction, which writes about `bytes` bytes to the log.
    pub(super) fn change<T>(
        &mut self,
        durability: Durability,
        bytes: usize,
        change: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, InboxError> {
        if durability == Durability::Full {
            self.files.check()?;
        }
        let changed = self.try_change(durability, change);
        if let Err(error) = &changed {
            self.is_suspect |= is_sync_failure(error);
        }
        if let Some(checkpointer) = &mut self.checkpointer {
            checkpointer.wrote(bytes);
        }
        let changed = changed?;
        if durability == Durability::Full {
            // The change is on the disk, but perhaps in a file that no other process will ever
            // open.
            self.files.check()?;
        }
        Ok(changed)
    }

    fn try_change<T>(
        &mut self,
        durability: Durability,
        change: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<T> {
        if self.is_suspect {
            self.write_anew()?;
        }
        if self.checkpointer.as_ref().is_some_and(Checkpointer::take_log_done) {
            self.begin_new_log()?;
        }
        if durability != self.durability {
            let mode = if durability == Durability::Full { "FULL" } else { "NORMAL" };
            self.connection.pragma_update(None, "synchronous", mode)?;
            self.durability = durability;
        }
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let changed = change(&transaction)?;
        transaction.commit()?;
        Ok(changed)
    }

    /// Begins a new log after the checkpointer has moved nearly all of the old one. A reader that
    /// needs the old log delays this for no longer than [`READER_PATIENCE`]; the checkpointer asks
    /// again.
    fn begin_new_log(&mut self) -> rusqlite::Result<()> {
        self.connection.busy_timeout(READER_PATIENCE)?;
        let begun = self.connection.query_row("PRAGMA wal_checkpoint(RESTART)", [], |_| Ok(()));
        self.connection.busy_timeout(BUSY_TIMEOUT)?;
        match begun {
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => Ok(()),
            begun => begun,
        }
    }

    /// Writes the whole log to the database, and begins a new log.
    ///
    /// When a sync fails, the operating system marks the data that it could not write as written.
    /// Another sync would succeed and write nothing. So nothing more is added to that log.
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
