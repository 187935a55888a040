//! Connections and sessions that are lost during `COMMIT`: the effect is there exactly once.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use panora_hooks::{
    inbox::{AttemptInfo, AttemptOutcome, EventState},
    testing::sample,
    transactions::PostgresTransactions,
};
use sqlx::PgConnection;
use tokio::time::timeout;

use crate::{
    application::{App, Database, PATIENCE, effect, webhooks},
    proxy::{Cut, Proxy},
    receiver::Receiver,
};

/// A hook that has one effect, and the number of its calls.
fn counted() -> (App, Arc<AtomicUsize>) {
    let calls = Arc::<AtomicUsize>::default();
    let count = Arc::clone(&calls);
    let app = App::new(move |meta, mut tx| {
        count.fetch_add(1, Ordering::SeqCst);
        async move { effect(&meta, &mut tx).await }
    });
    (app, calls)
}

/// Returns transactions on connections through a proxy.
fn through(proxy: &Proxy, database: &Database) -> PostgresTransactions {
    PostgresTransactions::new(proxy.pool(2)).schema(&database.schema)
}

/// Makes each `COMMIT` with an effect wait for a lock.
struct SlowCommit {
    lock: i64,
    holder: PgConnection,
}

impl SlowCommit {
    /// Takes the lock.
    async fn new(database: &Database) -> Self {
        let lock = fastrand::i64(..);
        let trigger = format!(
            "CREATE FUNCTION wait_for_lock() RETURNS trigger LANGUAGE plpgsql AS $$
             BEGIN PERFORM pg_advisory_xact_lock_shared({lock}); RETURN NULL; END $$;
             CREATE CONSTRAINT TRIGGER wait_for_lock AFTER INSERT ON effect
             DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION wait_for_lock()"
        );
        database.execute(&trigger).await;
        let mut holder = database.pool.acquire().await.unwrap().detach();
        sqlx::query("SELECT pg_advisory_lock($1)").bind(lock).execute(&mut holder).await.unwrap();
        Self { lock, holder }
    }

    async fn release(mut self) {
        let unlock = sqlx::query("SELECT pg_advisory_unlock($1)").bind(self.lock);
        unlock.execute(&mut self.holder).await.unwrap();
    }
}

/// The session of the application that executes `COMMIT`, and waits in it.
const COMMITS: &str = "query = 'COMMIT' AND wait_event_type = 'Lock'";

async fn effect_once(cut: Cut, calls_of_hook: usize) {
    let Some(database) = Database::new().await else { return };
    let proxy = Proxy::start(database.options()).await;
    let (app, calls) = counted();
    let receiver = Receiver::start(webhooks(app, through(&proxy, &database)), |webhooks| webhooks);
    proxy.cut(cut);
    receiver.deliver(&sample("crm.contact.created")).await;
    receiver.idle().await;
    assert_eq!(proxy.cuts(), 1);
    let event = receiver.event().await;
    assert_eq!(event.state, EventState::Done, "{event:?}");
    assert_eq!((database.effects().await, database.markers().await), (1, 1));
    let (calls, attempts) = (calls.load(Ordering::SeqCst), event.attempts as usize);
    assert_eq!((calls, attempts), (calls_of_hook, calls_of_hook));
}

#[tokio::test]
async fn a_commit_that_the_server_does_not_see_is_repeated() {
    effect_once(Cut::Before, 2).await;
}

#[tokio::test]
async fn a_commit_whose_answer_is_lost_is_not_repeated() {
    effect_once(Cut::After, 1).await;
}

#[tokio::test]
async fn a_session_that_is_ended_while_it_commits_has_one_effect() {
    let Some(database) = Database::new().await else { return };
    let slow = SlowCommit::new(&database).await;
    let (app, calls) = counted();
    let receiver = Receiver::start(database.webhooks(app), |webhooks| webhooks);
    receiver.deliver(&sample("crm.contact.created")).await;
    database.session(COMMITS).await;
    let end = format!(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE application_name = '{}' AND {COMMITS}",
        database.schema
    );
    database.execute(&end).await;
    slow.release().await;
    receiver.idle().await;
    let event = receiver.event().await;
    assert_eq!((event.state, event.attempts), (EventState::Done, 2), "{event:?}");
    assert_eq!((database.effects().await, database.markers().await), (1, 1));
    assert_eq!(calls.load(Ordering::SeqCst), 2);
}

