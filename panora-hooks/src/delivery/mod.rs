//! Verified deliveries.

pub(crate) mod json_string;
mod payload;
mod transaction;

use std::{borrow::Cow, fmt, ops::Deref, time::SystemTime};

use bytestring::ByteString;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

pub use self::payload::{PayloadError, is_name};
pub(crate) use self::transaction::TransactionSlot;
use crate::catalogue;

/// A delivery whose data was signed by a holder of the secret.
///
/// Only the data is authenticated. The sender signs neither the event's type nor its id.
#[derive(Clone)]
pub struct Delivery<'b> {
    content: [u8; 32],
    id: Cow<'b, str>,
    wire_type: Cow<'b, str>,
    event_type: Option<&'static str>,
    data: Data<'b>,
    attempt: u32,
    run: u32,
    received_at: SystemTime,
    /// The transaction of the hook about to run, if it takes one.
    transaction: Option<TransactionSlot>,
}

impl<'b> Delivery<'b> {
    /// Creates a delivery whose data has the signature `content`.
    pub(crate) fn new(content: [u8; 32], id: Cow<'b, str>, wire_type: Cow<'b, str>, data: &'b str) -> Self {
        Self {
            content,
            id,
            wire_type,
            event_type: None,
            data: Data::Borrowed(data),
            attempt: 1,
            run: 1,
            received_at: SystemTime::now(),
            transaction: None,
        }
    }

    /// Creates a delivery that was stored, for its first attempt.
    pub(crate) fn stored(
        content: [u8; 32],
        id: String,
        wire_type: String,
        data: ByteString,
        received_at: SystemTime,
    ) -> Delivery<'static> {
        Delivery {
            content,
            id: Cow::Owned(id),
            wire_type: Cow::Owned(wire_type),
            event_type: None,
            data: Data::Shared(data),
            attempt: 1,
            run: 1,
            received_at,
            transaction: None,
        }
    }

    /// Returns `id_event` of the body: a UUID, the same if the sender repeats the event. Not
    /// authenticated.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Returns the event type under the name that hooks and endpoints use, such as
    /// `crm.company.created`. A type that the [catalogue](crate::catalogue) does not hold is
    /// returned as on the wire. Not authenticated.
    #[must_use]
    pub fn event_type(&self) -> &str {
        let in_catalogue = || catalogue::find(&self.wire_type).map(catalogue::EventType::name);
        self.event_type.or_else(in_catalogue).unwrap_or(&self.wire_type)
    }

    /// Returns `type` of the body, such as `crm.company.push`. Not authenticated.
    #[must_use]
    pub fn wire_type(&self) -> &str {
        &self.wire_type
    }

    /// Returns the JSON text of `data`, exactly as it was signed: mostly a string that contains
    /// JSON.
    #[must_use]
    pub fn data(&self) -> &str {
        &self.data
    }

    /// Returns the verified signature of the data. Other data has another signature.
    pub(crate) fn content(&self) -> &[u8; 32] {
        &self.content
    }

    /// Returns the text of [`data`](Self::data), copied if it is borrowed.
    pub(crate) fn into_data(self) -> ByteString {
        match self.data {
            Data::Borrowed(text) => text.into(),
            Data::Shared(text) => text,
        }
    }

    /// Decodes the payload. `data` may be a string that contains the payload's JSON, or the JSON
    /// itself.
    ///
    /// # Errors
    ///
    /// Returns an error if the payload is not JSON or does not fit `T`. The error names the field,
    /// never its value.
    pub fn payload<T: DeserializeOwned>(&self) -> Result<T, PayloadError> {
        payload::decode(self.data()).map_err(|problem| PayloadError::new(self.event_type(), problem))
    }

    /// Reads a part of the payload with a function that takes its JSON. Returns `None` if that
    /// fails.
    pub(crate) fn read_payload<T>(&self, read: impl Fn(&str) -> serde_json::Result<T>) -> Option<T> {
        payload::read(self.data(), read)
    }

    /// Returns whether the payload is `null`, which the sender sends when it has nothing to send.
    #[allow(dead_code, reason = "called only by `AnyEvent`, which needs the feature of a vertical")]
    pub(crate) fn is_null(&self) -> bool {
        matches!(self.data(), "null" | r#""null""#)
    }

    /// Returns the number of this attempt, counted from 1.
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// Returns the run of the event: 1, and one more for each replay of it after it was done or
    /// dead.
    #[must_use]
    pub fn run(&self) -> u32 {
        self.run
    }

    /// Returns when the delivery arrived.
    #[must_use]
    pub fn received_at(&self) -> SystemTime {
        self.received_at
    }

    /// Sets the event type to the name that is used by the hook about to run.
    pub(crate) fn with_event_type(self, event_type: Option<&'static str>) -> Self {
        Self { event_type, ..self }
    }

    /// Sets the number of the attempt.
    pub(crate) fn with_attempt(self, attempt: u32) -> Self {
        Self { attempt, ..self }
    }

    /// Sets the run.
    pub(crate) fn with_run(self, run: u32) -> Self {
        Self { run, ..self }
    }

    /// Lends the hook about to run a transaction.
    pub(crate) fn with_transaction(self, transaction: TransactionSlot) -> Self {
        Self { transaction: Some(transaction), ..self }
    }

    /// Returns the place of the transaction, if the hook takes one.
    pub(crate) fn transaction(&self) -> Option<&TransactionSlot> {
        self.transaction.as_ref()
    }

    /// Returns the [identity](identity) of the event.
    pub(crate) fn identity(&self) -> [u8; 48] {
        identity(&self.content, &self.id, &self.wire_type)
    }

    /// Replaces the borrow of `body` with shared ownership of its text.
    pub(crate) fn into_shared(self, body: &ByteString) -> Delivery<'static> {
        Delivery {
            content: self.content,
            id: Cow::Owned(self.id.into_owned()),
            wire_type: Cow::Owned(self.wire_type.into_owned()),
            event_type: self.event_type,
            data: Data::Shared(match self.data {
                Data::Borrowed(text) => body.slice_ref(text),
                Data::Shared(text) => text,
            }),
            attempt: self.attempt,
            run: self.run,
            received_at: self.received_at,
            transaction: self.transaction,
        }
    }
}

/// Returns the identity of an event: 32 bytes for its data, and 16 for its id and type.
pub(crate) fn identity(content: &[u8; 32], id: &str, wire_type: &str) -> [u8; 48] {
    let mut name = Sha256::new();
    name.update((id.len() as u64).to_le_bytes());
    name.update(id);
    name.update(wire_type);
    let mut identity = [0; 48];
    identity[..32].copy_from_slice(content);
    identity[32..].copy_from_slice(&name.finalize()[..16]);
    identity
}

/// Leaves out the data, which may hold credentials.
impl fmt::Debug for Delivery<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delivery")
            .field("id", &self.id)
            .field("event_type", &self.event_type())
            .field("wire_type", &self.wire_type)
            .field("attempt", &self.attempt)
            .field("run", &self.run)
            .field("received_at", &self.received_at)
            .field("data_bytes", &self.data.len())
            .finish_non_exhaustive()
    }
}

/// The verified text.
#[derive(Clone)]
enum Data<'b> {
    /// Part of a body that outlives the delivery.
    Borrowed(&'b str),
    /// Keeps its body alive.
    Shared(ByteString),
}

impl Deref for Data<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Self::Borrowed(text) => text,
            Self::Shared(text) => text,
        }
    }
}
