//! The verdict on a body, and its slices, agree with our own JSON reader.
//!
//! That reader shares no code with the library, which reads bodies in two ways: by itself, and with
//! `serde_json`.

use panora_hooks::{Verifier, VerifyError};

use crate::{
    SECRET,
    json::{decode, object},
};

/// # Panics
///
/// Panics if the verdict or a slice differs.
pub fn check(body: &[u8]) {
    let verifier = Verifier::new(SECRET).unwrap();
    let expected = Expected::of(body);
    // A well-formed signature that does not match distinguishes readable bodies from unreadable
    // ones.
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
        let members = object(body).ok_or(VerifyError::Malformed)?;
        let (mut ids, mut types, mut data) = (Vec::new(), Vec::new(), Vec::new());
        let mut duplicate = None;
        for member in members {
            let (name, values) = match &*member.name {
                "id_event" => ("id_event", &mut ids),
                "type" => ("type", &mut types),
                "data" => ("data", &mut data),
                _ => continue,
            };
            if !values.is_empty() {
                duplicate = Some(name);
            }
            values.push(member.value);
        }
        let text = |literal: &str| decode(literal).ok_or(VerifyError::Malformed);
        let read = |literals: Vec<&str>| literals.into_iter().map(text).collect::<Result<Vec<_>, _>>();
        let (mut ids, mut types) = (read(ids)?, read(types)?);
        if let Some(name) = duplicate {
            return Err(VerifyError::DuplicateKey(name));
        }
        let data = data.pop().ok_or(VerifyError::MissingKey("data"))?;
        let id = ids.pop().ok_or(VerifyError::MissingKey("id_event"))?;
        let wire_type = types.pop().ok_or(VerifyError::MissingKey("type"))?;
        if id.is_empty() || wire_type.is_empty() {
            return Err(VerifyError::Malformed);
        }
        Ok(Self { id, wire_type, data })
    }
}
