//! Checks that must pass for any bytes. The fuzzers (`fuzz/`) search for bytes that break one;
//! `corpus.rs` replays the inputs that they have found.

// Included as source, because the macro crate can export nothing but macros.
#[path = "../../panora-hooks-macros/src/catalogue.rs"]
#[allow(dead_code, reason = "patterns need a part of it")]
mod catalogue;
pub mod inputs;
mod json;
#[path = "../../panora-hooks-macros/src/on/pattern.rs"]
mod pattern;
#[path = "../../panora-hooks-macros/src/similar.rs"]
mod similar;

mod checks {
    pub(crate) mod envelope;
    pub(crate) mod event_pattern;
    pub(crate) mod payload;
    pub(crate) mod recording;
    pub(crate) mod signature;
}

pub use checks::{
    envelope::check as envelope, event_pattern::check as event_pattern, payload::check as payload,
    recording::check as recording, signature::check as signature,
};

/// The name of a target, and its check.
pub type Check = (&'static str, fn(&[u8]));

/// All checks.
pub const CHECKS: [Check; 5] = [
    ("envelope", envelope),
    ("event_pattern", event_pattern),
    ("payload", payload),
    ("recording", recording),
    ("signature", signature),
];

const SECRET: &str = "f1f9a1c6-1c57-4a6b-a5b8-2c1f42f2a1de";
