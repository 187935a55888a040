//! Internals that the command-line tool uses. Not public API: any item may change in any release.

#[cfg(feature = "testing")]
pub use crate::testing::{
    json::{
        Json, JsonError, Text, index,
        node::{Member, Node, decode},
        quote, write_number,
    },
    path::{get, is_path, set},
    sample::{body, headers},
};
pub use crate::{
    delivery::{is_name, json_string::from_str},
    hook::{Feature, hook_to_paste},
    http::{
        head::{check_method, signature},
        refusal::Refusal,
    },
    verify::Envelope,
    webhooks::scope::names,
};
#[cfg(feature = "endpoints")]
pub use crate::{endpoints::this_machine::HttpClient, printable::without_credentials};

/// Returns a text from outside, shortened and with control characters escaped.
#[must_use]
pub fn printable(text: &str) -> String {
    crate::printable::Printable(text).to_string()
}

/// Returns a delivery of an event type with this payload.
#[cfg(feature = "testing")]
#[must_use]
pub fn sample(event_type: &str, payload: Json) -> crate::testing::Sample {
    crate::testing::Sample::of(event_type, payload)
}
