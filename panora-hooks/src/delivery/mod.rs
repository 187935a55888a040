//! A verified delivery.

pub(crate) mod json_string;
mod payload;

use std::{borrow::Cow, fmt, ops::Deref, time::SystemTime};

use bytestring::ByteString;
use serde::de::DeserializeOwned;

pub use self::payload::{PayloadError, is_name};
use crate::catalogue;

/// A delivery whose data is what the holder of the secret signed.
///
/// Only the data is: the sender signs neither the event's type nor its id.
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
    /// A delivery whose data has the signature `content`.
    pub(crate) fn new(content: [u8; 32], id: Cow<'b, str>, wire_type: Cow<'b, str>, data: &'b str) -> Self {
        let data = Data::Borrowed(data);
        Self { content, id, wire_type, event_type: None, data, attempt: 1, received_at: SystemTime::now() }
    }

    /// A delivery that was stored, for one of its attempts.
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

    /// `id_event` of the body: a UUID, the same if the sender repeats the event. Not authenticated.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The type under the name that hooks and endpoints use, such as `crm.company.created`. What the
    /// [catalogue](crate::catalogue) does not hold is as on the wire. Not authenticated.
    #[must_use]
    pub fn event_type(&self) -> &str {
        let in_catalogue = || catalogue::find(&self.wire_type).map(catalogue::EventType::name);
        self.event_type.or_else(in_catalogue).unwrap_or(&self.wire_type)
    }

    /// `type` of the body, such as `crm.company.push`. Not authenticated.
    #[must_use]
    pub fn wire_type(&self) -> &str {
        &self.wire_type
    }

    /// The JSON text of `data`, exactly as it was signed: mostly a string that contains JSON.
    #[must_use]
    pub fn data(&self) -> &str {
        &self.data
    }

    /// The signature of the data, which was verified: other data has another.
    pub(crate) fn content(&self) -> &[u8; 32] {
        &self.content
    }

    /// The text of [`data`](Self::data), copied if it is borrowed.
    pub(crate) fn into_data(self) -> ByteString {
        match self.data {
            Data::Borrowed(text) => text.into(),
            Data::Shared(text) => text,
        }
    }

    /// Decodes the payload, whether `data` is a string that contains its JSON or the JSON itself.
    ///
    /// # Errors
    ///
    /// If the payload is not JSON, or not what `T` takes. The error names the field, never its value.
    pub fn payload<T: DeserializeOwned>(&self) -> Result<T, PayloadError> {
        payload::decode(self.data())
            .map_err(|problem| PayloadError::new(self.id(), self.event_type(), problem))
    }

    /// Whether the payload is `null`, which the sender makes of nothing.
    #[allow(dead_code, reason = "there may be no vertical, whose `AnyEvent` asks")]
    pub(crate) fn is_null(&self) -> bool {
        matches!(self.data(), "null" | r#""null""#)
    }

    /// How often this event has been tried, beginning with 1.
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// When the delivery arrived.
    #[must_use]
    pub fn received_at(&self) -> SystemTime {
        self.received_at
    }

    /// Names the type as the hook does that is about to get it.
    pub(crate) fn with_event_type(self, event_type: Option<&'static str>) -> Self {
        Self { event_type, ..self }
    }

    /// Says how often the event has been tried.
    #[cfg(feature = "testing")]
    pub(crate) fn with_attempt(self, attempt: u32) -> Self {
        Self { attempt, ..self }
    }

    /// Frees the delivery from its borrow of `body`, whose text it keeps instead.
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

/// Everything but the data, which may hold credentials.
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

/// The text that was verified.
#[derive(Clone)]
enum Data<'b> {
    /// In a body that outlives it.
    Borrowed(&'b str),
    /// Keeping its body alive.
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
