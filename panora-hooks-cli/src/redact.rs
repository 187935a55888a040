//! Payloads without their values, and URLs without their credentials.

use panora_hooks::__cli::{from_str, is_name, without_credentials};
use serde_json::{Map, Value};

/// Returns a URL with `..` in place of everything that may be secret: its user, its query and its
/// fragment.
///
/// ```
/// use panora_hooks_cli::redact::url;
///
/// assert_eq!(url("https://user:password@example.com/webhook?token=1"), "https://..@example.com/webhook?..");
/// ```
#[must_use]
pub fn url(url: &str) -> String {
    without_credentials(url)
}

/// Returns the payload in the JSON text of `data`, whether that is a string that contains JSON or
/// the JSON itself. Text that is not JSON is returned as a string. Unpaired surrogates become
/// U+FFFD.
#[must_use]
pub fn payload(data: &str) -> Value {
    match from_str(data) {
        Ok(Value::String(text)) => from_str(&text).unwrap_or(Value::String(text)),
        Ok(payload) => payload,
        Err(_) => data.into(),
    }
}

/// Returns the structure of a payload: its keys, and the type and length of each value.
///
/// A key that does not look like the name of a field may be a value itself, and is shown as `?`.
///
/// ```
/// use panora_hooks_cli::redact::redact;
/// use serde_json::json;
///
/// let payload = json!({ "name": "Acme", "employees": 5, "phones": ["1", "2"], "owner": null });
/// let redacted = json!({ "name": "<text of 4>", "employees": "<number>", "phones": ["<text of 1>", "<1 more>"], "owner": null });
/// assert_eq!(redact(payload), redacted);
/// ```
#[must_use]
pub fn redact(payload: Value) -> Value {
    match payload {
        Value::Null => Value::Null,
        Value::Bool(_) => "<true or false>".into(),
        Value::Number(_) => "<number>".into(),
        Value::String(text) => format!("<text of {}>", text.chars().count()).into(),
        Value::Array(items) => {
            let more = items.len().saturating_sub(1);
            let mut shown: Vec<_> = items.into_iter().take(1).map(redact).collect();
            if more > 0 {
                shown.push(format!("<{more} more>").into());
            }
            shown.into()
        }
        Value::Object(members) => {
            let redacted = members.into_iter().map(|(key, value)| {
                let key = if is_name(&key) { key } else { "?".to_owned() };
                (key, redact(value))
            });
            Value::Object(redacted.collect::<Map<_, _>>())
        }
    }
}
