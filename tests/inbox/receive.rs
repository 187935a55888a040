//! From a request to what becomes of its event.

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
    HookError, Metadata, Webhooks, hooks,
    inbox::{Decision, EventState, Filter, Inbox, LeaseRequest, MemoryInbox, Query, Select, Settled},
    on,
};
use tokio::sync::{Semaphore, watch};

use crate::{
    receiver::{App, Next, Receiver, webhooks},
    support::{
        Delivery, Request, contact,
        staged::{Fault, Staged},
        verifier,
    },
};

/// `deal_created` of a later release, which takes any payload.
#[on("crm.deal.created")]
async fn fixed() {}

/// A hook of a later release.
#[on("crm.invoice.created", unlisted)]
async fn invoice() {}

fn encoded(id: &str, event_type: &str, payload: &str) -> Delivery {
    let data = serde_json::to_string(payload).unwrap();
    let body = format!(r#"{{"id_event":"{id}","data":{data},"type":"{event_type}"}}"#);
    Delivery { signature: verifier().sign(&data), body: body.into_bytes() }
}

/// A fault so many times, and then none.
fn first(mut times: u32, fault: Fault) -> impl FnMut() -> Option<Fault> {
    move || {
        let is_over = times == 0;
        times = times.saturating_sub(1);
        (!is_over).then_some(fault)
    }
}

fn depth(receiver: &Receiver, inbox: &impl Inbox) -> panora_hooks::inbox::Depth {
    receiver.on(inbox.depth()).unwrap()
}

fn only(receiver: &Receiver, inbox: &impl Inbox, state: EventState) -> panora_hooks::inbox::EventInfo {
    let query = Query::new(Filter::new().state(state));
    let mut items = receiver.on(inbox.list(query)).unwrap().items;
    assert_eq!(items.len(), 1, "{items:?}");
    items.pop().unwrap()
}

#[test]
fn what_is_acknowledged_runs_and_is_done() {
    let (app, begun) = App::happy();
    let (inbox, settled) = Staged::new(MemoryInbox::new());
    let receiver = Receiver::start(webhooks(app, inbox.clone()));
    assert_eq!(receiver.deliver(&contact()), 200);
    let meta = begun.next();
    assert_eq!((meta.attempt, &*meta.event_type), (1, "crm.contact.created"));
    assert_eq!(settled.next(), (Decision::Complete, Settled::Applied));
    only(&receiver, &inbox, EventState::Done);

    assert_eq!(receiver.deliver(&contact()), 200);
    begun.none();
    let outcomes: Vec<_> = receiver.server.counters().iter().map(|(key, n)| (key.to_string(), *n)).collect();
    assert_eq!(outcomes.len(), 2, "{outcomes:?}");
    for label in ["stored", "duplicate"] {
        assert!(outcomes.iter().any(|(key, n)| key.contains(label) && *n == 1), "{outcomes:?}");
    }
}

#[test]
fn what_cannot_be_verified_is_not_stored() {
    let (app, begun) = App::happy();
    let inbox = MemoryInbox::new();
    let receiver = Receiver::start(webhooks(app, inbox.clone()));
    let mut delivery = contact();
    delivery.signature.replace_range(..1, if delivery.signature.starts_with('0') { "1" } else { "0" });
    assert_eq!(receiver.server.send(&delivery.request()).status, 400);
    assert_eq!(receiver.server.send(&Request::post("/webhook").body(contact().body)).status, 400);
    assert!(receiver.on(inbox.list(Query::default())).unwrap().items.is_empty());
    begun.none();
}

#[test]
fn a_hook_that_fails_is_tried_until_it_succeeds() {
    let (app, begun) = App::new(async |meta: Metadata| match meta.attempt {
        1 | 3 => Err("no".into()),
        2 => panic!("no"),
        _ => Ok(()),
    });
    let (inbox, settled) = Staged::new(MemoryInbox::new());
    let receiver = Receiver::start(webhooks(app, inbox.clone()));
    assert_eq!(receiver.deliver(&contact()), 200);
    for attempt in 1..=3 {
        assert_eq!(begun.next().attempt, attempt);
        assert!(matches!(settled.next().0, Decision::RetryAfter(_)));
        assert_eq!(receiver.deliver(&contact()), 200, "a duplicate between failure and retry");
    }
    assert_eq!(begun.next().attempt, 4);
    assert_eq!(settled.next().0, Decision::Complete);
    assert_eq!(only(&receiver, &inbox, EventState::Done).attempts, 4);
}

#[test]
fn after_its_last_attempt_an_event_is_dead() {
    let (app, begun) = App::new(async |_| Err("the mailbox is full".into()));
    let (inbox, settled) = Staged::new(MemoryInbox::new());
    let receiver = Receiver::start(webhooks(app, inbox.clone()).max_attempts(3));
    assert_eq!(receiver.deliver(&contact()), 200);
    for _ in 0..2 {
        assert!(matches!(settled.next().0, Decision::RetryAfter(_)));
    }
    assert!(matches!(settled.next().0, Decision::Bury(_)));
    let info = only(&receiver, &inbox, EventState::Dead);
    assert_eq!(info.attempts, 3);
    assert_eq!(info.reason.as_deref(), Some("all 3 attempts failed, the last: the mailbox is full"));
    assert_eq!(begun.try_iter().count(), 3);
    // Someone decides otherwise.
    assert_eq!(receiver.on(inbox.replay(Select::Keys(vec![info.key]), 1)).unwrap(), 1);
    assert_eq!(begun.next().attempt, 1);
}

#[test]
fn a_permanent_failure_is_not_tried_again() {
    let (app, begun) = App::new(async |_| Err(HookError::permanent("no such customer")));
    let (inbox, settled) = Staged::new(MemoryInbox::new());
    let receiver = Receiver::start(webhooks(app, inbox.clone()));
    assert_eq!(receiver.deliver(&contact()), 200);
    assert_eq!(settled.next().0, Decision::Bury("no such customer".to_owned()));
    assert_eq!(begun.try_iter().count(), 1);
}

#[test]
fn a_payload_that_does_not_fit_is_dead_and_runs_after_a_fix() {
    let (app, begun) = App::happy();
    let (inbox, settled) = Staged::new(MemoryInbox::new());
    let receiver = Receiver::start(webhooks(app, inbox.clone()));
    assert_eq!(receiver.deliver(&encoded("1", "crm.deal.push", r#"{"amount":"a lot"}"#)), 200);
    let Decision::Bury(reason) = settled.next().0 else { panic!() };
    assert!(reason.contains("at `amount`") && !reason.contains("a lot"), "{reason}");
    begun.none();
    drop(receiver);

    let fixed = Webhooks::new(verifier()).hooks(hooks![fixed]).with_inbox(inbox.clone());
    let receiver = Receiver::start(fixed);
    assert_eq!(
        receiver.on(inbox.replay(Select::All(Filter::new().state(EventState::Dead)), 100)).unwrap(),
        1
    );
    assert_eq!(settled.next().0, Decision::Complete);
}

#[test]
fn an_unknown_type_waits_for_a_release_that_knows_it() {
    let (app, begun) = App::happy();
    let (inbox, settled) = Staged::new(MemoryInbox::new());
    let receiver = Receiver::start(webhooks(app, inbox.clone()));
    assert_eq!(receiver.deliver(&encoded("1", "crm.invoice.created", "{}")), 200);
    let info = only(&receiver, &inbox, EventState::Parked);
    assert_eq!(info.reason.as_deref(), Some("unhandled"));
    drop(receiver);

    let later = Webhooks::new(verifier()).hooks(hooks![invoice]).with_inbox(inbox.clone());
    let receiver = Receiver::start(later);
    assert_eq!(receiver.on(inbox.replay(Select::Keys(vec![info.key]), 1)).unwrap(), 1);
    assert_eq!(settled.next().0, Decision::Complete);
    begun.none();
}

/// Another release of the program may have stored it, and run beside this one.
#[test]
fn an_event_whose_hook_is_gone_is_dead_after_its_attempts() {
    let (inbox, settled) = Staged::new(MemoryInbox::new());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(inbox.put(vec![crate::events::contact("ada")])).unwrap();
    let webhooks = Webhooks::new(verifier()).with_inbox(inbox);
    let _receiver = Receiver::start(webhooks.max_attempts(2).backoff(Duration::ZERO, Duration::ZERO));
    assert!(matches!(settled.next().0, Decision::RetryAfter(_)));
    assert!(matches!(settled.next().0, Decision::Bury(_)));
}

#[test]
fn a_replay_is_parked_and_runs_on_demand() {
    let (app, begun) = App::happy();
    let (inbox, settled) = Staged::new(MemoryInbox::new());
    let receiver = Receiver::start(webhooks(app, inbox.clone()));
    let payload = r#"{"id_connection":"1"}"#;
    assert_eq!(receiver.deliver(&encoded("1", "crm.contact.created", payload)), 200);
    settled.next();
    assert_eq!(receiver.deliver(&encoded("2", "crm.contact.created", payload)), 200);
    assert_eq!(receiver.deliver(&encoded("1", "connection.created", payload)), 200);
    assert_eq!(depth(&receiver, &inbox).parked, 2);
    assert_eq!(begun.try_iter().count(), 1);
    assert_eq!(
        receiver.on(inbox.replay(Select::All(Filter::new().state(EventState::Parked)), 100)).unwrap(),
        2
    );
    assert_eq!(settled.next().0, Decision::Complete);
    assert_eq!(settled.next().0, Decision::Complete);
    // A list is another matter.
    for id in ["1", "2", "3"] {
        assert_eq!(receiver.deliver(&encoded(id, "crm.contact.pulled", "[]")), 200);
        assert_eq!(settled.next().0, Decision::Complete);
    }
}

#[test]
fn a_hook_that_takes_too_long_is_cancelled_and_tried_again() {
    struct Dropped(mpsc::Sender<()>);
    impl Drop for Dropped {
        fn drop(&mut self) {
            self.0.send(()).unwrap();
        }
    }
    let (dropped, drops) = mpsc::channel();
    let (app, begun) = App::new(move |meta: Metadata| {
        let dropped = dropped.clone();
        async move {
            let _dropped = Dropped(dropped);
            if meta.attempt == 1 { pending().await } else { Ok(()) }
        }
    });
    let (inbox, settled) = Staged::new(MemoryInbox::new());
    let receiver = Receiver::start(webhooks(app, inbox).hook_timeout(Duration::from_millis(50)));
    assert_eq!(receiver.deliver(&contact()), 200);
    drops.next();
    assert!(matches!(settled.next().0, Decision::RetryAfter(_)));
    assert_eq!(begun.next().attempt, 1);
    assert_eq!(begun.next().attempt, 2);
    assert_eq!(settled.next().0, Decision::Complete);
}

#[test]
fn no_more_hooks_run_at_once_than_are_allowed() {
    let gate = Arc::new(Semaphore::new(0));
    let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (app, begun) = {
        let (gate, running, most) = (gate.clone(), running.clone(), most.clone());
        App::new(move |_| {
            let (gate, running, most) = (gate.clone(), running.clone(), most.clone());
            async move {
                most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                gate.acquire().await?.forget();
                running.fetch_sub(1, Ordering::SeqCst);
                Ok(())
            }
        })
    };
    let (inbox, settled) = Staged::new(MemoryInbox::new());
    let receiver = Receiver::start(webhooks(app, inbox.clone()).concurrency(3));
    for id in 0..10 {
        let payload = format!(r#"{{"id":{id}}}"#);
        assert_eq!(receiver.deliver(&encoded("1", "crm.contact.created", &payload)), 200);
    }
    for _ in 0..3 {
        begun.next();
    }
    assert_eq!(depth(&receiver, &inbox).leased, 3);
    gate.add_permits(10);
    for _ in 0..10 {
        assert_eq!(settled.next().0, Decision::Complete);
    }
    assert_eq!(most.load(Ordering::SeqCst), 3);
}

#[test]
fn a_lease_is_made_longer_while_a_hook_runs() {
    let (app, begun) = App::new(async |_| {
        tokio::time::sleep(Duration::from_millis(2500)).await;
        Ok(())
    });
    let (inbox, settled) = Staged::new(MemoryInbox::new());
    let receiver = Receiver::start(webhooks(app, inbox).lease_time(Duration::from_secs(1)));
    assert_eq!(receiver.deliver(&contact()), 200);
    assert_eq!(settled.next(), (Decision::Complete, Settled::Applied));
    assert_eq!(begun.try_iter().count(), 1);
}

#[test]
fn a_clock_that_jumps_does_not_run_a_hook_beside_itself() {
    let jumps = crate::stores::Jumps::default();
    let clock = jumps.clone();
    let (go, gone) = watch::channel(false);
    let (app, begun) = App::new(move |_| {
        let mut gone = gone.clone();
        async move {
            gone.wait_for(|is_gone| *is_gone).await?;
            Ok(())
        }
    });
    let (inbox, settled) = Staged::new(MemoryInbox::new().with_clock(move || clock.now()));
    let receiver = Receiver::start(webhooks(app, inbox.clone()));
    assert_eq!(receiver.deliver(&contact()), 200);
    begun.next();
    jumps.jump(3600 * 1_000_000);
    // Leased once more, by the same worker, which knows that it runs.
    while depth(&receiver, &inbox).leased == 0 {
        std::thread::yield_now();
    }
    go.send(true).unwrap();
    assert_eq!(settled.next(), (Decision::Complete, Settled::Applied));
    begun.none();
}

#[test]
fn stopping_waits_for_what_runs_and_hands_back_the_rest() {
    let (go, gone) = watch::channel(false);
    let (app, begun) = App::new(move |_| {
        let mut gone = gone.clone();
        async move {
            gone.wait_for(|is_gone| *is_gone).await?;
            Ok(())
        }
    });
    let (inbox, settled) = Staged::new(MemoryInbox::new());
    let mut receiver = Receiver::start(webhooks(app, inbox.clone()));
    assert_eq!(receiver.deliver(&contact()), 200);
    begun.next();
    receiver.tell_to_stop();
    assert_eq!(receiver.deliver(&encoded("2", "crm.contact.created", r#"{"late":1}"#)), 200);
    go.send(true).unwrap();
    receiver.stop();
    assert_eq!(settled.next(), (Decision::Complete, Settled::Applied));
    assert_eq!(depth(&receiver, &inbox).leased, 0);
    assert_eq!(depth(&receiver, &inbox).ready, 1, "what came late is stored, not run");
    begun.none();
}

#[test]
fn what_does_not_end_in_time_is_cut_off_and_not_counted() {
    let (app, begun) = App::new(async |_| pending().await);
    let (inbox, settled) = Staged::new(MemoryInbox::new());
    let mut receiver =
        Receiver::start(webhooks(app, inbox.clone()).shutdown_grace(Duration::from_millis(50)));
    assert_eq!(receiver.deliver(&contact()), 200);
    begun.next();
    receiver.stop();
    assert_eq!(settled.next(), (Decision::Release, Settled::Applied));
    assert_eq!(only(&receiver, &inbox, EventState::Ready).attempts, 0);
}

#[test]
fn a_store_that_is_busy_for_a_moment_stores() {
    for fault in [Fault::Busy, Fault::Away, Fault::AnswerLost] {
        let (app, begun) = App::happy();
        let (inbox, settled) = Staged::new(MemoryInbox::new());
        inbox.on_put(first(2, fault));
        let receiver = Receiver::start(webhooks(app, inbox));
        assert_eq!(receiver.deliver(&contact()), 200, "{fault:?}");
        assert_eq!(settled.next().0, Decision::Complete, "{fault:?}");
        assert_eq!(begun.try_iter().count(), 1, "{fault:?}");
    }
}

#[test]
fn if_the_store_stays_away_the_hook_runs_before_the_answer() {
    for fault in [Fault::Busy, Fault::Away, Fault::Hangs] {
        for (is_well, status) in [(true, 200), (false, 503)] {
            let (app, begun) =
                App::new(move |_| async move { if is_well { Ok(()) } else { Err("no".into()) } });
            let (inbox, _settled) = Staged::new(MemoryInbox::new());
            inbox.on_put(move || Some(fault));
            let receiver =
                Receiver::start(webhooks(app, inbox.clone()).store_timeout(Duration::from_millis(100)));
            assert_eq!(receiver.deliver(&contact()), status, "{fault:?}");
            assert_eq!(begun.try_iter().count(), 1, "{fault:?}");
            // With nobody who could handle it, nothing is acknowledged.
            assert_eq!(receiver.deliver(&encoded("1", "crm.invoice.created", "{}")), 503, "{fault:?}");
        }
    }
}

#[test]
fn a_store_that_is_full_or_broken_is_a_503_and_recovers() {
    for fault in [Fault::Full, Fault::Panics] {
        let (app, begun) = App::happy();
        let (inbox, settled) = Staged::new(MemoryInbox::new());
        inbox.on_put(move || Some(fault));
        let receiver = Receiver::start(webhooks(app, inbox.clone()));
        assert_eq!(receiver.deliver(&contact()), 503, "{fault:?}");
        begun.none();
        inbox.on_put(|| None);
        assert_eq!(receiver.deliver(&contact()), 200, "{fault:?}");
        assert_eq!(settled.next().0, Decision::Complete);
    }
}

#[test]
fn what_is_not_settled_at_once_does_not_run_twice() {
    for fault in [Fault::Away, Fault::AnswerLost, Fault::Hangs] {
        let (app, begun) = App::happy();
        let (inbox, settled) = Staged::new(MemoryInbox::new());
        inbox.on_settle(first(3, fault));
        let receiver = Receiver::start(webhooks(app, inbox.clone()).store_timeout(Duration::from_millis(50)));
        assert_eq!(receiver.deliver(&contact()), 200);
        assert_eq!(settled.next().0, Decision::Complete);
        only(&receiver, &inbox, EventState::Done);
        assert_eq!(begun.try_iter().count(), 1, "{fault:?}");
    }
}

#[test]
fn many_at_once_are_all_stored_and_run_once() {
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
fn what_has_arrived_is_stored_even_if_the_sender_is_gone() {
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

#[test]
fn events_that_were_interrupted_twice_run_alone() {
    let jumps = crate::stores::Jumps::default();
    let clock = jumps.clone();
    let (inbox, settled) = Staged::new(MemoryInbox::new().with_clock(move || clock.now()));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let suspects = ["a", "b", "c"].map(crate::events::contact);
    runtime.block_on(inbox.put(suspects.to_vec())).unwrap();
    for _ in 0..2 {
        assert_eq!(
            runtime.block_on(inbox.lease(LeaseRequest::new(9, Duration::from_secs(1)))).unwrap().len(),
            3
        );
        jumps.jump(2_000_000);
    }
    let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let most_seen = Arc::clone(&most);
    let (app, begun) = App::new(move |_| {
        let (running, most) = (running.clone(), most_seen.clone());
        async move {
            most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            for _ in 0..100 {
                tokio::task::yield_now().await;
            }
            running.fetch_sub(1, Ordering::SeqCst);
            Ok(())
        }
    });
    let _receiver = Receiver::start(webhooks(app, inbox.clone()));
    for _ in 0..3 {
        assert_eq!(settled.next(), (Decision::Complete, Settled::Applied));
    }
    assert!(begun.try_iter().all(|meta| meta.attempt == 3));
    assert_eq!(most.load(Ordering::SeqCst), 1);
}

#[test]
fn an_event_that_ends_the_process_is_dead_after_its_attempts() {
    let jumps = crate::stores::Jumps::default();
    let clock = jumps.clone();
    let (inbox, settled) = Staged::new(MemoryInbox::new().with_clock(move || clock.now()));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(inbox.put(vec![crate::events::contact("a")])).unwrap();
    for _ in 0..4 {
        assert_eq!(
            runtime.block_on(inbox.lease(LeaseRequest::new(9, Duration::from_secs(1)))).unwrap().len(),
            1
        );
        jumps.jump(2_000_000);
    }
    let (app, begun) = App::happy();
    let _receiver = Receiver::start(webhooks(app, inbox.clone()).max_attempts(4));
    let Decision::Bury(reason) = settled.next().0 else { panic!() };
    assert_eq!(reason, "all 4 attempts failed, the last with the process");
    begun.none();
}

#[test]
fn a_lease_whose_longer_life_was_not_heard_of_is_still_good() {
    let (app, begun) = App::new(async |_| {
        tokio::time::sleep(Duration::from_millis(2500)).await;
        Ok(())
    });
    let (inbox, settled) = Staged::new(MemoryInbox::new());
    inbox.on_settle(first(3, Fault::AnswerLost));
    let receiver = Receiver::start(webhooks(app, inbox).lease_time(Duration::from_secs(1)));
    assert_eq!(receiver.deliver(&contact()), 200);
    assert_eq!(settled.next(), (Decision::Complete, Settled::Applied));
    assert_eq!(begun.try_iter().count(), 1);
}

#[test]
fn what_a_slow_store_has_leased_runs_and_is_not_left() {
    let (go, gone) = watch::channel(false);
    let (app, begun) = App::happy();
    let (inbox, settled) = Staged::new(MemoryInbox::new());
    inbox.on_lease(move || (!*gone.borrow()).then_some(Fault::Slow));
    let webhooks = webhooks(app, inbox.clone()).store_timeout(Duration::from_millis(20));
    let receiver = Receiver::start(webhooks);
    assert_eq!(receiver.deliver(&contact()), 200);
    // Far longer than it may take to store.
    std::thread::sleep(Duration::from_millis(200));
    begun.none();
    go.send(true).unwrap();
    assert_eq!(begun.next().attempt, 1);
    assert_eq!(settled.next(), (Decision::Complete, Settled::Applied));
}

#[test]
fn no_time_is_too_long() {
    let (app, begun) =
        App::new(async |meta: Metadata| if meta.attempt == 1 { Err("no".into()) } else { Ok(()) });
    let (inbox, settled) = Staged::new(MemoryInbox::new());
    let webhooks = webhooks(app, inbox)
        .store_timeout(Duration::MAX)
        .hook_timeout(Duration::MAX)
        .lease_time(Duration::MAX)
        .shutdown_grace(Duration::MAX)
        .retention(Duration::MAX, Duration::MAX);
    let mut receiver = Receiver::start(webhooks);
    assert_eq!(receiver.deliver(&contact()), 200);
    assert!(matches!(settled.next().0, Decision::RetryAfter(_)));
    assert_eq!(settled.next().0, Decision::Complete);
    assert_eq!(begun.try_iter().count(), 2);
    receiver.stop();
}

#[test]
fn an_event_that_is_leased_while_it_is_settled_does_not_run_twice() {
    let jumps = crate::stores::Jumps::default();
    let clock = jumps.clone();
    let (app, begun) = App::happy();
    let (inbox, settled) = Staged::new(MemoryInbox::new().with_clock(move || clock.now()));
    let (away, is_away) = watch::channel(true);
    let (slow, is_slow) = watch::channel(true);
    inbox.on_settle(move || is_away.borrow().then_some(Fault::Away));
    let receiver = Receiver::start(webhooks(app, inbox.clone()));
    assert_eq!(receiver.deliver(&contact()), 200);
    begun.next();
    // Its lease runs out, and it is leased once more; the worker hears of that later than it settles.
    let mut is_first = true;
    inbox.on_lease(move || {
        if std::mem::take(&mut is_first) {
            jumps.jump(3600 * 1_000_000);
        }
        is_slow.borrow().then_some(Fault::Slow)
    });
    while receiver.on(inbox.list(Query::default())).unwrap().items[0].attempts < 2 {
        std::thread::yield_now();
    }
    away.send(false).unwrap();
    assert_eq!(settled.next(), (Decision::Complete, Settled::Stale));
    slow.send(false).unwrap();
    while settled.next() != (Decision::Complete, Settled::Applied) {}
    only(&receiver, &inbox, EventState::Done);
    begun.none();
}
