//! Cancelled attempts leave no effect, no open transaction and no used connection, and the event
//! can run again.

use std::{
    future::{pending, poll_fn},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::Poll,
    time::Duration,
};

use panora_hooks::{
    HookError, Tx,
    inbox::{AttemptOutcome, EventState},
    testing::{Outcome, Sample, sample},
    transactions::PostgresTransactions,
};
use sqlx::{PgPool, postgres::PgPoolOptions};
use tokio::{
    sync::{Semaphore, mpsc},
    time::timeout,
};
use tower::ServiceExt;

use crate::{
    application::{App, Database, PATIENCE, effect, verifier, webhooks},
    receiver::Receiver,
};

/// The time limit of hooks: enough for one that succeeds, on a busy machine.
const LIMIT: Duration = Duration::from_secs(2);

/// Long enough for a test to replay an event before it is due. The delay is random, up to this.
const BACKOFF: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// The longest wait for a free pool. Statements that nothing ends take much longer.
const AT_ONCE: Duration = Duration::from_secs(20);

/// A hook that continues with `stuck` after its effect when it is called first, and a channel that
/// reports that.
fn stuck_at_first<F>(
    stuck: impl Fn(Tx) -> F + Clone + Send + Sync + 'static,
) -> (App, mpsc::UnboundedReceiver<()>)
where
    F: Future<Output = Result<(), HookError>> + Send + 'static,
{
    let (report, reports) = mpsc::unbounded_channel();
    let is_first = Arc::new(AtomicBool::new(true));
    let app = App::new(move |meta, mut tx| {
        let (stuck, report, is_first) =
            (stuck.clone(), report.clone(), is_first.swap(false, Ordering::SeqCst));
        async move {
            effect(&meta, &mut tx).await?;
            if is_first {
                report.send(()).unwrap();
                return stuck(tx).await;
            }
            Ok(())
        }
    });
    (app, reports)
}

async fn in_a_statement(mut tx: Tx) -> Result<(), HookError> {
    sqlx::query("SELECT pg_sleep(600)").execute(&mut *tx).await?;
    Ok(())
}

async fn between_statements(mut tx: Tx) -> Result<(), HookError> {
    sqlx::query("SELECT 1").execute(&mut *tx).await?;
    pending().await
}

fn on(pool: &PgPool, database: &Database) -> PostgresTransactions {
    PostgresTransactions::new(pool.clone()).schema(&database.schema)
}

/// Starts a receiver whose failed events are not due again before they are replayed.
fn start(app: App, pool: &PgPool, database: &Database) -> Receiver {
    Receiver::start(webhooks(app, on(pool, database)), |webhooks| {
        webhooks.hook_timeout(LIMIT).backoff(BACKOFF, BACKOFF)
    })
}

async fn assert_usable(pool: &PgPool) {
    let usable = async {
        let mut connection = pool.acquire().await.unwrap();
        sqlx::query("SELECT 1").execute(&mut *connection).await.unwrap();
    };
    timeout(AT_ONCE, usable).await.expect("the pool has a usable connection");
}

/// Checks that the application has no open transaction, and that its pool can be used.
async fn assert_free(database: &Database, pool: &PgPool) {
    assert_usable(pool).await;
    let closed = async {
        while database.sessions("(state LIKE 'idle in transaction%' OR state = 'active')").await > 0 {
            tokio::task::yield_now().await;
        }
    };
    timeout(AT_ONCE, closed).await.expect("no session of the application is in a transaction");
}

