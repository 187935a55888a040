//! Tests that no statement reads more in a larger file, with or without statistics. A search for an
//! id looks into each range of numbers.

mod operations;

use std::{
    cell::Cell,
    collections::HashMap,
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use rusqlite::{
    Connection, StatementStatus,
    trace::{TraceEvent, TraceEventCodes},
};
use tempfile::TempDir;

use self::operations::{of_ids, operations};
use super::{identity::OpenFiles, open::connect, queue::Queue, read::Reader, schema, source::FEW};
use crate::inbox::{
    Filter, Fingerprint, Query,
    figures::{HOUR, MINUTE},
    sqlite::thread::Caller,
    time::micros,
};

/// A type of most events, and one of a few.
const COMMON: &str = "crm.contact.created";
const RARE: &str = "crm.deal.created";

/// The lane of most waiting events, as a literal.
const LARGE_LANE: &str = "x'07070707070707070707070707070707'";

/// The error of all dead events.
const ERROR: Fingerprint = Fingerprint::new(7);

/// The number of events in each state, and how many times as many a larger file has.
const EVENTS: usize = FEW + 100;
const LARGER: usize = 3;

/// The events of one range of the index of ids.
const EVENTS_OF_RANGE: i64 = 1024;

/// By statement: the steps of SQLite's virtual machine, how many of them went through a whole
/// table, and how often the statement was prepared again.
type Steps = HashMap<String, [i32; 3]>;

/// Runs an operation with connections of its own.
type Run = Box<dyn Fn(&TestFile)>;

struct TestFile {
    folder: TempDir,
    events: usize,
    steps: Arc<Mutex<Steps>>,
}

impl TestFile {
    /// Creates a file with `events` events in each state. The last of them are of the rare type.
    fn new(events: usize, has_statistics: bool) -> Self {
        let file = Self { folder: TempDir::new().unwrap(), events, steps: Arc::default() };
        let mut connection = Connection::open(file.folder.path().join("inbox.db")).unwrap();
        connection.execute_batch("PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF").unwrap();
        schema::migrate(&mut connection).unwrap();
        let now = micros(SystemTime::now());
        // Events in the states of `due` alternate. A list of one state reads past the others. Some
        // of the ready events were interrupted.
        let due = format!(
            "INSERT INTO due(seq, due, attempts, fence)
             SELECT seq, {now} + (seq % 3) * {HOUR} - 1, 1, iif(seq % 3 = 1 OR seq % 6 = 0, seq, NULL)"
        );
        let states = [
            (3, &*due),
            (1, "INSERT INTO dead(seq, at, attempts, is_parked, reason) SELECT seq, 1, 0, 1, 'unhandled'"),
            (
                1,
                "INSERT INTO dead(seq, at, attempts, is_parked, reason, fingerprint) SELECT seq, 1, 16, 0, 'no', 7",
            ),
            (1, "INSERT INTO done(seq, at, attempts, is_pruned) SELECT seq, 1, 1, 0"),
            (1, "INSERT INTO done(seq, at, attempts, is_pruned) SELECT seq, 1, 1, 1"),
            (1, "INSERT INTO waiting(seq, lane, position, queue) SELECT seq, lane, seq, 0"),
        ];
        let mut last = 0;
        for (share, insert) in states {
            let first = last + 1;
            last += share * events;
            let is_waiting = insert.contains("waiting");
            connection
                .execute_batch(&format!(
                    "INSERT INTO event(seq, key, id_event, type, received, data, lane)
                         WITH RECURSIVE n(n) AS (
                             SELECT {first} UNION ALL SELECT n + 1 FROM n WHERE n < {last}
                         )
                         SELECT n, randomblob(48), n / 5, iif(n > {last} - 15, '{RARE}', '{COMMON}'),
                             n * {MINUTE}, '{{}}',
                             iif({is_waiting}, iif(n % 1000, {LARGE_LANE}, CAST(printf('%016d', n) AS BLOB)), NULL)
                         FROM n;
                     {insert} FROM event WHERE seq BETWEEN {first} AND {last};"
                ))
                .unwrap();
        }
        // Heads of lanes, old figures, and new actions of operators.
        connection
            .execute_batch(&format!(
                "INSERT INTO due(seq, due, attempts, lane)
                     SELECT min(seq), 1, 0, lane FROM waiting GROUP BY lane;
                 DELETE FROM waiting WHERE seq IN (SELECT seq FROM due);
                 INSERT INTO attempt(seq, place, run, number, outcome, error)
                     SELECT seq, 1, 1, 1, 'failed', 'no' FROM event;
                 INSERT INTO figure(step, start, type, sums)
                     SELECT {MINUTE}, seq * {MINUTE}, '{COMMON}', x'0100000000000000' FROM event;
                 INSERT INTO audit(at, action, what, events) SELECT {now}, 'replay', 'all', 1 FROM event;"
            ))
            .unwrap();
        if has_statistics {
            connection.execute_batch("ANALYZE").unwrap();
        }
        file
    }

    fn connection(&self) -> Connection {
        let mut connection = connect(&self.folder.path().join("inbox.db"), Duration::ZERO).unwrap();
        let steps = Arc::clone(&self.steps);
        let count = move |event: TraceEvent<'_>| {
            if let TraceEvent::Profile(statement, _) = event {
                let status =
                    [StatementStatus::VmStep, StatementStatus::FullscanStep, StatementStatus::RePrepare];
                let status = status.map(|status| statement.get_status(status));
                steps.lock().unwrap().insert(statement.sql().into_owned(), status);
            }
        };
        connection.trace_v2(TraceEventCodes::SQLITE_TRACE_PROFILE, Some(count)).unwrap();
        connection
    }

    /// Returns when the first event of a state arrived, one of each minute. `before` is the number
    /// of states that come before it, as shares of all events.
    fn arrival(&self, before: usize) -> SystemTime {
        let minutes = u64::try_from(before * self.events + 1).unwrap();
        SystemTime::UNIX_EPOCH + Duration::from_secs(60 * minutes)
    }

    /// Returns the number of events in all states.
    fn all_events(&self) -> i64 {
        i64::try_from(8 * self.events).unwrap()
    }

    fn reader(&self) -> Reader {
        Reader::new(self.connection())
    }

    fn queue(&self) -> Queue {
        let path = self.folder.path().join("inbox.db");
        let connection = self.connection();
        schema::version(&connection).unwrap();
        Queue::for_tool(connection, OpenFiles::new(&path, &path).unwrap()).unwrap()
    }

    /// Returns the number of steps of an operation.
    fn steps(&self, operation: impl FnOnce(&Self)) -> i64 {
        self.steps.lock().unwrap().clear();
        operation(self);
        let steps = self.steps.lock().unwrap();
        for (sql, [_, full, prepared]) in &*steps {
            // Tables with one row are read as a whole, and so are the few queues and pauses.
            let most = if sql.contains("queue") { 10 } else { 1 };
            assert!(*full <= most, "{full} steps through a whole table: {sql}");
            // A pragma is prepared again once its connection has read the schema.
            assert!(*prepared == 0 || sql.starts_with("PRAGMA"), "prepared again {prepared} times: {sql}");
        }
        steps.values().map(|[steps, ..]| i64::from(*steps)).sum()
    }
}

