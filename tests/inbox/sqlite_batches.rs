//! Operations on many events of a SQLite file work in batches, between which deliveries are stored.

use std::{pin::pin, time::Duration};

use futures_util::FutureExt;
use panora_hooks::inbox::{
    Decision, EventState, Filter, Inbox, InboxError, LeaseRequest, Select, Settlement, SqliteInbox,
};
use rusqlite::Connection;
use tempfile::TempDir;

use crate::events::{contact, is_stored};

/// Far more events than a batch may contain.
const EVENTS: u32 = 5000;

/// The most events of a batch.
const BATCH: usize = 1000;

/// A file with many events and a table `journal`, in which triggers record the order of operations.
struct Filled {
    folder: TempDir,
    connection: Connection,
}

impl Filled {
    /// Creates a file. `insert` runs for each event, whose number is `seq`, and `trigger` names the
    /// change that is recorded.
    fn new(insert: &str, trigger: &str) -> Self {
        Self::with_data(EVENTS, 100, insert, trigger)
    }

    fn with_data(events: u32, bytes: usize, insert: &str, trigger: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("inbox.db");
        drop(SqliteInbox::open(&path).unwrap());
        let connection = Connection::open(&path).unwrap();
        connection
            .execute_batch(&format!(
                "INSERT INTO event(seq, key, id_event, type, received, data)
                     WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {events})
                     SELECT n, randomblob(48), n, 'crm.contact.created', n, hex(randomblob({bytes} / 2))
                     FROM n;
                 {insert};
                 CREATE TABLE journal(id INTEGER PRIMARY KEY, word TEXT NOT NULL);
                 CREATE TRIGGER stored AFTER INSERT ON event BEGIN
                     INSERT INTO journal(word) VALUES ('stored');
                 END;
                 CREATE TRIGGER changed AFTER {trigger} BEGIN
                     INSERT INTO journal(word) VALUES ('changed');
                 END;"
            ))
            .unwrap();
        Self { folder, connection }
    }

    fn dead() -> Self {
        Self::new(DEAD, "DELETE ON dead")
    }

    fn inbox(&self) -> SqliteInbox {
        SqliteInbox::attach(self.folder.path().join("inbox.db")).unwrap()
    }

    /// Stores an event that arrives while an operation runs its first batch. Returns the number of
    /// events that were changed before it was stored, and the result of the operation.
    async fn store_during(
        &self,
        operation: impl AsyncFn(SqliteInbox) -> Result<u64, InboxError>,
    ) -> (usize, u64) {
        let inbox = self.inbox();
        // While the lock is held, the first batch cannot begin, and further operations queue behind
        // it.
        self.connection.execute_batch("BEGIN IMMEDIATE").unwrap();
        let mut operation = pin!(operation(inbox.clone()));
        assert!((&mut operation).now_or_never().is_none());
        let mut put = pin!(inbox.put(vec![contact("ada")]));
        assert!((&mut put).now_or_never().is_none());
        self.connection.execute_batch("COMMIT").unwrap();
        let (changed, put) = tokio::join!(operation, put);
        assert!(is_stored(put.unwrap()[0]));
        (self.journal().iter().position(|word| word == "stored").unwrap(), changed.unwrap())
    }

    fn journal(&self) -> Vec<String> {
        let mut words = self.connection.prepare("SELECT word FROM journal ORDER BY id").unwrap();
        words.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    }
}

const DEAD: &str =
    "INSERT INTO dead(seq, at, attempts, is_parked, reason) SELECT seq, 1, 16, 0, 'no' FROM event";
const DONE: &str = "INSERT INTO done(seq, at, attempts, is_pruned) SELECT seq, 1, 1, 0 FROM event";
const PRUNED: &str = "UPDATE event SET data = NULL;
    INSERT INTO done(seq, at, attempts, is_pruned) SELECT seq, 1, 1, 1 FROM event";
const LATE: &str = "INSERT INTO due(seq, due, attempts) SELECT seq, 1 << 60, 1 FROM event";

#[tokio::test]
async fn a_delivery_waits_for_one_batch_of_a_replay_at_most() {
    for which in [
        Select::All(Filter::new().state(EventState::Dead)),
        Select::All(Filter::new().event_type("crm.contact.created")),
        Select::All(Filter::new()),
    ] {
        let filled = Filled::dead();
        let (before, all) =
            filled.store_during(async |inbox| inbox.replay(which.clone(), u32::MAX).await).await;
        assert!(before <= BATCH, "{before} of {all} events were replayed first, of {which:?}");
        assert_eq!(all, u64::from(EVENTS));
        assert_eq!(filled.inbox().depth().await.unwrap().dead, 0);
    }
}

#[tokio::test]
async fn a_delivery_waits_for_one_batch_of_a_replay_by_keys_at_most() {
    let filled = Filled::dead();
    let keys = (1..=EVENTS).map(|seq| panora_hooks::inbox::EventKey::new(seq.into()));
    let which = Select::Keys(keys.collect());
    let (before, all) = filled.store_during(async |inbox| inbox.replay(which.clone(), u32::MAX).await).await;
    assert!(before <= BATCH, "{before} of {all}");
    assert_eq!(all, u64::from(EVENTS));
}

