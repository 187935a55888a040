//! The signature vectors.
//!
//! `vectors/*.json` were computed with Node by the sender's algorithm; their `meta` explains the
//! fields.

use std::fs;

use base64::{Engine, prelude::BASE64_STANDARD};
use serde::Deserialize;

#[derive(Deserialize)]
struct Vectors {
    count: usize,
    vectors: Vec<Vector>,
}

#[derive(Deserialize)]
pub struct Vector {
    pub name: String,
    pub secret: String,
    body_base64: String,
    pub header: Option<String>,
    expect: String,
    pub failure: Option<String>,
    pub decoded: Option<String>,
}

/// Returns all vectors, the large ones last.
pub fn vectors() -> Vec<Vector> {
    ["vectors/vectors.json", "vectors/vectors-large.json"]
        .into_iter()
        .flat_map(|path| {
            let Vectors { count, vectors } = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
            assert_eq!(count, vectors.len());
            vectors
        })
        .collect()
}

impl Vector {
    pub fn body(&self) -> Vec<u8> {
        BASE64_STANDARD.decode(&self.body_base64).unwrap()
    }

    /// Returns the verdict of this library if the vectors leave a choice: the exact bytes are
    /// verified, never rewritten ones.
    pub fn is_valid(&self) -> bool {
        self.expect == "valid"
    }

    /// Returns the body as the sender makes it, with the payload as text.
    pub fn sent(&self) -> Option<Sent> {
        serde_json::from_slice(&self.body()).ok()
    }
}

#[derive(Deserialize)]
pub struct Sent {
    #[serde(rename = "id_event")]
    pub id: String,
    #[serde(rename = "data")]
    pub payload: String,
    #[serde(rename = "type")]
    pub wire_type: String,
}
