//! The tables.

use rusqlite::{Connection, TransactionBehavior};

/// The application id "PHIB", which distinguishes inboxes from other SQLite files.
pub(super) const APPLICATION_ID: i64 = 0x5048_4942;

/// The changes from each version to the next. A step that was released is never changed. Each step
/// only adds.
///
/// The large row of an event is written once and kept apart from the small ones that change,
/// because SQLite writes whole rows. An event is in one of `due`, `waiting`, `dead` and
/// `done`.
const MIGRATIONS: &[&str] = &[
    "
    -- Events as they arrived. `key` begins with the 32 bytes of its content. `data` is NULL once it
    -- is pruned.
    CREATE TABLE event(
        seq INTEGER PRIMARY KEY,
        key BLOB NOT NULL,
        id_event TEXT NOT NULL,
        type TEXT NOT NULL,
        received INTEGER NOT NULL,
        data TEXT
    ) STRICT;
    CREATE UNIQUE INDEX event_key ON event(key);

    -- Events that are to run, and when. An event with a fence is leased until then. Times are in
    -- microseconds since 1970.
    CREATE TABLE due(
        seq INTEGER PRIMARY KEY,
        due INTEGER NOT NULL,
        attempts INTEGER NOT NULL,
        fence INTEGER
    ) STRICT;
    CREATE INDEX due_by_time ON due(due);

    -- Events that do not run, and why.
    CREATE TABLE dead(
        seq INTEGER PRIMARY KEY,
        at INTEGER NOT NULL,
        attempts INTEGER NOT NULL,
        is_parked INTEGER NOT NULL,
        reason TEXT NOT NULL
    ) STRICT;

    -- Events that are done.
    CREATE TABLE done(
        seq INTEGER PRIMARY KEY,
        at INTEGER NOT NULL,
        attempts INTEGER NOT NULL,
        is_pruned INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX done_by_time ON done(is_pruned, at);

    -- Written to find out whether the file is writable.
    CREATE TABLE probe(written INTEGER NOT NULL) STRICT;
    INSERT INTO probe VALUES (0);
",
    "
    -- Lists and counts by state and type that read no more than they return. Each index ends with
    -- `seq`. Types come from outside and may be megabytes long, so an index holds only the
    -- beginning of a type. `prefix` is the beginning of the event's type.
    CREATE INDEX event_by_type ON event(substr(type, 1, 64));
    ALTER TABLE dead ADD COLUMN prefix TEXT;
    UPDATE dead SET prefix = (SELECT substr(type, 1, 64) FROM event WHERE event.seq = dead.seq);
    CREATE TRIGGER dead_prefix AFTER INSERT ON dead WHEN new.prefix IS NULL BEGIN
        UPDATE dead SET prefix = (SELECT substr(type, 1, 64) FROM event WHERE event.seq = new.seq)
        WHERE seq = new.seq;
    END;
    CREATE INDEX dead_by_state ON dead(is_parked);
    CREATE INDEX dead_by_type ON dead(is_parked, prefix);
    CREATE INDEX due_leased ON due(due) WHERE fence IS NOT NULL;

    -- 1 if `data` is NULL because another event of the same content holds it.
    ALTER TABLE event ADD COLUMN shares INTEGER;
    CREATE INDEX event_sharing ON event(key) WHERE shares = 1;

    -- The largest number of a forgotten event. No number is given twice.
    CREATE TABLE forgotten(seq INTEGER NOT NULL) STRICT;
    INSERT INTO forgotten VALUES (0);
",
    "
    -- The run of the event. NULL is 1: the event was never replayed, or by an older version.
    ALTER TABLE due ADD COLUMN run INTEGER;
    ALTER TABLE dead ADD COLUMN run INTEGER;
    ALTER TABLE done ADD COLUMN run INTEGER;

    -- A delayed event: the delay that its worker asked for, in microseconds. NULL is 0: the event is
    -- ready, or an older version has delayed it. Meaningless while the event is leased.
    ALTER TABLE due ADD COLUMN asked INTEGER;

    -- The worker of the last lease; 0 has no name. NULL is unknown: an older version has leased the
    -- event. If it is known, the fence contains the time of the lease. A row that grows when it is
    -- leased splits pages, so it holds a number instead of the name and the time.
    ALTER TABLE due ADD COLUMN worker INTEGER;
    CREATE TABLE worker(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;

    -- How long the hook ran when it succeeded, in microseconds. NULL is unknown.
    ALTER TABLE done ADD COLUMN duration INTEGER;

    -- The attempts that are kept of each event, numbered from 1 in `place`. A `duration` is in
    -- microseconds. NULL is unknown, except that an attempt without an error has none.
    CREATE TABLE attempt(
        seq INTEGER NOT NULL,
        place INTEGER NOT NULL,
        run INTEGER NOT NULL,
        number INTEGER NOT NULL,
        started INTEGER,
        duration INTEGER,
        outcome TEXT NOT NULL,
        error TEXT,
        worker TEXT,
        PRIMARY KEY (seq, place)
    ) STRICT, WITHOUT ROWID;

    -- The fingerprint of the reason why an event is dead. NULL is 0, `Fingerprint::UNKNOWN`: an
    -- older version has written the row, and no receiver has opened the file since.
    ALTER TABLE dead ADD COLUMN fingerprint INTEGER;
    CREATE INDEX dead_by_error ON dead(coalesce(fingerprint, 0)) WHERE is_parked = 0;
    CREATE INDEX dead_by_error_and_type ON dead(coalesce(fingerprint, 0), prefix) WHERE is_parked = 0;

    -- When the death of the event may be announced: at once, or when its claim expires. NULL: it was
    -- announced, or nobody wants to know. A claim is also its own expiry.
    ALTER TABLE dead ADD COLUMN announce INTEGER;
    CREATE INDEX dead_unannounced ON dead(announce) WHERE announce IS NOT NULL;

    -- Ids are random, so an index of ids alone changes another page for each event. Of this index,
    -- new events change the last pages only, and a search looks into each range of 1024 numbers.
    -- Ids come from outside, as types do. The end of an id tells most ids apart, and the beginning
    -- may be a time.
    CREATE INDEX event_by_id ON event(seq >> 10, substr(id_event, -8));

    -- Sums of figures, by the length of the step and its beginning, in microseconds. `sums` holds
    -- little-endian 64-bit numbers. A later version may have more of them.
    CREATE TABLE figure(
        step INTEGER NOT NULL,
        start INTEGER NOT NULL,
        type TEXT NOT NULL,
        sums BLOB NOT NULL,
        PRIMARY KEY (step, start, type)
    ) STRICT, WITHOUT ROWID;

    -- Actions of operators. `who` is NULL if the program does not know it. No number is given twice,
    -- since a page of the audit begins at one.
    CREATE TABLE audit(
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        at INTEGER NOT NULL,
        who TEXT,
        action TEXT NOT NULL,
        what TEXT NOT NULL,
        events INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX audit_by_time ON audit(at);

    -- The queues of events. An older version stores events in the empty one.
    CREATE TABLE queue(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
    INSERT INTO queue VALUES (0, '');

    -- Patterns of the queues that are paused.
    CREATE TABLE paused(pattern TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
    ALTER TABLE event ADD COLUMN queue INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE due ADD COLUMN queue INTEGER NOT NULL DEFAULT 0;

    -- The lane of an event; NULL if it has none. Of the events of a lane that are to run, the head is
    -- in `due`, and the others wait in the order of their positions, without attempts. An event
    -- that an older version replays runs outside its lane.
    ALTER TABLE event ADD COLUMN lane BLOB;
    CREATE INDEX event_by_lane ON event(lane) WHERE lane IS NOT NULL;
    ALTER TABLE due ADD COLUMN lane BLOB;
    CREATE UNIQUE INDEX due_by_lane ON due(lane) WHERE lane IS NOT NULL;
    CREATE TABLE waiting(
        seq INTEGER PRIMARY KEY,
        lane BLOB NOT NULL,
        position INTEGER NOT NULL,
        run INTEGER,
        queue INTEGER NOT NULL
    ) STRICT;
    CREATE UNIQUE INDEX waiting_by_lane ON waiting(lane, position);

    -- The events of each queue by time. One index instead of two, because a lease changes each of
    -- them. It has the name of the index that it replaces, because tools of an older version that
    -- have the file open name that.
    DROP INDEX due_by_time;
    CREATE INDEX due_by_time ON due(queue, due);
",
];

/// Returns the version that this code writes and reads.
pub(super) fn current() -> i64 {
    i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX)
}

/// Returns the version of a file.
pub(super) fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.prepare_cached("PRAGMA user_version")?.query_row([], |row| row.get(0))
}

/// Returns whether a file is an inbox, or new.
pub(super) fn is_inbox(connection: &Connection) -> rusqlite::Result<bool> {
    let id: i64 = connection.query_row("PRAGMA application_id", [], |row| row.get(0))?;
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    Ok(id == APPLICATION_ID || id == 0 && tables == 0)
}

/// Migrates a file of an earlier version, or a new one, to this version.
pub(super) fn migrate(connection: &mut Connection) -> rusqlite::Result<()> {
    let migration = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let version = usize::try_from(version(&migration)?).unwrap_or(0);
    for step in MIGRATIONS.iter().skip(version) {
        migration.execute_batch(step)?;
    }
    migration.pragma_update(None, "user_version", current())?;
    migration.pragma_update(None, "application_id", APPLICATION_ID)?;
    migration.commit()
}
