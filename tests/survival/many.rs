//! High concurrency: copies, receivers, events.

use std::{
    collections::HashMap,
    sync::atomic::{AtomicU64, Ordering},
};

use panora_hooks::inbox::{Inbox, SqliteInbox};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::{
    contents::contents,
    postgres::Schema,
    process::{Connection, Fate, Lost, Receiver, check, delivery, ledger, ledger_in, quiet},
    say,
    support::is_long,
};

/// Returns the number of the `n`-th event that succeeds.
fn handled(n: u64) -> u64 {
    // Of sixteen events, the last ten succeed at once.
    n / 10 * 16 + 6 + n % 10
}

/// Sends copies of the same events from 64 senders concurrently, in different orders.
fn storm<I: Inbox>(receivers: &[Receiver], ledger_path: &std::path::Path, inbox: &I) {
    let events = if is_long() { 1000 } else { 100 };
    std::thread::scope(|scope| {
        for sender in 0..64 {
            let address = receivers[sender % receivers.len()].address;
            scope.spawn(move || {
                let mut numbers: Vec<_> = (0..events).map(handled).collect();
                fastrand::shuffle(&mut numbers);
                let mut connection = Connection::open(address).unwrap();
                for number in numbers {
                    assert_eq!(connection.send(&delivery(number).1).unwrap(), 200);
                }
            });
        }
    });
    let runtime = Runtime::new().unwrap();
    runtime.block_on(quiet(inbox));
    let mut effects: HashMap<String, usize> = HashMap::new();
    for (_, id) in ledger(ledger_path) {
        *effects.entry(id).or_default() += 1;
    }
    assert_eq!(effects.len() as u64, events);
    assert!(effects.values().all(|effects| *effects == 1));
    assert_eq!(runtime.block_on(contents(inbox)).len() as u64, events);
    say(&format!("64 copies of {events} events: {} effects", effects.len()));
}

#[test]
fn of_64_copies_one_has_an_effect_on_sqlite() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("inbox.db");
    let ledger_path = ledger_in(folder.path());
    let receiver = Receiver::start(&format!("sqlite:{}", path.display()), &ledger_path, 0).unwrap();
    storm(&[receiver], &ledger_path, &SqliteInbox::attach(&path).unwrap());
}

#[test]
fn of_64_copies_one_has_an_effect_with_two_receivers_on_postgres() {
    let Some(schema) = Schema::new() else { return };
    let folder = TempDir::new().unwrap();
    let ledger_path = ledger_in(folder.path());
    let receivers = [0, 1].map(|number| Receiver::start(&schema.store(), &ledger_path, number).unwrap());
    let runtime = Runtime::new().unwrap();
    let inbox = runtime.block_on(schema.inbox());
    storm(&receivers, &ledger_path, &inbox);
}

#[test]
fn two_receivers_on_postgres_share_the_work() {
    let Some(schema) = Schema::new() else { return };
    let events = if is_long() { 100_000 } else { 3_000 };
    let folder = TempDir::new().unwrap();
    let ledger_path = ledger_in(folder.path());
    let receivers = [0, 1].map(|number| Receiver::start(&schema.store(), &ledger_path, number).unwrap());
    let next = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for sender in 0..32 {
            let address = receivers[sender % 2].address;
            let next = &next;
            scope.spawn(move || {
                let mut connection = Connection::open(address).unwrap();
                loop {
                    let number = next.fetch_add(1, Ordering::SeqCst);
                    if number >= events {
                        return;
                    }
                    assert_eq!(connection.send(&delivery(number).1).unwrap(), 200);
                }
            });
        }
    });
    let runtime = Runtime::new().unwrap();
    let contents = runtime.block_on(async {
        let inbox = schema.inbox().await;
        quiet(&inbox).await;
        contents(&inbox).await
    });
    let effects = ledger(&ledger_path);
    let figures = check(&(0..events).collect(), &effects, &contents, Lost::Nothing);
    let expected = (0..events).filter(|number| delivery(*number).2 == Fate::Handled).count();
    assert_eq!(effects.len(), expected, "each once");
    for incarnation in [0, 1] {
        assert!(effects.iter().any(|(who, _)| *who == incarnation), "{incarnation} did nothing");
    }
    say(&format!("two receivers, {events} events: {figures:?}"));
}
