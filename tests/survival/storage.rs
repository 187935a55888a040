//! The store fails while deliveries arrive. Every answer is a 200 for a durable row or a finished
//! hook, or a 503.

use std::{
    collections::{HashMap, HashSet},
    fs::{File, OpenOptions},
    io::Write,
    os::unix::fs::{FileExt, PermissionsExt},
    path::Path,
    time::{Duration, Instant},
};

use panora_hooks::inbox::{InboxError, OpenError, SqliteInbox};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::{
    contents::contents,
    disk::{Mount, may_mount},
    process::{Connection, Lost, Receiver, check, ledger, ledger_in, quiet, request},
};

fn ready(receiver: &Receiver) -> u16 {
    let request = b"GET /ready HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    Connection::open(receiver.address).unwrap().send(request).unwrap()
}

fn event(number: u64, bytes: usize) -> Vec<u8> {
    let payload = format!(r#"{{"how":"succeeds","number":{number},"filler":"{}"}}"#, "x".repeat(bytes));
    request(&format!("event-{number}"), "crm.contact.created", &payload)
}

#[test]
fn a_full_disk_is_a_503_until_there_is_room() {
    if !may_mount() {
        return;
    }
    let disk = Mount::small(16 << 20);
    let folder = TempDir::new().unwrap();
    let path = disk.path().join("inbox.db");
    let ledger_path = ledger_in(folder.path());
    let receiver = Receiver::start(&format!("sqlite:{}", path.display()), &ledger_path, 0).unwrap();
    let mut connection = Connection::open(receiver.address).unwrap();
    let mut acknowledged = Vec::new();
    let mut number = 0;
    let mut deliver = |acknowledged: &mut Vec<u64>| {
        number += 1;
        let status = connection.send(&event(number, 20_000)).unwrap();
        assert!(matches!(status, 200 | 503), "{status}");
        if status == 200 {
            acknowledged.push(number);
        }
        status
    };
    for _ in 0..10 {
        assert_eq!(deliver(&mut acknowledged), 200);
    }
    assert_eq!(ready(&receiver), 200);
    for _ in 0..2 {
        let filler = disk.path().join("filler");
        let mut file = File::create(&filler).unwrap();
        while file.write(&[0; 4096]).is_ok_and(|written| written > 0) {}
        // The files of the inbox still have some space.
        while deliver(&mut acknowledged) == 200 {}
        for _ in 0..20 {
            assert_eq!(deliver(&mut acknowledged), 503);
        }
        std::fs::remove_file(&filler).unwrap();
        drop(file);
        assert_eq!(deliver(&mut acknowledged), 200, "there is room again");
        assert_eq!(ready(&receiver), 200);
    }
    let tool = SqliteInbox::attach(&path).unwrap();
    let runtime = Runtime::new().unwrap();
    runtime.block_on(quiet(&tool));
    let contents = runtime.block_on(contents(&tool));
    let handled: HashSet<_> = ledger(&ledger_path).into_iter().map(|(_, id)| id).collect();
    for number in acknowledged {
        let id = format!("event-{number}");
        assert!(contents.contains_key(&id) && handled.contains(&id), "{id}");
    }
}

/// Holds the write lock, as a tool might.
fn hold(path: &Path) -> rusqlite::Connection {
    let connection = rusqlite::Connection::open(path).unwrap();
    connection.busy_timeout(Duration::from_secs(60)).unwrap();
    connection.execute_batch("BEGIN IMMEDIATE").unwrap();
    connection
}

#[test]
fn a_short_lock_delays_the_answer_and_a_long_one_runs_the_hook_before_it() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("inbox.db");
    let ledger_path = ledger_in(folder.path());
    let receiver = Receiver::start(&format!("sqlite:{}", path.display()), &ledger_path, 0).unwrap();
    let mut connection = Connection::open(receiver.address).unwrap();

    let held = hold(&path);
    let releases = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(300));
        drop(held);
    });
    assert_eq!(connection.send(&event(1, 0)).unwrap(), 200);
    releases.join().unwrap();

    // Longer than a delivery waits for the store.
    let held = hold(&path);
    let begun = Instant::now();
    assert_eq!(connection.send(&event(2, 0)).unwrap(), 200);
    assert!(ledger(&ledger_path).iter().any(|(_, id)| id == "event-2"), "its hook has run");
    // The first attempt fails, and the event is not stored.
    let fails = request("event-3", "crm.contact.created", r#"{"how":"fails","number":3}"#);
    assert_eq!(connection.send(&fails).unwrap(), 503);
    let unknown = request("event-4", "crm.invoice.created", r#"{"number":4}"#);
    assert_eq!(connection.send(&unknown).unwrap(), 503);
    assert!(begun.elapsed() < Duration::from_secs(45), "{:?}", begun.elapsed());
    drop(held);
    assert_eq!(connection.send(&event(5, 0)).unwrap(), 200);

    let tool = SqliteInbox::attach(&path).unwrap();
    let runtime = Runtime::new().unwrap();
    runtime.block_on(quiet(&tool));
    let contents = runtime.block_on(contents(&tool));
    let mut ids: Vec<_> = contents.keys().map(String::as_str).collect();
    ids.sort_unstable();
    assert_eq!(ids, ["event-1", "event-5"]);
    let effects = ledger(&ledger_path);
    assert_eq!(effects.len(), 3, "{effects:?}");
}

#[test]
fn a_file_that_cannot_be_opened_is_an_error_that_names_it() {
    let folder = TempDir::new().unwrap();
    let chain = |error: OpenError| format!("{:#}", anyhow::Error::from(error));

    let missing = folder.path().join("no such folder/inbox.db");
    let error = chain(SqliteInbox::open(&missing).unwrap_err());
    assert!(error.contains("no such folder/inbox.db") && error.contains("No such file"), "{error}");

    let error = chain(SqliteInbox::open(folder.path()).unwrap_err());
    assert!(error.contains(folder.path().to_str().unwrap()) && error.contains("directory"), "{error}");

    let text = folder.path().join("text.db");
    std::fs::write(&text, "not a database, but longer than a header would be".repeat(100)).unwrap();
    let error = chain(SqliteInbox::open(&text).unwrap_err());
    assert!(error.contains("text.db") && error.contains("not a database"), "{error}");

    let other = folder.path().join("other.db");
    rusqlite::Connection::open(&other).unwrap().execute_batch("CREATE TABLE users(name)").unwrap();
    let error = SqliteInbox::open(&other).unwrap_err();
    assert!(matches!(error, OpenError::NotAnInbox { .. }), "{error}");
    assert!(chain(error).contains("other.db"));
    let count = |sql: &str| -> i64 {
        rusqlite::Connection::open(&other).unwrap().query_row(sql, [], |row| row.get(0)).unwrap()
    };
    assert_eq!(count("SELECT count(*) FROM sqlite_schema"), 1, "it was not touched");

    let newer = folder.path().join("newer.db");
    drop(SqliteInbox::open(&newer).unwrap());
    rusqlite::Connection::open(&newer).unwrap().execute_batch("PRAGMA user_version = 999").unwrap();
    let error = SqliteInbox::open(&newer).unwrap_err();
    assert!(matches!(error, OpenError::Newer { found: 999, .. }), "{error}");

    let error = chain(SqliteInbox::attach(folder.path().join("none.db")).unwrap_err());
    assert!(error.contains("none.db") && error.contains("No such file"), "{error}");
    assert!(!folder.path().join("none.db").exists());
}

#[test]
fn a_read_only_disk_is_an_error_that_names_the_file() {
    if !may_mount() {
        return;
    }
    let disk = Mount::small(16 << 20);
    let path = disk.path().join("inbox.db");
    drop(SqliteInbox::open(&path).unwrap());
    disk.make_read_only();
    let error = format!("{:#}", anyhow::Error::from(SqliteInbox::open(&path).unwrap_err()));
    assert!(error.contains("inbox.db") && error.to_lowercase().contains("read-only"), "{error}");
}

#[test]
fn one_receiver_opens_the_file_and_tools_attach_to_it() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("inbox.db");
    let first = SqliteInbox::open(&path).unwrap();
    let link = folder.path().join("link.db");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    for path in [&path, &link] {
        let error = SqliteInbox::open(path).unwrap_err();
        assert!(matches!(error, OpenError::InUse { .. }), "{error}");
        assert!(error.to_string().contains(path.to_str().unwrap()), "{error}");
        SqliteInbox::attach(path).unwrap();
    }
    drop(first);
    drop(SqliteInbox::open(&link).unwrap());
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let file = file.unwrap();
        if file.file_type().unwrap().is_file() {
            let mode = file.metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{:?}", file.path());
        }
    }
}

