//! The optional parts of a store.

/// An optional part of [`Inbox`](super::Inbox).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Capability {
    /// [`Inbox::discard`](super::Inbox::discard): parked and dead events can be dropped.
    Discard,
    /// [`Inbox::forget`](super::Inbox::forget): identities are dropped after their retention.
    Forget,
    /// [`Inbox::expedite`](super::Inbox::expedite): events recover from a clock that was set back.
    Expedite,
    /// [`Inbox::attempts`](super::Inbox::attempts): attempts are recorded.
    Attempts,
    /// [`Inbox::statistics`](super::Inbox::statistics): figures are kept.
    Statistics,
    /// [`Inbox::error_groups`](super::Inbox::error_groups): dead events are grouped by their error.
    ErrorGroups,
    /// [`Inbox::audit`](super::Inbox::audit): actions of operators are recorded.
    Audit,
    /// [`Inbox::next_due`](super::Inbox::next_due): a worker begins a delayed event in time.
    NextDue,
    /// [`LeaseRequest::groups`](super::LeaseRequest::groups): events are leased by their queues.
    /// Without it, events of a hook that is at its limit wait in the worker, where they can keep
    /// others waiting.
    Queues,
    /// [`Inbox::pause`](super::Inbox::pause): events of a pattern can be paused.
    Pause,
    /// [`Inbox::claim_dead`](super::Inbox::claim_dead): dead events are announced.
    Announce,
    /// [`NewEvent::lane`](super::NewEvent::lane): the events of a lane run one at a time, in the
    /// order of arrival. Without it, a hook with `serial` or `serial_by` runs events in any order,
    /// several at a time.
    Lanes,
}

/// The optional parts that a store implements.
///
/// ```
/// use panora_hooks::inbox::{Capabilities, Capability};
///
/// const MINE: Capabilities = Capabilities::CORE.with(Capability::Forget);
/// assert!(MINE.has(Capability::Forget) && !MINE.has(Capability::Discard));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Capabilities(u32);

impl Capabilities {
    /// Only the methods without a default.
    pub const CORE: Self = Self(0);

    /// Every part that this version of the crate knows.
    pub const ALL: Self = Self::CORE
        .with(Capability::Discard)
        .with(Capability::Forget)
        .with(Capability::Expedite)
        .with(Capability::Attempts)
        .with(Capability::Statistics)
        .with(Capability::ErrorGroups)
        .with(Capability::Audit)
        .with(Capability::NextDue)
        .with(Capability::Queues)
        .with(Capability::Pause)
        .with(Capability::Announce)
        .with(Capability::Lanes);

    /// Adds a part.
    #[must_use]
    pub const fn with(self, capability: Capability) -> Self {
        Self(self.0 | 1 << capability as u8)
    }

    /// Returns whether a part is implemented.
    #[must_use]
    pub const fn has(self, capability: Capability) -> bool {
        self.0 & 1 << capability as u8 != 0
    }
}
