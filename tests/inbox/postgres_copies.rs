//! One copy of identical data on PostgreSQL: rows of older releases, sizes, and concurrent writers.

use std::time::Duration;

use panora_hooks::inbox::{
    Decision, EventKey, EventState, Inbox, LeaseRequest, ParkReason, Put, Query, Select, Settlement,
};

use crate::{
    events::{event, is_stored},
    stores::{Postgres, Store},
};

/// The number of replays of one content that a store keeps.
const MAX_REPLAYS: usize = 16;
const LEASE: Duration = Duration::from_secs(60);
const SECOND: i64 = 1_000_000;

async fn put_one(inbox: &impl Inbox, id: &str, data: &str) -> Put {
    inbox.put(vec![event(id, "crm.contact.created", data)]).await.unwrap()[0]
}

/// Stores an event and completes it.
async fn done(inbox: &impl Inbox, id: &str, data: &str) -> EventKey {
    let put = put_one(inbox, id, data).await;
    assert!(is_stored(put), "{put:?}");
    complete(inbox, put.key()).await;
    put.key()
}

async fn complete(inbox: &impl Inbox, key: EventKey) {
    let leased = inbox.lease(LeaseRequest::new(10, LEASE)).await.unwrap();
    assert_eq!(leased.iter().map(|leased| leased.token.key()).collect::<Vec<_>>(), [key]);
    inbox.settle(vec![Settlement::new(leased[0].token, Decision::Complete)]).await.unwrap();
}

async fn park(inbox: &impl Inbox, id: &str, data: &str) -> EventKey {
    let put = put_one(inbox, id, data).await;
    assert!(matches!(put, Put::Parked(_, ParkReason::Replayed)), "{put:?}");
    put.key()
}

/// Replays an event and leases it, and checks its data.
async fn runs(inbox: &impl Inbox, key: EventKey, data: &str) {
    assert_eq!(inbox.replay(Select::Keys(vec![key]), 1).await.unwrap(), 1);
    let leased = inbox.lease(LeaseRequest::new(10, LEASE)).await.unwrap();
    assert_eq!(leased.len(), 1);
    assert_eq!((leased[0].token.key(), &*leased[0].data), (key, data));
    inbox.settle(vec![Settlement::new(leased[0].token, Decision::Complete)]).await.unwrap();
}

async fn data_of(inbox: &impl Inbox, key: EventKey) -> (Option<u64>, Option<String>) {
    let stored = inbox.get(key).await.unwrap().unwrap();
    let listed = inbox.list(Query::default().limit(1000)).await.unwrap().items;
    let listed = listed.into_iter().find(|info| info.key == key).unwrap();
    assert_eq!(listed, stored.info);
    (stored.info.size, stored.data)
}

async fn has(inbox: &impl Inbox, key: EventKey, data: &str) {
    assert_eq!(data_of(inbox, key).await, (Some(data.len() as u64), Some(data.to_owned())));
}

/// Changes rows to the format of version 1, in which each replay has a copy of the data.
async fn give_copies(store: &Postgres) {
    store
        .execute(
            "UPDATE @event AS event SET data = original.data FROM @event AS original
             WHERE original.content = substr(event.key, 1, 32) AND event.data IS NULL",
        )
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replays_that_an_older_release_has_stored_keep_working() {
    let Some(store) = Postgres::new().await else { return };
    let inbox = store.inbox();
    let data = r#"{"a":1}"#;
    let original = done(&inbox, "original", data).await;
    let old = park(&inbox, "old", data).await;
    give_copies(&store).await;
    let new = park(&inbox, "new", data).await;
    store.jump(SECOND).await;
    assert_eq!(inbox.prune(Duration::ZERO, 10).await.unwrap(), 1);
    assert_eq!(data_of(&inbox, original).await, (None, None));
    for key in [old, new] {
        has(&inbox, key, data).await;
    }
    assert_eq!(inbox.discard(Select::Keys(vec![new]), 10).await.unwrap(), 1);
    store.jump(SECOND).await;
    assert_eq!(inbox.forget(Duration::ZERO, 10).await.unwrap(), 2);
    let last = park(&inbox, "last", data).await;
    for key in [old, last] {
        runs(&inbox, key, data).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replays_of_a_megabyte_leave_a_small_table() {
    let Some(store) = Postgres::new().await else { return };
    let inbox = store.inbox();
    // Random, so that compression does not hide copies.
    let text: String = std::iter::repeat_with(fastrand::alphanumeric).take(1 << 20).collect();
    let data = serde_json::json!({ "text": text }).to_string();
    let (mut stored, mut duplicates) = (0, 0);
    for number in 0..300 {
        match put_one(&inbox, &format!("copy {number}"), &data).await {
            Put::Duplicate(_) => duplicates += 1,
            _ => stored += 1,
        }
    }
    assert_eq!((stored, duplicates), (1 + MAX_REPLAYS, 299 - MAX_REPLAYS));
    let size = store.number(&format!("SELECT pg_total_relation_size('{}.event')", store.schema)).await;
    assert!(size < 4 << 20, "{size}");
}

/// Two receivers store replays of one content while its original is pruned, discarded and
/// forgotten.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parked_data_survives_concurrent_operations() {
    let Some(store) = Postgres::new().await else { return };
    let inbox = store.inbox();
    for round in 0..30 {
        let data = format!(r#"{{"a":{round}}}"#);
        done(&inbox, &format!("{round} original"), &data).await;
        store.jump(SECOND).await;
        let put = async |number: usize| {
            let replay = event(&format!("{round} {number}"), "crm.contact.created", &data);
            loop {
                match inbox.put(vec![replay.clone()]).await {
                    Ok(puts) => return puts[0],
                    // The original was forgotten at that moment.
                    Err(error) => assert!(error.is_transient(), "{error:?}"),
                }
            }
        };
        let puts = futures_util::future::join_all((0..6).map(put));
        let drop_data = async {
            inbox.prune(Duration::ZERO, 10).await.unwrap();
            inbox.forget(Duration::ZERO, 10).await.unwrap();
        };
        let (puts, ()) = tokio::join!(puts, drop_data);
        for put in puts {
            has(&inbox, put.key(), &data).await;
        }
        let all = inbox.list(Query::default().limit(1000)).await.unwrap().items;
        for info in all {
            // Completes replays that ran again because the first event had been forgotten.
            if info.state == EventState::Ready {
                complete(&inbox, info.key).await;
            }
        }
    }
}
