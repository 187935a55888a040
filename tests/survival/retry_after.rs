//! An event whose hook asked for another attempt runs again in time, although the process was
//! killed in between.

use std::{
    path::Path,
    thread,
    time::{Duration, Instant},
};

use panora_hooks::inbox::{EventState, Inbox, SqliteInbox};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::{
    contents::contents,
    postgres::Schema,
    process::{Connection, PATIENCE, Receiver, ledger, ledger_in, quiet, request},
    say,
};

/// The delay that the hook asks for.
const DELAY: Duration = Duration::from_secs(3);

/// The longest time that a worker with a free slot takes to begin an event that is due.
const PRECISION: Duration = Duration::from_millis(300);

fn run<I: Inbox>(store: &str, folder: &Path, open: impl AsyncFn() -> I) {
    let ledger_path = ledger_in(folder);
    let mut receiver = Receiver::start(store, &ledger_path, 0).unwrap();
    let runtime = Runtime::new().unwrap();
    let inbox = runtime.block_on(open());
    let event = request("asks", "crm.note.created", "{}");
    assert_eq!(Connection::open(receiver.address).unwrap().send(&event).unwrap(), 200);
    let is_delayed = || runtime.block_on(contents(&inbox))["asks"].state == EventState::Delayed;
    let deadline = Instant::now() + PATIENCE;
    while !is_delayed() {
        assert!(Instant::now() < deadline, "the event was not delayed");
        thread::sleep(Duration::from_millis(1));
    }
    let killed_at = Instant::now();
    receiver.kill();
    let _receiver = Receiver::start(store, &ledger_path, 1).unwrap();
    let restart = killed_at.elapsed();
    runtime.block_on(quiet(&inbox));
    let attempts = ledger(&ledger_path);
    let [(0, first), (1, second)] = &attempts[..] else { panic!("{attempts:?}") };
    let [first, second] = [first, second].map(|micros| Duration::from_micros(micros.parse().unwrap()));
    let delay = second.saturating_sub(first);
    say(&format!("the next attempt began after {delay:?}, the restart took {restart:?}"));
    assert!((DELAY..=DELAY + PRECISION + restart).contains(&delay), "{delay:?}");
}

#[test]
fn the_next_attempt_is_in_time_on_sqlite() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("inbox.db");
    let store = format!("sqlite:{}", path.display());
    run(&store, folder.path(), async || SqliteInbox::attach(&path).unwrap());
}

#[test]
fn the_next_attempt_is_in_time_on_postgres() {
    let Some(schema) = Schema::new() else { return };
    let folder = TempDir::new().unwrap();
    run(&schema.store(), folder.path(), async || schema.inbox().await);
}
