//! The envelope: the JSON object around `data`.

mod plain;

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{Error, IgnoredAny, MapAccess, Visitor},
};
use serde_json::value::RawValue;

use self::plain::{DATA, ID, PlainEnvelope, TYPE};
use super::VerifyError;
use crate::delivery::json_string;

/// The parts of a body.
#[derive(Debug)]
pub struct Envelope<'b> {
    /// `id_event`.
    pub id: Cow<'b, str>,
    /// `type`.
    pub wire_type: Cow<'b, str>,
    /// The JSON text of `data`. The same bytes are verified and decoded.
    pub data: &'b str,
}

impl<'b> Envelope<'b> {
    /// Parses a body.
    ///
    /// Keys are compared after decoding their escapes. Unknown keys are ignored, because the sender
    /// may add some. Unpaired surrogates in the id and the type become U+FFFD.
    ///
    /// # Errors
    ///
    /// Returns an error if the body is not the JSON object that Panora sends.
    pub fn parse(body: &'b str) -> Result<Self, VerifyError> {
        if let Some(PlainEnvelope { id, wire_type, data }) = plain::parse(body) {
            return Ok(Self { id: Cow::Borrowed(id), wire_type: Cow::Borrowed(wire_type), data });
        }
        match Self::parse_any(body) {
            Err(VerifyError::Malformed) => Self::parse_replaced(body),
            parsed => parsed,
        }
    }

    /// Parses a body with unpaired surrogates in the keys, the id or the type, which `serde_json`
    /// refuses.
    fn parse_replaced(body: &'b str) -> Result<Self, VerifyError> {
        let replaced = json_string::replace_unpaired(body).ok_or(VerifyError::Malformed)?;
        let Envelope { id, wire_type, data } = Envelope::parse_any(&replaced)?;
        // Takes `data` from the original body. The replacement moves nothing, so the position is
        // the same.
        let start = data.as_ptr().addr() - replaced.as_ptr().addr();
        let data = body.get(start..start + data.len()).ok_or(VerifyError::Malformed)?;
        let (id, wire_type) = (id.into_owned().into(), wire_type.into_owned().into());
        Ok(Self { id, wire_type, data })
    }

    /// Parses any JSON body with `serde_json`.
    fn parse_any(body: &'b str) -> Result<Self, VerifyError> {
        let Keys { id, wire_type, data, duplicate } =
            serde_json::from_str(body).map_err(|_| VerifyError::Malformed)?;
        if let Some(key) = duplicate {
            return Err(VerifyError::DuplicateKey(key));
        }
        let data = data.ok_or(VerifyError::MissingKey(DATA))?.get();
        let id = id.ok_or(VerifyError::MissingKey(ID))?.0;
        let wire_type = wire_type.ok_or(VerifyError::MissingKey(TYPE))?.0;
        if id.is_empty() || wire_type.is_empty() {
            return Err(VerifyError::Malformed);
        }
        Ok(Self { id, wire_type, data })
    }
}

/// The values of the known keys, and a key that appears more than once.
#[derive(Default)]
struct Keys<'b> {
    id: Option<JsonText<'b>>,
    wire_type: Option<JsonText<'b>>,
    data: Option<&'b RawValue>,
    duplicate: Option<&'static str>,
}

impl<'de> Deserialize<'de> for Keys<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeysVisitor;

        impl<'de> Visitor<'de> for KeysVisitor {
            type Value = Keys<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Keys<'de>, A::Error> {
                let mut keys = Keys::default();
                while let Some(JsonText(key)) = map.next_key()? {
                    let is_duplicate = match &*key {
                        ID => keys.id.replace(map.next_value()?).is_some(),
                        TYPE => keys.wire_type.replace(map.next_value()?).is_some(),
                        DATA => keys.data.replace(map.next_value()?).is_some(),
                        _ => {
                            map.next_value::<IgnoredAny>()?;
                            false
                        }
                    };
                    if is_duplicate {
                        keys.duplicate = [ID, TYPE, DATA].into_iter().find(|known| *known == key);
                    }
                }
                Ok(keys)
            }
        }

        deserializer.deserialize_map(KeysVisitor)
    }
}

/// A string that is borrowed unless it has escapes. (`Cow` itself always copies.)
struct JsonText<'b>(Cow<'b, str>);

impl<'de> Deserialize<'de> for JsonText<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;

        impl<'de> Visitor<'de> for TextVisitor {
            type Value = JsonText<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<JsonText<'de>, E> {
                Ok(JsonText(Cow::Borrowed(text)))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<JsonText<'de>, E> {
                Ok(JsonText(Cow::Owned(text.to_owned())))
            }
        }

        deserializer.deserialize_str(TextVisitor)
    }
}
