//! A PostgreSQL server that refuses operations for a while, and the reaction of the inbox.

use std::{error::Error, time::Duration};

use futures_util::future::join_all;
use panora_hooks::inbox::{Inbox, InboxError, PostgresInbox};
use sqlx::{AssertSqlSafe, Connection, PgConnection, postgres::PgPoolOptions};

use crate::{
    events::{contact, is_duplicate, is_stored},
    postgres_database::Database,
};

/// Returns the text of an error and its causes.
fn text(error: &InboxError) -> String {
    let causes = std::iter::successors(error.source(), |cause| (*cause).source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_are_stored_as_soon_as_the_server_is_no_longer_read_only() {
    let Some(database) = Database::new().await else { return };
    let inbox = database.inbox().await;
    inbox.put(vec![contact("before")]).await.unwrap();
    database.set("SET default_transaction_read_only = on").await;
    database.end_sessions().await;
    let error = inbox.put(vec![contact("meanwhile")]).await.unwrap_err();
    assert!(error.is_transient(), "{error:?}");
    assert!(text(&error).contains("PostgreSQL") && !text(&error).contains("file"), "{}", text(&error));
    // Reading works, so all sessions of the pool are now read-only.
    let depths = join_all((0..8).map(|_| inbox.depth())).await;
    assert!(depths.into_iter().all(|depth| depth.is_ok()));
    database.set("RESET default_transaction_read_only").await;
    // On the first attempt, without a pause.
    assert!(is_stored(inbox.put(vec![contact("after")]).await.unwrap()[0]));
    let puts = join_all((0..8).map(|number| inbox.put(vec![contact(number)]))).await;
    assert!(puts.into_iter().all(|put| is_stored(put.unwrap()[0])));
    assert!(is_duplicate(inbox.put(vec![contact("before")]).await.unwrap()[0]));
}

/// Stores an event, with one retry if its session ends at that moment.
async fn put(inbox: &PostgresInbox, name: &str) {
    match inbox.put(vec![contact(name)]).await {
        Ok(puts) => assert!(is_stored(puts[0]), "{name}"),
        Err(error) => {
            assert!(error.is_transient(), "{error:?}");
            inbox.put(vec![contact(name)]).await.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_that_are_ended_cost_a_retry_at_most() {
    let Some(database) = Database::new().await else { return };
    let inbox = database.inbox().await;
    for round in 0..20 {
        let put = async |number| put(&inbox, &format!("{round} {number}")).await;
        let puts = join_all((0..20).map(put));
        // Some puts have ended by then, and some have not started.
        let end = async {
            tokio::task::yield_now().await;
            database.end_sessions().await;
        };
        tokio::join!(puts, end);
    }
    assert_eq!(inbox.depth().await.unwrap().ready, 400);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_that_were_idle_for_too_long_are_replaced() {
    let Some(database) = Database::new().await else { return };
    database.set("SET idle_session_timeout = '300ms'").await;
    let inbox = database.inbox().await;
    for round in 0..3 {
        let put = async |number| put(&inbox, &format!("{round} {number}")).await;
        join_all((0..4).map(put)).await;
        database.wait_for_sessions("true", 0).await;
    }
}

/// Returns an inbox of a user with a limit of one connection, and the connection that uses it up.
async fn all_connections_taken(database: &Database) -> (PostgresInbox, PgConnection) {
    let role = format!("{}_user", database.name);
    let name = &database.name;
    let create =
        format!("CREATE ROLE {role} LOGIN CONNECTION LIMIT 1; GRANT CREATE ON DATABASE {name} TO {role}");
    sqlx::raw_sql(AssertSqlSafe(create)).execute(&database.server).await.unwrap();
    let options = database.options().username(&role);
    let pool = PgPoolOptions::new()
        .max_connections(3)
        .acquire_timeout(Duration::from_millis(500))
        .connect_lazy_with(options.clone());
    let inbox = PostgresInbox::open(pool).await.unwrap();
    database.end_sessions().await;
    database.wait_for_sessions("true", 0).await;
    let taken = PgConnection::connect_with(&options).await.unwrap();
    (inbox, taken)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_without_a_free_connection_is_a_transient_error() {
    let Some(database) = Database::new().await else { return };
    let (inbox, taken) = all_connections_taken(&database).await;
    let error = inbox.put(vec![contact("early")]).await.unwrap_err();
    assert!(error.is_transient(), "{error:?}");
    taken.close().await.unwrap();
    database.wait_for_sessions("true", 0).await;
    assert!(is_stored(inbox.put(vec![contact("late")]).await.unwrap()[0]));
}

/// Locks the events against all operations.
async fn lock(database: &Database) -> PgConnection {
    let options = database.options().application_name("panora_test_lock");
    let mut lock = PgConnection::connect_with(&options).await.unwrap();
    sqlx::raw_sql("BEGIN; LOCK TABLE panora_hooks.event").execute(&mut lock).await.unwrap();
    lock
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancelled_statement_is_a_transient_error() {
    let Some(database) = Database::new().await else { return };
    let inbox = database.inbox().await;
    let lock = lock(&database).await;
    let put = async { inbox.put(vec![contact("ada")]).await.unwrap_err() };
    let cancel = async {
        database.wait_for_sessions("wait_event_type = 'Lock'", 1).await;
        let cancel = "SELECT pg_cancel_backend(pid) FROM pg_stat_activity
            WHERE datname = $1 AND wait_event_type = 'Lock'";
        sqlx::query(cancel).bind(&database.name).execute(&database.server).await.unwrap();
    };
    let (error, ()) = tokio::join!(put, cancel);
    assert!(error.is_transient() && text(&error).contains("cancelled"), "{}", text(&error));
    lock.close().await.unwrap();
    assert!(is_stored(inbox.put(vec![contact("ada")]).await.unwrap()[0]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_server_stops_an_abandoned_statement() {
    let Some(database) = Database::new().await else { return };
    let inbox = database.inbox().await;
    let lock = lock(&database).await;
    let is_waiting = "wait_event_type = 'Lock'";
    tokio::select! {
        _ = inbox.put(vec![contact("ada")]) => panic!("it is locked"),
        () = database.wait_for_sessions(is_waiting, 1) => {}
    }
    database.wait_for_sessions(is_waiting, 0).await;
    lock.close().await.unwrap();
    assert!(is_stored(inbox.put(vec![contact("ada")]).await.unwrap()[0]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_inbox_stops_when_the_given_pool_is_closed() {
    let Some(database) = Database::new().await else { return };
    let pool = PgPoolOptions::new().max_connections(3).connect_lazy_with(database.options());
    let inbox = PostgresInbox::open(pool.clone()).await.unwrap();
    tokio::select! {
        () = inbox.arrived() => panic!("nothing was announced"),
        () = database.wait_for_sessions("query LIKE 'LISTEN%'", 1) => {}
    }
    pool.close().await;
    let error = inbox.put(vec![contact("ada")]).await.unwrap_err();
    assert!(error.is_transient(), "{error:?}");
    tokio::select! {
        () = inbox.arrived() => panic!("nothing was announced"),
        () = database.wait_for_sessions("true", 0) => {}
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_inbox_follows_the_connect_options_of_the_given_pool() {
    let Some(database) = Database::new().await else { return };
    let wrong = database.options().username("panora_test_nobody");
    let pool = PgPoolOptions::new().max_connections(3).connect_lazy_with(database.options());
    let inbox = PostgresInbox::open(pool.clone()).await.unwrap();
    pool.set_connect_options(wrong);
    database.end_sessions().await;
    database.wait_for_sessions("true", 0).await;
    assert!(inbox.put(vec![contact("ada")]).await.is_err());
    pool.set_connect_options(database.options());
    assert!(is_stored(inbox.put(vec![contact("ada")]).await.unwrap()[0]));
}

#[test]
fn an_inbox_that_listens_may_be_dropped_outside_of_a_runtime() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let Some(database) = runtime.block_on(Database::new()) else { return };
    let inbox = runtime.block_on(database.inbox());
    runtime.block_on(async {
        tokio::select! {
            () = inbox.arrived() => panic!("nothing was announced"),
            () = database.wait_for_sessions("query LIKE 'LISTEN%'", 1) => {}
        }
    });
    drop(runtime);
    drop(inbox);
}
