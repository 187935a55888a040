//! A payload is what `serde_json` makes of it in two steps, whether it stands in a string or not.

use panora_hooks::{Verifier, models::crm::ContactRow};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, value::RawValue};

use crate::{
    SECRET,
    json::{decode, replace_unpaired},
};

/// # Panics
///
/// If it is something else.
pub fn check(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    check_data(&Value::from(text).to_string());
    // Spaces around a value are not part of it.
    if let Ok(data) = serde_json::from_str::<&RawValue>(text) {
        check_data(data.get());
    }
}

/// Reads JSON with U+FFFD for unpaired surrogates.
fn read<T: DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_str(text).or_else(|_| serde_json::from_str(&replace_unpaired(text))).ok()
}

fn check_data(data: &str) {
    check_as::<Value>(data);
    check_as::<Vec<ContactRow>>(data);
}

fn check_as<T: DeserializeOwned + Serialize>(data: &str) {
    let verifier = Verifier::new(SECRET).unwrap();
    let body = format!(r#"{{"id_event":"1","data":{data},"type":"crm.contact.pulled"}}"#);
    let delivery = verifier.verify(body.as_bytes(), verifier.sign(data)).unwrap();
    let expected: Option<T> =
        if data.starts_with('"') { decode(data).and_then(|text| read(&text)) } else { read(data) };
    match (delivery.payload::<T>(), expected) {
        // Written again, because NaN is not itself and models cannot be compared.
        (Ok(payload), Some(expected)) => {
            assert_eq!(serde_json::to_string(&payload).unwrap(), serde_json::to_string(&expected).unwrap());
        }
        (Err(error), None) => assert!(error.to_string().len() < 1000),
        (payload, expected) => panic!("decoded: {}, expected: {}", payload.is_ok(), expected.is_some()),
    }
}
