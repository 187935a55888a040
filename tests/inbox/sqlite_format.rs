//! Files in other versions of the format.

use std::{path::Path, time::Duration};

use panora_hooks::inbox::{
    AttemptInfo, AttemptOutcome, Decision, EventKey, EventState, Filter, Fingerprint, Inbox, LeaseRequest,
    OpenError, ParkReason, Put, Query, Select, Settled, Settlement, SqliteInbox,
};
use rusqlite::{Connection, params};
use tempfile::TempDir;

use crate::{
    events::{contact, event, is_duplicate, is_stored},
    stores::{Sqlite, Store},
};

const LEASE: Duration = Duration::from_secs(60);

/// Creates a file of version 1 with 40 copies of one delivery. The first has run, and the others
/// are parked.
fn version_1(path: &Path, data: &str) {
    let connection = Connection::open(path).unwrap();
    connection.execute_batch("PRAGMA journal_mode=WAL").unwrap();
    connection.execute_batch(include_str!("sqlite_format_1.sql")).unwrap();
    connection.execute_batch("PRAGMA user_version = 1; PRAGMA application_id = 0x50484942").unwrap();
    for number in 0..40 {
        let copy = event(&number.to_string(), "crm.note.created", data);
        connection
            .execute(
                "INSERT INTO event(key, id_event, type, received, data) VALUES (?1, ?2, ?3, 1, ?4)",
                params![copy.identity(), copy.id(), copy.wire_type(), data],
            )
            .unwrap();
    }
    connection
        .execute_batch(
            "INSERT INTO done(seq, at, attempts, is_pruned) VALUES (1, 1, 1, 0);
             INSERT INTO dead(seq, at, attempts, is_parked, reason)
                 SELECT seq, 1, 0, 1, 'replayed' FROM event WHERE seq > 1;",
        )
        .unwrap();
}

#[tokio::test]
async fn a_file_of_version_1_keeps_working() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("inbox.db");
    let data = r#"{"first":"version"}"#;
    version_1(&path, data);
    let refused = SqliteInbox::attach(&path).unwrap_err();
    assert!(matches!(refused, OpenError::Older { found: 1, .. }), "{refused}");

    let inbox = SqliteInbox::open(&path).unwrap();
    let parked = Filter::new().state(EventState::Parked).event_type("crm.note.created");
    let items = inbox.list(Query::new(parked.clone())).await.unwrap().items;
    assert_eq!(items.len(), 39);
    assert!(items.iter().all(|info| info.size == Some(data.len() as u64)));
    // The file contains more replays than are kept now: they are recognised, and no other is added.
    for number in [0, 1, 39] {
        let known = inbox.put(vec![event(&number.to_string(), "crm.note.created", data)]).await.unwrap()[0];
        assert_eq!(known, Put::Duplicate(EventKey::new(number + 1)));
    }
    assert!(is_duplicate(inbox.put(vec![event("40", "crm.note.created", data)]).await.unwrap()[0]));

    // Each replay has its own data, regardless of what happens to the others.
    assert_eq!(inbox.prune(Duration::ZERO, 10).await.unwrap(), 1);
    assert_eq!(inbox.discard(Select::All(parked.clone()), 38).await.unwrap(), 38);
    let last = inbox.get(EventKey::new(40)).await.unwrap().unwrap();
    assert_eq!(last.data.as_deref(), Some(data));
    assert_eq!(inbox.replay(Select::All(parked), 10).await.unwrap(), 1);
    assert_eq!(inbox.lease(LeaseRequest::new(10, LEASE)).await.unwrap()[0].data, data);
    assert_eq!(inbox.forget(Duration::ZERO, 100).await.unwrap(), 39);
    drop(inbox);
    SqliteInbox::attach(&path).unwrap();
}

/// More dead events than one transaction of a migration changes.
const DEAD: u64 = 1500;

/// Creates a file of version 2 with dead events, and a parked, a done and a leased one after them.
fn version_2(path: &Path) {
    let connection = Connection::open(path).unwrap();
    connection.execute_batch("PRAGMA journal_mode=WAL").unwrap();
    connection.execute_batch(include_str!("sqlite_format_2.sql")).unwrap();
    connection
        .execute_batch(&format!(
            "PRAGMA user_version = 2; PRAGMA application_id = 0x50484942;
             INSERT INTO event(seq, key, id_event, type, received, data)
                 WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {DEAD} + 3)
                 SELECT n, randomblob(48), n, 'crm.note.created', n, '{{}}' FROM n;
             INSERT INTO dead(seq, at, attempts, is_parked, reason)
                 SELECT seq, 1, 16, 0, iif(seq % 3 = 0, 'a timeout', 'note ' || seq || ' is missing')
                 FROM event WHERE seq <= {DEAD};
             INSERT INTO dead(seq, at, attempts, is_parked, reason) VALUES ({DEAD} + 1, 1, 0, 1, 'unhandled');
             INSERT INTO done(seq, at, attempts, is_pruned) VALUES ({DEAD} + 2, 1, 1, 0);
             INSERT INTO due(seq, due, attempts, fence) VALUES ({DEAD} + 3, 1 << 60, 2, 7);"
        ))
        .unwrap();
}

