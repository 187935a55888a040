//! Dead events are announced to the application, in virtual time.

use std::{
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    time::Duration,
};

use panora_hooks::{
    HookError, Metadata,
    inbox::{DeadEvent, Decision, EventState, Inbox, Select},
};
use tokio::time::sleep;

use crate::{
    events,
    receiver::{App, webhooks},
    support::{
        contact,
        log::Log,
        staged::{Fault, Staged},
    },
    virtual_time::{Receiver, memory, next, none, only, run},
};

const MINUTE: Duration = Duration::from_secs(60);

/// Hooks that fail for good.
fn hopeless() -> (App, mpsc::Receiver<Metadata>) {
    App::new(async |_| Err(HookError::permanent("no such customer")))
}

/// Returns a function for `on_dead` that reports its events.
fn announced()
-> (impl Fn(DeadEvent) -> std::future::Ready<()> + Send + Sync + 'static, mpsc::Receiver<DeadEvent>) {
    let (sender, events) = mpsc::channel();
    let announce = move |event| {
        let _ = sender.send(event);
        std::future::ready(())
    };
    (announce, events)
}

#[test]
fn a_dead_event_is_announced_once_after_it_is_dead() {
    run(async {
        let (app, _begun) = App::new(async |_| Err("the mailbox is full".into()));
        let (inbox, settled) = Staged::new(memory());
        let (announce, events) = announced();
        let receiver = Receiver::start(webhooks(app, inbox.clone()).max_attempts(3).on_dead(announce));
        let delivery = contact();
        assert_eq!(receiver.deliver(&delivery).await, 200);
        for _ in 0..2 {
            assert!(matches!(next(&settled).await.0, Decision::RetryAfter(_)));
            assert!(events.try_recv().is_err(), "the event has attempts left");
        }
        let event = next(&events).await;
        let stored = only(&inbox, EventState::Dead).await;
        assert_eq!((event.key, &event.id, &event.wire_type), (stored.key, &stored.id, &stored.wire_type));
        assert_eq!((&*event.event_type, event.attempts), ("crm.contact.created", 3));
        assert_eq!(Some(&event.reason), stored.reason.as_ref());
        assert_eq!(event.received_at, stored.received_at);
        assert_eq!(Some(&event.data.0), inbox.get(stored.key).await.unwrap().unwrap().data.as_ref());
        none(&events).await;

        // A replay that fails is another death.
        assert_eq!(inbox.replay(Select::Keys(vec![stored.key]), 1).await.unwrap(), 1);
        assert_eq!(next(&events).await.key, stored.key);
        none(&events).await;
        receiver.stop().await;
    });
}

#[test]
fn an_announcement_that_has_not_ended_is_made_by_the_next_worker() {
    run(async {
        let (app, _begun) = hopeless();
        let inbox = memory();
        let calls = Arc::new(AtomicUsize::new(0));
        let counted = calls.clone();
        let hangs = move |_| {
            counted.fetch_add(1, Ordering::SeqCst);
            pending()
        };
        let webhooks =
            || webhooks(app.clone(), inbox.clone()).hook_timeout(10 * MINUTE).shutdown_grace(Duration::ZERO);
        let receiver = Receiver::start(webhooks().on_dead(hangs));
        assert_eq!(receiver.deliver(&contact()).await, 200);
        while calls.load(Ordering::SeqCst) == 0 {
            sleep(Duration::from_millis(100)).await;
        }
        receiver.stop().await;

        let (announce, events) = announced();
        let receiver = Receiver::start(webhooks().on_dead(announce));
        sleep(9 * MINUTE).await;
        assert!(events.try_recv().is_err(), "another worker may still be announcing it");
        sleep(3 * MINUTE).await;
        assert_eq!(events.try_iter().count(), 1);
        none(&events).await;
        assert_eq!(calls.load(Ordering::SeqCst), 1);
        receiver.stop().await;
    });
}

