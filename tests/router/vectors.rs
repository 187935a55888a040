//! The signature vectors, through the verifier and through a router on a real socket.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use crate::support::{Request, Server, vectors::vectors};
use panora_hooks::{Delivery, FromDelivery, HookError, State, Verifier, VerifyError, Webhooks, hooks, on};
use serde_json::Value;

#[test]
fn the_verifier_agrees_with_the_vectors() {
    let vectors = vectors();
    assert_eq!(vectors.len(), 182);
    for vector in vectors {
        let name = &vector.name;
        let body = vector.body();
        let Ok(verifier) = Verifier::new(&vector.secret) else {
            assert_eq!(vector.failure.as_deref(), Some("empty_secret"), "{name}");
            continue;
        };
        let Some(header) = &vector.header else {
            assert_eq!(vector.failure.as_deref(), Some("missing_signature"), "{name}");
            continue;
        };
        let failure = match verifier.verify(&body, header) {
            Ok(delivery) => {
                assert!(vector.is_valid(), "{name} was accepted");
                assert!(
                    body.windows(delivery.data().len()).any(|window| window == delivery.data().as_bytes())
                );
                assert_eq!(&verifier.sign(delivery.data()), header, "{name}");
                continue;
            }
            Err(error) => match error {
                VerifyError::SignatureFormat => "bad_signature_format",
                VerifyError::SignatureMismatch => "signature_mismatch",
                VerifyError::Malformed => "malformed_body",
                VerifyError::MissingKey(_) => "missing_field",
                VerifyError::DuplicateKey(_) => "ambiguous_body",
                error => panic!("{name}: {error}"),
            },
        };
        assert_eq!(vector.failure.as_deref().unwrap_or("signature_mismatch"), failure, "{name}");
    }
}

/// The events that a hook received.
type Seen = Arc<Mutex<Vec<Result<Value, String>>>>;

struct Decoded(Result<Value, String>);

impl<S> FromDelivery<S> for Decoded {
    fn from_delivery(delivery: &Delivery<'_>, _state: &S) -> Result<Self, HookError> {
        Ok(Self(delivery.payload().map_err(|error| error.to_string())))
    }
}

#[on("*")]
async fn any(Decoded(decoded): Decoded, State(seen): State<Seen>) {
    seen.lock().unwrap().push(decoded);
}

#[test]
fn the_router_agrees_with_the_vectors() {
    let mut servers = BTreeMap::new();
    for vector in vectors() {
        let name = &vector.name;
        let Ok(verifier) = Verifier::new(&vector.secret) else { continue };
        let (server, seen) = servers.entry(vector.secret.clone()).or_insert_with(|| {
            let seen = Seen::default();
            let router = Webhooks::new(verifier).with_state(Arc::clone(&seen)).hooks(hooks![any]);
            (Server::start(router.into_router("/webhook")), seen)
        });
        let mut request = Request::post("/webhook").body(vector.body());
        // HTTP removes surrounding white space before the signature is checked.
        let sent = vector.header.as_deref().map(|header| header.trim_matches([' ', '\t', '\n']));
        if let Some(header) = sent {
            request = request.header("Panora-Signature", header);
        }
        let is_valid = vector.is_valid() || sent != vector.header.as_deref();

        let answer = server.send(&request);
        let seen = std::mem::take(&mut *seen.lock().unwrap());
        if is_valid {
            assert_eq!((answer.status, answer.body.as_str()), (200, ""), "{name}");
            assert_eq!(seen.len(), 1, "{name}");
        } else {
            assert_eq!(answer.status, 400, "{name}");
            assert!(answer.body.starts_with("Webhook Error: "), "{name}: {}", answer.body);
            assert_eq!(seen, [], "{name}");
            continue;
        }
        let kind = match &seen[0] {
            Ok(Value::Object(_)) => "object",
            Ok(Value::Array(_)) => "array",
            Ok(Value::Null) => "null",
            Ok(Value::String(_)) => "string",
            Ok(Value::Number(_)) => "number",
            Ok(Value::Bool(_)) => "boolean",
            Err(_) => "error",
        };
        match vector.decoded.as_deref() {
            None => {}
            Some("object-or-depth-error" | "array-or-depth-error") => assert_eq!(kind, "error", "{name}"),
            Some(expected) => assert_eq!(kind, expected, "{name}"),
        }
    }
}
