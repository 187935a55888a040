//! `WebhooksWithInbox`: how events are stored and run.

use std::{fmt, sync::Arc, time::Duration};

use axum::Router;
use tokio::sync::Notify;

use super::Webhooks;
use crate::inbox::{
    ErasedInbox, Inbox,
    policy::Policy,
    worker::{Hooks, Worker},
    writer::Writer,
};

/// [`Webhooks`] whose events are stored before they are acknowledged, and run afterwards.
///
/// Made by [`Webhooks::with_inbox`]. Everything about how events are stored and run is set here.
///
/// ```
/// use panora_hooks::{Event, Verifier, Webhooks, hooks, inbox::MemoryInbox, on};
///
/// #[on("crm.contact.created")]
/// async fn contact_created(Event(contact): Event<serde_json::Value>) { /* .. */ }
///
/// # async fn run() -> Result<(), panora_hooks::SecretError> {
/// let (router, worker) = Webhooks::new(Verifier::new("the endpoint's secret")?)
///     .hooks(hooks![contact_created])
///     .with_inbox(MemoryInbox::new())     // or `SqliteInbox`, or `PostgresInbox`
///     .concurrency(16)
///     .into_parts("/webhook");
/// tokio::spawn(worker.run_until(std::future::pending()));
/// # let _: axum::Router = router;
/// # Ok(())
/// # }
/// ```
#[must_use = "webhooks do nothing until they are turned into a router and a worker"]
pub struct WebhooksWithInbox<S = ()> {
    webhooks: Webhooks<S>,
    inbox: Arc<dyn ErasedInbox>,
    policy: Policy,
}

impl<S: Clone + Send + Sync + 'static> Webhooks<S> {
    /// Stores every event in `inbox` before it is acknowledged, and runs it afterwards.
    pub fn with_inbox(self, inbox: impl Inbox) -> WebhooksWithInbox<S> {
        WebhooksWithInbox { webhooks: self, inbox: Arc::new(inbox), policy: Policy::default() }
    }
}

