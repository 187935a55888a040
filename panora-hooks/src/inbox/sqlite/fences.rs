//! Fences of leases.

use std::time::SystemTime;

use crate::inbox::time::time;

/// Fences that contain the time of the lease, in milliseconds, above 20 random bits. None is given
/// twice.
#[derive(Clone, Copy, Default)]
pub(super) struct Fences {
    last: i64,
}

/// The number of random bits of a fence.
const RANDOM_BITS: u32 = 20;

impl Fences {
    pub(super) fn next(&mut self, now: i64) -> i64 {
        let millis = now.max(0) / 1000;
        let fence = (millis << RANDOM_BITS) | fastrand::i64(0..1 << RANDOM_BITS);
        self.last = fence.max(self.last + 1);
        self.last
    }

    /// Returns the time of the lease with a fence.
    pub(super) fn time(fence: i64) -> SystemTime {
        time((fence >> RANDOM_BITS).saturating_mul(1000))
    }
}