#[tokio::test]
async fn a_delivery_waits_for_one_batch_of_a_discard_at_most() {
    let filled = Filled::dead();
    let which = Select::All(Filter::new());
    let (before, all) = filled.store_during(async |inbox| inbox.discard(which.clone(), u32::MAX).await).await;
    assert!(before <= BATCH, "{before} of {all}");
    assert_eq!(all, u64::from(EVENTS));
}

#[tokio::test]
async fn a_delivery_waits_for_one_batch_of_a_sweep_at_most() {
    let filled = Filled::new(DONE, "UPDATE OF is_pruned ON done");
    let (before, all) = filled.store_during(async |inbox| inbox.prune(Duration::ZERO, u32::MAX).await).await;
    assert!(before <= BATCH && all == u64::from(EVENTS), "pruned: {before} of {all}");

    let filled = Filled::new(PRUNED, "DELETE ON done");
    let (before, all) = filled.store_during(async |inbox| inbox.forget(Duration::ZERO, u32::MAX).await).await;
    assert!(before <= BATCH && all == u64::from(EVENTS), "forgotten: {before} of {all}");

    let filled = Filled::new(LATE, "UPDATE OF due ON due");
    let hour = Duration::from_secs(3600);
    let (before, all) = filled.store_during(async |inbox| inbox.expedite(hour, u32::MAX).await).await;
    assert!(before <= BATCH && all == u64::from(EVENTS), "expedited: {before} of {all}");
}

#[tokio::test]
async fn a_delivery_is_stored_while_errors_of_older_events_are_grouped() {
    // Enough batches that the delivery arrives before the last.
    let filled = Filled::with_data(50 * EVENTS, 2, DEAD, "UPDATE OF fingerprint ON dead");
    let inbox = SqliteInbox::open(filled.folder.path().join("inbox.db")).unwrap();
    assert!(is_stored(inbox.put(vec![contact("ada")]).await.unwrap()[0]));
    let grouped = filled.journal().iter().filter(|word| *word == "changed").count();
    assert!(grouped < 50 * EVENTS as usize, "{grouped}");
}

#[tokio::test]
async fn a_batch_drops_a_few_megabytes_at_most() {
    for (insert, trigger) in [(DEAD, "DELETE ON dead"), (DONE, "UPDATE OF is_pruned ON done")] {
        let filled = Filled::with_data(24, 1 << 20, insert, trigger);
        let (before, all) = filled
            .store_during(async |inbox| {
                let discarded = inbox.discard(Select::All(Filter::new()), u32::MAX).await?;
                Ok(discarded + inbox.prune(Duration::ZERO, u32::MAX).await?)
            })
            .await;
        // The first event of a batch may exceed the limit. Discarded events are pruned already.
        assert!(before <= 4 && all == 24, "{before} of {all}, {trigger}");
    }
}

#[tokio::test]
async fn the_limit_of_an_operation_is_exact_across_batches() {
    let filled = Filled::dead();
    let inbox = filled.inbox();
    let all = || Select::All(Filter::new().state(EventState::Dead));
    assert_eq!(inbox.replay(all(), 0).await.unwrap(), 0);
    assert_eq!(inbox.replay(all(), 1001).await.unwrap(), 1001);
    assert_eq!(inbox.discard(all(), 2500).await.unwrap(), 2500);
    let first = inbox.list(panora_hooks::inbox::Query::new(Filter::new().state(EventState::Dead)));
    // The oldest events come first.
    assert_eq!(first.await.unwrap().items[0].key.number(), 3502);
    assert_eq!(inbox.forget(Duration::ZERO, 1200).await.unwrap(), 1200);
    assert_eq!(inbox.depth().await.unwrap().dead, u64::from(EVENTS) - 3501);
}

#[tokio::test]
async fn a_replay_ends_although_its_events_are_done_again_at_once() {
    let filled = Filled::new(DONE, "DELETE ON done");
    let inbox = filled.inbox();
    let replay = inbox.replay(Select::All(Filter::new()), u32::MAX);
    let mut replay = pin!(replay);
    let replayed = loop {
        tokio::select! {
            biased;
            replayed = &mut replay => break replayed.unwrap(),
            leased = inbox.lease(LeaseRequest::new(1000, Duration::from_secs(60))) => {
                let leased = leased.unwrap();
                let done = leased.iter().map(|leased| Settlement::new(leased.token, Decision::Complete));
                inbox.settle(done.collect()).await.unwrap();
                inbox.put(vec![contact(fastrand::u64(..))]).await.unwrap();
            }
        }
    };
    // Events that arrive before the first batch may be included.
    let all = u64::from(EVENTS);
    assert!((all..all + 16).contains(&replayed), "{replayed}");
}

#[tokio::test]
async fn a_replay_whose_future_is_dropped_stops() {
    let filled = Filled::dead();
    let inbox = filled.inbox();
    filled.connection.execute_batch("BEGIN IMMEDIATE").unwrap();
    {
        let mut replay = pin!(inbox.replay(Select::All(Filter::new()), u32::MAX));
        assert!((&mut replay).now_or_never().is_none());
    }
    filled.connection.execute_batch("COMMIT").unwrap();
    // The replay may have started its first batch, but starts no other.
    for number in 0..100 {
        assert!(is_stored(inbox.put(vec![contact(number)]).await.unwrap()[0]));
    }
    let changed = filled.journal().iter().filter(|word| *word == "changed").count();
    assert!(changed <= BATCH, "{changed}");
}
