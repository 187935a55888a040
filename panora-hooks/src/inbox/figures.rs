//! Figures: sums over time, per event type.

use std::time::{Duration, SystemTime};

use super::time::whole_micros;

/// The lengths of the steps that stores keep, in microseconds.
pub(crate) const KEPT_STEPS: [i64; 3] = [MINUTE, 10 * MINUTE, HOUR];
pub(crate) const MINUTE: i64 = 60 * 1_000_000;
pub(crate) const HOUR: i64 = 60 * MINUTE;

/// Returns the length of a step, rounded up to whole minutes, in microseconds.
pub(crate) fn step_length(step: Duration) -> i64 {
    let minutes = (whole_micros(step).max(1) - 1) / MINUTE + 1;
    minutes.saturating_mul(MINUTE)
}

/// Returns the longest kept step that divides a step.
pub(crate) fn kept_step(length: i64) -> i64 {
    KEPT_STEPS.into_iter().rev().find(|kept| length % kept == 0).unwrap_or(MINUTE)
}

/// Returns for how long each of the kept steps is kept.
pub(crate) fn kept_for(minutes: Duration, hours: Duration) -> [Duration; 3] {
    [minutes, minutes, hours]
}

/// Returns when the step that contains a time begins. Both are in microseconds since 1970.
pub(crate) fn step_start(at: i64, length: i64) -> i64 {
    at - at.rem_euclid(length)
}

/// The upper bound of the first bucket of a [`Histogram`], in microseconds.
const FIRST_BOUND: u64 = 1000;

/// The number of buckets of a [`Histogram`].
const BUCKETS: usize = 32;

/// Counts of durations. Histograms of several processes and times add up.
///
/// Each bucket ends at twice the duration of the one before it: at 1 ms, 2 ms, 4 ms and so on, up
/// to 12 days. The last bucket counts everything that is longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Histogram([u64; BUCKETS]);

impl Histogram {
    /// Counts a duration.
    pub fn record(&mut self, duration: Duration) {
        let bounds = (0..BUCKETS - 1).map(Self::bound);
        let bucket = bounds.take_while(|bound| *bound < duration).count();
        self.0[bucket] = self.0[bucket].saturating_add(1);
    }

    /// Returns the number of durations that were counted.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.iter().fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// Returns the duration that this share of all durations, from 0 to 1, does not exceed: the
    /// upper bound of its bucket, at most twice the exact duration. Returns `None` if nothing was
    /// counted, and [`Duration::MAX`] if the duration is in the last bucket, which has no bound.
    #[must_use]
    pub fn quantile(&self, share: f64) -> Option<Duration> {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_precision_loss,
            clippy::cast_sign_loss,
            reason = "a share of a count is a count, to the precision of a histogram"
        )]
        let rank = ((self.count() as f64 * share.clamp(0.0, 1.0)).ceil() as u64).max(1);
        let mut below = 0_u64;
        for (bucket, count) in self.0.iter().enumerate() {
            below = below.saturating_add(*count);
            if below >= rank {
                return Some(Self::bound(bucket));
            }
        }
        None
    }

    /// Returns the buckets: the longest duration of each, which is [`Duration::MAX`] for the last,
    /// and the number of durations in it.
    pub fn buckets(&self) -> impl Iterator<Item = (Duration, u64)> {
        self.0.iter().enumerate().map(|(bucket, count)| (Self::bound(bucket), *count))
    }

    fn bound(bucket: usize) -> Duration {
        if bucket == BUCKETS - 1 { Duration::MAX } else { Duration::from_micros(FIRST_BOUND << bucket) }
    }
}

/// Counts of the events of one type in one step of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Figures {
    /// New events that were stored, including parked ones.
    pub arrived: u64,
    /// Deliveries of events that were stored already.
    pub duplicates: u64,
    /// New events that were parked.
    pub parked: u64,
    /// Events whose hook succeeded.
    pub handled: u64,
    /// Attempts that failed.
    pub failed_attempts: u64,
    /// Events that became dead.
    pub dead: u64,
    /// The time from the arrival of an event until its hook had succeeded.
    pub latency: Histogram,
    /// The duration of attempts, failed ones included.
    pub attempt_duration: Histogram,
}

