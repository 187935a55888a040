//! A receiver for two event types, as a careful user of axum would write it.

use std::sync::Arc;

use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, State},
    http::{HeaderMap, StatusCode},
    routing::post,
};
use hmac::{Hmac, KeyInit, Mac};
use serde::Deserialize;
use serde_json::value::RawValue;
use sha2::Sha256;

type Key = Arc<Hmac<Sha256>>;

#[derive(Deserialize)]
struct Envelope<'b> {
    #[serde(borrow, rename = "id_event")]
    id: &'b str,
    #[serde(borrow)]
    data: &'b RawValue,
    #[serde(borrow, rename = "type")]
    event_type: &'b str,
}

pub(crate) fn router(secret: &str) -> anyhow::Result<Router> {
    let key = Arc::new(Hmac::new_from_slice(secret.as_bytes())?);
    let limit = DefaultBodyLimit::max(32 << 20);
    Ok(Router::new().route("/webhook", post(receive)).layer(limit).with_state(key))
}

async fn receive(State(key): State<Key>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let Some(signature) = headers.get("panora-signature").and_then(|value| from_hex(value.as_bytes())) else {
        return StatusCode::BAD_REQUEST;
    };
    let Ok(envelope) = serde_json::from_slice::<Envelope<'_>>(&body) else {
        return StatusCode::BAD_REQUEST;
    };
    let mac = Hmac::clone(&key).chain_update(envelope.data.get());
    if mac.verify(&signature.into()).is_err() {
        return StatusCode::BAD_REQUEST;
    }
    match envelope.event_type {
        "crm.contact.created" => contact_created(),
        "crm.company.created" | "crm.company.push" => company_created(),
        event_type => eprintln!("no hook for {event_type:?} ({:?})", envelope.id),
    }
    StatusCode::OK
}

fn contact_created() {}

fn company_created() {}

fn from_hex(digits: &[u8]) -> Option<[u8; 32]> {
    let digits: &[u8; 64] = digits.try_into().ok()?;
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(bytes)
}