/// The outcome of an attempt, and a part of its error.
type Ending = (AttemptOutcome, &'static str);

const TIMED_OUT: Ending = (AttemptOutcome::TimedOut, "took longer than");
const NOT_MARKED: Ending = (AttemptOutcome::Failed, "not begun and marked within");

/// The server has the same limits, and may report its own while the process is busy.
const BY_STATEMENT_TIMEOUT: Ending = (AttemptOutcome::Failed, "due to statement timeout");
const BY_LOCK_TIMEOUT: Ending = (AttemptOutcome::Failed, "due to lock timeout");

/// Waits for the end of the first attempt.
async fn assert_ended(receiver: &Receiver, endings: &[Ending]) {
    receiver.attempted(1).await;
    let attempt = &receiver.attempts().await[0];
    let error = attempt.error.as_deref().unwrap();
    let is_expected = endings.iter().any(|(outcome, why)| attempt.outcome == *outcome && error.contains(why));
    assert!(is_expected, "{attempt:?}");
}

/// Runs an event again, which has one effect.
async fn assert_runs_again(receiver: &Receiver, database: &Database, pool: &PgPool) {
    receiver.replay().await;
    receiver.idle().await;
    let event = receiver.event().await;
    assert_eq!((event.state, event.run), (EventState::Done, 1), "{event:?}");
    assert_eq!((database.effects().await, database.markers().await), (1, 1));
    assert_free(database, pool).await;
}

/// Runs a hook that reaches its time limit.
async fn reaches_its_time_limit(app: App, endings: &[Ending]) {
    let Some(database) = Database::new().await else { return };
    let pool = database.pool(1);
    let receiver = start(app, &pool, &database);
    receiver.deliver(&sample("crm.contact.created")).await;
    assert_ended(&receiver, endings).await;
    assert_free(&database, &pool).await;
    assert_eq!((database.effects().await, database.markers().await), (0, 0));
    assert_runs_again(&receiver, &database, &pool).await;
}

#[tokio::test]
async fn a_time_limit_ends_a_statement_of_the_hook() {
    reaches_its_time_limit(stuck_at_first(in_a_statement).0, &[TIMED_OUT, BY_STATEMENT_TIMEOUT]).await;
}

#[tokio::test]
async fn a_time_limit_ends_a_hook_between_statements() {
    reaches_its_time_limit(stuck_at_first(between_statements).0, &[TIMED_OUT]).await;
}

#[tokio::test]
async fn a_time_limit_ends_the_wait_for_a_connection() {
    let Some(database) = Database::new().await else { return };
    let pool = database.pool(1);
    let receiver = start(App::happy(), &pool, &database);
    let used = pool.acquire().await.unwrap();
    receiver.deliver(&sample("crm.contact.created")).await;
    assert_ended(&receiver, &[NOT_MARKED]).await;
    drop(used);
    assert_free(&database, &pool).await;
    assert_eq!(database.effects().await, 0);
    assert_runs_again(&receiver, &database, &pool).await;
}

#[tokio::test]
async fn a_time_limit_ends_the_wait_for_the_beginning_of_a_transaction() {
    let Some(database) = Database::new().await else { return };
    let pool = database.pool(1);
    let receiver = start(App::happy(), &pool, &database);
    // The table exists after the first event, so that the second one begins at once.
    receiver.deliver(&sample("crm.contact.created")).await;
    receiver.idle().await;
    database.execute("TRUNCATE effect, panora_hooks_done").await;
    let used = pool.acquire().await.unwrap();
    receiver.deliver(&sample("crm.contact.created").set("first_name", "another")).await;
    assert_ended(&receiver, &[NOT_MARKED]).await;
    drop(used);
    assert_free(&database, &pool).await;
    assert_eq!(database.effects().await, 0);
    receiver.replay_delayed().await;
    receiver.idle().await;
    assert_eq!((database.effects().await, database.markers().await), (1, 1));
    assert_free(&database, &pool).await;
}

/// Calls `test` with a sample whose marker a transaction of another process has inserted. That one
/// fails when `test` has returned.
async fn while_marked(database: &Database, test: impl AsyncFnOnce(&Sample)) {
    let gate = Arc::new(Semaphore::new(0));
    let wait = Arc::clone(&gate);
    let (app, mut reports) = stuck_at_first(move |_tx| {
        let gate = Arc::clone(&wait);
        async move {
            gate.acquire().await?.forget();
            Err("it fails in the end".into())
        }
    });
    let name = format!("{}_other", database.schema);
    let others = PgPoolOptions::new().connect_lazy_with(database.options().application_name(&name));
    let other = webhooks(app, on(&others, database)).into_router("/webhook");
    let sample = sample("crm.contact.created");
    let other = tokio::spawn(other.oneshot(sample.request(&verifier(), "/webhook")));
    reports.recv().await.unwrap();
    test(&sample).await;
    gate.add_permits(1);
    assert_eq!(other.await.unwrap().unwrap().status(), 500);
}

#[tokio::test]
async fn a_time_limit_ends_the_wait_for_a_marker() {
    let Some(database) = Database::new().await else { return };
    let pool = database.pool(1);
    let receiver = start(App::happy(), &pool, &database);
    while_marked(&database, async |sample| {
        receiver.deliver(sample).await;
        assert_ended(&receiver, &[NOT_MARKED, BY_LOCK_TIMEOUT]).await;
        assert_free(&database, &pool).await;
        assert_eq!((database.effects().await, database.markers().await), (0, 0));
    })
    .await;
    assert_runs_again(&receiver, &database, &pool).await;
}

/// The server reports its own time limit about then. Dropping the statement would cost the
/// connection in some of the attempts.
#[tokio::test]
async fn many_waits_for_a_marker_cost_no_connection() {
    let Some(database) = Database::new().await else { return };
    let pool = database.pool(1);
    let receiver = Receiver::start(webhooks(App::happy(), on(&pool, &database)), |webhooks| {
        webhooks.hook_timeout(Duration::from_millis(100)).max_attempts(u32::MAX)
    });
    while_marked(&database, async |sample| {
        receiver.deliver(sample).await;
        receiver.attempted(20).await;
        assert_usable(&pool).await;
    })
    .await;
    receiver.idle().await;
    assert_eq!((database.effects().await, database.markers().await), (1, 1));
}

/// The error of the statement does not hide that the effect is committed.
#[tokio::test]
async fn a_hook_that_commits_is_dead_although_a_later_statement_is_cut_off() {
    let Some(database) = Database::new().await else { return };
    let pool = database.pool(1);
    let app = App::new(async |meta, mut tx| {
        effect(&meta, &mut tx).await?;
        sqlx::raw_sql("COMMIT").execute(&mut *tx).await?;
        let fails = sqlx::raw_sql("DO $$ BEGIN PERFORM pg_sleep(0.2); RAISE 'it fails'; END $$");
        timeout(Duration::from_millis(100), fails.execute(&mut *tx)).await??;
        Ok(())
    });
    let receiver = start(app, &pool, &database);
    receiver.deliver(&sample("crm.contact.created")).await;
    receiver.idle().await;
    assert_eq!(receiver.event().await.state, EventState::Dead);
    assert_ended(&receiver, &[(AttemptOutcome::Failed, "the hook has executed `COMMIT`")]).await;
    assert_eq!((database.effects().await, database.markers().await), (1, 1));
    assert_free(&database, &pool).await;
}

/// Stops a worker whose hook runs, and has a hook timeout of five minutes.
async fn stopped(app: App, mut reports: mpsc::UnboundedReceiver<()>) {
    let Some(database) = Database::new().await else { return };
    let pool = database.pool(1);
    let receiver = Receiver::start(webhooks(app.clone(), on(&pool, &database)), |webhooks| {
        webhooks.shutdown_grace(Duration::ZERO)
    });
    receiver.deliver(&sample("crm.contact.created")).await;
    reports.recv().await.unwrap();
    let inbox = receiver.stop().await;
    assert_free(&database, &pool).await;
    assert_eq!((database.effects().await, database.markers().await), (0, 0));
    let receiver = Receiver::on(inbox, webhooks(app, on(&pool, &database)), |webhooks| webhooks);
    assert_runs_again(&receiver, &database, &pool).await;
}

#[tokio::test]
async fn a_worker_that_stops_ends_a_statement_of_the_hook() {
    let (app, reports) = stuck_at_first(in_a_statement);
    stopped(app, reports).await;
}

#[tokio::test]
async fn a_worker_that_stops_ends_a_hook_between_statements() {
    let (app, reports) = stuck_at_first(between_statements);
    stopped(app, reports).await;
}

/// Without an inbox, a hook that has begun is finished, because the sender does not repeat a
/// delivery.
#[tokio::test]
async fn a_hook_has_one_effect_although_its_sender_disconnects() {
    let Some(database) = Database::new().await else { return };
    let gate = Arc::new(Semaphore::new(0));
    let wait = Arc::clone(&gate);
    let (app, mut reports) = stuck_at_first(move |_tx| {
        let gate = Arc::clone(&wait);
        async move {
            gate.acquire().await?.forget();
            Ok(())
        }
    });
    let pool = database.pool(1);
    let router = webhooks(app, on(&pool, &database)).into_router::<()>("/webhook");
    let sample = sample("crm.contact.created");
    let mut request = Box::pin(router.clone().oneshot(sample.request(&verifier(), "/webhook")));
    tokio::select! {
        _ = &mut request => panic!("the hook has ended"),
        _ = reports.recv() => {}
    }
    drop(request);
    gate.add_permits(1);
    let answer = router.oneshot(sample.request(&verifier(), "/webhook"));
    assert_eq!(timeout(PATIENCE, answer).await.unwrap().unwrap().status(), 200);
    assert_eq!((database.effects().await, database.markers().await), (1, 1));
    assert_free(&database, &pool).await;
}

/// Runs an attempt, and drops it after a number of polls. Returns whether it has ended before.
async fn cut_off(attempt: impl Future<Output = Outcome>, polls: usize) -> bool {
    let mut attempt = Box::pin(attempt);
    let mut left = polls;
    let cut = poll_fn(|context| {
        left -= 1;
        match attempt.as_mut().poll(context) {
            Poll::Ready(_) => Poll::Ready(true),
            Poll::Pending if left == 0 => Poll::Ready(false),
            Poll::Pending => Poll::Pending,
        }
    });
    timeout(PATIENCE, cut).await.expect("the attempt is polled")
}

async fn dropped_after_each_poll(connections: u32) {
    let Some(database) = Database::new().await else { return };
    let pool = database.pool(connections);
    let attempt = |sample: &Sample| sample.run_on(webhooks(App::happy(), on(&pool, &database)));
    let mut ended = false;
    for polls in 1..=30 {
        let sample = sample("crm.contact.created").id(format!("event-{polls}"));
        ended = cut_off(attempt(&sample), polls).await;
        assert_free(&database, &pool).await;
        let outcome = attempt(&sample).await;
        let is_done = outcome.is_handled() || matches!(outcome, Outcome::AlreadyDone { .. });
        assert!(is_done, "after {polls} polls: {outcome:?}");
        assert_eq!(usize::try_from(database.effects().await), Ok(polls), "after {polls} polls");
    }
    assert!(ended, "30 polls are enough for an attempt, so every point was reached");
}

#[tokio::test]
async fn an_attempt_that_is_dropped_does_no_harm_with_a_pool_of_1() {
    dropped_after_each_poll(1).await;
}

#[tokio::test]
async fn an_attempt_that_is_dropped_does_no_harm_with_a_pool_of_2() {
    dropped_after_each_poll(2).await;
}

#[tokio::test]
async fn an_attempt_that_is_dropped_does_no_harm_with_a_pool_of_5() {
    dropped_after_each_poll(5).await;
}
