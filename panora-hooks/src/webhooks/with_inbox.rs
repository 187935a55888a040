//! `WebhooksWithInbox`: the settings for storing and running events.

use std::{fmt, sync::Arc, time::Duration};

use axum::Router;

use super::Webhooks;
use crate::{
    hook::Definition,
    inbox::{
        Capability, DeadEvent, ErasedInbox, Inbox,
        attempt::bounded,
        counters::Counters,
        handover::Handover,
        policy::Policy,
        worker::{Hooks, OnDead, Worker},
        writer::Writer,
    },
};

/// [`Webhooks`] whose events are stored before they are acknowledged, and run afterwards.
///
/// Created by [`Webhooks::with_inbox`]. All settings for storing and running events are made here.
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
    pub(super) webhooks: Webhooks<S>,
    inbox: Arc<dyn ErasedInbox>,
    policy: Policy,
    worker_name: Option<String>,
    on_dead: Option<OnDead>,
}

impl<S: Clone + Send + Sync + 'static> Webhooks<S> {
    /// Stores every event in `inbox` before acknowledging it, and runs the event afterwards.
    pub fn with_inbox(self, inbox: impl Inbox) -> WebhooksWithInbox<S> {
        WebhooksWithInbox {
            webhooks: self,
            inbox: Arc::new(inbox),
            policy: Policy::default(),
            worker_name: None,
            on_dead: None,
        }
    }
}

