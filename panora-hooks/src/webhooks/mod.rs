//! Builders: `Webhooks` makes a router from a secret, a state and hooks; `WebhooksWithInbox` adds
//! an inbox and a worker.

pub(crate) mod scope;
#[cfg(feature = "serve")]
mod serve;
mod with_inbox;

use std::{collections::BTreeSet, fmt, sync::Arc, time::Duration};

use axum::Router;

pub use self::with_inbox::WebhooksWithInbox;
use crate::{
    hook::{Definition, Dispatch, HookList, InTransaction, Registry, Serial},
    http::{
        DeliveryEndpoint,
        body::{self, Limits},
    },
    inbox::writer::Writer,
    metric,
    transactions::{IntoTransactions, TransactionRunner, pruning::Pruning},
    verify::Verifier,
};

/// A builder for a router that receives Panora's webhooks, made from a secret, a state and hooks.
///
/// ```
/// use panora_hooks::{Event, Verifier, Webhooks, hooks, on};
///
/// #[on("crm.contact.created")]
/// async fn contact_created(Event(contact): Event<serde_json::Value>) { /* .. */ }
///
/// # fn main() -> Result<(), panora_hooks::SecretError> {
/// let router: axum::Router = Webhooks::new(Verifier::new("the endpoint's secret")?)
///     .hooks(hooks![contact_created])
///     .into_router("/webhook");
/// # Ok(())
/// # }
/// ```
#[must_use = "webhooks do nothing until they are turned into a router"]
pub struct Webhooks<S = ()> {
    verifier: Verifier,
    state: S,
    registry: Registry<S>,
    transactions: Option<Arc<dyn InTransaction>>,
    limits: Limits,
}

impl Webhooks {
    /// The default maximum body size in bytes, 32 MiB. [`Webhooks::max_body_bytes`] sets another.
    pub const DEFAULT_MAX_BODY_BYTES: usize = body::DEFAULT_MAX_BODY_BYTES;

    /// Creates webhooks that verify deliveries with `verifier` and have no hooks yet. Every event
    /// is then logged and acknowledged.
    pub fn new(verifier: Verifier) -> Self {
        Self { verifier, state: (), registry: Registry::new(), transactions: None, limits: Limits::default() }
    }

    /// Sets the state. Hooks take parts of it with [`State<T>`](crate::State). It is cloned for
    /// each event.
    ///
    /// # Panics
    ///
    /// Panics if hooks have been added already. The state comes first, so that an error in a hook's
    /// arguments is reported for that hook.
    #[track_caller]
    pub fn with_state<S: Clone + Send + Sync + 'static>(self, state: S) -> Webhooks<S> {
        assert!(self.registry.is_empty(), "call `.with_state(..)` before `.hooks(..)`");
        let Self { verifier, state: (), registry: _, transactions, limits } = self;
        Webhooks { verifier, state, registry: Registry::new(), transactions, limits }
    }
}

