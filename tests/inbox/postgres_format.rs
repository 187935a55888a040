//! Schemas of version 2: they are migrated while older receivers store events.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use panora_hooks::inbox::{
    AttemptOutcome, Count, Decision, EventKey, EventState, Filter, Fingerprint, Inbox, Lane, LeaseRequest,
    OpenError, PostgresInbox, Query, Select, Settlement,
};
use sqlx::{
    AssertSqlSafe, Connection, PgConnection,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use crate::{
    events::{contact, is_stored},
    postgres_database::Database,
    receiver::PATIENCE,
    stores::{Postgres, Store},
};

const LEASE: Duration = Duration::from_secs(60);

/// The number of dead events of the fixture.
const DEAD: u64 = 2500;

async fn execute(connection: &mut PgConnection, sql: &str) {
    sqlx::raw_sql(AssertSqlSafe(sql.replace('@', "panora_hooks."))).execute(connection).await.unwrap();
}

/// Creates a schema of version 2, and returns a connection to it.
async fn version_2(database: &Database) -> PgConnection {
    let mut own = connect(database.options()).await;
    execute(&mut own, "CREATE SCHEMA panora_hooks").await;
    execute(&mut own, include_str!("postgres_format_2.sql")).await;
    own
}

async fn connect(options: PgConnectOptions) -> PgConnection {
    PgConnection::connect_with(&options.application_name("panora_test_older")).await.unwrap()
}

/// Stores and completes events with the statements of version 2 until it is told to stop, and fails
/// if one of them fails or waits for long. Counts the events.
async fn older_receiver(options: PgConnectOptions, stop: Arc<AtomicBool>, stored: Arc<AtomicU64>) {
    let mut own = connect(options).await;
    execute(&mut own, "SET statement_timeout = '2s'").await;
    while !stop.load(Ordering::SeqCst) {
        let number = stored.load(Ordering::SeqCst) + 10_000;
        let put = format!(
            "WITH stored AS (
                INSERT INTO @event(key, content, id_event, type, received, data)
                VALUES ('{number}', NULL, '{number}', 'crm.contact.created', 0, '[]') RETURNING seq
             )
             INSERT INTO @due(seq, due, attempts) SELECT seq, 0, 0 FROM stored"
        );
        execute(&mut own, &put).await;
        let complete = "WITH ended AS (
                DELETE FROM @due WHERE seq = (SELECT max(seq) FROM @due WHERE seq > 2503)
                RETURNING seq, attempts
             )
             INSERT INTO @done(seq, at, attempts, is_pruned) SELECT seq, 0, attempts, false FROM ended";
        execute(&mut own, complete).await;
        stored.fetch_add(1, Ordering::SeqCst);
    }
}

/// Waits until `is_so`.
async fn eventually(mut is_so: impl AsyncFnMut() -> bool, why: &str) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so().await {
        assert!(Instant::now() < deadline, "{why}");
        tokio::task::yield_now().await;
    }
}

