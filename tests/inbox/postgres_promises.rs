//! Promises of `PostgresInbox` that only another session of the server can check.

use std::time::Duration;

use panora_hooks::inbox::{Decision, EventState, Filter, Inbox, LeaseRequest, Query, Select, Settlement};
use sqlx::{AssertSqlSafe, Connection, PgConnection, postgres::PgListener};

use crate::{
    events::{contact, is_stored},
    postgres_database::Database,
    receiver::PATIENCE,
    stores::{Postgres, Store},
};

const LEASE: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_locked_by_another_session_is_skipped() {
    let Some(store) = Postgres::new().await else { return };
    let inbox = store.inbox();
    let puts = inbox.put(["a", "b", "c"].map(contact).to_vec()).await.unwrap();
    let mut keys: Vec<_> = puts.iter().map(|put| put.key()).collect();
    keys.sort_unstable();
    let mut other = store.pool.acquire().await.unwrap();
    let hold = format!("SELECT FROM {}.due WHERE seq = {} FOR UPDATE", store.schema, keys[0]);
    let mut transaction = other.begin().await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(hold)).execute(&mut *transaction).await.unwrap();
    let lease = inbox.lease(LeaseRequest::new(10, LEASE));
    let leased = tokio::time::timeout(PATIENCE, lease).await.unwrap().unwrap();
    let leased: Vec<_> = leased.iter().map(|leased| leased.token.key()).collect();
    assert_eq!(leased, keys[1..]);
    transaction.rollback().await.unwrap();
    assert_eq!(inbox.lease(LeaseRequest::new(10, LEASE)).await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_processes_are_notified_of_events() {
    let Some(store) = Postgres::new().await else { return };
    let inbox = store.inbox();
    let mut listener = PgListener::connect_with(&store.pool).await.unwrap();
    listener.listen(&store.schema).await.unwrap();
    let key = inbox.put(vec![contact("ada")]).await.unwrap()[0].key();
    tokio::time::timeout(PATIENCE, listener.recv()).await.unwrap().unwrap();
    // A replay is announced, too.
    let leased = inbox.lease(LeaseRequest::new(1, LEASE)).await.unwrap();
    inbox.settle(vec![Settlement::new(leased[0].token, Decision::Complete)]).await.unwrap();
    assert_eq!(inbox.replay(Select::Keys(vec![key]), 1).await.unwrap(), 1);
    tokio::time::timeout(PATIENCE, listener.recv()).await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_inbox_hears_of_events_that_other_processes_store() {
    let Some(mut store) = Postgres::new().await else { return };
    let first = store.inbox();
    // A separate pool, as another process would have.
    store.restart().await;
    let inbox = store.inbox();
    let listening = format!(
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = '{}' AND query LIKE 'LISTEN%'",
        store.schema,
    );
    let heard = tokio::spawn(async move { first.arrived().await });
    while store.number(&listening).await == 0 {
        tokio::task::yield_now().await;
    }
    inbox.put(vec![contact("ada")]).await.unwrap();
    tokio::time::timeout(PATIENCE, heard).await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_wait_for_the_disk_even_if_the_database_default_does_not() {
    let Some(database) = Database::new().await else { return };
    database.set("SET synchronous_commit = off").await;
    let options = database.options();
    let inbox = database.inbox().await;
    // Triggers record the setting under which each change is committed.
    let mut own = PgConnection::connect_with(&options).await.unwrap();
    let triggers = "CREATE TABLE panora_hooks.note(operation text, setting text);
        CREATE FUNCTION panora_hooks.note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            INSERT INTO panora_hooks.note
            VALUES (TG_ARGV[0] || ' ' || TG_OP, current_setting('synchronous_commit'));
            RETURN NULL;
        END $$;
        CREATE TRIGGER note AFTER INSERT ON panora_hooks.event
            FOR EACH ROW EXECUTE FUNCTION panora_hooks.note('event');
        CREATE TRIGGER note AFTER INSERT OR UPDATE OR DELETE ON panora_hooks.due
            FOR EACH ROW EXECUTE FUNCTION panora_hooks.note('due');
        CREATE TRIGGER note AFTER INSERT OR DELETE ON panora_hooks.dead
            FOR EACH ROW EXECUTE FUNCTION panora_hooks.note('dead')";
    sqlx::raw_sql(triggers).execute(&mut own).await.unwrap();
    let mut noted = async || {
        let take = "WITH taken AS (DELETE FROM panora_hooks.note RETURNING *)
            SELECT DISTINCT setting FROM taken";
        sqlx::query_scalar::<_, String>(take).fetch_all(&mut own).await.unwrap()
    };
    let key = inbox.put(vec![contact("ada")]).await.unwrap()[0].key();
    assert_eq!(noted().await, ["on"], "put");
    let leased = inbox.lease(LeaseRequest::new(1, LEASE)).await.unwrap();
    assert_eq!(noted().await, ["off"], "lease");
    inbox.settle(vec![Settlement::new(leased[0].token, Decision::Bury("dead".to_owned()))]).await.unwrap();
    assert_eq!(noted().await, ["off"], "settle");
    inbox.replay(Select::Keys(vec![key]), 1).await.unwrap();
    assert_eq!(noted().await, ["on"], "replay");
    let leased = inbox.lease(LeaseRequest::new(1, LEASE)).await.unwrap();
    inbox.settle(vec![Settlement::new(leased[0].token, Decision::Bury("dead".to_owned()))]).await.unwrap();
    noted().await;
    inbox.discard(Select::Keys(vec![key]), 1).await.unwrap();
    assert_eq!(noted().await, ["on"], "discard");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_of_an_older_release_leases_nothing_and_its_receiver_stores() {
    let Some(store) = Postgres::new().await else { return };
    let inbox = store.inbox();
    assert!(is_stored(inbox.put(vec![contact("before")]).await.unwrap()[0]));
    store.execute("UPDATE @format SET version = version + 1").await;
    let error = inbox.lease(LeaseRequest::new(10, LEASE)).await.unwrap_err();
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(!error.is_transient() && cause.contains("update it"), "{error:?}");
    assert!(is_stored(inbox.put(vec![contact("after")]).await.unwrap()[0]));
    let ready = Query::new(Filter::new().state(EventState::Ready));
    assert_eq!(inbox.list(ready).await.unwrap().items.len(), 2);
    store.execute("UPDATE @format SET version = version - 1").await;
    let leased = inbox.lease(LeaseRequest::new(10, LEASE)).await.unwrap();
    assert_eq!(leased.iter().map(|leased| leased.attempt).collect::<Vec<_>>(), [1, 1]);
}

/// Changes the tables to the format of version 1.
const VERSION_1: &str = "DROP INDEX @dead_by_kind; DROP INDEX @due_leased; DROP INDEX @event_by_type;
    UPDATE @format SET version = 1";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tables_of_version_1_are_upgraded_while_a_receiver_runs() {
    let Some(mut store) = Postgres::new().await else { return };
    let old = store.inbox();
    let before = old.put(vec![contact("before")]).await.unwrap()[0].key();
    store.execute(VERSION_1).await;
    // An incomplete index, as a receiver leaves it if it is killed while creating it.
    store.execute("CREATE INDEX due_leased ON @due(due, seq) WHERE fence IS NOT NULL").await;
    store
        .execute(&format!(
            "UPDATE pg_index SET indisvalid = false WHERE indexrelid = '{}.due_leased'::regclass",
            store.schema,
        ))
        .await;
    // The transaction of an older receiver that is about to commit a batch.
    let mut own = store.pool.acquire().await.unwrap();
    let mut open = own.begin().await.unwrap();
    let insert = format!(
        "INSERT INTO {}.event(key, id_event, type, received, data) VALUES ('k', 'i', 't', 0, 'd')",
        store.schema,
    );
    sqlx::raw_sql(AssertSqlSafe(insert)).execute(&mut *open).await.unwrap();
    let waiting = format!(
        "SELECT count(*) FROM pg_stat_activity
         WHERE application_name = '{}' AND query LIKE 'CREATE INDEX CONCURRENTLY%'
         AND wait_event_type = 'Lock'",
        store.schema,
    );
    let pool = sqlx::PgPool::connect_lazy_with((*store.pool.connect_options()).clone());
    let watch = async {
        while sqlx::query_scalar::<_, i64>(AssertSqlSafe(waiting.clone())).fetch_one(&pool).await.unwrap()
            == 0
        {
            tokio::task::yield_now().await;
        }
        // While the creation of the index waits, the older receiver continues.
        let put = tokio::time::timeout(Duration::from_secs(5), old.put(vec![contact("meanwhile")]));
        assert!(is_stored(put.await.expect("the migration is in its way").unwrap()[0]));
        open.commit().await.unwrap();
    };
    tokio::join!(store.restart(), watch);
    let new = store.inbox();
    assert_eq!(store.number("SELECT version FROM @format").await, 3);
    let valid = format!(
        "SELECT count(*) FROM pg_index WHERE indisvalid AND indexrelid::regclass::text IN
            ('{0}.dead_by_kind', '{0}.due_leased', '{0}.event_by_type')",
        store.schema,
    );
    assert_eq!(store.number(&valid).await, 3);
    assert!(new.get(before).await.unwrap().is_some());
    assert_eq!(new.lease(LeaseRequest::new(10, LEASE)).await.unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn receivers_that_start_concurrently_create_the_tables_once() {
    let Some(database) = Database::new().await else { return };
    let inboxes = futures_util::future::join_all((0..6).map(|_| database.inbox())).await;
    for (number, inbox) in inboxes.iter().enumerate() {
        assert!(is_stored(inbox.put(vec![contact(number)]).await.unwrap()[0]));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_single_connection_stores_while_a_worker_waits_for_events() {
    let Some(store) = Postgres::with(1, |options| options).await else { return };
    let inbox = store.inbox();
    let stored = async {
        for number in 0..10 {
            assert!(is_stored(inbox.put(vec![contact(number)]).await.unwrap()[0]));
        }
    };
    tokio::select! {
        () = inbox.arrived() => panic!("it has no connection to hear with"),
        () = stored => {}
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shorter_timeout_of_the_database_is_kept() {
    let Some(database) = Database::new().await else { return };
    database.set("SET statement_timeout = '200ms'").await;
    let inbox = database.inbox().await;
    let options = database.options().application_name("panora_test_lock");
    let mut lock = PgConnection::connect_with(&options).await.unwrap();
    sqlx::raw_sql("BEGIN; LOCK TABLE panora_hooks.event").execute(&mut lock).await.unwrap();
    let put = tokio::time::timeout(PATIENCE, inbox.put(vec![contact("ada")])).await.unwrap();
    assert!(put.unwrap_err().is_transient());
    lock.close().await.unwrap();
    assert!(is_stored(inbox.put(vec![contact("ada")]).await.unwrap()[0]));
}
