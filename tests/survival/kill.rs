//! A receiver is killed repeatedly while deliveries arrive.

use std::{path::Path, time::Duration};

use panora_hooks::inbox::{EventState, Inbox, SqliteInbox};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::{
    contents::contents,
    postgres::Schema,
    process::{Connection, Figures, Lost, Receiver, Senders, check, ledger, ledger_in, quiet, request},
    say,
    support::is_long,
};

const SENDERS: usize = 16;

fn kills() -> usize {
    if is_long() { 100 } else { 5 }
}

/// The number of deliveries that are answered before the next kill.
fn deliveries() -> usize {
    fastrand::usize(if is_long() { 3000..8000 } else { 50..1000 })
}

/// Kills a receiver repeatedly, each time after further deliveries were answered, and lets the last
/// one finish.
fn run<I: Inbox>(store: &str, folder: &Path, open: impl AsyncFn() -> I) -> Figures {
    let ledger_path = ledger_in(folder);
    let mut receiver = Receiver::start(store, &ledger_path, 0).unwrap();
    let senders = Senders::new(receiver.address);
    senders.send_while(SENDERS, || {
        for incarnation in 1..=kills() {
            senders.wait_for(deliveries());
            receiver.kill();
            receiver = Receiver::start(store, &ledger_path, incarnation).unwrap();
            senders.moved(receiver.address);
        }
    });
    let runtime = Runtime::new().unwrap();
    let contents = runtime.block_on(async {
        let inbox = open().await;
        quiet(&inbox).await;
        contents(&inbox).await
    });
    check(&senders.acknowledged(), &ledger(&ledger_path), &contents, Lost::Processes(kills()))
}

#[test]
fn sqlite_loses_nothing() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("inbox.db");
    let store = format!("sqlite:{}", path.display());
    let figures = run(&store, folder.path(), async || SqliteInbox::attach(&path).unwrap());
    say(&format!("SQLite, {} kills: {figures:?}", kills()));
}

#[test]
fn postgres_loses_nothing() {
    let Some(schema) = Schema::new() else { return };
    let folder = TempDir::new().unwrap();
    let figures = run(&schema.store(), folder.path(), async || schema.inbox().await);
    say(&format!("PostgreSQL, {} kills: {figures:?}", kills()));
}

/// A hook that ends the process must not do so forever, and must not take other events with it.
#[test]
fn an_event_whose_hook_aborts_is_dead_in_the_end() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("inbox.db");
    let (store, ledger_path) = (format!("sqlite:{}", path.display()), ledger_in(folder.path()));
    let mut incarnation = 0;
    let mut receiver = Receiver::start(&store, &ledger_path, incarnation).unwrap();
    let mut connection = Connection::open(receiver.address).unwrap();
    for number in 0..20 {
        let payload = format!(r#"{{"how":"succeeds","number":{number}}}"#);
        let request = request(&format!("event-{number}"), "crm.contact.created", &payload);
        assert_eq!(connection.send(&request).unwrap(), 200);
    }
    let aborts = request("aborts", "crm.contact.created", r#"{"how":"aborts"}"#);
    // The receiver may die before it answers.
    let _ = connection.send(&aborts);
    loop {
        let tool = SqliteInbox::attach(&path).unwrap();
        let runtime = Runtime::new().unwrap();
        let is_dead = || {
            let contents = runtime.block_on(contents(&tool));
            contents.get("aborts").is_some_and(|info| info.state == EventState::Dead)
        };
        while !is_dead() && receiver.is_running() {
            std::thread::sleep(Duration::from_millis(10));
        }
        if is_dead() {
            break;
        }
        incarnation += 1;
        assert!(incarnation <= 20, "it goes on aborting");
        receiver = Receiver::start(&store, &ledger_path, incarnation).unwrap();
    }
    let tool = SqliteInbox::attach(&path).unwrap();
    let runtime = Runtime::new().unwrap();
    runtime.block_on(quiet(&tool));
    let contents = runtime.block_on(contents(&tool));
    let info = &contents["aborts"];
    assert_eq!((info.attempts, info.state), (17, EventState::Dead));
    assert_eq!(
        info.reason.as_deref(),
        Some("all 16 attempts failed, the last: its process died or its lease expired")
    );
    for number in 0..20 {
        assert_eq!(contents[&format!("event-{number}")].state, EventState::Done);
    }
}