/// Waits until the older dead events are in groups.
async fn filled(inbox: &PostgresInbox) {
    let is_filled = async || {
        let unknown = Filter::new().error_group(Fingerprint::UNKNOWN);
        inbox.count(unknown).await.unwrap() == 0
    };
    eventually(is_filled, "the errors of older events are not known").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tables_of_version_2_are_migrated_while_an_older_receiver_stores() {
    let Some(database) = Database::new().await else { return };
    let mut own = version_2(&database).await;
    let (stop, stored) = (Arc::<AtomicBool>::default(), Arc::<AtomicU64>::default());
    let receiver = tokio::spawn(older_receiver(database.options(), stop.clone(), stored.clone()));
    // A long transaction, such as a backup, reads the tables that are to be changed.
    execute(&mut own, "BEGIN; SELECT FROM @due LIMIT 1; SELECT FROM @dead LIMIT 1").await;
    let options = database.options();
    let open = tokio::spawn(async move {
        let pool = PgPoolOptions::new().max_connections(5).connect_lazy_with(options);
        PostgresInbox::open(pool).await.unwrap()
    });
    database.wait_for_sessions("query LIKE 'ALTER TABLE%' AND wait_event_type = 'Lock'", 1).await;
    let before = stored.load(Ordering::SeqCst);
    let goes_on = async || stored.load(Ordering::SeqCst) > before + 20;
    eventually(goes_on, "the migration is in the way of the older receiver").await;
    assert!(!open.is_finished());
    execute(&mut own, "COMMIT").await;
    let inbox = tokio::time::timeout(PATIENCE, open).await.unwrap().unwrap();
    let before = stored.load(Ordering::SeqCst);
    eventually(async || stored.load(Ordering::SeqCst) > before + 20, "the older receiver stopped").await;
    filled(&inbox).await;
    stop.store(true, Ordering::SeqCst);
    receiver.await.unwrap();

    // Every event keeps its state, in its first run.
    for (key, state, attempts) in [
        (1, EventState::Ready, 2),
        (2, EventState::Done, 1),
        (3, EventState::Parked, 0),
        (4, EventState::Dead, 16),
        (2504, EventState::Done, 0),
    ] {
        let info = inbox.get(EventKey::new(key)).await.unwrap().unwrap().info;
        assert_eq!((info.state, info.attempts, info.run), (state, attempts, 1), "{info:?}");
        assert_eq!((info.last_error, info.duration), (None, None));
    }
    let groups = inbox.error_groups(10).await.unwrap();
    let fingerprint = Fingerprint::of("customer 4 is missing");
    assert!(groups.iter().all(|group| group.fingerprint == fingerprint), "{groups:?}");
    let groups: Vec<_> = groups.iter().map(|group| (&*group.wire_type, group.count)).collect();
    let expected = [("crm.contact.created", 1667), ("crm.deal.created", 833)];
    assert_eq!(groups, expected.map(|(wire_type, count)| (wire_type, Count::exactly(count))));

    // The attempt that the older worker has begun is recorded, as far as it is known.
    let leased = inbox.lease(LeaseRequest::new(1, LEASE)).await.unwrap();
    assert_eq!((leased[0].token.key(), leased[0].attempt), (EventKey::new(1), 3));
    let attempts = inbox.attempts(EventKey::new(1)).await.unwrap();
    assert_eq!(attempts.len(), 1);
    assert_eq!((attempts[0].run, attempts[0].number), (1, 2));
    assert_eq!(attempts[0].outcome, AttemptOutcome::Interrupted);
    assert_eq!((attempts[0].started_at, &attempts[0].worker), (None, &None));
    inbox.settle(vec![Settlement::new(leased[0].token, Decision::Complete)]).await.unwrap();
    assert_eq!(inbox.replay(Select::Keys(vec![EventKey::new(2)]), 1).await.unwrap(), 1);
    assert_eq!(inbox.get(EventKey::new(2)).await.unwrap().unwrap().info.run, 2);
    assert!(is_stored(inbox.put(vec![contact("ada")]).await.unwrap()[0]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_interrupted_migration_continues() {
    let Some(database) = Database::new().await else { return };
    let mut own = version_2(&database).await;
    // A column exists, and so do the remains of an index.
    execute(&mut own, "ALTER TABLE @due ADD COLUMN started bigint, ADD COLUMN run integer").await;
    execute(&mut own, "CREATE INDEX event_by_id ON @event(seq)").await;
    execute(
        &mut own,
        "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'panora_hooks.event_by_id'::regclass",
    )
    .await;
    let attach = PostgresInbox::attach(
        PgPoolOptions::new().max_connections(2).connect_lazy_with(database.options()),
        "panora_hooks",
    );
    let refused = attach.await.unwrap_err();
    assert!(matches!(refused, OpenError::Older { found: 2, .. }), "{refused}");

    // Several processes migrate and fill at once.
    let inboxes = futures_util::future::join_all((0..3).map(|_| database.inbox())).await;
    filled(&inboxes[0]).await;
    // An older worker buries an event that it has leased before; the next process fills it in.
    execute(
        &mut own,
        "INSERT INTO @dead(seq, at, attempts, is_parked, reason)
         SELECT seq, 0, 1, false, 'by an older worker' FROM @due; DELETE FROM @due",
    )
    .await;
    let unknown = Filter::new().error_group(Fingerprint::UNKNOWN);
    let items = inboxes[0].list(Query::new(unknown.clone())).await.unwrap().items;
    assert_eq!(items.iter().map(|info| info.key).collect::<Vec<_>>(), [EventKey::new(1)]);
    let of_type = unknown.event_type("crm.contact.created");
    assert_eq!(inboxes[0].count(of_type).await.unwrap(), 1);
    let last = database.inbox().await;
    filled(&last).await;
    let late = Filter::new().error_group(Fingerprint::of("by an older worker"));
    assert_eq!(last.count(late.clone()).await.unwrap(), 1);
    assert_eq!(last.count(late.event_type("crm.contact.created")).await.unwrap(), 1);
    let groups = last.error_groups(10).await.unwrap();
    let counts: Vec<_> = groups.iter().map(|group| group.count.number()).collect();
    assert_eq!(counts, [1667, 833, 1]);
    assert_eq!(counts.iter().sum::<u64>(), DEAD + 1);
}

/// A damaged event must not keep others of its queue and lane from running.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_without_data_is_dead_and_its_lane_goes_on() {
    let Some(store) = Postgres::new().await else { return };
    let inbox = store.inbox();
    let in_lane = |name: &str| contact(name).in_lane(Lane::from_bytes([1; 16]));
    let puts = inbox.put(["lost", "ada", "grace"].map(in_lane).into()).await.unwrap();
    let lost = puts[0].key();
    store.execute(&format!("UPDATE @event SET data = NULL WHERE seq = {lost}")).await;
    let lease = || inbox.lease(LeaseRequest::new(10, Duration::from_secs(60)));
    assert!(lease().await.unwrap().is_empty());
    let dead = inbox.get(lost).await.unwrap().unwrap().info;
    assert_eq!(dead.state, EventState::Dead);
    assert_eq!(dead.reason.as_deref(), Some("its data is missing: the database is damaged"));
    for id in ["ada", "grace"] {
        let leased = lease().await.unwrap();
        assert_eq!(leased.iter().map(|leased| &*leased.id).collect::<Vec<_>>(), [contact(id).id()]);
        inbox.settle(vec![Settlement::new(leased[0].token, Decision::Complete)]).await.unwrap();
    }
}
