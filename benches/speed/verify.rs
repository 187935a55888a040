//! Verification, compared with hashing alone, which is its lower bound.

use std::hint::black_box;

use hmac::{Hmac, KeyInit, Mac};
use panora_hooks::Verifier;
use serde::Deserialize;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use super::{
    bodies::{Delivery, SECRET},
    ratio::{self, SIZES},
    table::Row,
};

/// The envelope, as a careful receiver written by hand reads it.
#[derive(Deserialize)]
struct Envelope<'b> {
    #[serde(borrow)]
    data: &'b RawValue,
}

pub(crate) fn compare() -> anyhow::Result<Vec<Row>> {
    let verifier = Verifier::new(SECRET)?;
    let key = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes())?;
    let mut rows = Vec::new();
    for (size, most) in SIZES.into_iter().zip([1.6, 1.15, 1.12]) {
        let Delivery { body, data, signature } = Delivery::of(size)?;
        let body = body.as_bytes();
        let hash = || {
            black_box(Sha256::digest(black_box(&data)));
        };
        let verify = || drop(black_box(verifier.verify(black_box(body), &signature)).expect("it is signed"));
        let by_hand = || {
            let envelope: Envelope<'_> = serde_json::from_slice(black_box(body)).expect("it is an envelope");
            black_box(key.clone().chain_update(envelope.data.get()).finalize());
        };
        rows.push(Row::at_most(
            format!("verify / SHA-256, {} KB", size >> 10),
            ratio::of_time(verify, hash),
            most,
        ));
        rows.push(Row::peer(
            format!("serde_json and HMAC / SHA-256, {} KB", size >> 10),
            ratio::of_time(by_hand, hash),
        ));
    }
    Ok(rows)
}
