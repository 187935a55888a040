//! Opening the file.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io,
    path::Path,
    time::{Duration, SystemTime},
};

use rusqlite::{Connection, OpenFlags, config::DbConfig};

use super::{
    checkpoint::{self, Checkpointer},
    identity::OpenFiles,
    queue::{BUSY_TIMEOUT, Queue},
    read::Reader,
    schema,
    thread::Owner,
};
use crate::inbox::{InboxError, OpenError};

/// How long a tool waits for a lock. A tool does not retry.
const TOOL_BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// The connections of an open inbox.
pub(super) struct Opened {
    pub(super) queue: Owner<Queue>,
    pub(super) reader: Owner<Reader>,
}

pub(super) fn for_receiver(path: &Path, now: SystemTime) -> Result<Opened, OpenError> {
    let io = |source| OpenError::Io { inbox: name(path), source };
    let store = |source: rusqlite::Error| OpenError::Store { inbox: name(path), source: source.into() };
    let open_failed = |error| not_opened(path, error);
    create(path).map_err(io)?;
    // A file has one lock, whatever name it is opened by.
    let file = fs::canonicalize(path).map_err(io)?;
    let lock = lock(&file).map_err(io)?.ok_or_else(|| OpenError::InUse { inbox: name(path) })?;
    let mut connection = connect(&file, BUSY_TIMEOUT).map_err(open_failed)?;
    check(&connection, path)?;
    let mode: String =
        connection.query_row("PRAGMA journal_mode=WAL", [], |row| row.get(0)).map_err(store)?;
    if mode != "wal" {
        let source =
            InboxError::Other("its disk has no shared memory: SQLite's log (WAL) does not work there".into());
        return Err(OpenError::Store { inbox: name(path), source });
    }
    schema::migrate(&mut connection).map_err(store)?;
    let checkpointer = if checkpoint::may_be_beside() {
        let connection = connect(&file, BUSY_TIMEOUT).map_err(store)?;
        Some(Checkpointer::start(connection).map_err(io)?)
    } else {
        None
    };
    let files = OpenFiles::new(path, &file).map_err(io)?;
    let mut queue = Queue::for_receiver(connection, files, checkpointer, lock).map_err(store)?;
    let store = |source| OpenError::Store { inbox: name(path), source };
    queue.put(&[], now).map_err(store)?;
    queue.free_leases(now).map_err(store)?;
    threads(queue, &file, path)
}

pub(super) fn for_tool(path: &Path) -> Result<Opened, OpenError> {
    let open_failed = |error| not_opened(path, error);
    let store = |source: rusqlite::Error| OpenError::Store { inbox: name(path), source: source.into() };
    let file = fs::canonicalize(path).map_err(|source| OpenError::Io { inbox: name(path), source })?;
    let connection = connect(&file, TOOL_BUSY_TIMEOUT).map_err(open_failed)?;
    let found = check(&connection, path)?;
    let known = schema::current();
    if found < known {
        return Err(OpenError::Older { inbox: name(path), found, known });
    }
    let files = OpenFiles::new(path, &file).map_err(|source| OpenError::Io { inbox: name(path), source })?;
    threads(Queue::for_tool(connection, files).map_err(store)?, &file, path)
}

fn threads(queue: Queue, file: &Path, path: &Path) -> Result<Opened, OpenError> {
    let io = |source| OpenError::Io { inbox: name(path), source };
    let store = |source: rusqlite::Error| OpenError::Store { inbox: name(path), source: source.into() };
    let reader = Reader::new(connect(file, TOOL_BUSY_TIMEOUT).map_err(store)?);
    let queue = Owner::start("panora-inbox", queue).map_err(io)?;
    let reader = Owner::start("panora-inbox-read", reader).map_err(io)?;
    Ok(Opened { queue, reader })
}

/// Creates the file for its owner only, if it is missing. SQLite gives its other files the same
/// permissions.
///
/// An existing file is not opened. If this process has it open already, closing it again would drop
/// the locks that SQLite has on it.
fn create(path: &Path) -> io::Result<()> {
    match for_owner().create_new(true).open(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        created => created.map(drop),
    }
}

/// Returns options for files that only their owner can read and write.
fn for_owner() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Takes the lock of a receiver. Returns `None` if another receiver has it. The operating system
/// drops the lock when the process dies.
///
/// The lock is on a file of its own, because the locks on the database belong to SQLite.
fn lock(file: &Path) -> io::Result<Option<File>> {
    let mut name = file.as_os_str().to_owned();
    name.push("-lock");
    let lock = for_owner().create(true).truncate(false).open(name)?;
    match lock.try_lock() {
        Ok(()) => Ok(Some(lock)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

pub(super) fn connect(file: &Path, busy_timeout: Duration) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags)?;
    connection.busy_timeout(busy_timeout)?;
    // On macOS, `fsync` alone leaves data in the cache of the disk. Elsewhere this changes nothing.
    connection.pragma_update(None, "fullfsync", true)?;
    connection.pragma_update(None, "checkpoint_fullfsync", true)?;
    // Otherwise some statements are prepared again for each new value of a parameter.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_prepared_statement_cache_capacity(128);
    Ok(connection)
}

/// Returns the reason why SQLite could not open a file. The operating system's error says more than
/// SQLite's.
fn not_opened(path: &Path, error: rusqlite::Error) -> OpenError {
    match OpenOptions::new().read(true).write(true).open(path) {
        Err(source) => OpenError::Io { inbox: name(path), source },
        Ok(_) => OpenError::Store { inbox: name(path), source: error.into() },
    }
}

/// Returns the version of the file's format, if this code can work with it.
fn check(connection: &Connection, path: &Path) -> Result<i64, OpenError> {
    let store = |source: rusqlite::Error| OpenError::Store { inbox: name(path), source: source.into() };
    if !schema::is_inbox(connection).map_err(store)? {
        return Err(OpenError::NotAnInbox { inbox: name(path) });
    }
    let (found, known) = (schema::version(connection).map_err(store)?, schema::current());
    if found > known {
        return Err(OpenError::Newer { inbox: name(path), found, known });
    }
    Ok(found)
}

fn name(path: &Path) -> String {
    format!("`{}`", path.display())
}
