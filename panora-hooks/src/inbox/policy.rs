//! The settings of an inbox.

use std::{num::NonZeroU32, time::Duration};

use crate::hook::Definition;

/// The settings for storing and running events. [`WebhooksWithInbox`](crate::WebhooksWithInbox),
/// which sets them, documents the defaults.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Policy {
    pub(crate) store_timeout: Duration,
    pub(crate) concurrency: usize,
    pub(crate) hook_timeout: Duration,
    pub(crate) max_attempts: u32,
    pub(crate) first_backoff: Duration,
    pub(crate) longest_backoff: Duration,
    pub(crate) lease: Duration,
    pub(crate) shutdown_grace: Duration,
    pub(crate) keep_data: Duration,
    pub(crate) keep_identities: Duration,
    /// How long figures are kept in steps of a minute, and of an hour.
    pub(crate) keep_minutes: Duration,
    pub(crate) keep_hours: Duration,
    pub(crate) keep_audit: Duration,
}

/// The limits of the attempts of a hook: its own, or else those of the policy.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AttemptLimits {
    pub(crate) timeout: Duration,
    pub(crate) attempts: u32,
}

const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

impl Default for Policy {
    fn default() -> Self {
        Self {
            store_timeout: Duration::from_secs(5),
            concurrency: 64,
            hook_timeout: Duration::from_secs(5 * 60),
            max_attempts: 16,
            first_backoff: Duration::from_secs(1),
            longest_backoff: HOUR,
            lease: Duration::from_secs(60),
            shutdown_grace: Duration::from_secs(25),
            keep_data: 7 * DAY,
            keep_identities: 90 * DAY,
            keep_minutes: 30 * DAY,
            keep_hours: 365 * DAY,
            keep_audit: 365 * DAY,
        }
    }
}

/// Effectively forever, and far from the largest times that clocks can hold.
const LONGEST: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);

impl Policy {
    /// Limits the times, so that each can be added to any other time.
    pub(crate) fn bounded(mut self) -> Self {
        for time in [
            &mut self.store_timeout,
            &mut self.hook_timeout,
            &mut self.first_backoff,
            &mut self.longest_backoff,
            &mut self.lease,
            &mut self.shutdown_grace,
            &mut self.keep_data,
            &mut self.keep_identities,
            &mut self.keep_minutes,
            &mut self.keep_hours,
            &mut self.keep_audit,
        ] {
            *time = LONGEST.min(*time);
        }
        self
    }

    /// Returns the limits of the attempts of a hook, or those of an event without a hook.
    pub(crate) fn limits(&self, hook: Option<Definition>) -> AttemptLimits {
        let timeout = hook.and_then(|hook| hook.timeout).unwrap_or(self.hook_timeout);
        let attempts = hook.and_then(|hook| hook.attempts).map_or(self.max_attempts, NonZeroU32::get);
        AttemptLimits { timeout, attempts }
    }

    /// Returns the longest time for which an event is leased, or delayed without its hook asking
    /// for it.
    pub(crate) fn longest_delay(&self) -> Duration {
        self.longest_backoff.max(self.lease)
    }

    /// Returns the longest delay that a hook can ask for.
    pub(crate) fn longest_retry(&self) -> Duration {
        self.keep_data.max(self.longest_backoff)
    }

    /// Returns how long to wait after a failed attempt. The first attempt is 1. The delay is
    /// random, up to a bound that doubles with each attempt. This spreads out events that failed
    /// together.
    pub(crate) fn backoff(&self, attempt: u32) -> Duration {
        let doublings = attempt.saturating_sub(1).min(31);
        let longest = self.first_backoff.saturating_mul(1 << doublings).min(self.longest_backoff);
        longest.mul_f64(fastrand::f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backoff_doubles_up_to_an_hour_and_is_anything_below() {
        let policy = Policy::default();
        for (attempt, longest) in
            [(1, 1), (2, 2), (5, 16), (12, 2048), (13, 3600), (16, 3600), (u32::MAX, 3600)]
        {
            let longest = Duration::from_secs(longest);
            let backoffs: Vec<_> = (0..1000).map(|_| policy.backoff(attempt)).collect();
            assert!(backoffs.iter().all(|backoff| *backoff <= longest), "{attempt}");
            assert!(backoffs.iter().any(|backoff| *backoff > longest / 2), "{attempt}");
            assert!(backoffs.iter().any(|backoff| *backoff < longest / 2), "{attempt}");
        }
    }
}