/// Waits until dead events are in these groups.
async fn grouped(inbox: &SqliteInbox, expected: &[(Fingerprint, u64)]) {
    let wait = async {
        while groups(inbox).await != expected {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(LEASE, wait).await.expect("the errors of older events are not grouped");
}

/// Returns the groups of dead events, with their counts.
async fn groups(inbox: &SqliteInbox) -> Vec<(Fingerprint, u64)> {
    let groups = inbox.error_groups(10).await.unwrap();
    groups.into_iter().map(|group| (group.fingerprint, group.count.number())).collect()
}

fn all_groups() -> Vec<(Fingerprint, u64)> {
    let missing = Fingerprint::of("note 1 is missing");
    vec![(missing, DEAD / 3 * 2), (Fingerprint::of("a timeout"), DEAD / 3)]
}

#[tokio::test]
async fn a_file_of_version_2_keeps_working() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("inbox.db");
    version_2(&path);
    let inbox = SqliteInbox::open(&path).unwrap();
    grouped(&inbox, &all_groups()).await;
    let timeouts = Filter::new().error_group(Fingerprint::of("a timeout"));
    assert_eq!(inbox.count(timeouts.clone()).await.unwrap(), DEAD / 3);

    let items = inbox.list(Query::default().limit(2000)).await.unwrap().items;
    assert_eq!(items.len() as u64, DEAD + 3);
    for info in &items {
        assert_eq!((info.run, &info.last_error, info.duration), (1, &None, None));
        assert!(inbox.attempts(info.key).await.unwrap().is_empty());
    }
    // The lease of the older version is interrupted. Nothing is known of its beginning.
    let leased = inbox.lease(LeaseRequest::new(10, LEASE)).await.unwrap();
    assert!(leased.len() == 1 && leased[0].is_interrupted && leased[0].attempt == 3);
    let interrupted = AttemptInfo::new(1, 2, AttemptOutcome::Interrupted);
    assert_eq!(inbox.attempts(leased[0].token.key()).await.unwrap(), [interrupted]);

    assert_eq!(inbox.replay(Select::All(timeouts), 1).await.unwrap(), 1);
    assert_eq!(inbox.get(EventKey::new(3)).await.unwrap().unwrap().info.run, 2);
}

#[tokio::test]
async fn a_migration_continues_after_an_interruption() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("inbox.db");
    version_2(&path);
    let connection = Connection::open(&path).unwrap();
    let interruption = "CREATE TRIGGER interruption BEFORE UPDATE ON dead WHEN old.seq = 1200 BEGIN
        SELECT RAISE(ABORT, 'interrupted');
    END";
    connection.execute_batch(interruption).unwrap();
    let inbox = SqliteInbox::open(&path).unwrap();
    // Events without a fingerprint are a group of their own. One transaction has 1000 events.
    let missing = Fingerprint::of("note 1 is missing");
    let partly = [(missing, 667), (Fingerprint::UNKNOWN, DEAD - 1000), (Fingerprint::of("a timeout"), 333)];
    grouped(&inbox, &partly).await;
    let listed = inbox.count(Filter::new().error_group(Fingerprint::UNKNOWN)).await.unwrap();
    assert_eq!(listed, DEAD - 1000);
    // The interruption does not stop the receiver.
    assert!(is_stored(inbox.put(vec![contact("ada")]).await.unwrap()[0]));
    drop(inbox);

    connection.execute_batch("DROP TRIGGER interruption").unwrap();
    grouped(&SqliteInbox::open(&path).unwrap(), &all_groups()).await;
}

#[tokio::test]
async fn nothing_runs_once_a_newer_program_has_changed_the_file() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("inbox.db");
    let inbox = SqliteInbox::open(&path).unwrap();
    inbox.put(vec![contact("ada")]).await.unwrap();
    let leased = inbox.lease(LeaseRequest::new(1, LEASE)).await.unwrap();
    Connection::open(&path).unwrap().execute_batch("PRAGMA user_version = 999").unwrap();

    // Deliveries are still stored, and running hooks settled.
    assert!(is_stored(inbox.put(vec![contact("grace")]).await.unwrap()[0]));
    let error = inbox.lease(LeaseRequest::new(1, LEASE)).await.unwrap_err();
    assert!(!error.is_transient());
    let text = format!("{:#}", anyhow::Error::from(error));
    assert!(text.contains("999") && text.contains("newer") && text.contains("update"), "{text}");
    let settled = inbox.settle(vec![Settlement::new(leased[0].token, Decision::Complete)]).await.unwrap();
    assert_eq!(settled, [Settled::Applied]);
}

#[tokio::test]
async fn a_key_is_not_reused_after_all_events_are_forgotten() {
    let mut store = Sqlite::new();
    let mut last = EventKey::new(0);
    for round in 0..3 {
        let inbox = store.inbox();
        let parked = |number: u32| contact(format!("{round} {number}")).parked(ParkReason::Unhandled);
        for put in inbox.put((0..3).map(parked).collect()).await.unwrap() {
            assert!(put.key() > last, "{put:?} after {last}");
            last = put.key();
        }
        assert_eq!(inbox.discard(Select::All(Filter::new()), 10).await.unwrap(), 3);
        store.jump(1_000_000).await;
        assert_eq!(inbox.forget(Duration::ZERO, 10).await.unwrap(), 3);
        assert!(inbox.list(Query::default()).await.unwrap().items.is_empty());
        drop(inbox);
        if round == 1 {
            store.restart().await;
        }
    }
}

/// A damaged event must not keep others from running.
#[tokio::test]
async fn an_event_whose_data_is_missing_is_dead() {
    let store = Sqlite::new();
    let inbox = store.inbox();
    let puts = inbox.put(vec![contact("ada"), contact("grace")]).await.unwrap();
    Connection::open(store.path())
        .unwrap()
        .execute_batch("UPDATE event SET data = NULL WHERE seq = 1")
        .unwrap();
    let leased = inbox.lease(LeaseRequest::new(10, LEASE)).await.unwrap();
    assert_eq!(leased.len(), 1);
    assert_eq!(leased[0].token.key(), puts[1].key());
    let dead = inbox.get(puts[0].key()).await.unwrap().unwrap().info;
    assert_eq!(dead.state, EventState::Dead);
    assert!(dead.reason.unwrap().contains("missing"));
}
