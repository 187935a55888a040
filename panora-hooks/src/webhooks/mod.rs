//! Builders: a router from a secret, a state and hooks, and what an inbox adds.

pub(crate) mod scope;
mod with_inbox;

use std::{collections::BTreeSet, fmt, sync::Arc, time::Duration};

use axum::Router;

pub use self::with_inbox::WebhooksWithInbox;
use crate::{
    hook::{Dispatch, Registry},
    http::{
        DeliveryEndpoint,
        body::{self, Limits},
    },
    inbox::writer::Writer,
    verify::Verifier,
};

/// Receives Panora's webhooks: builds a router from a secret, a state and hooks.
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
    limits: Limits,
}

impl Webhooks {
    /// The limit of a body in bytes unless [`Webhooks::max_body_bytes`] sets another: 32 MiB.
    pub const DEFAULT_MAX_BODY_BYTES: usize = body::DEFAULT_MAX_BODY_BYTES;

    /// Webhooks that `verifier` verifies, with no hooks yet: every event is logged and acknowledged.
    pub fn new(verifier: Verifier) -> Self {
        Self { verifier, state: (), registry: Registry::new(), limits: Limits::default() }
    }

    /// Sets the state, of which hooks take parts with [`State<T>`](crate::State). It is cloned for each
    /// event.
    ///
    /// # Panics
    ///
    /// If there are hooks already: the state comes before them, so that an error in a hook's arguments is
    /// reported for that hook.
    #[track_caller]
    pub fn with_state<S: Clone + Send + Sync + 'static>(self, state: S) -> Webhooks<S> {
        assert!(self.registry.is_empty(), "call `.with_state(..)` before `.hooks(..)`");
        let Self { verifier, state: (), registry: _, limits } = self;
        Webhooks { verifier, state, registry: Registry::new(), limits }
    }
}

impl<S: Clone + Send + Sync + 'static> Webhooks<S> {
    /// Adds the hooks of a list: `hooks![..]`, or a function that a module exports. May be called again.
    ///
    /// # Panics
    ///
    /// If a hook names a pattern that one of an earlier list names.
    #[track_caller]
    pub fn hooks(mut self, list: impl FnOnce(&mut Registry<S>)) -> Self {
        self.registry.hooks(list);
        self
    }

    /// Sets the maximum body size in bytes. Defaults to [`Webhooks::DEFAULT_MAX_BODY_BYTES`], 32 MiB.
    ///
    /// Larger bodies are rejected with `413 Payload Too Large`, and the event is lost, because
    /// Panora does not retry. Lists can be megabytes long. A proxy in front of the receiver should
    /// allow at least this size.
    ///
    /// # Panics
    ///
    /// If it is 0.
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
    /// the time for the headers: `axum::serve` reads them, without a limit.
    ///
    /// # Panics
    ///
    /// If it is zero.
    #[track_caller]
    pub fn read_timeout(mut self, read_timeout: Duration) -> Self {
        assert!(!read_timeout.is_zero(), "`read_timeout` is zero: every body would be rejected");
        self.limits.read_timeout = read_timeout;
        self
    }

    /// Sets how many bytes of bodies this router has in memory at once, by default 256 MiB. While there are as many, further
    /// bodies wait: Panora knows no time limit, and whatever was refused would be lost.
    ///
    /// A body counts with the buffer that it is read through, and afterwards until its event is stored or its hook has
    /// ended. A small one, up to 8 KiB, neither counts nor waits, so that nobody can hold up what most events are. While
    /// bodies wait, one whose sender sends nothing for 5 seconds is answered with 408. If all that have begun wait for
    /// each other, one goes on; if no body is read to its end for as long as [`read_timeout`](Self::read_timeout), those
    /// that wait are answered with 503. (With HTTP/2 a body that waits can hold up others of its connection.)
    ///
    /// So bodies take no more than this, and [`max_body_bytes`](Self::max_body_bytes) for the one that goes on. What
    /// connections have read but not handed on, up to 400 KB each, comes on top. A thousand senders of 1 MB at once take
    /// 400 MB in all, instead of 1.6 GB without the limit.
    pub fn max_buffered_bytes(mut self, max_buffered_bytes: usize) -> Self {
        self.limits.max_buffered_bytes = max_buffered_bytes;
        self
    }

    /// The names to subscribe to, so that every hook gets its events: the `scope` of an endpoint, in
    /// alphabetical order.
    ///
    /// A prefix stands for every event type below it that a known release sends; subscriptions have no
    /// prefixes. It does not stand for the types of passthrough requests, of which each provider has its own, nor
    /// for what the catalogue does not hold.
    ///
    /// ```
    /// use panora_hooks::{Verifier, Webhooks, hooks, on};
    ///
    /// #[on("connection.created", "crm.contact.*")]
    /// async fn hook() {}
    ///
    /// # fn main() -> Result<(), panora_hooks::SecretError> {
    /// let webhooks = Webhooks::new(Verifier::new("the endpoint's secret")?).hooks(hooks![hook]);
    /// assert_eq!(webhooks.scopes(), ["connection.created", "crm.contact.created", "crm.contact.pulled"]);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn scopes(&self) -> Vec<&'static str> {
        let names: BTreeSet<_> = self.registry.patterns().flat_map(scope::names).collect();
        names.into_iter().collect()
    }

    /// A router that runs the hook of an event before it answers.
    ///
    /// It answers at `path` and at `path` with a trailing slash, since the sender loses the event where it
    /// is redirected. It merges and nests into an application with any state `S2`. (Where it is nested with
    /// the path `/`, axum leaves out the trailing slash: nest it with a longer path.) It needs a tokio
    /// runtime with the time driver on, such as `#[tokio::main]`'s.
    ///
    /// | answer | when |
    /// |---|---|
    /// | 200, empty | the hook succeeded, or no hook names the event's type |
    /// | 400 `Webhook Error: ..` | the body or its signature is not the sender's |
    /// | 405 | the method is not POST |
    /// | 408 | the body did not arrive in time ([`read_timeout`](Self::read_timeout)) |
    /// | 413 | the body is too large ([`max_body_bytes`](Self::max_body_bytes)) |
    /// | 500, empty | the hook failed or panicked |
    /// | 503 `Webhook Error: ..` | too many large bodies at once ([`max_buffered_bytes`](Self::max_buffered_bytes)) |
    ///
    /// A hook that no known release of Panora sends an event for is logged, as a warning.
    ///
    /// # Panics
    ///
    /// If `path` is no path that [`Router::route`] takes.
    #[track_caller]
    pub fn into_router<S2: Clone + Send + Sync + 'static>(self, path: &str) -> Router<S2> {
        self.into_endpoint(None).into_router(path)
    }

    /// What answers requests: after it has run the hook, or, with a writer, after it has stored the event.
    pub(crate) fn into_endpoint(self, writer: Option<Arc<Writer>>) -> DeliveryEndpoint<S> {
        let Self { verifier, state, registry, limits } = self;
        registry.definitions().for_each(scope::warn_if_never_sent);
        let dispatch = Arc::new(Dispatch::new(registry));
        DeliveryEndpoint { verifier, state, dispatch, writer, bodies: body::BodyReader::new(limits) }
    }
}

/// Without the state, which may hold anything.
impl<S> fmt::Debug for Webhooks<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Webhooks")
            .field("verifier", &self.verifier)
            .field("registry", &self.registry)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}