impl<S: Clone + Send + Sync + 'static> WebhooksWithInbox<S> {
    /// Sets how many hooks run at once. Defaults to 64. A hook can set a limit of its own, the
    /// option `concurrency` of [`#[on(..)]`](crate::on).
    ///
    /// A free slot goes to the hook that runs the fewest attempts. A hook that runs nothing may
    /// start one attempt even if no slot is free, so that others cannot keep it from running.
    ///
    /// Events whose last attempt was interrupted run one at a time from their third attempt on, in
    /// one of these slots. A slot is kept free while such an event waits.
    ///
    /// # Panics
    ///
    /// Panics if `concurrency` is 0.
    #[track_caller]
    pub fn concurrency(self, concurrency: usize) -> Self {
        assert!(concurrency > 0, "`concurrency` is 0: nothing would ever run");
        self.set(|policy| policy.concurrency = concurrency)
    }

    /// Sets how long a hook may run. Defaults to 5 minutes. After that the hook is cancelled, which
    /// counts as a failure. The option `timeout` of [`#[on(..)]`](crate::on) sets another limit for
    /// a hook.
    ///
    /// A hook that blocks its thread cannot be cancelled. Its event is leased to other workers one
    /// [lease](Self::lease_time) later, and the hook keeps its slot until it ends. Run blocking
    /// code with `tokio::task::spawn_blocking`.
    ///
    /// # Panics
    ///
    /// Panics if `hook_timeout` is zero.
    #[track_caller]
    pub fn hook_timeout(self, hook_timeout: Duration) -> Self {
        assert!(!hook_timeout.is_zero(), "`hook_timeout` is zero: every hook would be cancelled at once");
        self.set(|policy| policy.hook_timeout = hook_timeout)
    }

    /// Sets the number of attempts after which an event is dead. Defaults to 16. With the default
    /// [`backoff`](Self::backoff), the delays between 16 attempts add up to about 2 hours on
    /// average, and to little more than 4 at most. The option `attempts` of
    /// [`#[on(..)]`](crate::on) sets another number for a hook.
    ///
    /// # Panics
    ///
    /// Panics if `max_attempts` is 0.
    #[track_caller]
    pub fn max_attempts(self, max_attempts: u32) -> Self {
        assert!(max_attempts > 0, "`max_attempts` is 0: nothing would ever run");
        self.set(|policy| policy.max_attempts = max_attempts)
    }

    /// Sets how long to wait after a failed attempt. After the first failure, the delay is random,
    /// up to `first`. This upper bound doubles with each attempt, up to `longest`. Defaults to 1
    /// second and 1 hour. A hook can ask for another delay
    /// ([`HookError::retry_after`](crate::HookError::retry_after)).
    pub fn backoff(self, first: Duration, longest: Duration) -> Self {
        self.set(|policy| {
            policy.first_backoff = first;
            policy.longest_backoff = longest;
        })
    }

    /// Sets how long a worker leases events. Defaults to 60 seconds. The worker extends the lease
    /// while a hook runs. If the worker dies, other workers get its events after this time.
    ///
    /// # Panics
    ///
    /// Panics if `lease_time` is less than a second.
    #[track_caller]
    pub fn lease_time(self, lease_time: Duration) -> Self {
        let is_enough = lease_time >= Duration::from_secs(1);
        assert!(is_enough, "a lease of {lease_time:?} ends before it can be extended: take a second or more");
        self.set(|policy| policy.lease = lease_time)
    }

    /// Sets how long [`Worker::run_until`] waits for running hooks once it is told to stop.
    /// Defaults to 25 seconds. After that the hooks are cancelled, and their events run again.
    pub fn shutdown_grace(self, shutdown_grace: Duration) -> Self {
        self.set(|policy| policy.shutdown_grace = shutdown_grace)
    }

    /// Sets how long to retry storing an event while the store is busy or unreachable. Defaults to
    /// 5 seconds. After that the hook runs before the answer.
    ///
    /// A store that does not answer within this time counts as unreachable. It may have stored the
    /// event nevertheless, which then runs twice. Hooks that run before the answer run beside those
    /// of the worker: neither [`concurrency`](Self::concurrency) nor
    /// [`hook_timeout`](Self::hook_timeout) applies to them, but the `timeout` of the hook does.
    ///
    /// # Panics
    ///
    /// Panics if `store_timeout` is zero.
    #[track_caller]
    pub fn store_timeout(self, store_timeout: Duration) -> Self {
        assert!(!store_timeout.is_zero(), "`store_timeout` is zero: no store would answer in time");
        self.set(|policy| policy.store_timeout = store_timeout)
    }

    /// Sets how long events that are done are kept.
    ///
    /// Their data is kept for `data`, 7 days by default; until then they can be replayed. The
    /// identities by which duplicates are recognised are kept for `identities`, 90 days by default,
    /// and at least as long as the data. Events that are not done are kept forever. The markers of
    /// [transactions](crate::transactions) are kept as long as the identities, and at least a day.
    ///
    /// A hook can delay an event by up to `data`
    /// ([`HookError::retry_after`](crate::HookError::retry_after)).
    pub fn retention(self, data: Duration, identities: Duration) -> Self {
        self.set(|policy| {
            policy.keep_data = data;
            policy.keep_identities = identities.max(data);
        })
    }

    /// Sets how long [figures](Inbox::statistics) are kept: 30 days in steps of a minute, and a
    /// year in steps of an hour, by default.
    pub fn keep_figures(self, in_minutes: Duration, in_hours: Duration) -> Self {
        self.set(|policy| {
            policy.keep_minutes = in_minutes;
            policy.keep_hours = in_hours;
        })
    }

    /// Sets how long the [audit](Inbox::audit) of operators' actions is kept. Defaults to a year.
    pub fn keep_audit(self, keep_audit: Duration) -> Self {
        self.set(|policy| policy.keep_audit = keep_audit)
    }

    /// Sets the name of the worker, which is recorded with each [attempt](Inbox::attempts), up to
    /// 200 bytes. Defaults to the name of the host and the number of the process, such as
    /// `web-1:4711`.
    pub fn worker_name(self, name: impl Into<String>) -> Self {
        Self { worker_name: Some(name.into()), ..self }
    }

    /// Sets a function that is called with each event that the worker has given up.
    ///
    /// ```
    /// # use panora_hooks::{Verifier, Webhooks, inbox::MemoryInbox};
    /// use panora_hooks::inbox::DeadEvent;
    ///
    /// async fn alert(event: DeadEvent) {
    ///     eprintln!("{} {} is dead: {}", event.event_type, event.id, event.reason);
    /// }
    ///
    /// # fn main() -> Result<(), panora_hooks::SecretError> {
    /// let webhooks = Webhooks::new(Verifier::new("the endpoint's secret")?)
    ///     .with_inbox(MemoryInbox::new())
    ///     .on_dead(alert);
    /// # drop(webhooks);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// The function is called within about a second after the event is dead in the store, and at
    /// least once: if the process dies before the call has ended, a worker with such a function
    /// calls it again after the [`hook_timeout`](Self::hook_timeout) and a
    /// [lease](Self::lease_time). It may therefore be called twice for one event. A call that
    /// panics, or takes longer than the `hook_timeout`, is logged and not repeated.
    ///
    /// Events that a worker without such a function has given up are not announced, and neither are
    /// events that are replayed or dropped first.
    ///
    /// # Panics
    ///
    /// Panics if the store cannot remember announcements ([`Capability::Announce`]).
    #[track_caller]
    pub fn on_dead<F>(self, on_dead: impl Fn(DeadEvent) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let can_announce = self.inbox.capabilities().has(Capability::Announce);
        assert!(can_announce, "the inbox cannot remember announcements: it lacks `Capability::Announce`");
        Self { on_dead: Some(Arc::new(move |event| Box::pin(on_dead(event)))), ..self }
    }

    fn set(mut self, set: impl FnOnce(&mut Policy)) -> Self {
        set(&mut self.policy);
        self.policy = self.policy.bounded();
        self
    }

    /// Returns a router that stores events, and the worker that runs them.
    ///
    /// The router answers at the same paths as that of [`Webhooks::into_router`]. Spawn or await
    /// the worker with [`Worker::run_until`], and stop it and the server at the same signal. If
    /// events are stored while no worker of this process has leased any for a minute, the router
    /// logs an error, once.
    ///
    /// Logs a warning for each hook that no known release of Panora sends an event for, and for
    /// each hook with `serial` or `serial_by` if the store has no lanes ([`Capability::Lanes`]).
    ///
    /// | answer | when |
    /// |---|---|
    /// | 200, empty | on stable storage: the event will run, was stored before, or is parked |
    /// | 200, empty | the store was unreachable for too long; the hook ran instead and succeeded |
    /// | 400 `Webhook Error: …` | the body or its signature is not the sender's |
    /// | 405 | the method is not POST |
    /// | 408 | the body did not arrive in time ([`Webhooks::read_timeout`]) |
    /// | 413 | the body is too large ([`Webhooks::max_body_bytes`]) |
    /// | 503, empty | the event was not stored, and its hook did not run or failed |
    /// | 503 `Webhook Error: …` | [`max_buffered_bytes`] was reached, no body completed in time |
    ///
    /// [`max_buffered_bytes`]: Webhooks::max_buffered_bytes
    ///
    /// # Panics
    ///
    /// Panics if [`Router::route`] does not accept `path`, or if a hook takes a transaction that
    /// [`with_transactions`](Webhooks::with_transactions) does not provide.
    #[track_caller]
    pub fn into_parts<S2: Clone + Send + Sync + 'static>(self, path: &str) -> (Router<S2>, Worker) {
        let Self { webhooks, inbox, policy, worker_name, on_dead } = self;
        webhooks.assert_transactions();
        if !inbox.capabilities().has(Capability::Lanes) {
            webhooks.registry.definitions().for_each(warn_of_missing_lanes);
        }
        let (handover, counters) = (Arc::<Handover>::default(), Arc::new(Counters::new(&inbox)));
        let writer = Writer::new(
            Arc::clone(&inbox),
            policy.store_timeout,
            Arc::clone(&handover),
            Arc::clone(&counters),
        );
        let writer = Arc::new(writer);
        let endpoint = webhooks.into_endpoint(Some(Arc::clone(&writer)));
        let hooks = Hooks { dispatch: Arc::clone(&endpoint.dispatch), state: endpoint.state.clone() };
        let name = bounded(worker_name.unwrap_or_else(name_of_process), MAX_NAME_BYTES).into();
        let worker = Worker::new(inbox, Arc::new(hooks), writer, handover, counters, name, policy);
        (endpoint.into_router(path), worker.on_dead(on_dead))
    }
}

/// Warns if the events of a hook should run one at a time, which the store cannot do.
fn warn_of_missing_lanes(hook: Definition) {
    let Some(serial) = hook.serial else { return };
    tracing::warn!(
        hook = hook.path(),
        file = hook.file,
        line = hook.line,
        "the inbox lacks `Capability::Lanes`: `{}` of this hook has no effect, and its events run in any order",
        serial.option()
    );
}

/// The most bytes of the name of a worker, which each lease stores.
const MAX_NAME_BYTES: usize = 200;

/// Returns the name of the host and the number of the process.
fn name_of_process() -> String {
    format!("{}:{}", gethostname::gethostname().to_string_lossy(), std::process::id())
}

/// Leaves out the state and the inbox, which may hold anything.
impl<S> fmt::Debug for WebhooksWithInbox<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhooksWithInbox")
            .field("webhooks", &self.webhooks)
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}
