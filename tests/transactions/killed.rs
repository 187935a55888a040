//! A receiver is killed at random moments and at each step: every run of every acknowledged event
//! has one effect.
#![cfg(unix)]

use std::{
    collections::HashMap,
    env,
    io::{self, Write},
    sync::Mutex,
    time::Duration,
};

use panora_hooks::inbox::{EventState, Filter, Inbox, PostgresInbox, Query, Select, SqliteInbox};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::{
    application::{Database, PATIENCE},
    contents::contents,
    process::{Deliveries, Process, event, fails_at_first, id, is_dead_at_first, numbered, send},
};

/// The steps of an attempt at which the program can be killed.
const FAILPOINTS: &[&str] = &[
    "before-marker",
    "after-marker",
    "in-hook",
    "before-commit",
    "after-commit",
    "before-completion",
    "after-completion",
];

const SENDERS: usize = 2;

fn kills() -> usize {
    if env::var_os("PANORA_TEST_LONG").is_some() { 1000 } else { 30 }
}

/// Prints a line past the test harness, which hides the output of passing tests.
fn say(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// The number of effects of each run of each event.
async fn effects(database: &Database) -> HashMap<(String, u32), i64> {
    let count = "SELECT event, run, count(*) FROM effect GROUP BY 1, 2";
    let rows: Vec<(String, i64, i64)> = sqlx::query_as(count).fetch_all(&database.pool).await.unwrap();
    rows.into_iter().map(|(event, run, count)| ((event, run.try_into().unwrap()), count)).collect()
}

async fn idle(inbox: &impl Inbox) {
    let wait = async {
        while !inbox.depth().await.unwrap().is_idle() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE * 3, wait).await.expect("all events are done or dead");
}

/// Begins new runs of a few events that are done, and of a few that are dead.
async fn replay(inbox: &impl Inbox) {
    let done = Query::new(Filter::new().state(EventState::Done)).newest_first().limit(50);
    let mut keys: Vec<_> = inbox.list(done).await.unwrap().items.iter().map(|event| event.key).collect();
    fastrand::shuffle(&mut keys);
    keys.truncate(3);
    let dead = Select::All(Filter::new().state(EventState::Dead));
    inbox.replay(Select::Keys(keys), u32::MAX).await.unwrap();
    inbox.replay(dead, 2).await.unwrap();
}

/// Kills the program while it runs events, and lets the last process finish. `between` is called
/// after each kill.
fn run(store: &str, database: &Database, mut between: impl FnMut(), finish: impl FnOnce()) -> Deliveries {
    let (has_inbox, mut at_failpoints) = (store != "none", 0);
    let deliveries = Mutex::<Deliveries>::default();
    for _ in 0..kills() {
        let point = fastrand::bool().then(|| {
            let point = FAILPOINTS[fastrand::usize(..FAILPOINTS.len())];
            format!("{point}:{}", fastrand::usize(1..8))
        });
        let variable = point.as_ref().map(|point| ("PANORA_FAILPOINT", &**point));
        let Some(mut process) = Process::start(store, database, &database.schema, variable.as_slice()) else {
            // It was killed before it listened.
            at_failpoints += 1;
            continue;
        };
        // A failpoint may have to wait for leases of the process before.
        let time = Duration::from_millis(if point.is_some() { 1500 } else { fastrand::u64(..300) });
        let sender = process.sender();
        std::thread::scope(|scope| {
            for _ in 0..SENDERS {
                scope.spawn(|| send(&sender, &deliveries, 10, !has_inbox));
            }
            if process.ends_within(time) {
                at_failpoints += 1;
            }
            process.kill();
        });
        if fastrand::u8(..4) == 0 {
            between();
        }
    }
    let process = Process::start(store, database, &database.schema, &[]).unwrap();
    let mut deliveries = deliveries.into_inner().unwrap();
    if !has_inbox {
        // The sender repeats a delivery until it is answered.
        for number in std::mem::take(&mut deliveries.unanswered) {
            let status = process.sender().deliver(&numbered(number)).unwrap();
            assert_eq!(status == 200, !fails_at_first(number), "event {number}: {status}");
            deliveries.acknowledged.extend((status == 200).then_some(number));
        }
    }
    finish();
    say(&format!("{store:.8}: {} kills, {at_failpoints} of them at a step of an attempt", kills()));
    deliveries
}

/// Checks the events of an inbox. Those that were not acknowledged may be stored, too.
async fn check(inbox: &impl Inbox, database: &Database, deliveries: &Deliveries) {
    let (contents, mut effects) = (contents(inbox).await, effects(database).await);
    for number in &deliveries.acknowledged {
        assert!(contents.contains_key(&id(*number)), "event {number} was acknowledged and is lost");
    }
    let (mut runs, mut dead) = (0, 0);
    for (id, info) in &contents {
        let number: u64 = id.trim_start_matches("event-").parse().unwrap();
        let is_dead = is_dead_at_first(number) && info.run == 1;
        assert_eq!(info.state, if is_dead { EventState::Dead } else { EventState::Done }, "{info:?}");
        for run in 1..=info.run {
            let expected = i64::from(!(is_dead_at_first(number) && run == 1));
            let found = effects.remove(&(id.clone(), run)).unwrap_or_default();
            assert_eq!(found, expected, "run {run} of {info:?}");
            runs += found;
        }
        dead += usize::from(is_dead);
    }
    assert!(effects.is_empty(), "effects without an event or a run: {effects:?}");
    say(&format!(
        "{} events ({} acknowledged), {runs} runs with one effect each, {dead} events dead",
        contents.len(),
        deliveries.acknowledged.len()
    ));
}

#[test]
fn a_killed_receiver_on_sqlite_has_one_effect_per_run() {
    let runtime = Runtime::new().unwrap();
    let Some(database) = runtime.block_on(Database::new()) else { return };
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("inbox.db");
    let attach = || SqliteInbox::attach(&path).unwrap();
    drop(SqliteInbox::open(&path).unwrap());
    let deliveries = run(
        &format!("sqlite:{}", path.display()),
        &database,
        || runtime.block_on(replay(&attach())),
        || runtime.block_on(idle(&attach())),
    );
    runtime.block_on(check(&attach(), &database, &deliveries));
}

/// The schema of the inbox, which is dropped with the database of effects.
async fn postgres_inbox(database: &Database) -> PostgresInbox {
    PostgresInbox::open_schema(database.pool.clone(), &database.inbox_schema()).await.unwrap()
}

#[test]
fn a_killed_receiver_on_postgres_has_one_effect_per_run() {
    let runtime = Runtime::new().unwrap();
    let Some(database) = runtime.block_on(Database::new()) else { return };
    let inbox = runtime.block_on(postgres_inbox(&database));
    let deliveries =
        run("postgres", &database, || runtime.block_on(replay(&inbox)), || runtime.block_on(idle(&inbox)));
    runtime.block_on(check(&inbox, &database, &deliveries));
}

/// The sender repeats deliveries that are not acknowledged.
#[test]
fn a_killed_receiver_without_an_inbox_has_one_effect_per_event() {
    let runtime = Runtime::new().unwrap();
    let Some(database) = runtime.block_on(Database::new()) else { return };
    let deliveries = run("none", &database, || {}, || {});
    let mut effects = runtime.block_on(effects(&database));
    for number in &deliveries.acknowledged {
        assert_eq!(effects.remove(&(id(*number), 1)), Some(1), "event {number} was acknowledged");
    }
    assert!(effects.is_empty(), "{effects:?}");
    say(&format!("{} events with one effect each", deliveries.acknowledged.len()));
}

/// The state of a session whose hook has had its effect, and waits.
const HOOK_WAITS: &str = "state = 'idle in transaction' AND query LIKE 'INSERT INTO effect%'";

/// A process is frozen while its hooks run, until their leases have expired and the other process
/// waits for their markers.
#[test]
fn an_expired_lease_does_not_repeat_an_effect() {
    let runtime = Runtime::new().unwrap();
    let Some(database) = runtime.block_on(Database::new()) else { return };
    let inbox = runtime.block_on(postgres_inbox(&database));
    let names = ["one", "two"].map(|name| format!("{}_{name}", database.schema));
    let start = |name: &str| Process::start("postgres", &database, name, &[]).unwrap();
    let has_sessions = |name: &str, condition: &str| {
        runtime.block_on(database.session_of(name, condition));
    };
    let one = start(&names[0]);
    for round in 0..2 {
        for number in 0..4 {
            let event = event(&format!("event-{round}-{number}"), "takes 3 seconds");
            assert_eq!(one.sender().deliver(&event).unwrap(), 200);
        }
        has_sessions(&names[0], HOOK_WAITS);
        one.signal("-STOP");
        // It starts now, so that it does not run the events first.
        let mut two = start(&names[1]);
        has_sessions(&names[1], "wait_event_type = 'Lock'");
        if round == 1 {
            // The process that waits dies as well.
            two.kill();
        }
        one.signal("-CONT");
        runtime.block_on(idle(&inbox));
    }
    let (contents, effects) = runtime.block_on(async { (contents(&inbox).await, effects(&database).await) });
    assert!(contents.values().any(|info| info.attempts > 1), "no lease has expired: {contents:?}");
    assert!(contents.values().all(|info| info.state == EventState::Done), "{contents:?}");
    assert_eq!((contents.len(), effects.len()), (8, 8));
    assert!(effects.values().all(|effects| *effects == 1), "{effects:?}");
}

/// The server ends the session of a process that is frozen for longer than a hook may run.
#[test]
fn a_process_that_is_frozen_for_long_does_not_repeat_an_effect() {
    let runtime = Runtime::new().unwrap();
    let Some(database) = runtime.block_on(Database::new()) else { return };
    let inbox = runtime.block_on(postgres_inbox(&database));
    let names = ["one", "two"].map(|name| format!("{}_{name}", database.schema));
    let limit = [("PANORA_HOOK_TIMEOUT", "2")];
    let start = |name: &str| Process::start("postgres", &database, name, &limit).unwrap();
    let one = start(&names[0]);
    assert_eq!(one.sender().deliver(&event("frozen", "takes 1 second")).unwrap(), 200);
    runtime.block_on(database.session_of(&names[0], HOOK_WAITS));
    one.signal("-STOP");
    let _two = start(&names[1]);
    runtime.block_on(idle(&inbox));
    assert_eq!(runtime.block_on(database.effects()), 1);
    one.signal("-CONT");
    // The hook of the process ends before this one.
    assert_eq!(one.sender().deliver(&event("later", "takes 1 second")).unwrap(), 200);
    runtime.block_on(idle(&inbox));
    assert_eq!(runtime.block_on(database.effects()), 2);
}

/// The last attempt is interrupted after its commit, so the event must not be dead.
#[test]
fn an_effect_of_the_last_attempt_is_not_forgotten() {
    let runtime = Runtime::new().unwrap();
    let Some(database) = runtime.block_on(Database::new()) else { return };
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("inbox.db");
    let store = format!("sqlite:{}", path.display());
    for (point, state, effects) in
        [("after-commit:1", EventState::Done, 1), ("in-hook:1", EventState::Dead, 1)]
    {
        let event = event(point, "succeeds");
        let variables = [("PANORA_FAILPOINT", point), ("PANORA_ATTEMPTS", "1")];
        let mut process = Process::start(&store, &database, &database.schema, &variables).unwrap();
        let _ = process.sender().deliver(&event);
        assert!(process.ends_within(PATIENCE), "the process is killed at the failpoint");
        let _process = Process::start(&store, &database, &database.schema, &variables[1..]).unwrap();
        let info = runtime.block_on(async {
            let inbox = SqliteInbox::attach(&path).unwrap();
            idle(&inbox).await;
            contents(&inbox).await.remove(point).unwrap()
        });
        assert_eq!(info.state, state, "{info:?}");
        assert_eq!(runtime.block_on(database.effects()), effects);
    }
}
