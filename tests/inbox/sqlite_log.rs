//! The log of a SQLite inbox shrinks again after a reader has made it grow.

use std::time::{Duration, Instant};

use panora_hooks::inbox::{Inbox, Query, SqliteInbox};
use rusqlite::Connection;
use tempfile::TempDir;

use crate::events::{contact, event};

const MEGABYTE: u64 = 1 << 20;

/// The longest wait of a test.
const PATIENCE: Duration = Duration::from_secs(120);

#[tokio::test]
async fn the_log_shrinks_when_a_reader_ends() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("inbox.db");
    let log = || std::fs::metadata(folder.path().join("inbox.db-wal")).unwrap().len();
    let inbox = SqliteInbox::open(&path).unwrap();
    inbox.put(vec![contact("ada")]).await.unwrap();

    let reader = Connection::open(&path).unwrap();
    reader.execute_batch("BEGIN").unwrap();
    let count = || -> i64 { reader.query_row("SELECT count(*) FROM event", [], |row| row.get(0)).unwrap() };
    assert_eq!(count(), 1);
    for number in 0..64 {
        let data = format!(r#"{{"number":{number},"text":"{}"}}"#, "x".repeat(2 << 20));
        inbox.put(vec![event(&number.to_string(), "crm.note.created", &data)]).await.unwrap();
    }
    assert!(log() > 128 * MEGABYTE, "the reader needs what was there: {}", log());
    assert_eq!(count(), 1);

    // Events continue to arrive.
    reader.execute_batch("COMMIT").unwrap();
    let begun = Instant::now();
    let mut number = 0;
    while log() > 40 * MEGABYTE {
        assert!(begun.elapsed() < PATIENCE, "the log still has {} bytes", log());
        number += 1;
        inbox.put(vec![contact(number)]).await.unwrap();
    }
    assert_eq!(inbox.list(Query::default().limit(1)).await.unwrap().items.len(), 1);
}

#[tokio::test]
async fn the_log_stays_short_without_readers() {
    let folder = TempDir::new().unwrap();
    let inbox = SqliteInbox::open(folder.path().join("inbox.db")).unwrap();
    let log = || std::fs::metadata(folder.path().join("inbox.db-wal")).unwrap().len();
    for number in 0..50 {
        let data = format!(r#"{{"number":{number},"text":"{}"}}"#, "x".repeat(2 << 20));
        inbox.put(vec![event(&number.to_string(), "crm.note.created", &data)]).await.unwrap();
    }
    let begun = Instant::now();
    // 100 MB were written. The rest is moved to the database shortly after.
    let mut number = 0;
    while log() > 40 * MEGABYTE {
        assert!(begun.elapsed() < PATIENCE, "the log still has {} bytes", log());
        number += 1;
        inbox.put(vec![contact(number)]).await.unwrap();
    }
}
