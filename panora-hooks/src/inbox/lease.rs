//! Events that a worker has taken.

use std::{
    fmt,
    time::{Duration, SystemTime},
};

use bytestring::ByteString;

use super::EventKey;

/// No more data than this is leased at once, in bytes, unless a single event has more.
pub(super) const MAX_LEASED_BYTES: u32 = 32 * 1024 * 1024;

/// An event that a worker has taken, until its lease ends.
#[derive(Clone)]
#[non_exhaustive]
pub struct Leased {
    /// What settles it.
    pub token: LeaseToken,
    /// What identifies the data: its signature, which was verified.
    pub content: [u8; 32],
    /// `id_event` of the body.
    pub id: String,
    /// `type` of the body.
    pub wire_type: String,
    /// The JSON text of `data`, exactly as it was signed.
    pub data: ByteString,
    /// When it arrived.
    pub received_at: SystemTime,
    /// How often it has been leased to be tried, this time included: 1 on the first.
    pub attempt: u32,
    /// Whether the attempt before ended without a word: the process died, or the lease ran out.
    pub is_interrupted: bool,
}

impl Leased {
    /// An event that was taken for its first attempt.
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
        Self { token, content, id, wire_type, data, received_at, attempt: 1, is_interrupted: false }
    }
}

/// Everything but the data, which may hold credentials.
impl fmt::Debug for Leased {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Leased")
            .field("token", &self.token)
            .field("id", &self.id)
            .field("wire_type", &self.wire_type)
            .field("data_bytes", &self.data.len())
            .field("received_at", &self.received_at)
            .field("attempt", &self.attempt)
            .field("is_interrupted", &self.is_interrupted)
            .finish_non_exhaustive()
    }
}

/// The right to settle an event.
///
/// Each lease of an event has another fence: who took the event earlier, and comes late, settles nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LeaseToken {
    event: EventKey,
    fence: i64,
}

impl LeaseToken {
    /// The right to settle `event`, which a store gives with a `fence` that it gives for no other lease of the event.
    #[must_use]
    pub const fn new(event: EventKey, fence: i64) -> Self {
        Self { event, fence }
    }

    /// The event.
    #[must_use]
    pub const fn event(self) -> EventKey {
        self.event
    }

    /// What tells this lease from others of the event.
    #[must_use]
    pub const fn fence(self) -> i64 {
        self.fence
    }
}

/// What a worker says of an event that it has leased.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settle {
    /// The hook succeeded: the event is done.
    Complete,
    /// The hook failed: the event is to be tried again in so long, by the clock of the store.
    RetryAfter(Duration),
    /// The event is not to be tried again, for this reason: it is dead.
    Bury(String),
    /// The lease ends this much later than now. The token stays the same: if the answer is lost, it is still good.
    Extend(Duration),
    /// The event is handed back as if it had not been leased: ready, and its attempt not counted.
    Release,
}

/// What came of a [`Settle`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Settled {
    /// It was done. But for [`Settle::Extend`], the token is used up.
    Settled,
    /// The token is of a lease that has ended. Nothing was changed.
    Stale,
}
