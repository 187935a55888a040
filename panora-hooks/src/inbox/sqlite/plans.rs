//! Tests that no statement reads more in a larger file, with or without statistics.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use rusqlite::{
    Connection, StatementStatus,
    trace::{TraceEvent, TraceEventCodes},
};
use tempfile::TempDir;

use super::{
    batch::{Operation, Rounds, SelectedBatches, Sweep},
    identity::OpenFiles,
    queue::Queue,
    read::Reader,
    replay::{Discard, Replay},
    retention::{Expedite, Forget, Prune},
    schema,
    source::FEW,
    thread::BatchStep,
};
use crate::inbox::{
    Decision, EventKey, EventState, Filter, LeaseRequest, NewEvent, Query, Select, Settlement, time::micros,
};

/// A type of most events, and one of a few.
const COMMON: &str = "crm.contact.created";
const RARE: &str = "crm.deal.created";

/// The number of events in each state, and how many times as many a larger file has.
const EVENTS: usize = FEW + 100;
const LARGER: usize = 3;

/// The steps of SQLite's virtual machine, and how many of them went through a whole table, by
/// statement.
type Steps = HashMap<String, [i32; 2]>;

/// Runs an operation with connections of its own.
type Run = Box<dyn Fn(&TestFile)>;

struct TestFile {
    folder: TempDir,
    steps: Arc<Mutex<Steps>>,
}

impl TestFile {
    /// Creates a file with `events` events in each state. The last of them are of the rare type.
    fn new(events: usize, has_statistics: bool) -> Self {
        let file = Self { folder: TempDir::new().unwrap(), steps: Arc::default() };
        let mut connection = Connection::open(file.folder.path().join("inbox.db")).unwrap();
        connection.execute_batch("PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF").unwrap();
        schema::migrate(&mut connection).unwrap();
        let now = micros(SystemTime::now());
        // Events in the states of `due` alternate. A list of one state reads past the others.
        let due = format!(
            "INSERT INTO due(seq, due, attempts, fence)
             SELECT seq, {now} + (seq % 3) * 60000000 - 1, 1, iif(seq % 3 = 1, seq, NULL)"
        );
        let states = [
            (3, &*due),
            (1, "INSERT INTO dead(seq, at, attempts, is_parked, reason) SELECT seq, 1, 0, 1, 'unhandled'"),
            (1, "INSERT INTO dead(seq, at, attempts, is_parked, reason) SELECT seq, 1, 16, 0, 'no'"),
            (1, "INSERT INTO done(seq, at, attempts, is_pruned) SELECT seq, 1, 1, 0"),
            (1, "INSERT INTO done(seq, at, attempts, is_pruned) SELECT seq, 1, 1, 1"),
        ];
        let mut last = 0;
        for (share, insert) in states {
            let first = last + 1;
            last += share * events;
            connection
                .execute_batch(&format!(
                    "INSERT INTO event(seq, key, id_event, type, received, data)
                         WITH RECURSIVE n(n) AS (
                             SELECT {first} UNION ALL SELECT n + 1 FROM n WHERE n < {last}
                         )
                         SELECT n, randomblob(48), n, iif(n > {last} - 15, '{RARE}', '{COMMON}'), n, '{{}}'
                         FROM n;
                     {insert} FROM event WHERE seq BETWEEN {first} AND {last};"
                ))
                .unwrap();
        }
        if has_statistics {
            connection.execute_batch("ANALYZE").unwrap();
        }
        file
    }

    fn connection(&self) -> Connection {
        let mut connection = Connection::open(self.folder.path().join("inbox.db")).unwrap();
        connection.set_prepared_statement_cache_capacity(100);
        let steps = Arc::clone(&self.steps);
        let count = move |event: TraceEvent<'_>| {
            if let TraceEvent::Profile(statement, _) = event {
                let status = [StatementStatus::VmStep, StatementStatus::FullscanStep];
                let status = status.map(|status| statement.get_status(status));
                steps.lock().unwrap().insert(statement.sql().into_owned(), status);
            }
        };
        connection.trace_v2(TraceEventCodes::SQLITE_TRACE_PROFILE, Some(count)).unwrap();
        connection
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
        for (sql, [_, full]) in &*steps {
            // Tables with one row are read as a whole.
            assert!(*full <= 1, "{full} steps through a whole table: {sql}");
        }
        steps.values().map(|[steps, _]| i64::from(*steps)).sum()
    }
}

fn list(filter: Filter) -> Run {
    list_after(filter, None)
}

