//! A store in one append-only file: each line is an event, or the new state of one.
//!
//! It supports the core and `discard`. Its keys are ULIDs: 48 bits of time and 80 random bits.

mod file;
mod record;
mod table;

use std::{
    io,
    path::Path,
    sync::{Arc, Mutex},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use panora_hooks::inbox::{
    Capabilities, Capability, Depth, EventInfo, EventKey, Inbox, InboxError, LeaseRequest, Leased, NewEvent,
    Page, Put, Query, Select, Settled, Settlement, StoredEvent,
};

use self::{file::LogFile, table::Table};

type Clock = dyn Fn() -> SystemTime + Send + Sync;

#[derive(Clone)]
pub struct LogInbox {
    log: Arc<Mutex<Log>>,
    clock: Arc<Clock>,
}

struct Log {
    table: Table,
    file: LogFile,
}

impl LogInbox {
    /// Opens the file, or creates it. Leases of the previous process are void.
    pub fn open_with_clock(
        path: impl AsRef<Path>,
        clock: impl Fn() -> SystemTime + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let (file, lines) = LogFile::open(path.as_ref())?;
        let mut table = Table::read(lines);
        table.end_leases(micros(clock()));
        Ok(Self { log: Arc::new(Mutex::new(Log { table, file })), clock: Arc::new(clock) })
    }

    fn now(&self) -> u64 {
        micros((self.clock)())
    }

    /// Reads from the table. A lock that a panic has poisoned is an error, because the table may be
    /// half changed.
    fn read<T>(&self, read: impl FnOnce(&Table, u64) -> T) -> Result<T, InboxError> {
        let log = self.log.lock().map_err(|_| InboxError::Other("a call panicked".into()))?;
        Ok(read(&log.table, self.now()))
    }

    /// Changes the table, and returns when the change is flushed to disk.
    ///
    /// Nothing is awaited, so no future can be dropped midway. The flush blocks the thread; a store
    /// with more load moves it to a thread of its own.
    fn change<T>(&self, change: impl FnOnce(&mut Table, u64) -> T) -> Result<T, InboxError> {
        let mut log = self.log.lock().map_err(|_| InboxError::Other("a call panicked".into()))?;
        let changed = change(&mut log.table, self.now());
        let lines = log.table.take_lines();
        if let Err(error) = log.file.append(&lines) {
            // Restores the table without the change that is not on disk.
            log.table = Table::read(log.file.read().map_err(file::error)?);
            return Err(file::error(error));
        }
        Ok(changed)
    }
}

impl Inbox for LogInbox {
    async fn put(&self, batch: Vec<NewEvent>) -> Result<Vec<Put>, InboxError> {
        self.change(|table, now| batch.iter().map(|event| table.put(event, now)).collect())
    }

    async fn lease(&self, request: LeaseRequest) -> Result<Vec<Leased>, InboxError> {
        self.change(|table, now| table.lease(request.max as usize, now, whole_micros(request.lease_for)))
    }

    async fn settle(&self, settlements: Vec<Settlement>) -> Result<Vec<Settled>, InboxError> {
        self.change(|table, now| {
            settlements.into_iter().map(|settlement| table.settle(settlement, now)).collect()
        })?
    }

    async fn list(&self, query: Query) -> Result<Page<EventInfo>, InboxError> {
        self.read(|table, now| Page::new(table.list(&query, now), query.limit))
    }

    async fn get(&self, key: EventKey) -> Result<Option<StoredEvent>, InboxError> {
        self.read(|table, now| table.get(key, now))
    }

    async fn replay(&self, which: Select, max: u32) -> Result<u64, InboxError> {
        self.change(|table, now| table.replay(&which, max as usize, now))?
    }

    async fn depth(&self) -> Result<Depth, InboxError> {
        self.read(Table::depth)
    }

    async fn prune(&self, older_than: Duration, max: u32) -> Result<u64, InboxError> {
        self.change(|table, now| table.prune(now.saturating_sub(whole_micros(older_than)), max as usize))
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::CORE.with(Capability::Discard)
    }

    async fn discard(&self, which: Select, max: u32) -> Result<u64, InboxError> {
        self.change(|table, now| table.discard(&which, max as usize, now))?
    }
}

/// Converts a time to microseconds since 1970.
fn micros(time: SystemTime) -> u64 {
    whole_micros(time.duration_since(UNIX_EPOCH).unwrap_or_default())
}

fn whole_micros(duration: Duration) -> u64 {
    duration.as_micros().try_into().unwrap_or(u64::MAX)
}

fn time(micros: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_micros(micros)
}
