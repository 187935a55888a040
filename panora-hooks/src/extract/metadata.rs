//! [`Metadata`]: the facts about an event besides its payload.

use std::{
    fmt::{self, Write},
    time::SystemTime,
};

use sha2::{Digest, Sha256};

use super::FromDelivery;
use crate::{
    delivery::{Delivery, identity},
    hook::HookError,
};

/// The facts about an event besides its payload.
///
/// The signature covers neither the id nor the type. Never grant anything on the type alone, and
/// format both with `{:?}`, because they may hold any text. Unpaired surrogates in them become
/// U+FFFD.
///
/// An event may be attempted more than once, and the process may die at any point of an attempt.
/// The [idempotency key](Self::idempotency_key) lets other systems recognise a repeated effect:
///
/// ```
/// use panora_hooks::{HookError, Metadata, State, on};
/// # #[derive(Clone)] struct Mailer;
/// # impl Mailer { async fn welcome(&self, _key: &str) -> Result<(), HookError> { Ok(()) } }
///
/// #[on("crm.contact.created")]
/// async fn contact_created(meta: Metadata, State(mailer): State<Mailer>) -> Result<(), HookError> {
///     // The provider sends one mail for each value of the header `Idempotency-Key`.
///     mailer.welcome(&meta.idempotency_key()).await
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Metadata {
    /// `id_event` of the body, a UUID. It stays the same if the sender repeats the event.
    pub id: String,
    /// The event type, the name that hooks and endpoints use, such as `crm.company.created`.
    pub event_type: String,
    /// The wire type, the `type` in the body, such as `crm.company.push`.
    pub wire_type: String,
    /// The number of this attempt: 1 for the first.
    pub attempt: u32,
    /// The run of the event: 1, and one more for each [replay](crate::inbox::Inbox::replay) of it
    /// after it was done or dead. 1 without an inbox.
    pub run: u32,
    /// When the delivery arrived.
    pub received_at: SystemTime,
    content: Content,
}

impl Metadata {
    /// Returns a key that is the same in all attempts of a run and different in every other run: a
    /// UUID of version 8, 36 characters long.
    ///
    /// Give it to systems that execute each key once: as the value of a header `Idempotency-Key`,
    /// or in a column with a `UNIQUE` constraint. An event that an operator replays on purpose has
    /// another key. So has an event that the sender repeats under another id.
    ///
    /// The key is a hash of the event's identity and run. It reveals nothing of the payload or the
    /// secret, so it may be sent to third parties. It is the same in every version of this crate.
    #[must_use]
    pub fn idempotency_key(&self) -> String {
        let mut hash = Sha256::new();
        hash.update(b"panora-hooks idempotency key");
        hash.update(identity(&self.content.0, &self.id, &self.wire_type));
        hash.update(self.run.to_le_bytes());
        let mut key = [0; 16];
        key.copy_from_slice(&hash.finalize()[..16]);
        // The version and the variant (RFC 9562, section 5.8).
        key[6] = key[6] & 0x0f | 0x80;
        key[8] = key[8] & 0x3f | 0x80;
        let mut text = String::with_capacity(36);
        for (index, byte) in key.iter().enumerate() {
            if matches!(index, 4 | 6 | 8 | 10) {
                text.push('-');
            }
            // Writing to a string cannot fail.
            let _ = write!(text, "{byte:02x}");
        }
        text
    }
}

/// The signature of the data, which `Debug` leaves out.
#[derive(Clone, PartialEq, Eq)]
struct Content([u8; 32]);

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("..")
    }
}

impl<S> FromDelivery<S> for Metadata {
    fn from_delivery(delivery: &Delivery<'_>, _state: &S) -> Result<Self, HookError> {
        Ok(Self {
            id: delivery.id().to_owned(),
            event_type: delivery.event_type().to_owned(),
            wire_type: delivery.wire_type().to_owned(),
            attempt: delivery.attempt(),
            run: delivery.run(),
            received_at: delivery.received_at(),
            content: Content(*delivery.content()),
        })
    }
}
