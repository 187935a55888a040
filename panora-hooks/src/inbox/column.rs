//! Keys, fences and lanes as columns of a database.

use super::{EventKey, LeaseToken};

/// The lane of an event.
pub(super) type LaneBytes = [u8; 16];

/// Returns the number of the row with a key, which has 64 bits. A key that no row can have becomes
/// the largest number, which no row ever gets.
pub(super) fn seq(key: EventKey) -> i64 {
    i64::try_from(key.number()).unwrap_or(i64::MAX)
}

/// Returns the key of a row. Rows are numbered from 1.
pub(super) fn key(seq: i64) -> EventKey {
    EventKey::new(seq.unsigned_abs().into())
}

/// Returns the token of a leased row.
pub(super) fn token(seq: i64, fence: i64) -> LeaseToken {
    LeaseToken::new(key(seq), fence.unsigned_abs().into())
}

/// Returns the fence of a token. One that no row can have becomes -1, which no lease ever gets.
pub(super) fn fence(token: LeaseToken) -> i64 {
    i64::try_from(token.fence()).unwrap_or(-1)
}
