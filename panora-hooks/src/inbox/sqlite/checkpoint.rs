//! Checkpoints: move the contents of the log into the database, and keep the log short.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{self, Receiver, RecvTimeoutError, SyncSender},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use rusqlite::Connection;

/// The first version of SQLite on which a second connection may checkpoint. Earlier versions may
/// reset the log in the meantime and corrupt the file ("WAL-reset bug").
const FIRST_VERSION: i32 = 3_051_003;

/// The amount written after which a pass is due, in bytes and in pages.
const PASS_BYTES: usize = 4 * 1024 * 1024;
const PASS_PAGES: i64 = 1024;

/// The length, 32 MiB, at which a new log begins. Until then the log only grows, and its file never
/// shrinks.
pub(super) const LONG_PAGES: i64 = 8 * 1024;

/// The most pages that may be left to move when a new log begins, because deliveries wait while
/// they are moved.
const FEW_PAGES: i64 = 512;

/// The number of passes after which a new log begins however many pages are left. Events then
/// arrive faster than this disk can take them, and deliveries have to wait for it.
const MOST_PASSES: usize = 8;

/// How often to look for pages that other processes have written, and for readers that have ended.
const LOOK: Duration = Duration::from_secs(1);

/// Returns whether several connections may checkpoint.
pub(super) fn may_be_beside() -> bool {
    rusqlite::version_number() >= FIRST_VERSION
}

/// A thread that checkpoints. Without it the writing connection would checkpoint while every
/// delivery waits.
pub(super) struct Checkpointer {
    wake: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
    written: usize,
    /// Whether the writing connection should begin a new log.
    is_log_done: Arc<AtomicBool>,
}

impl Checkpointer {
    pub(super) fn start(connection: Connection) -> io::Result<Self> {
        let (wake, woken) = mpsc::sync_channel(1);
        let is_log_done = Arc::new(AtomicBool::new(false));
        let is_done = Arc::clone(&is_log_done);
        let thread = thread::Builder::new()
            .name("panora-inbox-log".to_owned())
            .spawn(move || run(&connection, &woken, &is_done))?;
        Ok(Self { wake: Some(wake), thread: Some(thread), written: 0, is_log_done })
    }

    /// Returns, once per request, whether the writing connection should begin a new log. That
    /// connection waits only for readers and the disk; this thread would have to keep it from
    /// writing meanwhile.
    pub(super) fn take_log_done(&self) -> bool {
        self.is_log_done.swap(false, Ordering::AcqRel)
    }

    /// Records that about `bytes` bytes were written to the log.
    pub(super) fn wrote(&mut self, bytes: usize) {
        self.written += bytes;
        if self.written >= PASS_BYTES {
            self.written = 0;
            if let Some(wake) = &self.wake {
                // If the channel is full, the thread is at work or about to be.
                let _ = wake.try_send(());
            }
        }
    }
}

/// Waits until the connection is closed, because another receiver may open the file afterwards.
impl Drop for Checkpointer {
    fn drop(&mut self) {
        drop(self.wake.take());
        if let Some(thread) = self.thread.take() {
            // A panic of the thread has been printed already.
            drop(thread.join());
        }
    }
}

/// Runs until the sender is dropped.
fn run(connection: &Connection, woken: &Receiver<()>, is_log_done: &AtomicBool) {
    let mut is_failing = false;
    while woken.recv_timeout(LOOK) != Err(RecvTimeoutError::Disconnected) {
        let result = shorten(connection).map(|is_done| is_log_done.store(is_done, Ordering::Release));
        if let Err(error) = &result
            && !is_failing
        {
            tracing::warn!("the log of the inbox grows, since checkpoints fail: {error}");
        }
        is_failing = result.is_err();
    }
}

/// The number of pages in the log, and how many of them were moved to the database.
#[derive(Clone, Copy)]
struct Log {
    pages: i64,
    moved: i64,
}

impl Log {
    fn checkpoint(connection: &Connection, mode: &str) -> rusqlite::Result<Self> {
        connection.query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |row| {
            Ok(Self { pages: row.get(1)?, moved: row.get(2)? })
        })
    }

    fn left(self) -> i64 {
        self.pages - self.moved
    }
}

/// Moves pages while the writing connection is in use. Returns whether the log is long and so
/// little of it is left that a new one can begin.
fn shorten(connection: &Connection) -> rusqlite::Result<bool> {
    let mut passes = 0;
    loop {
        let before = Log::checkpoint(connection, "NOOP")?;
        if before.left() < PASS_PAGES && before.pages < LONG_PAGES {
            return Ok(false);
        }
        let after = Log::checkpoint(connection, "PASSIVE")?;
        passes += 1;
        if after.pages < LONG_PAGES {
            return Ok(false);
        }
        if after.left() <= FEW_PAGES || passes >= MOST_PASSES {
            return Ok(true);
        }
        // A reader needs the pages that are left, so they are moved later.
        if after.moved <= before.moved {
            return Ok(false);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns a writing connection that leaves checkpoints to another one.
    fn open(file: &std::path::Path) -> rusqlite::Result<Connection> {
        let connection = Connection::open(file)?;
        connection.execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0;
             CREATE TABLE IF NOT EXISTS filling(bytes BLOB);",
        )?;
        Ok(connection)
    }

    #[test]
    fn a_new_log_begins_once_all_of_a_long_one_is_moved() -> anyhow::Result<()> {
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("inbox.db");
        let (writer, checkpointer, reader) =
            (open(&file)?, Connection::open(&file)?, Connection::open(&file)?);
        let write = || writer.execute("INSERT INTO filling VALUES (zeroblob(4096 * ?1))", [LONG_PAGES]);
        assert!(!shorten(&checkpointer)?, "the log is short");
        reader.execute_batch("BEGIN; SELECT * FROM filling;")?;
        write()?;
        assert!(!shorten(&checkpointer)?, "a reader needs the pages");
        reader.execute_batch("COMMIT")?;
        assert!(shorten(&checkpointer)?, "nothing is left of the log");
        Ok(())
    }
}
