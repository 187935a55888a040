//! Transactions of PostgreSQL that change the same lane at the same time.

use std::time::Duration;

use panora_hooks::inbox::{
    Decision, Inbox, Lane, LeaseRequest, NewEvent, PostgresInbox, Settled, Settlement,
};
use sqlx::{Connection, PgConnection};

use crate::{
    events::{contact, is_stored},
    postgres_database::Database,
};

const LEASE: Duration = Duration::from_secs(60);

fn in_lane(name: &str) -> NewEvent {
    contact(name).in_lane(Lane::from_bytes([1; 16]))
}

/// Leases the only event that is ready.
async fn lease(inbox: &PostgresInbox) -> Settlement {
    let leased = inbox.lease(LeaseRequest::new(10, LEASE)).await.unwrap();
    assert_eq!(leased.len(), 1);
    Settlement::new(leased[0].token, Decision::Complete)
}

/// Runs two operations, the first of which gets the lock of the only lane before the second. Both
/// begin before either gets it.
async fn in_turn<A, B>(
    database: &Database,
    first: impl Future<Output = A>,
    second: impl Future<Output = B>,
) -> (A, B) {
    const IS_LOCKED_OUT: &str = "wait_event_type = 'Lock'";
    let options = database.options().application_name("panora_test_lock");
    let mut lock = PgConnection::connect_with(&options).await.unwrap();
    let lane = "BEGIN; SELECT FROM panora_hooks.lane FOR UPDATE";
    sqlx::raw_sql(lane).execute(&mut lock).await.unwrap();
    let second = async {
        database.wait_for_sessions(IS_LOCKED_OUT, 1).await;
        second.await
    };
    let unlock = async {
        database.wait_for_sessions(IS_LOCKED_OUT, 2).await;
        lock.close().await.unwrap();
    };
    let (first, second, ()) = tokio::join!(first, second, unlock);
    (first, second)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_that_enters_a_lane_while_its_head_ends_becomes_the_head() {
    let Some(database) = Database::new().await else { return };
    let inbox = database.inbox().await;
    inbox.put(vec![in_lane("first")]).await.unwrap();
    let head = lease(&inbox).await;
    let (put, settled) =
        Box::pin(in_turn(&database, inbox.put(vec![in_lane("second")]), inbox.settle(vec![head]))).await;
    assert!(is_stored(put.unwrap()[0]));
    assert_eq!(settled.unwrap(), [Settled::Applied]);
    let second = lease(&inbox).await;
    inbox.settle(vec![second]).await.unwrap();
    assert!(inbox.depth().await.unwrap().is_idle());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_that_enters_a_lane_after_its_last_event_has_ended_becomes_the_head() {
    let Some(database) = Database::new().await else { return };
    let inbox = database.inbox().await;
    inbox.put(vec![in_lane("first")]).await.unwrap();
    let head = lease(&inbox).await;
    let (settled, put) =
        Box::pin(in_turn(&database, inbox.settle(vec![head]), inbox.put(vec![in_lane("second")]))).await;
    assert_eq!(settled.unwrap(), [Settled::Applied]);
    assert!(is_stored(put.unwrap()[0]));
    let second = lease(&inbox).await;
    inbox.settle(vec![second]).await.unwrap();
    assert!(inbox.depth().await.unwrap().is_idle());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_of_a_lane_keep_the_order_in_which_their_batches_enter_it() {
    let Some(database) = Database::new().await else { return };
    let inbox = database.inbox().await;
    inbox.put(vec![in_lane("0")]).await.unwrap();
    let batch = |names: [&str; 2]| inbox.put(names.map(in_lane).to_vec());
    let (first, second) = Box::pin(in_turn(&database, batch(["1", "2"]), batch(["3", "4"]))).await;
    assert!([first, second].into_iter().flat_map(Result::unwrap).all(is_stored));
    for name in ["0", "1", "2", "3", "4"] {
        let leased = inbox.lease(LeaseRequest::new(10, LEASE)).await.unwrap();
        assert_eq!(leased.iter().map(|leased| &*leased.id).collect::<Vec<_>>(), [in_lane(name).id()]);
        let complete = Settlement::new(leased[0].token, Decision::Complete);
        assert_eq!(inbox.settle(vec![complete]).await.unwrap(), [Settled::Applied]);
    }
}

#[tokio::test]
async fn a_retry_beside_the_end_of_a_head_does_not_wait_for_its_own_lane() {
    let Some(database) = Database::new().await else { return };
    let inbox = database.inbox().await;
    let in_lane = |number: u8| contact(number).in_lane(Lane::from_bytes([number; 16]));
    inbox.put(vec![in_lane(1), in_lane(2)]).await.unwrap();
    let leased = inbox.lease(LeaseRequest::new(10, LEASE)).await.unwrap();
    let mut lock = PgConnection::connect_with(&database.options()).await.unwrap();
    let lane = r"BEGIN; SELECT FROM panora_hooks.lane WHERE key = decode(repeat('02', 16), 'hex') FOR UPDATE";
    sqlx::raw_sql(lane).execute(&mut lock).await.unwrap();
    let settle = leased.iter().map(|leased| {
        let is_ended = leased.lane == Some(Lane::from_bytes([1; 16]));
        let decision = if is_ended { Decision::Complete } else { Decision::RetryAfter(LEASE) };
        Settlement::new(leased.token, decision)
    });
    assert_eq!(inbox.settle(settle.collect()).await.unwrap(), [Settled::Applied; 2]);
    lock.close().await.unwrap();
}