#[test]
fn a_damaged_file_is_refused_or_a_503() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("inbox.db");
    let store = format!("sqlite:{}", path.display());
    let ledger_path = ledger_in(folder.path());
    let mut receiver = Receiver::start(&store, &ledger_path, 0).unwrap();
    let mut connection = Connection::open(receiver.address).unwrap();
    for number in 0..300 {
        assert_eq!(connection.send(&event(number, 3000)).unwrap(), 200);
    }
    let tool = SqliteInbox::attach(&path).unwrap();
    Runtime::new().unwrap().block_on(quiet(&tool));
    drop(tool);
    receiver.kill();
    // Moves the log into the database, and then overwrites all tables and indexes.
    rusqlite::Connection::open(&path)
        .unwrap()
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
        .unwrap();
    let file = OpenOptions::new().write(true).open(&path).unwrap();
    let length = file.metadata().unwrap().len();
    file.write_all_at(&vec![0xAA; usize::try_from(length).unwrap() - 8192], 8192).unwrap();
    drop(file);
    match SqliteInbox::open(&path) {
        // The damage is the only accepted reason.
        Err(error) => {
            let is_damage = matches!(&error, OpenError::Store { source: InboxError::Corrupt(_), .. });
            assert!(is_damage, "{:#}", anyhow::Error::from(error));
            assert!(Receiver::start(&store, &ledger_path, 1).is_none());
        }
        Ok(inbox) => {
            drop(inbox);
            let receiver = Receiver::start(&store, &ledger_path, 1).unwrap();
            let mut connection = Connection::open(receiver.address).unwrap();
            for number in 300..320 {
                assert_eq!(connection.send(&event(number, 3000)).unwrap(), 503);
            }
            assert_eq!(ready(&receiver), 503);
        }
    }
}

