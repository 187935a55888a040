//! Moving what the log holds into the database.

use std::{
    io,
    sync::mpsc::{self, Receiver, SyncSender},
    thread,
};

use rusqlite::Connection;

/// After so many bytes in the log it is time.
const EVERY: usize = 4 * 1024 * 1024;

/// Checkpoints beside the connection that writes, which would otherwise do it itself while everybody waits.
pub(super) struct Checkpointer {
    wake: SyncSender<()>,
    written: usize,
}

impl Checkpointer {
    pub(super) fn start(connection: Connection) -> io::Result<Self> {
        let (wake, woken) = mpsc::sync_channel(1);
        thread::Builder::new()
            .name("panora-inbox-log".to_owned())
            .spawn(move || checkpoint(&connection, &woken))?;
        Ok(Self { wake, written: 0 })
    }

    /// Says that about so much was written to the log.
    pub(super) fn wrote(&mut self, bytes: usize) {
        self.written += bytes;
        if self.written >= EVERY {
            self.written = 0;
            // If it is full, the thread is at work or about to be.
            let _ = self.wake.try_send(());
        }
    }
}

/// Until the other end is gone.
fn checkpoint(connection: &Connection, woken: &Receiver<()>) {
    while woken.recv().is_ok() {
        let result: rusqlite::Result<i64> =
            connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| row.get(0));
        if let Err(error) = result {
            // The log grows, and the connection that writes does it in the end.
            tracing::warn!("no checkpoint: {error}");
        }
    }
}
