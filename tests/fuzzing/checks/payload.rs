//! A payload is decoded as `serde_json` decodes it in two steps, whether or not it is in a string.

use panora_hooks::{Verifier, models::crm::ContactRow};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, value::RawValue};

use crate::{
    SECRET,
    json::{decode, replace_unpaired},
};

/// # Panics
///
/// Panics if the results differ.
pub fn check(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    check_data(&Value::from(text).to_string());
    // Spaces around a value do not belong to it.
    if let Ok(data) = serde_json::from_str::<&RawValue>(text) {
        check_data(data.get());
    }
}

/// Parses JSON with U+FFFD in place of unpaired surrogates.
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
        // Compares the JSON, because NaN is not equal to itself.
        (Ok(payload), Some(expected)) => {
            assert_eq!(serde_json::to_string(&payload).unwrap(), serde_json::to_string(&expected).unwrap());
        }
        (Err(error), None) => assert!(error.to_string().len() < 1000),
        (payload, expected) => panic!("decoded: {}, expected: {}", payload.is_ok(), expected.is_some()),
    }
}