impl<S: Clone + Send + Sync + 'static> WebhooksWithInbox<S> {
    /// Sets how many hooks run at once. Defaults to 64.
    ///
    /// Events whose attempts were interrupted twice run one at a time, in one of these slots; a
    /// slot is kept free for them while one waits.
    ///
    /// # Panics
    ///
    /// If it is 0.
    #[track_caller]
    pub fn concurrency(self, concurrency: usize) -> Self {
        assert!(concurrency > 0, "`concurrency` is 0: nothing would ever run");
        self.set(|policy| policy.concurrency = concurrency)
    }

    /// Sets how long a hook may run. Defaults to 5 minutes. Then it is cancelled, which counts as a
    /// failure.
    ///
    /// A hook that blocks its thread cannot be cancelled. Its event is leased to others one
    /// [lease](Self::lease_time) later, and the hook keeps its slot until it ends. Run blocking
    /// code with `tokio::task::spawn_blocking`.
    ///
    /// # Panics
    ///
    /// If it is zero.
    #[track_caller]
    pub fn hook_timeout(self, hook_timeout: Duration) -> Self {
        assert!(!hook_timeout.is_zero(), "`hook_timeout` is zero: every hook would be cancelled at once");
        self.set(|policy| policy.hook_timeout = hook_timeout)
    }

    /// Sets how often an event is tried before it is dead, by default 16 times. With the default
    /// [`backoff`](Self::backoff) that takes 2 hours on average, and at most 4.
    ///
    /// # Panics
    ///
    /// If it is 0.
    #[track_caller]
    pub fn max_attempts(self, max_attempts: u32) -> Self {
        assert!(max_attempts > 0, "`max_attempts` is 0: nothing would ever run");
        self.set(|policy| policy.max_attempts = max_attempts)
    }

    /// Sets how long to wait after a failure: after the first for a random time up to `first`, which
    /// doubles with each attempt, up to `longest`. By default 1 second and 1 hour.
    pub fn backoff(self, first: Duration, longest: Duration) -> Self {
        self.set(|policy| {
            policy.first_backoff = first;
            policy.longest_backoff = longest;
        })
    }

    /// Sets how long a worker leases events. Defaults to 60 seconds. The worker extends the lease
    /// while a hook runs; if the worker dies, others get its events after this time.
    ///
    /// # Panics
    ///
    /// If it is less than a second.
    #[track_caller]
    pub fn lease_time(self, lease_time: Duration) -> Self {
        let is_enough = lease_time >= Duration::from_secs(1);
        assert!(is_enough, "a lease of {lease_time:?} ends before it can be extended: take a second or more");
        self.set(|policy| policy.lease = lease_time)
    }

    /// Sets how long [`Worker::run_until`] waits for running hooks once it is told to stop.
    /// Defaults to 25 seconds. Then the hooks are cancelled, and their events run again.
    pub fn shutdown_grace(self, shutdown_grace: Duration) -> Self {
        self.set(|policy| policy.shutdown_grace = shutdown_grace)
    }

    /// Sets how long to retry storing an event while the store is busy or unreachable. Defaults to
    /// 5 seconds. Then the hook runs before the answer.
    ///
    /// A store that does not answer for as long counts as unreachable. It may have stored the event
    /// all the same, which then runs twice. Hooks that run before the answer do so beside those of
    /// the worker: neither [`concurrency`](Self::concurrency) nor
    /// [`hook_timeout`](Self::hook_timeout) applies to them.
    ///
    /// # Panics
    ///
    /// If it is zero.
    #[track_caller]
    pub fn store_timeout(self, store_timeout: Duration) -> Self {
        assert!(!store_timeout.is_zero(), "`store_timeout` is zero: no store would answer in time");
        self.set(|policy| policy.store_timeout = store_timeout)
    }

    /// Sets for how long events that are done are kept: their data, by default 7 days, in which they can be
    /// replayed; and what a duplicate is known by, by default 90 days, and at least as long. Events that are not done
    /// are kept for ever.
    pub fn retention(self, data: Duration, identities: Duration) -> Self {
        self.set(|policy| {
            policy.keep_data = data;
            policy.keep_identities = identities.max(data);
        })
    }

    fn set(mut self, set: impl FnOnce(&mut Policy)) -> Self {
        set(&mut self.policy);
        self.policy = self.policy.bounded();
        self
    }

    /// A router that stores events, and the worker that runs them.
    ///
    /// The router answers where [`Webhooks::into_router`]'s does. The worker is to be spawned or awaited, with
    /// [`Worker::run_until`]; it and the server stop at the same signal.
    ///
    /// | answer | when |
    /// |---|---|
    /// | 200, empty | the event is on stable storage: it will run, was stored before, or is parked |
    /// | 200, empty | the store could not be reached in time, and the hook ran instead and succeeded |
    /// | 400 `Webhook Error: ..` | the body or its signature is not the sender's |
    /// | 405 | the method is not POST |
    /// | 408 | the body did not arrive in time ([`Webhooks::read_timeout`]) |
    /// | 413 | the body is too large ([`Webhooks::max_body_bytes`]) |
    /// | 503, empty | the event was not stored, and its hook did not run or failed |
    /// | 503 `Webhook Error: ..` | too many large bodies at once ([`Webhooks::max_buffered_bytes`]) |
    ///
    /// # Panics
    ///
    /// If `path` is no path that [`Router::route`] takes.
    #[track_caller]
    pub fn into_parts<S2: Clone + Send + Sync + 'static>(self, path: &str) -> (Router<S2>, Worker) {
        let Self { webhooks, inbox, policy } = self;
        let stored = Arc::new(Notify::new());
        let writer = Arc::new(Writer::new(Arc::clone(&inbox), policy.store_timeout, Arc::clone(&stored)));
        let endpoint = webhooks.into_endpoint(Some(Arc::clone(&writer)));
        let hooks = Hooks { dispatch: Arc::clone(&endpoint.dispatch), state: endpoint.state.clone() };
        let worker = Worker { inbox, runner: Arc::new(hooks), writer, stored, policy };
        (endpoint.into_router(path), worker)
    }
}

/// Without the state and the inbox, which may hold anything.
impl<S> fmt::Debug for WebhooksWithInbox<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhooksWithInbox")
            .field("webhooks", &self.webhooks)
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}
