//! Stores keep one copy of identical data, regardless of how often a captured delivery is replayed.

use std::time::Duration;

use panora_hooks::inbox::{
    Decision, EventKey, EventState, Filter, Inbox, LeaseRequest, MemoryInbox, NewEvent, ParkReason, Put,
    Query, Select, Settled, Settlement, SqliteInbox,
};
use tempfile::TempDir;

use crate::{
    events::{event, is_duplicate, is_stored},
    stores::{Store, on_every_store},
};

/// The number of replays of one content that are kept.
const MOST: usize = 16;

const LEASE: Duration = Duration::from_secs(60);
const SECOND: i64 = 1_000_000;

fn data(bytes: usize) -> String {
    format!(r#"{{"text":"{}"}}"#, "x".repeat(bytes))
}

fn copy(number: usize, data: &str) -> NewEvent {
    event(&number.to_string(), "crm.note.created", data)
}

on_every_store! {
    replays_are_kept_up_to_a_limit,
    replays_in_one_batch_are_kept_up_to_a_limit,
    a_replay_has_the_data_of_its_original,
    a_replay_keeps_its_data_when_its_original_is_pruned_and_forgotten,
    a_replay_keeps_its_data_when_its_original_is_discarded,
    a_replay_keeps_its_data_when_other_replays_are_discarded,
    a_replay_that_was_done_and_pruned_is_without_data,
    a_replay_of_a_pruned_event_has_data,
    lists_are_stored_every_time,
}

/// Stores an event and up to `replays` copies of it, each under its own id.
async fn put(inbox: &impl Inbox, replays: usize, data: &str) -> Vec<EventKey> {
    let mut keys = Vec::new();
    for number in 0..=replays {
        let put = inbox.put(vec![copy(number, data)]).await.unwrap()[0];
        match put {
            Put::Stored(_) => assert_eq!(number, 0),
            Put::Parked(_, reason) => assert_eq!(reason, ParkReason::Replayed),
            _ => panic!("{put:?}"),
        }
        keys.push(put.key());
    }
    keys
}

/// Runs every ready event, and returns their data.
async fn run(inbox: &impl Inbox) -> Vec<String> {
    let mut all = Vec::new();
    loop {
        let leased = inbox.lease(LeaseRequest::new(100, LEASE)).await.unwrap();
        if leased.is_empty() {
            return all;
        }
        all.extend(leased.iter().map(|leased| leased.data.to_string()));
        let done = leased.iter().map(|leased| Settlement::new(leased.token, Decision::Complete)).collect();
        let settled = inbox.settle(done).await.unwrap();
        assert!(settled.iter().all(|settled| *settled == Settled::Applied));
    }
}

async fn holds(inbox: &impl Inbox, keys: &[EventKey], data: &str) {
    for key in keys {
        let stored = inbox.get(*key).await.unwrap().unwrap();
        assert_eq!(stored.data.as_deref(), Some(data), "{key}");
        assert_eq!(stored.info.size, Some(data.len() as u64));
    }
    for info in inbox.list(Query::default().limit(1000)).await.unwrap().items {
        if keys.contains(&info.key) {
            assert_eq!(info.size, Some(data.len() as u64));
        }
    }
}

async fn replays_are_kept_up_to_a_limit(store: impl Store) {
    let (inbox, data) = (store.inbox(), data(100));
    let keys = put(&inbox, MOST, &data).await;
    for number in [MOST + 1, MOST + 2, 300] {
        let further = inbox.put(vec![copy(number, &data)]).await.unwrap()[0];
        assert!(is_duplicate(further) && keys.contains(&further.key()), "{further:?}");
    }
    // Stored replays are still recognised.
    for (number, key) in keys.iter().enumerate() {
        let again = inbox.put(vec![copy(number, &data)]).await.unwrap()[0];
        assert_eq!(again, Put::Duplicate(*key));
    }
    assert_eq!(inbox.list(Query::default().limit(1000)).await.unwrap().items.len(), MOST + 1);
    assert_eq!(inbox.depth().await.unwrap().parked, MOST as u64);
}

async fn replays_in_one_batch_are_kept_up_to_a_limit(store: impl Store) {
    let (inbox, data) = (store.inbox(), data(100));
    let batch = (0..300).map(|number| copy(number, &data)).collect();
    let puts = inbox.put(batch).await.unwrap();
    assert!(is_stored(puts[0]));
    let parked = puts.iter().filter(|put| matches!(put, Put::Parked(_, ParkReason::Replayed))).count();
    let duplicates = puts.iter().filter(|put| is_duplicate(**put)).count();
    assert_eq!((parked, duplicates), (MOST, 300 - MOST - 1));
    let keys: Vec<_> = puts.iter().filter(|put| !is_duplicate(**put)).map(|put| put.key()).collect();
    assert!(puts.iter().all(|put| keys.contains(&put.key())));
    holds(&inbox, &keys, &data).await;
}

async fn a_replay_has_the_data_of_its_original(mut store: impl Store) {
    let data = data(1000);
    let inbox = store.inbox();
    let keys = put(&inbox, 3, &data).await;
    holds(&inbox, &keys, &data).await;
    assert_eq!(inbox.replay(Select::All(Filter::new().state(EventState::Parked)), 2).await.unwrap(), 2);
    assert_eq!(run(&inbox).await, vec![data.clone(); 3]);
    drop(inbox);
    store.restart().await;
    let inbox = store.inbox();
    assert_eq!(inbox.replay(Select::Keys(keys.clone()), 10).await.unwrap(), 4);
    assert_eq!(run(&inbox).await, vec![data.clone(); 4]);
    holds(&inbox, &keys, &data).await;
}

async fn a_replay_keeps_its_data_when_its_original_is_pruned_and_forgotten(store: impl Store) {
    let (inbox, data) = (store.inbox(), data(1000));
    let keys = put(&inbox, 3, &data).await;
    run(&inbox).await;
    store.jump(SECOND).await;
    assert_eq!(inbox.prune(Duration::ZERO, 10).await.unwrap(), 1);
    assert_eq!(inbox.get(keys[0]).await.unwrap().unwrap().data, None);
    holds(&inbox, &keys[1..], &data).await;
    assert_eq!(inbox.forget(Duration::ZERO, 10).await.unwrap(), 1);
    assert_eq!(inbox.get(keys[0]).await.unwrap(), None);
    holds(&inbox, &keys[1..], &data).await;
    // The replays still identify the content.
    let third = inbox.put(vec![copy(9, &data)]).await.unwrap()[0];
    assert!(matches!(third, Put::Parked(_, ParkReason::Replayed)), "{third:?}");
    assert_eq!(inbox.replay(Select::Keys(vec![keys[2], third.key()]), 10).await.unwrap(), 2);
    assert_eq!(run(&inbox).await, vec![data.clone(); 2]);
    // Prunes one after the other, regardless of which of them has the data.
    store.jump(SECOND).await;
    assert_eq!(inbox.prune(Duration::ZERO, 1).await.unwrap(), 1);
    assert_eq!(inbox.prune(Duration::ZERO, 1).await.unwrap(), 1);
    holds(&inbox, &[keys[1], keys[3]], &data).await;
    assert_eq!(inbox.replay(Select::Keys(keys), 10).await.unwrap(), 2);
    assert_eq!(run(&inbox).await, vec![data; 2]);
}

async fn a_replay_keeps_its_data_when_its_original_is_discarded(store: impl Store) {
    let (inbox, data) = (store.inbox(), data(1000));
    let original = inbox.put(vec![copy(0, &data).parked(ParkReason::Unhandled)]).await.unwrap()[0].key();
    let replay = inbox.put(vec![copy(1, &data)]).await.unwrap()[0].key();
    assert_eq!(inbox.discard(Select::Keys(vec![original]), 10).await.unwrap(), 1);
    assert_eq!(inbox.get(original).await.unwrap().unwrap().data, None);
    holds(&inbox, &[replay], &data).await;
    assert_eq!(inbox.replay(Select::Keys(vec![original, replay]), 10).await.unwrap(), 1);
    assert_eq!(run(&inbox).await, [data]);
}

async fn a_replay_keeps_its_data_when_other_replays_are_discarded(store: impl Store) {
    let (inbox, data) = (store.inbox(), data(1000));
    let keys = put(&inbox, 4, &data).await;
    run(&inbox).await;
    store.jump(SECOND).await;
    inbox.prune(Duration::ZERO, 10).await.unwrap();
    for (place, key) in keys.iter().enumerate().skip(1) {
        holds(&inbox, &keys[place..], &data).await;
        assert_eq!(inbox.discard(Select::Keys(vec![*key]), 10).await.unwrap(), 1);
        assert_eq!(inbox.get(*key).await.unwrap().unwrap().data, None);
    }
    assert_eq!(inbox.replay(Select::Keys(keys), 10).await.unwrap(), 0);
}

async fn a_replay_that_was_done_and_pruned_is_without_data(store: impl Store) {
    let (inbox, data) = (store.inbox(), data(1000));
    let keys = put(&inbox, 2, &data).await;
    assert_eq!(inbox.replay(Select::Keys(vec![keys[1]]), 10).await.unwrap(), 1);
    run(&inbox).await;
    store.jump(SECOND).await;
    assert_eq!(inbox.prune(Duration::ZERO, 10).await.unwrap(), 2);
    let info = inbox.get(keys[1]).await.unwrap().unwrap();
    assert_eq!((info.info.state, info.info.size, info.data), (EventState::Done, None, None));
    holds(&inbox, &keys[2..], &data).await;
    assert_eq!(inbox.replay(Select::Keys(keys), 10).await.unwrap(), 1);
}

async fn a_replay_of_a_pruned_event_has_data(store: impl Store) {
    let (inbox, data) = (store.inbox(), data(1000));
    put(&inbox, 0, &data).await;
    run(&inbox).await;
    store.jump(SECOND).await;
    assert_eq!(inbox.prune(Duration::ZERO, 10).await.unwrap(), 1);
    let mut replays = Vec::new();
    for number in 1..=2 {
        let replay = inbox.put(vec![copy(number, &data)]).await.unwrap()[0];
        assert!(matches!(replay, Put::Parked(_, ParkReason::Replayed)), "{replay:?}");
        replays.push(replay.key());
    }
    holds(&inbox, &replays, &data).await;
    assert_eq!(inbox.replay(Select::Keys(replays), 10).await.unwrap(), 2);
    assert_eq!(run(&inbox).await, vec![data; 2]);
}

async fn lists_are_stored_every_time(store: impl Store) {
    let inbox = store.inbox();
    for number in 0..40 {
        let list = event(&number.to_string(), "crm.contact.pulled", "[]");
        assert!(is_stored(inbox.put(vec![list]).await.unwrap()[0]));
    }
    assert_eq!(run(&inbox).await, vec!["[]"; 40]);
    store.jump(SECOND).await;
    assert_eq!(inbox.prune(Duration::ZERO, 10).await.unwrap(), 10);
    let sizes = inbox.list(Query::default()).await.unwrap().items;
    assert_eq!(sizes.iter().filter(|info| info.size == Some(2)).count(), 30);
}

#[tokio::test]
async fn three_hundred_replays_of_a_megabyte_leave_a_small_file() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("inbox.db");
    let inbox = SqliteInbox::open(&path).unwrap();
    let data = data(1 << 20);
    for number in 0..300 {
        inbox.put(vec![copy(number, &data)]).await.unwrap();
    }
    let key = inbox.list(Query::new(Filter::new().state(EventState::Parked))).await.unwrap().items[0].key;
    holds(&inbox, &[key], &data).await;
    drop(inbox);
    let size = std::fs::metadata(&path).unwrap().len();
    assert!(size < 3 << 20, "{size}");
}

#[tokio::test]
async fn the_limit_applies_to_each_content() {
    let inbox = MemoryInbox::new();
    for content in 0..3 {
        put(&inbox, MOST, &format!(r#"{{"content":{content}}}"#)).await;
    }
    assert_eq!(inbox.depth().await.unwrap().parked, 3 * MOST as u64);
}
