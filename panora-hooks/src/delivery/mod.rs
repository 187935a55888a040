//! Verified deliveries.

pub(crate) mod json_string;
mod payload;

use std::{borrow::Cow, fmt, ops::Deref, time::SystemTime};

use bytestring::ByteString;
use serde::de::DeserializeOwned;

pub use self::payload::{PayloadError, is_name};
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
    received_at: SystemTime,
}

impl<'b> Delivery<'b> {
    /// Creates a delivery whose data has the signature `content`.
    pub(crate) fn new(content: [u8; 32], id: Cow<'b, str>, wire_type: Cow<'b, str>, data: &'b str) -> Self {
        let data = Data::Borrowed(data);
        Self { content, id, wire_type, event_type: None, data, attempt: 1, received_at: SystemTime::now() }
    }

    /// Creates a delivery that was stored, for one of its attempts.
    pub(crate) fn stored(
        content: [u8; 32],
        id: String,
        wire_type: String,
        data: ByteString,
        attempt: u32,
        received_at: SystemTime,
    ) -> Delivery<'static> {
        let (id, wire_type, data) = (Cow::Owned(id), Cow::Owned(wire_type), Data::Shared(data));
        Delivery { content, id, wire_type, event_type: None, data, attempt, received_at }
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
    #[cfg(feature = "testing")]
    pub(crate) fn with_attempt(self, attempt: u32) -> Self {
        Self { attempt, ..self }
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
            received_at: self.received_at,
        }
    }
}

/// Leaves out the data, which may hold credentials.
impl fmt::Debug for Delivery<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delivery")
            .field("id", &self.id)
            .field("event_type", &self.event_type())
            .field("wire_type", &self.wire_type)
            .field("attempt", &self.attempt)
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