fn list_after(filter: Filter, after: Option<EventKey>) -> Run {
    let query = Query::new(filter).after(after);
    Box::new(move |file: &TestFile| {
        let page = file.reader().list(&query, SystemTime::now()).unwrap();
        assert!(page.items.len() >= 5, "{query:?}");
    })
}

fn operation<O: Operation>(new: impl Fn() -> O + 'static) -> Run {
    Box::new(move |file: &TestFile| {
        let (mut queue, mut batches) = (file.queue(), SelectedBatches::new(new(), 100));
        while matches!(batches.run(&mut queue, SystemTime::now()).unwrap(), BatchStep::Continue) {}
    })
}

fn sweep<S: Sweep>(new: impl Fn() -> S + 'static) -> Run {
    Box::new(move |file: &TestFile| {
        let (mut queue, mut rounds) = (file.queue(), Rounds::new(new(), 100));
        while matches!(rounds.run(&mut queue, SystemTime::now()).unwrap(), BatchStep::Continue) {}
    })
}

fn event(number: usize) -> NewEvent {
    let verifier = crate::Verifier::new("f1f9a1c6-1c57-4a6b-a5b8-2c1f42f2a1de").unwrap();
    let data = format!(r#"{{"number":{number}}}"#);
    let body = format!(r#"{{"id_event":"{number}","type":"{COMMON}","data":{data}}}"#);
    NewEvent::new(verifier.verify(body.as_bytes(), verifier.sign(&data)).unwrap())
}

/// Returns all operations of a store, by name.
fn operations() -> Vec<(String, Run)> {
    let mut all: Vec<(String, Run)> = Vec::new();
    for state in EventState::ALL.iter().copied().map(Some).chain([None]) {
        let filter = Filter { state, ..Filter::new() };
        all.push((format!("list of {state:?}"), list(filter.clone())));
        all.push((format!("list of {state:?} and common type"), list(filter.clone().event_type(COMMON))));
        all.push((format!("list of {state:?} and rare type"), list(filter.event_type(RARE))));
    }
    let dead = || Filter::new().state(EventState::Dead);
    let after = EventKey::new(50);
    all.push(("second page of dead".into(), list_after(dead(), Some(after))));
    all.push((
        "depth".into(),
        Box::new(|file| {
            let depth = file.reader().depth(SystemTime::now()).unwrap();
            assert!(!depth.ready.is_exact() && !depth.delayed.is_exact() && !depth.dead.is_exact());
        }),
    ));
    all.push((
        "get".into(),
        Box::new(|file| {
            assert!(file.reader().get(EventKey::new(7), SystemTime::now()).unwrap().is_some());
        }),
    ));
    all.push((
        "put".into(),
        Box::new(|file| {
            let mut queue = file.queue();
            for _ in 0..2 {
                queue.put(&(0..20).map(event).collect::<Vec<_>>(), SystemTime::now()).unwrap();
            }
            queue.put(&[], SystemTime::now()).unwrap();
        }),
    ));
    all.push((
        "lease and settle".into(),
        Box::new(|file| {
            let mut queue = file.queue();
            let leased =
                queue.lease(&LeaseRequest::new(64, Duration::from_secs(60)), SystemTime::now()).unwrap();
            assert_eq!(leased.len(), 64);
            let decisions = [
                Decision::Complete,
                Decision::RetryAfter(Duration::from_secs(60)),
                Decision::Bury("no".into()),
                Decision::Extend(Duration::from_secs(60)),
                Decision::Release,
            ];
            let settlements: Vec<_> = leased
                .iter()
                .zip(decisions.into_iter().cycle())
                .map(|(leased, decision)| Settlement::new(leased.token, decision))
                .collect();
            queue.settle(&settlements, SystemTime::now()).unwrap();
        }),
    ));
    all.push(("replay".into(), operation(move || Replay(Select::All(dead())))));
    all.push((
        "replay of rare type".into(),
        operation(|| Replay(Select::All(Filter::new().event_type(RARE)))),
    ));
    all.push(("discard".into(), operation(|| Discard(Select::All(Filter::new())))));
    all.push((
        "discard of rare type".into(),
        operation(|| Discard(Select::All(Filter::new().event_type(RARE)))),
    ));
    let now = SystemTime::now;
    all.push(("prune".into(), sweep(move || Prune { done_before: now() })));
    all.push(("forget".into(), sweep(move || Forget { done_before: now() })));
    all.push(("expedite".into(), sweep(|| Expedite { longest_delay: Duration::from_secs(100) })));
    all
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
    }
}
