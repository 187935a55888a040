//! [`Marker`]: the key of a run of an event.

use sha2::{Digest, Sha256};

use crate::delivery::Delivery;

/// The key under which a database notes that a run of an event is done.
///
/// The same delivery has the same identity at every receiver and in every store. A deliberate
/// replay has another run.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Marker {
    identity: [u8; 32],
    run: u32,
}

impl Marker {
    pub(super) fn of(delivery: &Delivery<'_>) -> Self {
        // Hashed, because a part of the identity is the signature.
        Self { identity: Sha256::digest(delivery.identity()).into(), run: delivery.run() }
    }

    /// Returns a SHA-256 hash of the event's [identity](crate::inbox::NewEvent::identity). It
    /// reveals nothing of the payload or the secret.
    #[must_use]
    pub fn identity(&self) -> &[u8; 32] {
        &self.identity
    }

    /// Returns the run of the event: 1, and one more for each replay of it after it was done or
    /// dead.
    #[must_use]
    pub fn run(&self) -> u32 {
        self.run
    }
}
