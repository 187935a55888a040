//! Operations on many events run in small transactions, between which other events are stored.

use std::time::Duration;

use panora_hooks::inbox::{
    Decision, EventKey, EventState, Filter, Inbox, LeaseRequest, PostgresInbox, Query, Select, Settlement,
};

use crate::{
    events::{contact, is_stored},
    stores::{Postgres, Store},
};

/// The most events that one transaction may change.
const BATCH: i64 = 200;

/// Fills the table of events with done, dead and parked ones.
async fn fill(store: &Postgres, count: u32) {
    let now = "(extract(epoch FROM now()) * 1000000)::bigint";
    store
        .execute(&format!(
            "INSERT INTO @event(key, id_event, type, received, data)
             SELECT sha256(n::text::bytea) || decode(md5(n::text), 'hex'), n::text::bytea, 'x', {now}, '[]'
             FROM generate_series(1, 3 * {count}) AS n;
             INSERT INTO @done SELECT seq, {now} - 3600000000, 1, false FROM @event WHERE seq % 3 = 0;
             INSERT INTO @dead SELECT seq, {now}, 1, false, 'no' FROM @event WHERE seq % 3 = 1;
             INSERT INTO @dead SELECT seq, {now}, 0, true, 'replayed' FROM @event WHERE seq % 3 = 2"
        ))
        .await;
}

/// Checks that no transaction has changed more rows of a table than allowed.
async fn check_batches(store: &Postgres, table: &str, count: i64) {
    let rows = store.number(&format!("SELECT count(*) FROM @{table}")).await;
    assert_eq!(rows, count, "{table}");
    let most = format!(
        "SELECT max(rows) FROM (SELECT count(*) AS rows FROM @{table} GROUP BY xmin::text) AS transactions"
    );
    assert!(store.number(&most).await <= BATCH, "{table}");
}

fn state(state: EventState) -> Select {
    Select::All(Filter::new().state(state))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_events_are_replayed_in_small_transactions() {
    let Some(store) = Postgres::new().await else { return };
    fill(&store, 1000).await;
    let inbox = store.inbox();
    assert_eq!(inbox.replay(state(EventState::Dead), 450).await.unwrap(), 450);
    check_batches(&store, "due", 450).await;
    // The oldest events come first.
    assert_eq!(store.number("SELECT max(seq) FROM @due").await, 449 * 3 + 1);
    assert_eq!(inbox.replay(Select::All(Filter::new()), 1000).await.unwrap(), 1000);
    check_batches(&store, "due", 1450).await;
    let keys = (1..=3000).rev().map(EventKey::new).collect();
    assert_eq!(inbox.replay(Select::Keys(keys), u32::MAX).await.unwrap(), 3000 - 1450);
    check_batches(&store, "due", 3000).await;
    assert_eq!(inbox.replay(Select::All(Filter::new()), 0).await.unwrap(), 0);
    assert_eq!(inbox.replay(Select::All(Filter::new()), u32::MAX).await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_events_are_dropped_in_small_transactions() {
    let Some(store) = Postgres::new().await else { return };
    fill(&store, 1000).await;
    let inbox = store.inbox();
    assert_eq!(inbox.prune(Duration::from_secs(60), 450).await.unwrap(), 450);
    assert_eq!(inbox.prune(Duration::from_secs(60), u32::MAX).await.unwrap(), 550);
    check_batches(&store, "done", 1000).await;
    assert_eq!(inbox.forget(Duration::from_secs(60), 450).await.unwrap(), 450);
    assert_eq!(inbox.forget(Duration::from_secs(60), u32::MAX).await.unwrap(), 550);
    assert_eq!(inbox.discard(state(EventState::Parked), 450).await.unwrap(), 450);
    check_batches(&store, "done", 450).await;
    assert_eq!(inbox.discard(Select::All(Filter::new()), u32::MAX).await.unwrap(), 1550);
    check_batches(&store, "done", 2000).await;
}

/// Completes ready events during a replay. Returns the number of replayed and of completed events.
async fn complete_during(inbox: &PostgresInbox, replay: impl Future<Output = u64>) -> (u64, u64) {
    let mut completed = 0;
    let work = async {
        loop {
            let leased = inbox.lease(LeaseRequest::new(64, Duration::from_secs(60))).await.unwrap();
            let complete = leased.iter().map(|leased| Settlement::new(leased.token, Decision::Complete));
            let settled = inbox.settle(complete.collect()).await.unwrap();
            completed += settled.len() as u64;
            tokio::task::yield_now().await;
        }
    };
    let replayed = tokio::select! {
        replayed = replay => replayed,
        () = work => 0,
    };
    (replayed, completed)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replay_visits_each_event_once_even_if_its_hook_runs_again() {
    // With one connection, a lease follows each batch.
    let Some(store) = Postgres::with(1, |options| options).await else { return };
    fill(&store, 1000).await;
    let inbox = store.inbox();
    let replay = async { inbox.replay(state(EventState::Done), u32::MAX).await.unwrap() };
    let (replayed, completed) = complete_during(&inbox, replay).await;
    assert_eq!(replayed, 1000);
    assert!(completed > 0, "no hook has run meanwhile");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_are_stored_while_many_are_replayed_and_dropped() {
    // With one connection, a put follows each batch.
    let Some(store) = Postgres::with(1, |options| options).await else { return };
    fill(&store, 3000).await;
    let inbox = store.inbox();
    let bulk = async {
        assert_eq!(inbox.replay(state(EventState::Dead), u32::MAX).await.unwrap(), 3000);
        assert_eq!(inbox.discard(state(EventState::Parked), u32::MAX).await.unwrap(), 3000);
        assert_eq!(inbox.prune(Duration::from_secs(60), u32::MAX).await.unwrap(), 3000);
        assert_eq!(inbox.forget(Duration::from_secs(60), u32::MAX).await.unwrap(), 3000);
    };
    let mut stored = 0;
    let put = async {
        loop {
            assert!(is_stored(inbox.put(vec![contact(stored)]).await.unwrap()[0]));
            stored += 1;
        }
    };
    tokio::select! {
        () = bulk => {}
        () = put => {}
    }
    // At least one event in each pause between two batches of an operation.
    assert!(stored >= 15, "{stored} events were stored meanwhile");
    let parked = Query::new(Filter::new().state(EventState::Parked));
    assert!(inbox.list(parked).await.unwrap().items.is_empty());
}
