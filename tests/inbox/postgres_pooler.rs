//! An inbox behind a connection pooler.

use std::time::Duration;

use panora_hooks::inbox::{
    Decision, Inbox, InboxError, LeaseRequest, OpenError, PostgresInbox, Settled, Settlement,
};
use sqlx::postgres::PgPoolOptions;
use tokio::{runtime::Runtime, time::timeout};

use crate::{
    events::{contact, is_stored},
    pooler::Pooler,
    receiver::PATIENCE,
    stores::{Postgres, Store, connect_options},
};

const SESSIONS: &str = "pool_mode = session";

/// The ways in which a pooler may choose a server connection for a transaction.
const TRANSACTIONS: [&str; 4] = [
    "pool_mode = transaction",
    "pool_mode = transaction\ndefault_pool_size = 1",
    "pool_mode = transaction\nserver_round_robin = 1",
    "pool_mode = transaction\nserver_round_robin = 1\nmin_pool_size = 2\ndefault_pool_size = 2",
];

/// Opens the inbox of a store through a pooler, with at most `connections` connections.
async fn open(pooler: &Pooler, store: &Postgres, connections: u32) -> Result<PostgresInbox, OpenError> {
    let pool =
        PgPoolOptions::new().max_connections(connections).connect_lazy_with(pooler.url().parse().unwrap());
    PostgresInbox::open_schema(pool, &store.schema).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_inbox_works_through_a_pooler_that_keeps_sessions() {
    let Some(store) = Postgres::new().await else { return };
    let Some(mut pooler) = Pooler::start(connect_options().unwrap(), SESSIONS) else { return };
    let inbox = open(&pooler, &store, 4).await.unwrap();
    let arrived = tokio::spawn({
        let inbox = inbox.clone();
        async move { inbox.arrived().await }
    });
    assert!(is_stored(inbox.put(vec![contact("1")]).await.unwrap()[0]));
    let leased = inbox.lease(LeaseRequest::new(1, Duration::from_secs(60))).await.unwrap();
    let done = Settlement::new(leased[0].token, Decision::Complete);
    assert_eq!(inbox.settle(vec![done]).await.unwrap(), [Settled::Applied]);
    // An announcement is received only once the session listens.
    while !arrived.is_finished() {
        store.inbox().put(vec![contact("2")]).await.unwrap();
        store.execute(&format!("SELECT pg_notify('{}', '')", store.schema)).await;
        tokio::task::yield_now().await;
    }
    pooler.restart(SESSIONS);
    let stored = timeout(PATIENCE, async {
        loop {
            if let Ok(put) = inbox.put(vec![contact("3")]).await {
                break is_stored(put[0]);
            }
        }
    });
    assert!(stored.await.unwrap());
}

#[test]
fn a_pooler_without_sessions_is_refused_at_startup() {
    let runtime = Runtime::new().unwrap();
    let Some(store) = runtime.block_on(Postgres::new()) else { return };
    for settings in TRANSACTIONS {
        let Some(pooler) = Pooler::start(connect_options().unwrap(), settings) else { return };
        for connections in [2, 4] {
            let opened = runtime.block_on(open(&pooler, &store, connections));
            assert!(matches!(opened, Err(OpenError::Pooler { .. })), "{settings}, {connections}: {opened:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pooler_without_transactions_is_refused_at_startup() {
    let Some(store) = Postgres::new().await else { return };
    let Some(pooler) = Pooler::start(connect_options().unwrap(), "pool_mode = statement") else { return };
    let Err(OpenError::Store { source: InboxError::Unavailable(cause), .. }) = open(&pooler, &store, 4).await
    else {
        panic!("it is opened");
    };
    assert!(
        cause.to_string().contains("transaction blocks not allowed in statement pooling mode"),
        "{cause}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_error_names_the_pooler_that_stopped_keeping_sessions() {
    let Some(store) = Postgres::new().await else { return };
    let Some(mut pooler) = Pooler::start(connect_options().unwrap(), SESSIONS) else { return };
    let inbox = open(&pooler, &store, 5).await.unwrap();
    pooler.restart(TRANSACTIONS[0]);
    let advice = loop {
        let puts = (0..4).map(|n| {
            let inbox = inbox.clone();
            tokio::spawn(async move { inbox.put(vec![contact(n)]).await })
        });
        let mut causes = Vec::new();
        for put in puts.collect::<Vec<_>>() {
            if let Err(InboxError::Unavailable(cause)) = put.await.unwrap() {
                causes.push(cause.to_string());
            }
        }
        // Errors of connections that the restart has cut may come first.
        if let Some(advice) = causes.into_iter().find(|cause| cause.contains("pooler")) {
            break advice;
        }
    };
    assert_eq!(
        advice,
        "a prepared statement is gone or belongs to another client: connect to the server itself, or through \
         a pooler that keeps sessions (PgBouncer: `pool_mode = session`)"
    );
}
