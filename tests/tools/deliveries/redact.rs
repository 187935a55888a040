//! Payloads without their values.

use panora_hooks_cli::redact::{payload, redact};
use serde_json::json;

#[test]
fn values_go_and_names_stay() {
    let redacted = redact(json!({
        "name": "Ada", "age": 36, "active": true, "none": null,
        "list": [{ "a": "x" }, { "b": "y" }], "empty": [], "by mail": { "ada@example.com": 1 },
    }));
    assert_eq!(
        redacted,
        json!({
            "name": "<text of 3>", "age": "<number>", "active": "<true or false>", "none": null,
            "list": [{ "a": "<text of 1>" }, "<1 more>"], "empty": [], "?": { "?": "<number>" },
        })
    );
}

#[test]
fn a_payload_is_in_a_string_or_not() {
    assert_eq!(payload(r#""{\"a\":1}""#), json!({ "a": 1 }));
    assert_eq!(payload(r#"{"a":1}"#), json!({ "a": 1 }));
    assert_eq!(payload(r#""no JSON""#), json!("no JSON"));
    assert_eq!(payload("no JSON"), json!("no JSON"));
}
