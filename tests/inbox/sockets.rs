//! Deliveries over sockets, and workers in real time.

use std::sync::mpsc;

use panora_hooks::inbox::{Decision, MemoryInbox, Settled};
use tokio::sync::watch;

use crate::{
    receive::encoded,
    receiver::{App, Next, Receiver, webhooks},
    support::{
        contact,
        staged::{Fault, Staged},
    },
};

#[test]
fn each_delivery_counts_its_outcome() {
    let (app, begun) = App::happy();
    let (inbox, settled) = Staged::new(MemoryInbox::new());
    let receiver = Receiver::start(webhooks(app, inbox));
    assert_eq!(receiver.deliver(&contact()), 200);
    begun.next();
    assert_eq!(settled.next(), (Decision::Complete, Settled::Applied));
    assert_eq!(receiver.deliver(&contact()), 200);
    let outcomes: Vec<_> = receiver.server.counters().iter().map(|(key, n)| (key.to_string(), *n)).collect();
    assert_eq!(outcomes.len(), 2, "{outcomes:?}");
    for label in ["stored", "duplicate"] {
        assert!(outcomes.iter().any(|(key, n)| key.contains(label) && *n == 1), "{outcomes:?}");
    }
}

#[test]
fn concurrent_deliveries_are_all_stored_and_run_once() {
    let (app, begun) = App::happy();
    let (inbox, settled) = Staged::new(MemoryInbox::new());
    let receiver = Receiver::start(webhooks(app, inbox));
    std::thread::scope(|scope| {
        for sender in 0..8 {
            let receiver = &receiver.server;
            scope.spawn(move || {
                for number in 0..50 {
                    let payload = format!(r#"{{"sender":{sender},"number":{number}}}"#);
                    let delivery = encoded(&format!("{sender}-{number}"), "crm.contact.created", &payload);
                    assert_eq!(receiver.send(&delivery.request()).status, 200);
                }
            });
        }
    });
    for _ in 0..400 {
        assert_eq!(settled.next(), (Decision::Complete, Settled::Applied));
    }
    let mut ids: Vec<_> = begun.try_iter().map(|meta| meta.id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 400);
}

#[test]
fn a_delivery_is_stored_even_if_its_sender_has_disconnected() {
    let (go, gone) = watch::channel(false);
    let (tried, attempts) = mpsc::channel();
    let (app, begun) = App::happy();
    let (inbox, settled) = Staged::new(MemoryInbox::new());
    inbox.on_put(move || {
        let _ = tried.send(());
        (!*gone.borrow()).then_some(Fault::Busy)
    });
    let receiver = Receiver::start(webhooks(app, inbox));
    let mut stream = receiver.server.connect();
    contact().request().send(&mut stream);
    attempts.next();
    drop(stream);
    go.send(true).unwrap();
    assert_eq!(settled.next().0, Decision::Complete);
    begun.next();
}
