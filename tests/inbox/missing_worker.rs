//! A worker that does not run, in virtual time: the log says so.

use std::{
    future::{pending, ready},
    time::Duration,
};

use axum::Router;
use panora_hooks::inbox::Worker;
use tokio::time::sleep;

use crate::{
    receive::encoded,
    receiver::{App, webhooks},
    support::{
        log::Log,
        staged::{Fault, Staged},
    },
    virtual_time::{Running, deliver, memory, run},
};

fn parts() -> (Router, Worker) {
    webhooks(App::happy().0, memory()).into_parts("/webhook")
}

async fn store(router: &Router, id: &str) {
    let payload = format!(r#"{{"id":"{id}"}}"#);
    assert_eq!(deliver(router, &encoded(id, "crm.contact.created", &payload)).await.unwrap(), 200);
}

#[track_caller]
fn assert_dropped(log: &Log) {
    let log = log.take();
    assert_eq!(log.matches("ERROR").count(), 1, "{log}");
    assert!(log.contains("the worker was dropped"), "{log}");
    assert!(log.contains("`worker.run_until(..)`") && log.contains("`.serve(..)`"), "{log}");
}

/// How often the log says that no worker runs.
fn reports(log: &Log) -> usize {
    log.take().matches("no worker of this process has leased any for 60s").count()
}

#[test]
fn a_worker_that_is_dropped_without_having_run_is_an_error() {
    let (log, _guard) = Log::of_this_thread();
    let (_router, worker) = parts();
    drop(worker);
    assert_dropped(&log);
    let (_router, worker) = parts();
    drop(worker.run_until(pending()));
    assert_dropped(&log);
}

#[test]
fn a_worker_that_has_run_is_dropped_in_silence() {
    let (log, _guard) = Log::of_this_thread();
    run(async {
        let (_router, worker) = parts();
        worker.run_until(ready(())).await;
        let (_router, worker) = parts();
        let cut_off = tokio::time::timeout(Duration::from_secs(1), worker.run_until(pending()));
        assert!(cut_off.await.is_err());
    });
    let log = log.take();
    assert!(!log.contains("ERROR"), "{log}");
}

#[test]
fn events_that_no_worker_leases_for_a_minute_are_one_error() {
    let (log, _guard) = Log::of_this_thread();
    run(async {
        let (router, _worker) = parts();
        sleep(Duration::from_secs(600)).await;
        assert_eq!(reports(&log), 0, "nothing is stored");
        store(&router, "1").await;
        sleep(Duration::from_secs(59)).await;
        assert_eq!(reports(&log), 0);
        sleep(Duration::from_secs(2)).await;
        assert_eq!(reports(&log), 1);
        store(&router, "2").await;
        sleep(Duration::from_secs(600)).await;
        assert_eq!(reports(&log), 0, "it is said once");
    });
}

#[test]
fn events_that_are_stored_after_the_worker_has_ended_are_an_error() {
    let (log, _guard) = Log::of_this_thread();
    run(async {
        let (router, worker) = parts();
        let running = Running::start(worker);
        store(&router, "1").await;
        sleep(Duration::from_secs(600)).await;
        running.stop().await;
        sleep(Duration::from_secs(600)).await;
        assert_eq!(reports(&log), 0);
        store(&router, "2").await;
        sleep(Duration::from_secs(61)).await;
        assert_eq!(reports(&log), 1);
    });
}

#[test]
fn a_worker_that_waits_for_its_hooks_at_the_end_is_not_missing() {
    let (log, _guard) = Log::of_this_thread();
    run(async {
        let (app, begun) = App::new(async |_| {
            sleep(Duration::from_secs(250)).await;
            Ok(())
        });
        let receiver = webhooks(app, memory()).shutdown_grace(Duration::from_secs(300));
        let (router, worker) = receiver.into_parts("/webhook");
        let running = Running::start(worker);
        store(&router, "1").await;
        sleep(Duration::from_secs(1)).await;
        assert_eq!(begun.try_iter().count(), 1);
        tokio::join!(running.stop(), async {
            sleep(Duration::from_secs(1)).await;
            store(&router, "2").await;
        });
        assert_eq!(reports(&log), 0);
    });
}

#[test]
fn events_that_are_stored_after_the_worker_has_panicked_are_an_error() {
    let (log, _guard) = Log::of_this_thread();
    run(async {
        let (inbox, _settled) = Staged::new(memory());
        inbox.on_lease(|| Some(Fault::Panics));
        let (router, worker) = webhooks(App::happy().0, inbox).into_parts("/webhook");
        assert!(tokio::spawn(worker.run_until(pending())).await.is_err());
        store(&router, "1").await;
        sleep(Duration::from_secs(61)).await;
        assert_eq!(reports(&log), 1);
    });
}

#[test]
fn a_worker_whose_slots_are_in_use_is_not_missing() {
    let (log, _guard) = Log::of_this_thread();
    run(async {
        let (app, begun) = App::new(async |_| {
            sleep(Duration::from_secs(250)).await;
            Ok(())
        });
        let (router, worker) = webhooks(app, memory()).concurrency(1).into_parts("/webhook");
        let running = Running::start(worker);
        for id in ["1", "2", "3"] {
            store(&router, id).await;
            sleep(Duration::from_secs(100)).await;
        }
        sleep(Duration::from_secs(600)).await;
        running.stop().await;
        assert_eq!(begun.try_iter().count(), 3);
        assert_eq!(reports(&log), 0);
    });
}
