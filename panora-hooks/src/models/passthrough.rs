// Written by `cargo test -p panora-hooks-tests --test generated` from `tests/facts/models.json` and the
// catalogue. To change it, change these.

//! `PassthroughRetryResult`: what the events of passthrough requests carry.

use serde_json::Value;

use super::model::model;

model! {
    /// What a provider answered to a request that had been rate-limited at first.
    ///
    /// The type of its event is `<vertical>.<provider>.passthrough`. In the last release, nothing gets as far
    /// as sending it.
    pub struct PassthroughRetryResult in "passthrough" {
        pub status: Option<f64>,
        pub status_text = "statusText": Option<String>,
        pub headers: Option<Value>,
        pub config: Option<Value>,
        pub request: Option<String>,
        pub data: Option<Value>,
    }
}
