//! Events whose attempts were interrupted, in virtual time.

use std::{future::pending, time::Duration};

use panora_hooks::{
    Metadata, WebhooksWithInbox,
    inbox::{Decision, EventState, Inbox, Query, Settled, Worker},
};
use tokio::time::{Instant, sleep};

use crate::{
    events::contact,
    receiver::{App, webhooks},
    support::staged::{Fault, Staged},
    virtual_time::{Running, interrupt, memory, only, run},
};

const LEASE: Duration = Duration::from_secs(10);

fn worker(webhooks: WebhooksWithInbox<App>) -> Worker {
    webhooks.lease_time(LEASE).hook_timeout(Duration::from_secs(60)).into_parts::<()>("/webhook").1
}

/// Hooks of events whose id begins with `id-slow` take 20 seconds.
async fn slow(meta: Metadata) -> Result<(), panora_hooks::HookError> {
    if meta.id.starts_with("id-slow") {
        sleep(Duration::from_secs(20)).await;
    }
    Ok(())
}

#[test]
fn an_interrupted_event_that_waits_for_its_turn_is_not_run_by_another_worker() {
    run(async {
        let (inbox, settled) = Staged::new(memory());
        inbox.put((0..10).map(|n| contact(format!("slow-{n}"))).collect()).await.unwrap();
        interrupt(&inbox, 2).await;
        let (app, begun) = App::new(slow);
        let first = Running::start(worker(webhooks(app.clone(), inbox.clone())));
        sleep(Duration::from_secs(1)).await;
        let second = Running::start(worker(webhooks(app, inbox.clone())));
        while !inbox.depth().await.unwrap().is_idle() {
            sleep(Duration::from_secs(1)).await;
        }
        first.stop().await;
        second.stop().await;
        let mut ids: Vec<_> = begun.try_iter().map(|meta| meta.id).collect();
        ids.sort_unstable();
        let runs = ids.len();
        ids.dedup();
        assert_eq!((ids.len(), runs), (10, 10), "events and runs");
        assert!(settled.try_iter().all(|settled| settled == (Decision::Complete, Settled::Applied)));
    });
}

#[test]
fn an_interrupted_event_is_not_run_after_its_lease_was_lost() {
    run(async {
        let (inbox, _settled) = Staged::new(memory());
        inbox.put(vec![contact("slow-1"), contact("slow-2")]).await.unwrap();
        interrupt(&inbox, 2).await;
        let (app, begun) = App::new(slow);
        // The first worker cannot extend its leases while the first event runs.
        inbox.on_settle(|| Some(Fault::Away));
        let first = Running::start(worker(webhooks(app, inbox.clone())));
        sleep(Duration::from_secs(1)).await;
        let (app, begun_by_second) = App::new(async |_| Ok(()));
        // Uses the store directly, without faults.
        let second = Running::start(worker(webhooks(app, inbox.inner.clone())));
        // The first event has ended by then.
        sleep(Duration::from_secs(25)).await;
        inbox.on_settle(|| None);
        sleep(Duration::from_secs(60)).await;
        first.stop().await;
        second.stop().await;
        assert_eq!(begun.try_iter().count(), 1, "the event that waited had been lost to the second worker");
        assert_eq!(begun_by_second.try_iter().count(), 2);
    });
}

#[test]
fn other_events_run_beside_an_interrupted_one() {
    run(async {
        let inbox = memory();
        inbox.put(vec![contact("slow-1"), contact("slow-2")]).await.unwrap();
        interrupt(&inbox, 2).await;
        let (app, begun) = App::new(slow);
        let running = Running::start(worker(webhooks(app, inbox.clone())));
        sleep(Duration::from_secs(2)).await;
        assert_eq!(begun.try_iter().count(), 1, "interrupted events run one at a time");
        inbox.put(vec![contact("quick")]).await.unwrap();
        sleep(Duration::from_secs(2)).await;
        assert_eq!(begun.try_iter().map(|meta| meta.id).collect::<Vec<_>>(), ["id-quick"]);
        running.stop().await;
    });
}

#[test]
fn interrupted_events_run_with_a_single_slot() {
    run(async {
        let inbox = memory();
        inbox.put(vec![contact("a"), contact("b")]).await.unwrap();
        interrupt(&inbox, 2).await;
        inbox.put(vec![contact("c")]).await.unwrap();
        let (app, begun) = App::happy();
        let running = Running::start(worker(webhooks(app, inbox.clone()).concurrency(1)));
        sleep(Duration::from_secs(5)).await;
        assert_eq!(begun.try_iter().count(), 3);
        running.stop().await;
    });
}

#[test]
fn an_event_that_was_interrupted_many_times_runs_alone() {
    run(async {
        let inbox = memory();
        inbox.put(vec![contact("slow")]).await.unwrap();
        interrupt(&inbox, 7).await;
        let (app, begun) = App::new(slow);
        let running = Running::start(worker(webhooks(app, inbox.clone())));
        sleep(Duration::from_secs(2)).await;
        assert_eq!(begun.try_iter().map(|meta| meta.attempt).collect::<Vec<_>>(), [8]);
        inbox.put(vec![contact("quick")]).await.unwrap();
        sleep(Duration::from_secs(10)).await;
        assert_eq!(begun.try_iter().count(), 0, "another event runs beside it");
        sleep(Duration::from_secs(10)).await;
        assert_eq!(begun.try_iter().map(|meta| meta.id).collect::<Vec<_>>(), ["id-quick"]);
        running.stop().await;
    });
}

#[test]
fn a_stop_hands_back_events_that_wait_for_their_turn() {
    run(async {
        let inbox = memory();
        inbox.put((0..5).map(|n| contact(format!("slow-{n}"))).collect()).await.unwrap();
        interrupt(&inbox, 2).await;
        let (app, begun) = App::new(slow);
        let running = Running::start(worker(webhooks(app, inbox.clone())));
        sleep(Duration::from_secs(2)).await;
        running.stop().await;
        assert_eq!(begun.try_iter().count(), 1);
        let depth = inbox.depth().await.unwrap();
        assert_eq!([depth.ready, depth.leased], [4, 0]);
        let all = inbox.list(Query::default()).await.unwrap().items;
        assert!(all.iter().filter(|info| info.state == EventState::Ready).all(|info| info.attempts == 2));
    });
}

#[test]
fn a_stop_hands_back_events_that_a_slow_store_leases() {
    run(async {
        let (app, begun) = App::new(async |_| pending().await);
        let (inbox, _settled) = Staged::new(memory());
        inbox.put(vec![contact("ada")]).await.unwrap();
        inbox.on_lease(|| Some(Fault::Late(Duration::from_secs(3))));
        let started = Instant::now();
        let running = Running::start(worker(webhooks(app, inbox.clone())));
        sleep(Duration::from_secs(1)).await;
        running.stop().await;
        assert!(started.elapsed() < Duration::from_secs(4));
        assert_eq!(only(&inbox, EventState::Ready).await.attempts, 0);
        assert_eq!(begun.try_iter().count(), 0);
    });
}