impl<S: Clone + Send + Sync + 'static> Webhooks<S> {
    /// Adds the hooks of a list: `hooks![..]`, or a function that a module exports. Can be called
    /// several times.
    ///
    /// # Panics
    ///
    /// Panics if a hook names a pattern that a hook of an earlier list names.
    #[track_caller]
    pub fn hooks<T>(mut self, list: impl HookList<S, T>) -> Self {
        self.registry.hooks(list);
        self
    }

    /// Sets the transactions that hooks take as an argument, [`Tx`](crate::transactions::Tx): a
    /// `sqlx::PgPool` of the application's own database (feature `postgres`), or another source of
    /// [`Transactions`](crate::transactions::Transactions).
    ///
    /// Only hooks that take a transaction use a connection of the pool, one for each attempt. A
    /// second call replaces the transactions of the first.
    pub fn with_transactions(self, transactions: impl IntoTransactions) -> Self {
        let transactions = TransactionRunner::new(transactions.into_transactions());
        Self { transactions: Some(Arc::new(transactions)), ..self }
    }

    /// Sets the maximum body size in bytes. Defaults to 32 MiB
    /// ([`Webhooks::DEFAULT_MAX_BODY_BYTES`]).
    ///
    /// Larger bodies are rejected with `413 Payload Too Large`, and the event is lost, because
    /// Panora does not retry. Lists can be megabytes long. A proxy in front of the receiver should
    /// allow at least this size.
    ///
    /// # Panics
    ///
    /// Panics if `max_body_bytes` is 0.
    #[track_caller]
    pub fn max_body_bytes(mut self, max_body_bytes: usize) -> Self {
        assert!(max_body_bytes > 0, "`max_body_bytes` is 0: every event would be rejected");
        self.limits.max_body_bytes = max_body_bytes;
        self
    }

    /// Sets how long a body may take to arrive. Defaults to 30 seconds.
    ///
    /// Slower bodies are rejected with `408 Request Timeout`, and the event is lost. The time
    /// during which a body waits for [memory](Self::max_buffered_bytes) does not count, nor does
    /// the time for the headers, which `axum::serve` reads without a limit.
    ///
    /// # Panics
    ///
    /// Panics if `read_timeout` is zero.
    #[track_caller]
    pub fn read_timeout(mut self, read_timeout: Duration) -> Self {
        assert!(!read_timeout.is_zero(), "`read_timeout` is zero: every body would be rejected");
        self.limits.read_timeout = read_timeout;
        self
    }

    /// Sets how many bytes of bodies this router holds in memory at once. Defaults to 256 MiB.
    ///
    /// At this limit further bodies wait, because Panora has no timeout and a rejected event would
    /// be lost. A body counts together with the buffer that it is read through. It counts until its
    /// event is stored or its hook has ended. Small bodies, up to 8 KiB, neither count nor wait, so
    /// nothing can hold up the bodies of most events.
    ///
    /// While bodies wait, a body whose sender is idle for 5 seconds is answered with 408. If all
    /// bodies that have begun wait for each other, one of them proceeds. If no body completes for
    /// as long as [`read_timeout`](Self::read_timeout), the waiting bodies are answered with 503.
    /// With HTTP/2, a waiting body can hold up other bodies on its connection.
    ///
    /// Bodies therefore take at most this much memory, plus
    /// [`max_body_bytes`](Self::max_body_bytes) for the one that proceeds, plus the data that
    /// connections have read but not passed on, up to 400 KB each. A thousand senders of 1 MB at
    /// once take 400 MB in total, instead of 1.6 GB without the limit.
    pub fn max_buffered_bytes(mut self, max_buffered_bytes: usize) -> Self {
        self.limits.max_buffered_bytes = max_buffered_bytes;
        self
    }

    /// Returns the names that an endpoint must subscribe to so that every hook gets its events: the
    /// `scope` of the endpoint, in alphabetical order.
    ///
    /// A prefix stands for every event type below it that a known release sends, because
    /// subscriptions have no prefixes. It does not stand for the types of passthrough requests, of
    /// which each provider has its own, nor for types that the catalogue does not hold.
    ///
    /// ```
    /// use panora_hooks::{Verifier, Webhooks, hooks, on};
    ///
    /// #[on("connection.created", "crm.contact.*")]
    /// async fn hook() {}
    ///
    /// # fn main() -> Result<(), panora_hooks::SecretError> {
    /// let webhooks = Webhooks::new(Verifier::new("the endpoint's secret")?).hooks(hooks![hook]);
    /// assert_eq!(
    ///     webhooks.scopes(),
    ///     ["connection.created", "crm.contact.created", "crm.contact.pulled"],
    /// );
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn scopes(&self) -> Vec<&'static str> {
        let names: BTreeSet<_> = self.registry.patterns().flat_map(scope::names).collect();
        names.into_iter().collect()
    }

    /// Returns a router that runs the hook of an event before it answers.
    ///
    /// It answers at `path` and at `path` with a trailing slash, because the sender loses an event
    /// that is redirected. It merges and nests into an application with any state `S2`. (Where it
    /// is nested under the path `/`, axum omits the trailing slash, so nest it under a longer
    /// path.) It needs a tokio runtime with the time driver enabled, such as that of
    /// `#[tokio::main]`.
    ///
    /// | answer | when |
    /// |---|---|
    /// | 200, empty | the hook succeeded, now or [before](crate::transactions), or none names the type |
    /// | 400 `Webhook Error: …` | the body or its signature is not the sender's |
    /// | 405 | the method is not POST |
    /// | 408 | the body did not arrive in time ([`read_timeout`](Self::read_timeout)) |
    /// | 413 | the body is too large ([`max_body_bytes`](Self::max_body_bytes)) |
    /// | 500, empty | the hook failed, panicked or took longer than its `timeout` |
    /// | 503 `Webhook Error: …` | [`max_buffered_bytes`] was reached, no body completed in time |
    ///
    /// Logs a warning for each hook that no known release of Panora sends an event for, and for
    /// each hook with an option that has no effect without an inbox: `attempts`, `concurrency`,
    /// `serial` or `serial_by`.
    ///
    /// [`max_buffered_bytes`]: Self::max_buffered_bytes
    ///
    /// # Panics
    ///
    /// Panics if [`Router::route`] does not accept `path`, or if a hook takes a transaction that
    /// [`with_transactions`](Self::with_transactions) does not provide.
    #[track_caller]
    pub fn into_router<S2: Clone + Send + Sync + 'static>(self, path: &str) -> Router<S2> {
        self.assert_transactions();
        self.into_endpoint(None).into_router(path)
    }

    /// Returns the state and the hooks, without the HTTP around them.
    #[cfg(feature = "testing")]
    #[track_caller]
    pub(crate) fn into_hooks(self) -> (S, Dispatch<S>) {
        self.assert_transactions();
        (self.state, Dispatch::new(self.registry, self.transactions))
    }

    /// Panics if a hook takes a transaction that there is none of.
    #[track_caller]
    #[expect(clippy::panic, reason = "a mistake in the program, which shows when it starts")]
    fn assert_transactions(&self) {
        let kind = self.transactions.as_ref().map(|transactions| transactions.kind());
        for Definition { name, transaction, file, line, .. } in self.registry.definitions() {
            match (transaction, kind) {
                (Some(taken), Some(given)) if !taken.is(given) => panic!(
                    "the hook `{name}` ({file}:{line}) takes a `Tx` of `{taken:?}`, \
                     but `.with_transactions(..)` was called with `{given:?}`"
                ),
                (Some(_), None) => panic!(
                    "the hook `{name}` ({file}:{line}) takes a `Tx`: \
                     call `.with_transactions(pool)` with the pool of its database"
                ),
                _ => {}
            }
        }
    }

    /// Returns the endpoint that answers requests. It answers after it has run the hook or, with a
    /// writer, after it has stored the event.
    pub(crate) fn into_endpoint(self, writer: Option<Arc<Writer>>) -> DeliveryEndpoint<S> {
        metric::describe();
        let Self { verifier, state, registry, transactions, limits } = self;
        registry.definitions().for_each(scope::warn_if_never_sent);
        if writer.is_none() {
            registry.definitions().for_each(warn_of_inbox_options);
        }
        // Without a hook that takes a transaction, the database is not touched.
        let is_used = registry.definitions().any(|hook| hook.transaction.is_some());
        let transactions = transactions.filter(|_| is_used);
        let pruning = transactions.clone().filter(|_| writer.is_none()).map(Pruning::new);
        let dispatch = Arc::new(Dispatch::new(registry, transactions));
        let bodies = body::BodyReader::new(limits);
        DeliveryEndpoint { verifier, state, dispatch, writer, pruning, bodies }
    }
}

/// Warns if a hook has options that mean nothing without an inbox.
fn warn_of_inbox_options(hook: Definition) {
    let attempts = hook.attempts.map(|_| "attempts");
    let concurrency = hook.concurrency.map(|_| "concurrency");
    let options = [attempts, concurrency, hook.serial.map(Serial::option)];
    let options: Vec<_> = options.into_iter().flatten().map(|option| format!("`{option}`")).collect();
    let options = match &*options {
        [] => return,
        [option] => option.clone(),
        [others @ .., last] => format!("{} and {last}", others.join(", ")),
    };
    tracing::warn!(
        hook = hook.path(),
        file = hook.file,
        line = hook.line,
        "without an inbox, nothing applies {options} of this hook"
    );
}

/// Leaves out the state, which may hold anything.
impl<S> fmt::Debug for Webhooks<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Webhooks")
            .field("verifier", &self.verifier)
            .field("registry", &self.registry)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}
