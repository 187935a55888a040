//! Times, durations and numbers in words.

use std::time::{Duration, SystemTime};

use jiff::{Timestamp, civil::DateTime, tz::Offset};
use maud::{Markup, html};
use panora_hooks::inbox::Count;

/// Returns a time as an element with the date and the time in UTC.
pub(crate) fn time(time: SystemTime) -> Markup {
    html! { time datetime=(strftime(time, "%Y-%m-%dT%H:%M:%SZ")) { (strftime(time, "%Y-%m-%d %H:%M:%S UTC")) } }
}

/// Formats a time in UTC.
pub(crate) fn strftime(time: SystemTime, format: &str) -> String {
    // A time outside the years of jiff comes from a broken clock.
    let time = Timestamp::try_from(time).unwrap_or(Timestamp::UNIX_EPOCH);
    time.strftime(format).to_string()
}

/// Returns a time in the form of the input `datetime-local`, in UTC.
pub(crate) fn parameter(time: SystemTime) -> String {
    strftime(time, "%Y-%m-%dT%H:%M:%S%.f")
}

/// Parses a time with an offset, or a time in UTC that was written by [`parameter`] or by a
/// browser.
pub(crate) fn parse_parameter(text: &str) -> Option<SystemTime> {
    // First, because a civil time is parsed without its offset.
    let time = text.parse::<Timestamp>().ok();
    let time = time.or_else(|| Offset::UTC.to_timestamp(text.parse::<DateTime>().ok()?).ok());
    time?.try_into().ok()
}

/// Returns a duration with one or two units, such as `3 min 5 s`.
pub(crate) fn duration(duration: Duration) -> String {
    const UNITS: [(&str, u64); 4] = [("d", 86_400), ("h", 3600), ("min", 60), ("s", 1)];
    let (seconds, millis) = (duration.as_secs(), duration.subsec_millis());
    match seconds {
        0 if millis == 0 && !duration.is_zero() => return "under 1 ms".to_owned(),
        0 => return format!("{millis} ms"),
        1..10 if millis >= 100 => return format!("{seconds}.{} s", millis / 100),
        _ => {}
    }
    let Some(first) = UNITS.iter().position(|(_, length)| seconds >= *length) else {
        return String::new();
    };
    let (unit, length) = UNITS[first];
    let whole = format!("{} {unit}", seconds / length);
    match UNITS.get(first + 1) {
        Some((unit, smaller)) if seconds % length >= *smaller => {
            format!("{whole} {} {unit}", seconds % length / smaller)
        }
        _ => whole,
    }
}

/// Returns a number with a comma after each group of thousands.
pub(crate) fn number(number: impl Into<u128>) -> String {
    let digits = number.into().to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Returns a count, such as `10,000+`.
pub(crate) fn count(count: Count) -> String {
    let plus = if count.is_exact() { "" } else { "+" };
    format!("{}{plus}", number(count.number()))
}

/// Returns a number of events in words, such as `1 event` or `10,000+ events`.
pub(crate) fn events(events: Count) -> String {
    let noun = if events == 1 { "event" } else { "events" };
    format!("{} {noun}", count(events))
}

/// Returns a size in bytes.
pub(crate) fn bytes(bytes: u64) -> String {
    match bytes {
        0..1024 => format!("{bytes} bytes"),
        1024..1_048_576 => format!("{} KiB", number(bytes / 1024)),
        _ => format!("{} MiB", number(bytes / 1_048_576)),
    }
}

/// Returns the text of an error as a sentence.
pub(crate) fn sentence(error: &dyn std::error::Error) -> String {
    let text = error.to_string();
    let mut chars = text.chars();
    let first: String = chars.next().into_iter().flat_map(char::to_uppercase).collect();
    format!("{first}{}.", chars.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_at_most_two_units() {
        for (millis, expected) in [
            (0, "0 ms"),
            (250, "250 ms"),
            (1500, "1.5 s"),
            (59_900, "59 s"),
            (185_000, "3 min 5 s"),
            (180_000, "3 min"),
            (90_000_000, "1 d 1 h"),
        ] {
            assert_eq!(duration(Duration::from_millis(millis)), expected);
        }
        assert_eq!(duration(Duration::from_micros(3)), "under 1 ms");
    }

    #[test]
    fn numbers_have_commas_and_counts_a_plus() {
        assert_eq!(number(1_234_567_u64), "1,234,567");
        assert_eq!(number(999_u64), "999");
        assert_eq!(events(Count::at_least(10_000)), "10,000+ events");
        assert_eq!(events(Count::exactly(1)), "1 event");
    }

    #[test]
    fn times_survive_a_url() {
        let time = SystemTime::UNIX_EPOCH + Duration::from_micros(1_764_243_025_000_001);
        assert_eq!(parse_parameter(&parameter(time)), Some(time));
        assert!(parse_parameter("2026-11-27T11:30").is_some());
        assert_eq!(parse_parameter("yesterday"), None);
    }

    #[test]
    fn an_offset_of_a_time_counts() {
        let utc = parse_parameter("2026-11-27T09:30").unwrap();
        for text in ["2026-11-27T09:30Z", "2026-11-27T09:30:00Z", "2026-11-27T11:30:00+02:00"] {
            assert_eq!(parse_parameter(text), Some(utc), "{text}");
        }
    }
}
