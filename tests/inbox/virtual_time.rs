//! Tests in virtual time: tokio's clock is paused, and the store follows it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use axum::{
    Router,
    body::Body,
    http::{Request, StatusCode},
};
use panora_hooks::inbox::{EventInfo, EventState, Filter, Inbox, LeaseRequest, MemoryInbox, Query};
use tokio::{sync::oneshot, task::JoinHandle, time::Instant};
use tower::ServiceExt;

use crate::support::Delivery;

/// Runs a test. Time passes only while every task waits.
pub fn run(test: impl Future<Output = ()>) {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_all().start_paused(true).build().unwrap().block_on(test);
}

/// A store by tokio's clock, and the microseconds that its own clock is ahead.
pub fn memory_ahead() -> (MemoryInbox, Arc<AtomicU64>) {
    let (start, epoch) = (Instant::now(), SystemTime::now());
    let ahead = Arc::new(AtomicU64::new(0));
    let jumped = ahead.clone();
    let now = move || epoch + start.elapsed() + Duration::from_micros(jumped.load(Ordering::SeqCst));
    (MemoryInbox::new().with_clock(now), ahead)
}

/// A store by tokio's clock.
pub fn memory() -> MemoryInbox {
    memory_ahead().0
}

/// Leases everything that is ready `times` times, and lets each lease expire, as if the process had died.
pub async fn interrupt(inbox: &impl Inbox, times: u32) {
    for _ in 0..times {
        let lease = Duration::from_secs(1);
        assert!(!inbox.lease(LeaseRequest::new(100, lease)).await.unwrap().is_empty());
        tokio::time::sleep(lease).await;
    }
}

/// The only event in a state.
pub async fn only(inbox: &impl Inbox, state: EventState) -> EventInfo {
    let mut items = inbox.list(Query::new(Filter::new().state(state))).await.unwrap().items;
    assert_eq!(items.len(), 1, "{items:?}");
    items.pop().unwrap()
}

/// Delivers to a router. The answer is awaited in a task, so that deliveries run at once.
pub fn deliver(router: &Router, delivery: &Delivery) -> JoinHandle<StatusCode> {
    let request = Request::post("/webhook")
        .header("Panora-Signature", &delivery.signature)
        .body(Body::from(delivery.body.clone()))
        .unwrap();
    let answer = router.clone().oneshot(request);
    tokio::spawn(async { answer.await.unwrap().status() })
}

/// A worker that runs until it is stopped.
pub struct Running {
    stop: oneshot::Sender<()>,
    worker: JoinHandle<()>,
}

impl Running {
    pub fn start(worker: panora_hooks::inbox::Worker) -> Self {
        let (stop, stopped) = oneshot::channel::<()>();
        Self { stop, worker: tokio::spawn(worker.run_until(async { drop(stopped.await) })) }
    }

    /// Stops the worker, and waits until it has returned.
    pub async fn stop(self) {
        drop(self.stop);
        self.worker.await.unwrap();
    }
}
