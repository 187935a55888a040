//! A body has the verdict, and the slices, that `serde_json` alone would give it.

use std::fmt;

use panora_hooks::{Verifier, VerifyError};
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;

use crate::SECRET;

/// # Panics
///
/// If it has another.
pub fn check(body: &[u8]) {
    let verifier = Verifier::new(SECRET).unwrap();
    let expected = Expected::of(body);
    // A signature of nothing tells bodies that are read from those that are not.
    let unsigned = verifier.verify(body, "0".repeat(64)).map(|delivery| delivery.id().to_owned());
    let verdict = expected.as_ref().map_or_else(|error| *error, |_| VerifyError::SignatureMismatch);
    assert_eq!(unsigned, Err(verdict));

    let Ok(Expected { id, wire_type, data }) = expected else { return };
    let delivery = verifier.verify(body, verifier.sign(data)).unwrap();
    assert_eq!((delivery.id(), delivery.wire_type()), (&*id, &*wire_type));
    assert!(std::ptr::eq(delivery.data(), data), "other data was verified than is decoded");
}

struct Expected<'b> {
    id: String,
    wire_type: String,
    data: &'b str,
}

impl<'b> Expected<'b> {
    fn of(body: &'b [u8]) -> Result<Self, VerifyError> {
        let body = std::str::from_utf8(body).map_err(|_| VerifyError::Malformed)?;
        let Members(members) = serde_json::from_str(body).map_err(|_| VerifyError::Malformed)?;
        let (mut id, mut data, mut wire_type, mut duplicate) = (None, None, None, None);
        for (key, value) in members {
            let text = || serde_json::from_str::<String>(value.get()).map_err(|_| VerifyError::Malformed);
            let (name, is_duplicate) = match &*key {
                "id_event" => ("id_event", id.replace(text()?).is_some()),
                "type" => ("type", wire_type.replace(text()?).is_some()),
                "data" => ("data", data.replace(value.get()).is_some()),
                _ => continue,
            };
            if is_duplicate {
                duplicate = Some(name);
            }
        }
        if let Some(key) = duplicate {
            return Err(VerifyError::DuplicateKey(key));
        }
        let data = data.ok_or(VerifyError::MissingKey("data"))?;
        let id = id.ok_or(VerifyError::MissingKey("id_event"))?;
        let wire_type = wire_type.ok_or(VerifyError::MissingKey("type"))?;
        if id.is_empty() || wire_type.is_empty() {
            return Err(VerifyError::Malformed);
        }
        Ok(Self { id, wire_type, data })
    }
}

/// The members of an object, as often as they stand there.
struct Members<'b>(Vec<(String, &'b RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MembersVisitor;

        impl<'de> Visitor<'de> for MembersVisitor {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(MembersVisitor)
    }
}