/// The server executes `COMMIT` while the connection is cut, and would go on.
#[tokio::test]
async fn a_session_that_still_commits_is_ended_before_the_next_attempt() {
    let Some(database) = Database::new().await else { return };
    let slow = SlowCommit::new(&database).await;
    let proxy = Proxy::start(database.options()).await;
    proxy.cut(Cut::During);
    let sample = sample("crm.contact.created");
    let attempt = tokio::spawn(sample.run_on(webhooks(App::happy(), through(&proxy, &database))));
    database.session(COMMITS).await;
    proxy.cut_now();
    // The lock is still held, so the session ends only if it is made to.
    let outcome = timeout(PATIENCE, attempt).await.expect("the attempt ends").unwrap();
    let error = outcome.error().unwrap();
    assert!(error.is_retryable() && error.to_string().contains("was not committed"), "{error}");
    assert_eq!(database.sessions(COMMITS).await, 0);
    slow.release().await;
    assert!(sample.run_on(database.webhooks(App::happy())).await.is_handled());
    assert_eq!((database.effects().await, database.markers().await), (1, 1));
}

#[tokio::test]
async fn a_constraint_that_fails_at_the_commit_fails_the_attempt() {
    let Some(database) = Database::new().await else { return };
    let constraint =
        "ALTER TABLE effect ADD COLUMN parent text REFERENCES effect(event) DEFERRABLE INITIALLY DEFERRED";
    database.execute("ALTER TABLE effect ADD UNIQUE (event)").await;
    database.execute(constraint).await;
    let app = App::new(async |meta, mut tx| {
        effect(&meta, &mut tx).await?;
        sqlx::query("UPDATE effect SET parent = 'nobody'").execute(&mut *tx).await?;
        Ok(())
    });
    let sample = sample("crm.contact.created");
    let outcome = sample.run_on(database.webhooks(app)).await;
    let error = outcome.error().unwrap();
    assert!(error.is_retryable() && error.to_string().contains("was not committed"), "{error}");
    assert_eq!((database.effects().await, database.markers().await), (0, 0));
    assert!(sample.run_on(database.webhooks(App::happy())).await.is_handled());
}

/// The server cannot be reached after the cut, until the next attempt has failed, too.
async fn never_buried(cut: Cut, calls_of_hook: usize) {
    let Some(database) = Database::new().await else { return };
    let proxy = Proxy::start(database.options()).await;
    let (app, calls) = counted();
    let receiver = Receiver::start(webhooks(app, through(&proxy, &database)), |webhooks| {
        webhooks.max_attempts(1).hook_timeout(Duration::from_secs(2))
    });
    proxy.cut(cut);
    proxy.lose_server();
    receiver.deliver(&sample("crm.contact.created")).await;
    let is_unknown = |attempt: &AttemptInfo| {
        let error = attempt.error.as_deref().unwrap_or_default();
        attempt.outcome == AttemptOutcome::Failed && error.contains("unknown whether")
    };
    receiver.until(|_, attempts| attempts.iter().rev().skip(1).any(is_unknown)).await;
    let event = receiver.event().await;
    assert!(!matches!(event.state, EventState::Dead | EventState::Done), "{event:?}");
    proxy.restore_server();
    receiver.idle().await;
    let event = receiver.event().await;
    assert_eq!(event.state, EventState::Done, "{event:?}");
    assert_eq!((database.effects().await, database.markers().await), (1, 1));
    assert_eq!(calls.load(Ordering::SeqCst), calls_of_hook);
}

#[tokio::test]
async fn an_unknown_commit_is_never_buried() {
    never_buried(Cut::After, 1).await;
}

#[tokio::test]
async fn an_unknown_commit_that_the_server_did_not_see_is_repeated() {
    never_buried(Cut::Before, 2).await;
}
