//! Lanes: which events run one at a time.

use std::{fmt, str::FromStr};

/// A lane: events that run one at a time, in the order of arrival.
///
/// A lane belongs to one hook with the option [`serial`](crate::on) or
/// [`serial_by`](crate::on). It is a hash, from which the value in the payload cannot be read.
/// `Display` and [`FromStr`] use 32 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lane([u8; 16]);

impl Lane {
    /// Creates a lane from its bytes, for a store.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Returns the bytes, for a store.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 16] {
        self.0
    }
}

impl fmt::Display for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

/// The error of a text that is not a lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a lane of 32 hexadecimal digits, as `panora-hooks inbox show` prints it")]
#[non_exhaustive]
pub struct ParseLaneError;

impl FromStr for Lane {
    type Err = ParseLaneError;

    fn from_str(text: &str) -> Result<Self, ParseLaneError> {
        let is_hex = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let number = is_hex.then(|| u128::from_str_radix(text, 16).ok()).flatten();
        number.map(|number| Self(number.to_be_bytes())).ok_or(ParseLaneError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lane_is_parsed_as_it_is_displayed() {
        let lane = Lane::from_bytes([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 255]);
        assert_eq!(lane.to_string(), "000102030405060708090a0b0c0d0eff");
        assert_eq!(lane.to_string().to_uppercase().parse(), Ok(lane));
        for text in ["", "0", "+00102030405060708090a0b0c0d0eff", "000102030405060708090a0b0c0d0eff0"] {
            assert_eq!(text.parse::<Lane>(), Err(ParseLaneError), "{text}");
        }
    }
}