#[test]
fn nothing_reads_more_in_a_larger_file() {
    for has_statistics in [false, true] {
        let small = TestFile::new(EVENTS, has_statistics);
        let large = TestFile::new(EVENTS * LARGER, has_statistics);
        for (name, operation) in operations() {
            let [few, many] = [&small, &large].map(|file| file.steps(&operation));
            // Numbers take more bytes in the larger file, and its trees are deeper.
            assert!(many <= few + few / 4 + 100, "{name}: {few} steps, {many} in the larger file");
        }
        for (name, operation) in of_ids() {
            let [few, many] = [&small, &large].map(|file| file.steps(&operation));
            let ranges = (large.all_events() - small.all_events()) / EVENTS_OF_RANGE;
            assert!(many <= few + 80 * ranges, "{name}: {few} steps, {many} with {ranges} more ranges");
        }
    }
}

#[test]
fn a_search_ends_once_its_caller_has_given_up() {
    const STEPS: usize = 3;
    let file = TestFile::new(EVENTS, false);
    let all = Query::new(Filter::new()).limit(u32::MAX);
    let searches: [fn(&mut Reader, &Query, Caller<'_>) -> bool; 2] = [
        |reader, query, caller| reader.list(query, SystemTime::now(), caller).is_ok(),
        |reader, query, caller| reader.count(&query.filter, SystemTime::now(), caller).is_ok(),
    ];
    for search in searches {
        let patience = Cell::new(usize::MAX);
        let has_given_up = || patience.replace(patience.get().saturating_sub(1)) == 0;
        let caller = Caller { has_given_up: &has_given_up };
        let whole = file.steps(|file| assert!(search(&mut file.reader(), &all, caller)));
        patience.set(STEPS);
        let part = file.steps(|file| assert!(!search(&mut file.reader(), &all, caller)));
        assert!(part < whole / 2, "{part} steps of {whole}");
    }
}