#[test]
fn a_deleted_file_is_a_503_until_the_receiver_restarts() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("inbox.db");
    let store = format!("sqlite:{}", path.display());
    let ledger_path = ledger_in(folder.path());
    let mut receiver = Receiver::start(&store, &ledger_path, 0).unwrap();
    let mut connection = Connection::open(receiver.address).unwrap();
    for number in 0..10 {
        assert_eq!(connection.send(&event(number, 0)).unwrap(), 200);
    }
    assert_eq!(ready(&receiver), 200);
    for suffix in ["", "-wal", "-shm"] {
        std::fs::remove_file(folder.path().join(format!("inbox.db{suffix}"))).unwrap();
    }
    for number in 10..110 {
        assert_eq!(connection.send(&event(number, 0)).unwrap(), 503, "event {number}");
    }
    assert_eq!(ready(&receiver), 503);
    receiver.kill();
    let receiver = Receiver::start(&store, &ledger_path, 1).unwrap();
    assert_eq!(ready(&receiver), 200);
    assert_eq!(Connection::open(receiver.address).unwrap().send(&event(110, 0)).unwrap(), 200);
}

#[test]
fn duplicates_are_recognised_after_a_restart() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("inbox.db");
    let store = format!("sqlite:{}", path.display());
    let ledger_path = ledger_in(folder.path());
    let payload = r#"{"how":"succeeds"}"#;
    let mut receiver = Receiver::start(&store, &ledger_path, 0).unwrap();
    let deliver = |receiver: &Receiver, id: &str, event_type: &str| {
        Connection::open(receiver.address).unwrap().send(&request(id, event_type, payload)).unwrap()
    };
    assert_eq!(deliver(&receiver, "1", "crm.contact.created"), 200);
    receiver.kill();
    let receiver = Receiver::start(&store, &ledger_path, 1).unwrap();
    for (id, event_type) in
        [("1", "crm.contact.created"), ("2", "crm.contact.created"), ("1", "crm.contact.pulled")]
    {
        assert_eq!(deliver(&receiver, id, event_type), 200);
    }
    let tool = SqliteInbox::attach(&path).unwrap();
    let runtime = Runtime::new().unwrap();
    runtime.block_on(quiet(&tool));
    assert_eq!(runtime.block_on(panora_hooks::inbox::Inbox::depth(&tool)).unwrap().parked, 2);
    assert!(ledger(&ledger_path).iter().all(|(_, id)| id == "1"));
}

/// A test of the helper: it detects an acknowledged event that is missing.
#[test]
#[should_panic(expected = "event-7 was acknowledged and not handled")]
fn a_missing_event_is_detected() {
    check(&HashSet::from([7]), &[], &HashMap::new(), Lost::Nothing);
}
