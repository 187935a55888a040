//! Hooks that say when to try again, in virtual time and on every store.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use panora_hooks::{
    HookError, Metadata,
    inbox::{Decision, EventState, Inbox, LeaseRequest, Settlement},
};
use tokio::time::{Instant, sleep};

use crate::{
    events,
    receiver::{App, webhooks},
    stores::{Store, on_every_store},
    support::{contact, log::Log, staged::Staged},
    virtual_time::{Receiver, Running, memory, next, only, run},
};

/// The longest time that a worker with a free slot takes to begin an event that is due.
const PRECISION: Duration = Duration::from_millis(250);

const HOUR: Duration = Duration::from_secs(60 * 60);

/// When each attempt of an event began.
#[derive(Clone, Default)]
struct Begun(Arc<Mutex<Vec<(String, Instant)>>>);

impl Begun {
    fn now(&self, meta: &Metadata) {
        self.0.lock().unwrap().push((meta.id.clone(), Instant::now()));
    }

    /// Returns when the attempts of an event began.
    fn of(&self, id: &str) -> Vec<Instant> {
        self.0.lock().unwrap().iter().filter(|(of, _)| of == id).map(|(_, at)| *at).collect()
    }
}

#[track_caller]
fn assert_in_time(begun: Instant, due: Instant) {
    assert!(begun >= due, "{:?} too early", due - begun);
    assert!(begun <= due + PRECISION, "{:?} late", begun - due);
}

#[test]
fn the_next_attempt_comes_after_the_delay_that_the_hook_asks_for() {
    for delay in [0, 1, 400, 999, 1000, 1500, 3000, 12_345].map(Duration::from_millis) {
        run(async {
            let begun = Begun::default();
            let noted = begun.clone();
            let (app, _begun) = App::new(move |meta: Metadata| {
                noted.now(&meta);
                async move {
                    match meta.attempt {
                        1 => Err(HookError::retry_after(delay, "too many requests")),
                        _ => Ok(()),
                    }
                }
            });
            let (inbox, settled) = Staged::new(memory());
            // The backoff of other failures is much longer.
            let receiver = Receiver::start(webhooks(app, inbox.clone()).backoff(HOUR, HOUR));
            inbox.put(vec![events::contact("ada")]).await.unwrap();
            assert_eq!(next(&settled).await.0, Decision::RetryAfter(delay));
            assert_eq!(next(&settled).await.0, Decision::Complete);
            let [first, second] = begun.of("id-ada")[..] else { panic!() };
            assert_in_time(second, first + delay);
            assert_eq!(only(&inbox, EventState::Done).await.attempts, 2);
            receiver.stop().await;
        });
    }
}

#[test]
fn a_worker_begins_events_in_time_that_others_have_delayed() {
    run(async {
        let begun = Begun::default();
        let noted = begun.clone();
        let (app, _begun) = App::new(move |meta: Metadata| {
            noted.now(&meta);
            async { Ok(()) }
        });
        let (inbox, settled) = Staged::new(memory());
        let delay = async |name: &str, delay: Duration| {
            inbox.put(vec![events::contact(name)]).await.unwrap();
            let leased = inbox.lease(LeaseRequest::new(1, HOUR)).await.unwrap();
            let retry = Settlement::new(leased[0].token, Decision::RetryAfter(delay));
            inbox.inner.settle(vec![retry]).await.unwrap();
            Instant::now() + delay
        };
        // Before this worker starts, as a process that has died may have left them.
        let mut expected = Vec::new();
        for (number, millis) in [5300, 700, 2650].into_iter().enumerate() {
            let id = format!("before {number}");
            expected.push((id.clone(), delay(&id, Duration::from_millis(millis)).await));
        }
        let receiver = Receiver::start(webhooks(app, inbox.clone()));
        // While it runs, as another process may delay them.
        sleep(Duration::from_millis(300)).await;
        for (number, millis) in [4120, 1730].into_iter().enumerate() {
            let id = format!("beside {number}");
            expected.push((id.clone(), delay(&id, Duration::from_millis(millis)).await));
        }
        for _ in &expected {
            assert_eq!(next(&settled).await.0, Decision::Complete);
        }
        for (id, due) in expected {
            let [at] = begun.of(&format!("id-{id}"))[..] else { panic!("{id}") };
            assert_in_time(at, due);
        }
        receiver.stop().await;
    });
}

