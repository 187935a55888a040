//! Secrets, signatures and payloads appear nowhere, even with an inbox.

mod support;

use std::{future::pending, time::Duration};

use panora_hooks::{
    Event, HookError, Verifier, Webhooks, hooks,
    inbox::{EventState, Filter, Inbox, LeaseRequest, MemoryInbox, NewEvent, Query, SqliteInbox, readiness},
    on,
};
use serde::Deserialize;
use support::{
    Delivery, Server,
    log::Log,
    staged::{Fault, Staged},
};
use tempfile::TempDir;
use tokio::runtime::Runtime;

const SECRET: &str = "canary-secret-9a41";

#[on("connection.created")]
async fn connection(Event(_): Event<serde_json::Value>) -> Result<(), HookError> {
    Err("no".into())
}

#[derive(Deserialize)]
struct Numbers {
    #[expect(dead_code, reason = "it never fits")]
    number: u32,
}

#[on("crm.contact.created")]
async fn misfit(Event(_): Event<Numbers>) {}

fn signed(event_type: &str, payload: &str) -> Delivery {
    let data = serde_json::to_string(payload).unwrap();
    let mut delivery = Delivery::new(event_type, &data);
    delivery.signature = Verifier::new(SECRET).unwrap().sign(&data);
    delivery
}

/// Lets everything happen to a delivery once. Returns all output about it, and its signatures.
fn show_everything(inbox: &(impl Inbox + Clone), fault: Option<Fault>) -> (String, Vec<String>) {
    let (staged, settled) = Staged::new(inbox.clone());
    staged.on_put(move || fault);
    let webhooks = Webhooks::new(Verifier::new(SECRET).unwrap())
        .hooks(hooks![connection, misfit])
        .with_inbox(staged.clone())
        .max_attempts(2)
        .backoff(Duration::ZERO, Duration::ZERO)
        .store_timeout(Duration::from_millis(50));
    let mut shown = vec![format!("{webhooks:?}")];
    let (router, worker) = webhooks.into_parts::<()>("/webhook");
    shown.push(format!("{worker:?}"));
    let router = router.route("/ready", readiness(staged, Duration::from_secs(60)));
    let server = Server::start(router);
    let runtime = Runtime::new().unwrap();
    let worker = runtime.spawn(worker.run_until(pending()));
    let deliveries = [
        signed("connection.created", r#"{"connection_token":"canary-token"}"#),
        signed("connection.created", r#"{"connection_token":"canary-token"}"#),
        signed("crm.contact.created", r#"{"number":"canary-name"}"#),
        signed("crm.invoice.created", r#"{"name":"canary-name"}"#),
        signed("crm.contact.created", r#"{"connection_token":"canary-token"}"#),
    ];
    for delivery in &deliveries {
        shown.push(format!("{:?}", server.send(&delivery.request())));
    }
    if fault.is_none() {
        // A retry and a death of the first event, and the death of the second.
        for _ in 0..3 {
            shown.push(format!("{:?}", settled.recv_timeout(Duration::from_secs(60)).unwrap()));
        }
        let dead = Query::new(Filter::new().state(EventState::Dead));
        let dead = runtime.block_on(inbox.list(dead)).unwrap();
        assert_eq!(dead.items.len(), 2);
        shown.push(format!("{dead:?} {:?}", runtime.block_on(inbox.get(dead.items[0].key)).unwrap()));
        let all = runtime.block_on(inbox.replay(panora_hooks::inbox::Select::All(Filter::new()), 10));
        assert_eq!(all.unwrap(), 4);
        worker.abort();
        let _ = runtime.block_on(worker);
        shown.push(format!(
            "{:?}",
            runtime.block_on(inbox.lease(LeaseRequest::new(9, Duration::from_secs(1)))).unwrap()
        ));
    }
    shown.push(format!("{:?}", server.counters()));
    (shown.concat(), deliveries.map(|delivery| delivery.signature).to_vec())
}

fn leaks(text: &str, signatures: &[String]) -> bool {
    text.contains("canary") || signatures.iter().any(|signature| text.contains(signature))
}

#[test]
fn canaries_are_found_nowhere() {
    let log = Log::install();
    let folder = TempDir::new().unwrap();
    let sqlite = SqliteInbox::open(folder.path().join("inbox.db")).unwrap();
    let (mut shown, signatures) = show_everything(&sqlite, None);
    shown += &show_everything(&MemoryInbox::new(), None).0;
    for fault in [Fault::Busy, Fault::Full, Fault::Away, Fault::Hangs] {
        shown += &show_everything(&MemoryInbox::new(), Some(fault)).0;
    }
    let logged = log.take();
    assert!(logged.contains("event is dead") && logged.contains("not stored"), "the log is on");
    assert!(!leaks(&shown, &signatures), "{shown}");
    let line = logged.lines().find(|line| leaks(line, &signatures));
    assert_eq!(line, None);

    // Proves that a leak would be detected.
    let delivery = signed("connection.created", r#"{"connection_token":"canary-token"}"#);
    let verifier = Verifier::new(SECRET).unwrap();
    let genuine = verifier.verify(&delivery.body, &delivery.signature).unwrap();
    let event = NewEvent::new(genuine);
    tracing::trace!("{event:?}");
    assert!(!leaks(&log.take(), &signatures));
    tracing::trace!("{}", event.data());
    assert!(leaks(&log.take(), &signatures));
}
