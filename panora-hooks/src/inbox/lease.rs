//! Leases: how a worker claims events, and how it gives them back.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, SystemTime},
};

use bytestring::ByteString;

use super::{AttemptReport, EventKey, Lane, QueueGroup};

/// The most data that one lease returns, in bytes, unless a single event is larger.
pub(super) const MAX_LEASED_BYTES: u32 = 32 * 1024 * 1024;

/// The events that a worker asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LeaseRequest {
    /// The most events to lease. [Groups](Self::groups) that run nothing may exceed it.
    pub max: u32,
    /// How long the leases last, by the clock of the store.
    pub lease_for: Duration,
    /// The name of the worker. It is recorded with an attempt that is never settled.
    pub worker: Option<Arc<str>>,
    /// The groups among which the events are divided. If there are none, events of all queues are
    /// leased, oldest first.
    ///
    /// A queue in no group is left out. A group that runs few events comes before one that runs
    /// many, counting the events of this lease, and the older event before the newer one. A group
    /// that runs none gets an event even if `max` is used up.
    ///
    /// Optional: [`Capability::Queues`](super::Capability::Queues).
    pub groups: Vec<QueueGroup>,
}

impl LeaseRequest {
    /// Requests up to `max` events, leased for this time.
    #[must_use]
    pub fn new(max: u32, lease_for: Duration) -> Self {
        Self { max, lease_for, worker: None, groups: Vec::new() }
    }

    /// Divides the events among groups of queues.
    #[must_use]
    pub fn groups(self, groups: Vec<QueueGroup>) -> Self {
        Self { groups, ..self }
    }

    /// Sets the name of the worker.
    #[must_use]
    pub fn worker(self, worker: Arc<str>) -> Self {
        Self { worker: Some(worker), ..self }
    }
}

/// A leased event.
#[derive(Clone)]
#[non_exhaustive]
pub struct Leased {
    /// The token that settles the lease.
    pub token: LeaseToken,
    /// The verified signature, which identifies the data.
    pub content: [u8; 32],
    /// `id_event` of the body.
    pub id: String,
    /// `type` of the body.
    pub wire_type: String,
    /// The JSON text of `data`, exactly as it was signed.
    pub data: ByteString,
    /// When the delivery arrived.
    pub received_at: SystemTime,
    /// The number of this attempt, counted from 1. A lease counts as an attempt.
    pub attempt: u32,
    /// The run of the event: 1, and one more for each [replay](super::Inbox::replay) after the
    /// event was dead or done.
    pub run: u32,
    /// Whether the previous attempt was never settled: its process died, or its lease expired.
    pub is_interrupted: bool,
    /// The [queue](super::NewEvent::queue) of the event. Empty if the event is in none, or if the
    /// store keeps no queues.
    pub queue: ByteString,
    /// The [lane](super::NewEvent::lane) of the event. The worker leases again as soon as such an
    /// event is done or dead, because its successor is ready then.
    pub lane: Option<Lane>,
}

impl Leased {
    /// Returns an event that is leased for the first attempt of its first run.
    #[must_use]
    pub fn new(
        token: LeaseToken,
        content: [u8; 32],
        id: String,
        wire_type: String,
        data: impl Into<ByteString>,
        received_at: SystemTime,
    ) -> Self {
        let data = data.into();
        Self {
            token,
            content,
            id,
            wire_type,
            data,
            received_at,
            attempt: 1,
            run: 1,
            is_interrupted: false,
            queue: ByteString::new(),
            lane: None,
        }
    }
}

/// Leaves out the data, which may hold credentials.
impl fmt::Debug for Leased {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Leased")
            .field("token", &self.token)
            .field("id", &self.id)
            .field("wire_type", &self.wire_type)
            .field("data_bytes", &self.data.len())
            .field("received_at", &self.received_at)
            .field("attempt", &self.attempt)
            .field("run", &self.run)
            .field("is_interrupted", &self.is_interrupted)
            .field("queue", &self.queue)
            .field("lane", &self.lane)
            .finish_non_exhaustive()
    }
}

/// The right to settle an event.
///
/// Each lease of an event has its own fence, so a worker whose lease has expired settles nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LeaseToken {
    key: EventKey,
    fence: u128,
}

impl LeaseToken {
    /// Creates the token of a lease. A store must never use the same `fence` for two leases of an
    /// event.
    #[must_use]
    pub const fn new(key: EventKey, fence: u128) -> Self {
        Self { key, fence }
    }

    /// Returns the key of the leased event.
    #[must_use]
    pub const fn key(self) -> EventKey {
        self.key
    }

    /// Returns the number that distinguishes this lease from others of the same event.
    #[must_use]
    pub const fn fence(self) -> u128 {
        self.fence
    }
}

/// A worker's decision about an event that it has leased.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Settlement {
    /// The lease.
    pub token: LeaseToken,
    /// The decision.
    pub decision: Decision,
    /// The attempt that ends. A store that keeps attempts records it in the transaction that
    /// applies the decision.
    pub attempt: Option<AttemptReport>,
    /// Whether the death of the event has to be announced, if it is [buried](Decision::Bury).
    pub announces: bool,
}

impl Settlement {
    /// Applies `decision` to the event that `token` holds.
    #[must_use]
    pub fn new(token: LeaseToken, decision: Decision) -> Self {
        Self { token, decision, attempt: None, announces: false }
    }

    /// Reports the attempt that ends with [`Decision::Complete`], [`Decision::RetryAfter`] or
    /// [`Decision::Bury`].
    #[must_use]
    pub fn attempt(self, attempt: AttemptReport) -> Self {
        Self { attempt: Some(attempt), ..self }
    }

    /// Lets a worker announce the death of the event, if the decision is [`Decision::Bury`].
    ///
    /// A store that has [`Capability::Announce`](super::Capability::Announce) notes this in the
    /// transaction that applies the decision.
    #[must_use]
    pub fn announce(self) -> Self {
        Self { announces: true, ..self }
    }
}

/// The end of a lease, or its extension. Times are by the clock of the store.
///
/// A store returns [`InboxError::Unsupported`](super::InboxError::Unsupported) for a variant that
/// it does not know.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Decision {
    /// The hook succeeded: the event is done.
    Complete,
    /// The hook failed: the event runs again after this time, and no earlier.
    RetryAfter(Duration),
    /// The event is dead, for this reason.
    Bury(String),
    /// The lease ends this long from now. The token stays valid, so a worker that never sees the
    /// answer can still settle the event.
    Extend(Duration),
    /// The event is ready again, as if it had never been leased: the attempt does not count.
    Release,
}

/// The result of a [`Settlement`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Settled {
    /// The decision was applied. The token is used up, except by [`Decision::Extend`].
    Applied,
    /// The lease had ended. Nothing was changed.
    Stale,
}
