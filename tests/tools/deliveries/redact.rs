//! Payloads without their values.

use panora_hooks_cli::redact::{payload, redact};
use serde_json::json;

#[test]
fn redaction_removes_values_and_keeps_names() {
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
fn a_payload_may_or_may_not_be_in_a_string() {
    assert_eq!(payload(r#""{\"a\":1}""#), json!({ "a": 1 }));
    assert_eq!(payload(r#"{"a":1}"#), json!({ "a": 1 }));
    assert_eq!(payload(r#""no JSON""#), json!("no JSON"));
    assert_eq!(payload("no JSON"), json!("no JSON"));
}
