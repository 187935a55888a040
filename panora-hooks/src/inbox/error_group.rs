//! Groups of dead events that died of the same error.

use std::{fmt, num::ParseIntError, str::FromStr, time::SystemTime};

use sha2::{Digest, Sha256};

use super::Count;
use crate::catalogue;

/// The text between the number of attempts and the last error, in the reason of an event whose
/// attempts have all failed.
pub(crate) const EXHAUSTED: &str = " attempts failed, the last: ";

/// The fingerprint of an error text: equal for texts that differ only in numbers, identifiers with
/// digits, UUIDs and quoted text.
///
/// `Display` and [`FromStr`] use 16 hexadecimal digits.
///
/// ```
/// use panora_hooks::inbox::Fingerprint;
///
/// let first = Fingerprint::of(r#"customer 17 is missing: "ada@example.com""#);
/// assert_eq!(first, Fingerprint::of(r#"customer 4711 is missing: "grace@example.com""#));
/// assert_ne!(first, Fingerprint::of("customer 17 is locked"));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(u64);

impl Fingerprint {
    /// The fingerprint of events that were buried by a version without fingerprints.
    pub const UNKNOWN: Self = Self(0);

    /// Returns the fingerprint of an error text.
    #[must_use]
    pub fn of(error: &str) -> Self {
        let digest = Sha256::digest(shape(error));
        let mut first = [0; 8];
        first.copy_from_slice(&digest[..8]);
        // Positive as a 64-bit column, and never the unknown one.
        Self((u64::from_be_bytes(first) >> 1).max(1))
    }

    /// Creates the fingerprint with this number, for a store.
    #[must_use]
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// Returns the number, for a store. It is below 2⁶³.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl FromStr for Fingerprint {
    type Err = ParseIntError;

    fn from_str(text: &str) -> Result<Self, ParseIntError> {
        u64::from_str_radix(text, 16).map(Self)
    }
}

/// Replaces the parts of an error that differ from event to event with `#`. The same error has one
/// shape, whether it was permanent or failed all attempts.
fn shape(error: &str) -> String {
    let mut shape = String::with_capacity(error.len());
    let mut rest = match error.split_once(EXHAUSTED) {
        Some((number, last)) if number.starts_with("all ") => last,
        _ => error,
    };
    while let Some(first) = rest.chars().next() {
        let is_after_word = shape.ends_with(char::is_alphanumeric);
        let length = variable(rest, first, is_after_word);
        if length > 0 {
            // Parts that are joined by punctuation, as in a date or a version, are one part.
            let joint = shape.trim_end_matches(['.', ':', ',', '-', '_', '/', '+']).len();
            if shape[..joint].ends_with('#') {
                shape.truncate(joint);
            } else {
                shape.push('#');
            }
            rest = &rest[length..];
            continue;
        }
        let length = word(rest).max(first.len_utf8());
        shape.push_str(&rest[..length]);
        rest = &rest[length..];
    }
    shape
}

/// Returns the length of the part at the beginning of `rest` that differs from event to event; 0 if
/// there is none.
fn variable(rest: &str, first: char, is_after_word: bool) -> usize {
    match first {
        // An apostrophe inside a word is not a quotation mark.
        '\'' if !is_after_word => rest[1..].find(first).map_or(0, |end| end + 2),
        // A quotation without an end reaches the end of the text, which may have been cut there.
        '"' | '`' if !is_after_word => rest[1..].find(first).map_or(rest.len(), |end| end + 2),
        _ if !is_after_word && is_uuid(rest) => 36,
        _ => {
            let length = word(rest);
            if rest[..length].contains(|c: char| c.is_ascii_digit()) { length } else { 0 }
        }
    }
}

/// Returns the length of the word at the beginning of `rest`.
fn word(rest: &str) -> usize {
    rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len())
}

fn is_uuid(rest: &str) -> bool {
    let Some(uuid) = rest.as_bytes().get(..36) else { return false };
    uuid.iter().enumerate().all(|(place, byte)| match place {
        8 | 13 | 18 | 23 => *byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    })
}

/// Dead events of one type that died of the same error.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ErrorGroup {
    /// The fingerprint of the error. [`Filter::error_group`](super::Filter::error_group) selects
    /// the events with it.
    pub fingerprint: Fingerprint,
    /// `type` of the events. Not authenticated.
    pub wire_type: String,
    /// The number of events.
    pub count: Count,
    /// When the first event of the group arrived.
    pub oldest: SystemTime,
    /// When the last event of the group arrived.
    pub newest: SystemTime,
    /// The reason of the last event of the group.
    pub example: String,
}

impl ErrorGroup {
    /// Creates a group of one event.
    #[must_use]
    pub fn new(
        fingerprint: Fingerprint,
        wire_type: String,
        received_at: SystemTime,
        example: String,
    ) -> Self {
        let count = Count::exactly(1);
        Self { fingerprint, wire_type, count, oldest: received_at, newest: received_at, example }
    }

    /// Returns the type under the name that hooks and endpoints use.
    #[must_use]
    pub fn event_type(&self) -> &str {
        match catalogue::find(&self.wire_type) {
            Some(known) => known.name(),
            None => &self.wire_type,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_identifiers_and_quoted_text_have_no_effect() {
        for (error, expected) in [
            ("customer 17 is missing", "customer # is missing"),
            ("all 16 attempts failed, the last: 503 of x", "# of x"),
            ("user 7a0c9de4-11f5-4a3b-8f5e-0a1b2c3d4e5f", "user #"),
            ("user deadbeef-dead-beef-dead-beefdeadbeef!", "user #!"),
            ("at 2026-11-27T09:00:00.123Z", "at #"),
            ("at 2026-11-27T09:00:00Z", "at #"),
            (r#"no "Ada", `x` or 'y'"#, "no #, # or #"),
            ("it doesn't work, it can't", "it doesn't work, it can't"),
            ("an open \" quotation", "an open #"),
            ("rock 'n roll", "rock 'n roll"),
            ("größe 12 µs", "größe # µs"),
            ("", ""),
        ] {
            assert_eq!(shape(error), expected, "{error}");
        }
    }

    /// Stores hold fingerprints, so that another number would split every group.
    #[test]
    fn a_fingerprint_never_changes() {
        for (error, expected) in [("", "71d862214c7e0e0a"), ("customer 17 is missing", "15c7747c6bf29ecb")] {
            assert_eq!(Fingerprint::of(error).to_string(), expected);
        }
    }
}
