//! Sample events for the rules.

use std::fmt::Display;

use crate::{
    Verifier,
    inbox::NewEvent,
    testing::{json::quote, sample::body},
};

/// Returns an event with this JSON text as its `data`.
#[expect(clippy::expect_used, reason = "the secret is a constant, and the body is built here")]
pub(super) fn event(id: &str, wire_type: &str, data: &str) -> NewEvent {
    let verifier = Verifier::new("the secret of the contract").expect("a secret");
    let body = body(id, data, wire_type);
    NewEvent::new(verifier.verify(body.as_bytes(), verifier.sign(data)).expect("a signed body"))
}

/// Returns the event of a new contact. Contacts with different names are different events.
pub(super) fn contact(name: impl Display) -> NewEvent {
    let payload = format!(r#"{{"first_name":{}}}"#, quote(&name.to_string()));
    event(&format!("id of {name}"), "crm.contact.created", &quote(&payload))
}
