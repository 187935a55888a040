//! Traces of processes of an older version, which know no runs and no attempts.

use std::time::Duration;

use panora_hooks::inbox::{
    AttemptOutcome, AttemptReport, Decision, EventKey, Inbox, Lane, LeaseRequest, Select, Settlement,
};
use rusqlite::Connection;

use crate::{
    events::contact,
    stores::{Postgres, Sqlite, Store},
};

async fn bury(inbox: &impl Inbox) -> EventKey {
    let leased = inbox.lease(LeaseRequest::new(1, Duration::from_secs(60))).await.unwrap();
    let report = AttemptReport::new(AttemptOutcome::Failed, "worker".into()).error("no");
    let bury = Settlement::new(leased[0].token, Decision::Bury("no use".to_owned()));
    inbox.settle(vec![bury.attempt(report)]).await.unwrap();
    leased[0].token.key()
}

async fn replay(inbox: &impl Inbox, key: EventKey) -> u32 {
    assert_eq!(inbox.replay(Select::Keys(vec![key]), 1).await.unwrap(), 1);
    inbox.get(key).await.unwrap().unwrap().info.run
}

/// Checks that no run begins twice. `forget` loses the runs that events are in.
async fn runs_are_distinct(inbox: &impl Inbox, forget: impl AsyncFn()) {
    inbox.put(vec![contact("ada")]).await.unwrap();
    let key = bury(inbox).await;
    assert_eq!(replay(inbox, key).await, 2);
    assert_eq!(bury(inbox).await, key);
    forget().await;
    assert_eq!(replay(inbox, key).await, 3);
}

/// Checks that the attempts of an event are removed that is gone. `remove` removes all events.
async fn attempts_are_removed(inbox: &impl Inbox, remove: impl AsyncFn()) {
    inbox.put(vec![contact("grace")]).await.unwrap();
    let gone = bury(inbox).await;
    remove().await;
    inbox.put(vec![contact("ada")]).await.unwrap();
    let kept = bury(inbox).await;
    assert_eq!(inbox.attempts(gone).await.unwrap().len(), 1);
    assert_eq!(inbox.forget(Duration::ZERO, 10).await.unwrap(), 0);
    assert!(inbox.attempts(gone).await.unwrap().is_empty());
    assert_eq!(inbox.attempts(kept).await.unwrap().len(), 1);
}

/// Checks that lanes go on whose heads were dropped without a successor. `drop_heads` does so.
async fn lanes_go_on(inbox: &impl Inbox, drop_heads: impl AsyncFn()) {
    const LANES: u8 = 5;
    let in_lane = |event: &str, lane: u8| {
        contact(format!("{event} of {lane}")).in_lane(Lane::from_bytes([lane * 50; 16]))
    };
    for event in ["first", "second", "third"] {
        inbox.put((0..LANES).map(|lane| in_lane(event, lane)).collect()).await.unwrap();
    }
    drop_heads().await;
    assert_eq!(inbox.forget(Duration::from_secs(60), 10).await.unwrap(), 0);
    let depth = inbox.depth().await.unwrap();
    assert_eq!((depth.ready.number(), depth.waiting.number()), (LANES.into(), LANES.into()));
    for event in ["second", "third"] {
        let leased = inbox.lease(LeaseRequest::new(10, Duration::from_secs(60))).await.unwrap();
        let mut ids: Vec<_> = leased.iter().map(|leased| leased.id.clone()).collect();
        ids.sort_unstable();
        let expected: Vec<_> = (0..LANES).map(|lane| in_lane(event, lane).id().to_owned()).collect();
        assert_eq!(ids, expected);
        let complete = leased.iter().map(|leased| Settlement::new(leased.token, Decision::Complete));
        inbox.settle(complete.collect()).await.unwrap();
    }
}

const DROP_HEADS: &str = "
    INSERT INTO @done(seq, at, attempts, is_pruned) SELECT seq, 1, 0, false FROM @due;
    DELETE FROM @due";
const FORGET: &str = "UPDATE @dead SET run = NULL";
const REMOVE: &str = "DELETE FROM @event; DELETE FROM @dead";

/// Returns a function that executes a statement on a file.
fn execute(store: &Sqlite, sql: &str) -> impl AsyncFn() + use<> {
    let (path, sql) = (store.path(), sql.replace('@', ""));
    async move || Connection::open(&path).unwrap().execute_batch(&sql).unwrap()
}

#[tokio::test]
async fn a_run_that_an_older_process_has_lost_does_not_begin_again_in_sqlite() {
    let store = Sqlite::new();
    runs_are_distinct(&store.inbox(), execute(&store, FORGET)).await;
}

#[tokio::test]
async fn attempts_that_an_older_process_has_left_behind_are_removed_in_sqlite() {
    let store = Sqlite::new();
    // No key is given twice.
    let remove = execute(&store, &format!("UPDATE forgotten SET seq = 1; {REMOVE}"));
    attempts_are_removed(&store.inbox(), remove).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_an_older_process_has_lost_does_not_begin_again_in_postgres() {
    let Some(store) = Postgres::new().await else { return };
    runs_are_distinct(&store.inbox(), async || store.execute(FORGET).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn attempts_that_an_older_process_has_left_behind_are_removed_in_postgres() {
    let Some(store) = Postgres::new().await else { return };
    attempts_are_removed(&store.inbox(), async || store.execute(REMOVE).await).await;
}

#[tokio::test]
async fn lanes_go_on_after_an_older_process_has_dropped_their_heads_in_sqlite() {
    let store = Sqlite::new();
    lanes_go_on(&store.inbox(), execute(&store, DROP_HEADS)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lanes_go_on_after_an_older_process_has_dropped_their_heads_in_postgres() {
    let Some(store) = Postgres::new().await else { return };
    lanes_go_on(&store.inbox(), async || store.execute(DROP_HEADS).await).await;
}
