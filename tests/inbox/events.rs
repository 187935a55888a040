//! Creates events to be stored.

use panora_hooks::inbox::{NewEvent, Put};

use crate::support::verifier;

/// Creates an event with the value of `data` as it is in the body.
pub fn event(id: &str, wire_type: &str, data: &str) -> NewEvent {
    let body = serde_json::json!({ "id_event": id, "type": wire_type }).to_string();
    let body = format!(r#"{},"data":{data}}}"#, body.strip_suffix('}').unwrap());
    NewEvent::new(verifier().verify(body.as_bytes(), verifier().sign(data)).unwrap())
}

/// Creates an event of a new contact with its own name.
pub fn contact(name: impl std::fmt::Display) -> NewEvent {
    let data = serde_json::Value::String(format!(r#"{{"first_name":"{name}"}}"#)).to_string();
    event(&format!("id-{name}"), "crm.contact.created", &data)
}

pub fn is_stored(put: Put) -> bool {
    matches!(put, Put::Stored(_))
}

pub fn is_duplicate(put: Put) -> bool {
    matches!(put, Put::Duplicate(_))
}
