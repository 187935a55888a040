//! Ages and times on the command line.

use std::time::{Duration, SystemTime};

use jiff::{Span, SpanRelativeTo, Timestamp};

/// Parses an age such as `90s`, `12h` or `7d`. A day has 24 hours.
pub(crate) fn age(text: &str) -> Result<Duration, String> {
    let span: Option<Span> = text.parse().ok();
    let age = span.and_then(|span| span.to_duration(SpanRelativeTo::days_are_24_hours()).ok());
    let age = age.and_then(|age| Duration::try_from(age).ok());
    age.ok_or_else(|| "expected an age such as `90s`, `12h` or `7d`".to_owned())
}

/// Parses an age, or a time such as `2026-11-27T09:00:00Z`.
pub(crate) fn moment(text: &str) -> Result<SystemTime, String> {
    if let Ok(age) = age(text) {
        return Ok(ago(age));
    }
    let time = text.parse::<Timestamp>().ok().and_then(|time| SystemTime::try_from(time).ok());
    let expected = "expected an age such as `90s`, `12h` or `7d`, or a time such as `2026-11-27T09:00:00Z`";
    time.ok_or_else(|| expected.to_owned())
}

pub(crate) fn ago(age: Duration) -> SystemTime {
    SystemTime::now().checked_sub(age).unwrap_or(SystemTime::UNIX_EPOCH)
}