/// The number of counts before the histograms. Never changed: stored numbers add up by their place.
const COUNTS: usize = 6;

impl Figures {
    /// Adds the figures of another process or time.
    pub fn add(&mut self, other: &Self) {
        let sums = self.to_sums().into_iter().zip(other.to_sums());
        let sums: Vec<_> = sums.map(|(one, other)| one.saturating_add(other)).collect();
        *self = Self::from_sums(&sums);
    }

    /// Returns the figures as numbers, for a store. The numbers of several figures add up place by
    /// place.
    ///
    /// A later version may have more numbers, at the end.
    #[must_use]
    pub fn to_sums(&self) -> Vec<u64> {
        let counts =
            [self.arrived, self.duplicates, self.parked, self.handled, self.failed_attempts, self.dead];
        [&counts[..], &self.latency.0, &self.attempt_duration.0].concat()
    }

    /// Creates figures from numbers that a store has kept. Missing numbers are 0, and numbers of a
    /// later version are ignored.
    #[must_use]
    pub fn from_sums(sums: &[u64]) -> Self {
        let sum = |place: usize| sums.get(place).copied().unwrap_or(0);
        let histogram = |first: usize| Histogram(std::array::from_fn(|bucket| sum(first + bucket)));
        Self {
            arrived: sum(0),
            duplicates: sum(1),
            parked: sum(2),
            handled: sum(3),
            failed_attempts: sum(4),
            dead: sum(5),
            latency: histogram(COUNTS),
            attempt_duration: histogram(COUNTS + BUCKETS),
        }
    }
}

/// The figures of one event type in one step of time.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StatisticsStep {
    /// When the step begins. Steps begin at multiples of their length since 1970.
    pub start: SystemTime,
    /// The event type, by the name that hooks use. Types that the
    /// [catalogue](crate::catalogue) does not hold are `other`.
    pub event_type: String,
    /// The figures.
    pub figures: Figures,
}

impl StatisticsStep {
    /// Creates a step.
    #[must_use]
    pub fn new(start: SystemTime, event_type: String, figures: Figures) -> Self {
        Self { start, event_type, figures }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_the_bound_of_its_bucket() {
        let mut histogram = Histogram::default();
        assert_eq!(histogram.quantile(0.5), None);
        for millis in [0, 1, 3, 3, 900, 2_000_000_000] {
            histogram.record(Duration::from_millis(millis));
        }
        assert_eq!(histogram.count(), 6);
        let quantile = |share| histogram.quantile(share).map(|bound| bound.as_millis());
        assert_eq!(quantile(0.0), Some(1));
        assert_eq!(quantile(0.33), Some(1));
        assert_eq!(quantile(0.5), Some(4));
        assert_eq!(quantile(0.8), Some(1024));
        assert_eq!(histogram.quantile(1.0), Some(Duration::MAX));
    }

    #[test]
    fn figures_survive_storage_and_add_up() {
        let mut figures = Figures { arrived: 1, duplicates: 2, parked: 3, handled: 4, ..Figures::default() };
        figures.failed_attempts = 5;
        figures.dead = 6;
        figures.latency.record(Duration::from_secs(1));
        figures.attempt_duration.record(Duration::from_secs(9));
        let stored = Figures::from_sums(&figures.to_sums());
        assert_eq!(stored, figures);
        figures.add(&stored);
        assert_eq!((figures.arrived, figures.dead), (2, 12));
        assert_eq!((figures.latency.count(), figures.attempt_duration.count()), (2, 2));
        assert_eq!(Figures::from_sums(&[7]), Figures { arrived: 7, ..Figures::default() });
    }
}
