//! Conversion of times to the numbers that stores hold.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// How far the clock of a store may step back before a delay that a hook has asked for counts as
/// wrong.
pub(crate) const CLOCK_STEP: Duration = Duration::from_secs(60);

/// Returns a time in microseconds since 1970, which last for 292,000 years.
pub(crate) fn micros(time: SystemTime) -> i64 {
    match time.duration_since(UNIX_EPOCH) {
        Ok(since) => whole_micros(since),
        Err(before) => -whole_micros(before.duration()),
    }
}

/// Returns a duration in microseconds.
pub(crate) fn whole_micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

/// Returns the time that is this many microseconds after 1970.
pub(crate) fn time(micros: i64) -> SystemTime {
    let distance = Duration::from_micros(micros.unsigned_abs());
    let time = if micros < 0 { UNIX_EPOCH.checked_sub(distance) } else { UNIX_EPOCH.checked_add(distance) };
    time.unwrap_or(UNIX_EPOCH)
}