#[test]
fn a_stop_waits_for_the_announcements_that_have_begun() {
    run(async {
        let (app, _begun) = hopeless();
        let inbox = memory();
        let (sender, ended) = mpsc::channel();
        let (begun, beginnings) = mpsc::channel();
        let slow = move |event: DeadEvent| {
            let (begun, ended) = (begun.clone(), sender.clone());
            async move {
                begun.send(event.key).unwrap();
                sleep(Duration::from_secs(10)).await;
                ended.send(event.key).unwrap();
            }
        };
        let receiver = Receiver::start(webhooks(app.clone(), inbox.clone()).on_dead(slow));
        assert_eq!(receiver.deliver(&contact()).await, 200);
        let key = next(&beginnings).await;
        receiver.stop().await;
        assert_eq!(ended.try_recv(), Ok(key));
        // It was noted before the worker returned.
        sleep(60 * MINUTE).await;
        assert!(inbox.claim_dead(1, MINUTE).await.unwrap().is_empty());
    });
}

#[test]
fn a_panic_and_a_call_that_takes_too_long_are_logged_and_not_repeated() {
    let (log, _guard) = Log::of_this_thread();
    for (message, panics) in [
        ("`on_dead` panicked event.id=id-ada", true),
        ("`on_dead` was cancelled: it took longer than 30s event.id=id-ada", false),
    ] {
        run(async {
            let (app, _begun) = hopeless();
            let inbox = memory();
            let (calls, called) = mpsc::channel();
            let fails = move |event: DeadEvent| {
                calls.send(event.id).unwrap();
                assert!(!panics, "a secret of the payload");
                pending()
            };
            let webhooks = webhooks(app.clone(), inbox.clone()).hook_timeout(Duration::from_secs(30));
            let receiver = Receiver::start(webhooks.on_dead(fails));
            inbox.put(vec![events::contact("ada")]).await.unwrap();
            assert_eq!(next(&called).await, "id-ada");
            none(&called).await;
            receiver.stop().await;
        });
        let log = log.take();
        let errors: Vec<_> = log.lines().filter(|line| line.contains("`on_dead`")).collect();
        assert!(matches!(&*errors, [line] if line.contains("ERROR") && line.contains(message)), "{errors:?}");
        assert!(!log.contains("a secret of the payload"));
    }
}

#[test]
fn a_slow_announcement_does_not_delay_the_others() {
    run(async {
        let (app, _begun) = hopeless();
        let inbox = memory();
        let (sender, events) = mpsc::channel();
        let announce = move |event: DeadEvent| {
            let sender = sender.clone();
            async move {
                sender.send(event.id.clone()).unwrap();
                if event.id == "id-slow" {
                    sleep(4 * MINUTE).await;
                }
            }
        };
        let receiver = Receiver::start(webhooks(app.clone(), inbox.clone()).on_dead(announce));
        inbox.put(vec![events::contact("slow")]).await.unwrap();
        assert_eq!(next(&events).await, "id-slow");
        inbox.put((0..40).map(events::contact).collect()).await.unwrap();
        sleep(MINUTE).await;
        assert_eq!(events.try_iter().count(), 40);
        receiver.stop().await;
    });
}

#[test]
fn events_that_died_without_a_function_are_not_announced() {
    run(async {
        let (app, _begun) = hopeless();
        let (inbox, settled) = Staged::new(memory());
        let receiver = Receiver::start(webhooks(app.clone(), inbox.clone()));
        assert_eq!(receiver.deliver(&contact()).await, 200);
        assert!(matches!(next(&settled).await.0, Decision::Bury(_)));
        receiver.stop().await;
        let (announce, events) = announced();
        let receiver = Receiver::start(webhooks(app.clone(), inbox).on_dead(announce));
        none(&events).await;
        receiver.stop().await;
    });
}

#[test]
fn an_announcement_is_made_although_the_store_was_away() {
    run(async {
        let (app, _begun) = hopeless();
        let (inbox, _settled) = Staged::new(memory());
        let (announce, events) = announced();
        let mut faults = 5;
        inbox.on_claim_dead(move || {
            faults -= 1;
            (faults > 0).then_some(Fault::Away)
        });
        let receiver = Receiver::start(webhooks(app.clone(), inbox.clone()).on_dead(announce));
        inbox.put(vec![events::contact("ada")]).await.unwrap();
        assert_eq!(next(&events).await.id, "id-ada");
        none(&events).await;
        receiver.stop().await;
    });
}