#[test]
fn a_long_delay_outlasts_restarts_and_repairs() {
    run(async {
        let begun = Begun::default();
        let noted = begun.clone();
        let (app, _begun) = App::new(move |meta: Metadata| {
            noted.now(&meta);
            async move {
                match meta.attempt {
                    1 => Err(HookError::retry_after(2 * HOUR, "the quota of this hour is used up")),
                    _ => Ok(()),
                }
            }
        });
        let (inbox, settled) = Staged::new(memory());
        // Without a backoff, no event waits for longer than a lease unless its hook asks for it.
        let receiver = Receiver::start(webhooks(app.clone(), inbox.clone()));
        assert_eq!(receiver.deliver(&contact()).await, 200);
        assert_eq!(next(&settled).await.0, Decision::RetryAfter(2 * HOUR));
        sleep(HOUR / 4).await;
        receiver.stop().await;
        let receiver = Receiver::start(webhooks(app, inbox.clone()));
        sleep(HOUR + HOUR / 2).await;
        let event = only(&inbox, EventState::Delayed).await;
        assert_eq!(event.attempts, 1);
        assert_eq!(next(&settled).await.0, Decision::Complete);
        let [first, second] = begun.of(&event.id)[..] else { panic!() };
        assert_in_time(second, first + 2 * HOUR);
        receiver.stop().await;
    });
}

#[test]
fn an_attempt_that_asks_for_another_counts() {
    run(async {
        let (app, _begun) = App::new(async |_| Err(HookError::retry_after(HOUR / 2, "too many requests")));
        let (inbox, settled) = Staged::new(memory());
        let receiver = Receiver::start(webhooks(app, inbox.clone()).max_attempts(2));
        assert_eq!(receiver.deliver(&contact()).await, 200);
        assert_eq!(next(&settled).await.0, Decision::RetryAfter(HOUR / 2));
        let reason = "all 2 attempts failed, the last: too many requests";
        assert_eq!(next(&settled).await.0, Decision::Bury(reason.to_owned()));
    });
}

#[test]
fn a_delay_is_shortened_to_the_retention_which_is_an_error_in_the_log() {
    let (log, _guard) = Log::of_this_thread();
    let errors = || {
        let log = log.take();
        log.lines()
            .filter(|line| line.contains("the hook asks for"))
            .map(ToOwned::to_owned)
            .collect::<Vec<_>>()
    };
    for (asked, retention, backoff, expected) in [
        (3 * HOUR, 2 * HOUR, HOUR, 2 * HOUR),
        (Duration::MAX, 2 * HOUR, HOUR, 2 * HOUR),
        // A short retention does not shorten the usual delays.
        (3 * HOUR, Duration::ZERO, HOUR, HOUR),
        (2 * HOUR, 2 * HOUR, HOUR, 2 * HOUR),
    ] {
        run(async {
            let (app, _begun) = App::new(move |_| async move { Err(HookError::retry_after(asked, "no")) });
            let (inbox, settled) = Staged::new(memory());
            let webhooks = webhooks(app, inbox).retention(retention, retention).backoff(HOUR, backoff);
            let receiver = Receiver::start(webhooks);
            assert_eq!(receiver.deliver(&contact()).await, 200);
            assert_eq!(next(&settled).await.0, Decision::RetryAfter(expected));
        });
        let errors = errors();
        assert_eq!(errors.len(), usize::from(asked > expected), "{errors:?}");
        for line in errors {
            assert!(line.contains("ERROR") && line.contains("hook=\"receiver::contact_created\""), "{line}");
            assert!(line.contains(&format!("no event waits longer than {expected:?}")), "{line}");
        }
    }
}

async fn a_restart_keeps_the_time_of_the_next_attempt(mut store: impl Store) {
    let delay = Duration::from_millis(2500);
    let begun = Begun::default();
    let noted = begun.clone();
    let (app, _begun) = App::new(move |meta: Metadata| {
        noted.now(&meta);
        async move {
            match meta.attempt {
                1 => Err(HookError::retry_after(delay, "too many requests")),
                _ => Ok(()),
            }
        }
    });
    let (inbox, settled) = Staged::new(store.inbox());
    let worker = webhooks(app.clone(), inbox.clone()).into_parts::<()>("/webhook").1;
    let worker = tokio::spawn(worker.run_until(std::future::pending()));
    inbox.put(vec![events::contact("ada")]).await.unwrap();
    assert_eq!(next(&settled).await.0, Decision::RetryAfter(delay));
    // As if the process had died.
    worker.abort();
    assert!(worker.await.is_err());
    drop(inbox);
    store.restart().await;
    let (inbox, settled) = Staged::new(store.inbox());
    let worker = webhooks(app, inbox.clone()).into_parts::<()>("/webhook").1;
    let running = Running::start(worker);
    assert_eq!(next(&settled).await.0, Decision::Complete);
    running.stop().await;
    let [first, second] = begun.of("id-ada")[..] else { panic!() };
    assert!(second >= first + delay, "{:?} too early", first + delay - second);
}

on_every_store! {
    a_restart_keeps_the_time_of_the_next_attempt,
}
