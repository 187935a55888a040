//! The grammar of durations: one whole number and a unit, as in `30s`.

use std::time::Duration;

/// The longest duration, in hours: a year. It is far from the largest times that clocks can hold.
const MAX_HOURS: u64 = 365 * 24;

const MILLIS_PER_HOUR: u64 = 60 * 60 * 1000;

/// The reason why a string is not a duration.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct DurationError {
    pub(crate) message: String,
    pub(crate) help: Option<String>,
}

impl DurationError {
    fn helped(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { message: message.into(), help: Some(help.into()) }
    }
}

/// Parses a duration. Zero is valid in any unit, and without one.
pub(crate) fn parse(text: &str) -> Result<Duration, DurationError> {
    let unit_at = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(unit_at);
    if number.is_empty() || !unit.chars().all(|c| c.is_ascii_alphabetic()) {
        return Err(malformed(text));
    }
    let number = number.trim_start_matches('0');
    if number.is_empty() {
        return Ok(Duration::ZERO);
    }
    let millis_per_unit = match unit {
        "ms" => 1,
        "s" => 1000,
        "m" => 60 * 1000,
        "h" => MILLIS_PER_HOUR,
        "" => {
            let message = format!("duration `{number}` has no unit");
            return Err(DurationError::helped(message, format!("write `{number}s`, or use `ms`, `m`, `h`")));
        }
        _ => return Err(unknown_unit(number, unit)),
    };
    let number: Option<u64> = number.parse().ok();
    number
        .and_then(|number| number.checked_mul(millis_per_unit))
        .filter(|millis| *millis <= MAX_HOURS * MILLIS_PER_HOUR)
        .map(Duration::from_millis)
        .ok_or_else(|| {
            DurationError::helped("duration is too long", format!("at most `{MAX_HOURS}h` (a year)"))
        })
}

fn malformed(text: &str) -> DurationError {
    let joined: String = text.split_whitespace().collect();
    if joined != text && parse(&joined).is_ok_and(|duration| !duration.is_zero()) {
        return DurationError::helped("duration has white space", format!("write `{joined}`"));
    }
    DurationError { message: "expected one whole number and a unit, as in `90m`".to_owned(), help: None }
}

fn unknown_unit(number: &str, unit: &str) -> DurationError {
    let known = match unit.to_ascii_lowercase().as_str() {
        "msec" | "msecs" | "millis" | "millisecond" | "milliseconds" => Some("ms"),
        "s" | "sec" | "secs" | "second" | "seconds" => Some("s"),
        "min" | "mins" | "minute" | "minutes" => Some("m"),
        "h" | "hr" | "hrs" | "hour" | "hours" => Some("h"),
        _ => None,
    };
    let help = match known {
        Some(unit) => format!("write `{number}{unit}`"),
        None => "use `ms`, `s`, `m` or `h`".to_owned(),
    };
    DurationError::helped(format!("unknown unit `{unit}`"), help)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> (String, Option<String>) {
        let DurationError { message, help } = parse(text).unwrap_err();
        (message, help)
    }

    #[test]
    fn units() {
        for (text, millis) in
            [("1ms", 1), ("250ms", 250), ("30s", 30_000), ("5m", 300_000), ("2h", 7_200_000), ("007s", 7000)]
        {
            assert_eq!(parse(text), Ok(Duration::from_millis(millis)), "{text}");
        }
    }

    #[test]
    fn a_year_is_the_longest() {
        let year = Duration::from_secs(365 * 24 * 60 * 60);
        assert_eq!(parse("8760h"), Ok(year));
        assert_eq!(parse("31536000000ms"), Ok(year));
        for text in ["31536000001ms", "8761h", "18446744073709551615h", "99999999999999999999999h"] {
            let help = Some("at most `8760h` (a year)".to_owned());
            assert_eq!(error(text), ("duration is too long".to_owned(), help), "{text}");
        }
    }

    #[test]
    fn zero_is_zero_in_any_unit() {
        for text in ["0", "0s", "000ms", "0days"] {
            assert_eq!(parse(text), Ok(Duration::ZERO), "{text}");
        }
    }

    #[test]
    fn the_help_says_how_to_write_it() {
        for (text, message, help) in [
            ("30", "duration `30` has no unit", "write `30s`, or use `ms`, `m`, `h`"),
            ("30sec", "unknown unit `sec`", "write `30s`"),
            ("30S", "unknown unit `S`", "write `30s`"),
            ("5min", "unknown unit `min`", "write `5m`"),
            ("2hours", "unknown unit `hours`", "write `2h`"),
            ("7d", "unknown unit `d`", "use `ms`, `s`, `m` or `h`"),
            // Minutes or months.
            ("7M", "unknown unit `M`", "use `ms`, `s`, `m` or `h`"),
            ("30 s", "duration has white space", "write `30s`"),
            (" 30s\n", "duration has white space", "write `30s`"),
        ] {
            assert_eq!(error(text), (message.to_owned(), Some(help.to_owned())), "{text}");
        }
    }

    #[test]
    fn anything_else_is_not_one_whole_number_and_a_unit() {
        for text in ["", "s", " ", "1.5s", "0.5s", "-1s", "+1s", "1h30m", "1h 30m", "30µs", "٣s", "1_000s"]
        {
            let message = "expected one whole number and a unit, as in `90m`";
            assert_eq!(error(text), (message.to_owned(), None), "{text}");
        }
    }
}
