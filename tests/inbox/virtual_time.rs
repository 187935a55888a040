//! Tests in virtual time: tokio's clock is paused, and the store follows it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
    time::{Duration, SystemTime},
};

use axum::{
    Router,
    body::Body,
    http::{Request, StatusCode},
};
use panora_hooks::{
    WebhooksWithInbox,
    inbox::{EventInfo, EventState, Filter, Inbox, LeaseRequest, MemoryInbox, Query},
};
use tokio::{
    sync::oneshot,
    task::JoinHandle,
    time::{Instant, sleep},
};
use tower::ServiceExt;

use crate::support::Delivery;

/// Runs a test. Time passes only while every task waits.
pub fn run(test: impl Future<Output = ()>) {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_all().start_paused(true).build().unwrap().block_on(test);
}

/// Returns a store on tokio's clock, and the microseconds that its own clock is ahead.
pub fn memory_ahead() -> (MemoryInbox, Arc<AtomicU64>) {
    let (start, epoch) = (Instant::now(), SystemTime::now());
    let ahead = Arc::new(AtomicU64::new(0));
    let jumped = ahead.clone();
    let now = move || epoch + start.elapsed() + Duration::from_micros(jumped.load(Ordering::SeqCst));
    (MemoryInbox::new().with_clock(now), ahead)
}

/// Returns a store on tokio's clock.
pub fn memory() -> MemoryInbox {
    memory_ahead().0
}

/// Leases every ready event `times` times, and lets each lease expire, as if the process had died.
pub async fn interrupt(inbox: &impl Inbox, times: u32) {
    for _ in 0..times {
        let lease = Duration::from_secs(1);
        assert!(!inbox.lease(LeaseRequest::new(100, lease)).await.unwrap().is_empty());
        sleep(lease).await;
    }
}

/// Returns the only event in a state.
pub async fn only(inbox: &impl Inbox, state: EventState) -> EventInfo {
    let mut items = inbox.list(Query::new(Filter::new().state(state))).await.unwrap().items;
    assert_eq!(items.len(), 1, "{items:?}");
    items.pop().unwrap()
}

/// Sends a delivery to a router. The request runs in a task, so several run concurrently.
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
    stop: Option<oneshot::Sender<()>>,
    worker: JoinHandle<()>,
}

impl Running {
    pub fn start(worker: panora_hooks::inbox::Worker) -> Self {
        let (stop, stopped) = oneshot::channel::<()>();
        Self { stop: Some(stop), worker: tokio::spawn(worker.run_until(async { drop(stopped.await) })) }
    }

    pub fn tell_to_stop(&mut self) {
        drop(self.stop.take());
    }

    /// Stops the worker, and waits until it has returned.
    pub async fn stop(mut self) {
        self.tell_to_stop();
        self.worker.await.unwrap();
    }
}

/// A receiver whose router is called without a socket, with a worker.
pub struct Receiver {
    router: Router,
    worker: Running,
}

impl Receiver {
    pub fn start<S: Clone + Send + Sync + 'static>(webhooks: WebhooksWithInbox<S>) -> Self {
        let (router, worker) = webhooks.into_parts("/webhook");
        Self { router, worker: Running::start(worker) }
    }

    /// Delivers an event, and returns the status of the answer.
    pub async fn deliver(&self, delivery: &Delivery) -> u16 {
        deliver(&self.router, delivery).await.unwrap().as_u16()
    }

    /// Tells the worker to stop.
    pub fn tell_to_stop(&mut self) {
        self.worker.tell_to_stop();
    }

    /// Stops the worker, and waits until it has returned.
    pub async fn stop(self) {
        self.worker.stop().await;
    }
}

/// Waits for the next value, for an hour at most.
#[track_caller]
pub fn next<T>(values: &mpsc::Receiver<T>) -> impl Future<Output = T> {
    let caller = std::panic::Location::caller();
    async move {
        for _ in 0..3_600_000 {
            match values.try_recv() {
                Ok(value) => return value,
                Err(_) => sleep(Duration::from_millis(1)).await,
            }
        }
        panic!("no value came, at {caller}");
    }
}

/// Returns the number of values after an hour, which is longer than any lease or delay.
pub async fn count<T>(values: &mpsc::Receiver<T>) -> usize {
    sleep(Duration::from_secs(3600)).await;
    values.try_iter().count()
}

/// Fails if a value comes within an hour.
pub async fn none<T>(values: &mpsc::Receiver<T>) {
    assert_eq!(count(values).await, 0);
}
