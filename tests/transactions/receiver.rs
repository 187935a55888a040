//! A receiver with an inbox in memory, in the process of the test.

use std::time::Duration;

use axum::Router;
use panora_hooks::{
    Webhooks, WebhooksWithInbox,
    inbox::{AttemptInfo, Depth, EventInfo, EventState, Filter, Inbox, MemoryInbox, Query, Select},
    testing::Sample,
};
use tokio::{sync::oneshot, task::JoinHandle, time::timeout};
use tower::ServiceExt;

use crate::application::{PATIENCE, verifier};

pub struct Receiver {
    pub inbox: MemoryInbox,
    router: Router,
    stop: oneshot::Sender<()>,
    worker: JoinHandle<()>,
}

impl Receiver {
    /// Starts a worker whose failed events are due again after a millisecond.
    pub fn start<S: Clone + Send + Sync + 'static>(
        webhooks: Webhooks<S>,
        set: impl FnOnce(WebhooksWithInbox<S>) -> WebhooksWithInbox<S>,
    ) -> Self {
        Self::on(MemoryInbox::new(), webhooks, set)
    }

    pub fn on<S: Clone + Send + Sync + 'static>(
        inbox: MemoryInbox,
        webhooks: Webhooks<S>,
        set: impl FnOnce(WebhooksWithInbox<S>) -> WebhooksWithInbox<S>,
    ) -> Self {
        let moment = Duration::from_millis(1);
        let webhooks = set(webhooks.with_inbox(inbox.clone()).backoff(moment, moment));
        let (router, worker) = webhooks.into_parts("/webhook");
        let (stop, stopped) = oneshot::channel();
        let worker = tokio::spawn(worker.run_until(async { drop(stopped.await) }));
        Self { inbox, router, stop, worker }
    }

    /// Delivers an event, which is stored.
    pub async fn deliver(&self, sample: &Sample) {
        let request = sample.request(&verifier(), "/webhook");
        assert_eq!(self.router.clone().oneshot(request).await.unwrap().status(), 200);
    }

    /// Begins a new run of all events that are done or dead.
    pub async fn replay(&self) {
        self.inbox.replay(Select::All(Filter::new()), u32::MAX).await.unwrap();
    }

    /// Makes all delayed events due.
    pub async fn replay_delayed(&self) {
        let delayed = Filter::new().state(EventState::Delayed);
        self.inbox.replay(Select::All(delayed), u32::MAX).await.unwrap();
    }

    /// Returns the last event.
    pub async fn event(&self) -> EventInfo {
        let last = self.inbox.list(Query::default().newest_first()).await.unwrap().items.into_iter().next();
        last.unwrap()
    }

    /// Returns the recorded attempts of the last event, oldest first.
    pub async fn attempts(&self) -> Vec<AttemptInfo> {
        let mut attempts = self.inbox.attempts(self.event().await.key).await.unwrap();
        attempts.sort_by_key(|attempt| (attempt.run, attempt.number));
        attempts
    }

    /// Waits until all events are done, dead or parked.
    pub async fn idle(&self) {
        self.until(|depth, _| depth.is_idle()).await;
    }

    /// Waits until this many attempts of the last event are recorded.
    pub async fn attempted(&self, attempts: usize) {
        self.until(|_, recorded| recorded.len() >= attempts).await;
    }

    /// Waits until the number of events in each state, and the recorded attempts of the last event,
    /// meet a condition.
    pub async fn until(&self, is_reached: impl Fn(&Depth, &[AttemptInfo]) -> bool) {
        let wait = async {
            while !is_reached(&self.inbox.depth().await.unwrap(), &self.attempts().await) {
                tokio::task::yield_now().await;
            }
        };
        let waited = timeout(PATIENCE, wait).await;
        assert!(waited.is_ok(), "{:?} {:?}", self.event().await, self.attempts().await);
    }

    /// Stops the worker, and waits for it.
    pub async fn stop(self) -> MemoryInbox {
        drop(self.stop);
        timeout(PATIENCE, self.worker).await.expect("the worker stops").unwrap();
        self.inbox
    }
}
