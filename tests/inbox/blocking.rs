//! Hooks that block their thread and cannot be cancelled.

use std::{
    sync::{Arc, Mutex, mpsc},
    time::{Duration, Instant},
};

use panora_hooks::{
    HookError, Metadata, State, Webhooks, hooks,
    inbox::{EventInfo, EventState, Filter, Inbox, LeaseRequest, MemoryInbox, Query},
    on,
};
use tokio::runtime::Runtime;

use crate::{
    events::{contact, event},
    receiver::{App, Next, PATIENCE, Receiver, webhooks},
    stores::Jumps,
    support::verifier,
};

#[on("crm.contact.created", timeout = "1h")]
async fn patient(meta: Metadata, State(app): State<App>) -> Result<(), HookError> {
    app.run(meta).await
}

#[on("crm.deal.created", timeout = "50ms", attempts = 2)]
async fn brief(meta: Metadata, State(app): State<App>) -> Result<(), HookError> {
    app.run(meta).await
}

/// Hooks of events whose id begins with `id-blocks` block their thread until the sender is dropped.
fn blocking() -> (App, mpsc::Receiver<Metadata>, mpsc::Sender<()>) {
    let (release, released) = mpsc::channel();
    let released = Arc::new(Mutex::new(released));
    let (app, begun) = App::new(move |meta: Metadata| {
        let released = released.clone();
        async move {
            if meta.id.starts_with("id-blocks") {
                let _ = released.lock().unwrap().recv_timeout(PATIENCE);
            }
            Ok(())
        }
    });
    (app, begun, release)
}

/// Returns a store whose clock jumps, with an event that was interrupted `times` times.
fn interrupted(runtime: &Runtime, times: u32) -> MemoryInbox {
    let jumps = Jumps::default();
    let clock = jumps.clone();
    let inbox = MemoryInbox::new().with_clock(move || clock.now());
    runtime.block_on(async {
        inbox.put(vec![contact("blocks")]).await.unwrap();
        for _ in 0..times {
            let leased = inbox.lease(LeaseRequest::new(9, Duration::from_secs(1))).await.unwrap();
            assert_eq!(leased.len(), 1);
            jumps.jump(2_000_000);
        }
    });
    inbox
}

/// Waits until an event is dead.
fn dead(receiver: &Receiver, inbox: &MemoryInbox) -> EventInfo {
    let dead = Query::new(Filter::new().state(EventState::Dead));
    let find = async || {
        // Wakes the other thread of the runtime. The blocked one may be the one that waits for
        // timers.
        tokio::spawn(async {}).await.unwrap();
        inbox.list(dead.clone()).await.unwrap().items.pop()
    };
    let begun = Instant::now();
    loop {
        if let Some(dead) = receiver.on(find()) {
            return dead;
        }
        assert!(begun.elapsed() < PATIENCE, "no event is dead");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn a_blocking_hook_neither_stops_the_worker_nor_runs_forever() {
    let runtime = Runtime::new().unwrap();
    // Enough interruptions for the event to run alone.
    let inbox = interrupted(&runtime, 7);
    let (app, begun, release) = blocking();
    let webhooks = webhooks(app, inbox.clone())
        .hook_timeout(Duration::from_millis(50))
        .lease_time(Duration::from_secs(1))
        .max_attempts(10);
    let receiver = Receiver::start(webhooks);
    assert_eq!(begun.next().attempt, 8);
    receiver.on(inbox.put(vec![contact("quick")])).unwrap();
    assert_eq!(begun.next().id, "id-quick");
    // Once the hook is considered stuck, its lease is not extended, and each attempt fails at once.
    let reason = dead(&receiver, &inbox).reason.unwrap();
    assert!(reason.ends_with(" attempts failed, the last: the hook blocks its thread"), "{reason}");
    drop(release);
    drop(receiver);
    assert_eq!(begun.try_iter().count(), 0, "no hook ran beside the one that blocked");
}

#[test]
fn a_stop_leaves_the_lease_of_a_hook_that_cannot_be_cancelled() {
    let runtime = Runtime::new().unwrap();
    let inbox = interrupted(&runtime, 0);
    let (app, begun, release) = blocking();
    let webhooks = webhooks(app, inbox.clone()).shutdown_grace(Duration::from_millis(50));
    let mut receiver = Receiver::start(webhooks);
    begun.next();
    receiver.stop();
    let depth = receiver.on(inbox.depth()).unwrap();
    assert_eq!([depth.ready, depth.leased], [0, 1], "another worker would run it beside this one");
    drop(release);
}

#[test]
fn a_hook_is_stuck_after_its_own_time_limit() {
    let (release, released) = mpsc::channel::<()>();
    let released = Arc::new(Mutex::new(released));
    let (app, begun) = App::new(move |meta: Metadata| {
        let released = released.clone();
        async move {
            if &*meta.event_type == "crm.contact.created" {
                std::future::pending::<()>().await;
            }
            let _ = released.lock().unwrap().recv_timeout(PATIENCE);
            Ok(())
        }
    });
    let inbox = MemoryInbox::new();
    let webhooks = Webhooks::new(verifier())
        .with_state(app)
        .hooks(hooks![patient, brief])
        .with_inbox(inbox.clone())
        .lease_time(Duration::from_secs(1))
        .backoff(Duration::ZERO, Duration::ZERO);
    let receiver = Receiver::start(webhooks);
    receiver.on(inbox.put(vec![contact("patient")])).unwrap();
    assert_eq!(begun.next().id, "id-patient");
    // Started later, and stuck an hour earlier.
    receiver.on(inbox.put(vec![event("id-brief", "crm.deal.created", "{}")])).unwrap();
    assert_eq!(begun.next().id, "id-brief");
    let dead = dead(&receiver, &inbox);
    assert_eq!(dead.reason.unwrap(), "all 2 attempts failed, the last: the hook blocks its thread");
    assert_eq!(receiver.on(inbox.depth()).unwrap().leased, 1, "the patient hook keeps its lease");
    drop(release);
    drop(receiver);
}
