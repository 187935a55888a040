//! Counts of the events in an inbox.

use std::{fmt, time::Duration};

/// The number of events in each state that is not done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Depth {
    /// Events in [`EventState::Ready`](super::EventState::Ready) that are not paused.
    pub ready: Count,
    /// Events in [`EventState::Ready`](super::EventState::Ready) that are
    /// [paused](super::Inbox::pause).
    pub paused: Count,
    /// Events in [`EventState::Waiting`](super::EventState::Waiting).
    pub waiting: Count,
    /// Events in [`EventState::Delayed`](super::EventState::Delayed).
    pub delayed: Count,
    /// Events in [`EventState::Leased`](super::EventState::Leased).
    pub leased: Count,
    /// Events in [`EventState::Parked`](super::EventState::Parked).
    pub parked: Count,
    /// Events in [`EventState::Dead`](super::EventState::Dead).
    pub dead: Count,
    /// How long the oldest ready event has been ready; `None` if none is ready. Paused events do
    /// not count.
    pub oldest_ready: Option<Duration>,
}

impl Depth {
    /// Returns whether no event is left to run: none is ready, paused, waiting, delayed or leased.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        [self.ready, self.paused, self.waiting, self.delayed, self.leased]
            .iter()
            .all(|count| count.number() == 0)
    }
}

/// A number of events: exact, or "at least" where a store stops counting.
///
/// Counting reads every row, so a store may stop at a limit of its own. The stores of this crate
/// stop at 10,000.
///
/// ```
/// use panora_hooks::inbox::Count;
///
/// assert_eq!(Count::exactly(17), 17);
/// assert_eq!(Count::at_least(10_000).to_string(), "10000+");
/// assert_ne!(Count::at_least(10_000), 10_000);
/// assert!(!Count::at_least(10_000).is_exact());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    number: u64,
    is_exact: bool,
}

impl Count {
    /// Creates a count of exactly `number` events.
    #[must_use]
    pub const fn exactly(number: u64) -> Self {
        Self { number, is_exact: true }
    }

    /// Creates a count of `number` events or more.
    #[must_use]
    pub const fn at_least(number: u64) -> Self {
        Self { number, is_exact: false }
    }

    /// Creates a count of exactly `number` events, or of at least `limit` if `number` is larger.
    #[must_use]
    pub const fn up_to(limit: u64, number: u64) -> Self {
        if number > limit { Self::at_least(limit) } else { Self::exactly(number) }
    }

    /// Returns the number that was counted. There are more events if it is not
    /// [exact](Self::is_exact).
    #[must_use]
    pub const fn number(self) -> u64 {
        self.number
    }

    /// Returns whether every event was counted.
    #[must_use]
    pub const fn is_exact(self) -> bool {
        self.is_exact
    }
}

/// Zero events.
impl Default for Count {
    fn default() -> Self {
        Self::exactly(0)
    }
}

/// Equal only if the count is exact.
impl PartialEq<u64> for Count {
    fn eq(&self, number: &u64) -> bool {
        self.is_exact && self.number == *number
    }
}

/// `17`, or `10000+` for "at least 10,000".
impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plus = if self.is_exact { "" } else { "+" };
        f.pad(&format!("{}{plus}", self.number))
    }
}
