//! Reordered keys.

use expect_test::expect;
use panora_hooks::{
    catalogue,
    testing::{Sample, sample},
};
use serde_json::{Value, json};

use crate::{SECRET, assert_says, body, codes, explain, quote, sign};

#[test]
fn reordered_keys_are_explained() {
    let sample = sample("crm.contact.created").id("7197465d-5ae0-4d0e");
    let arrived = sample.body().replace(&sample.data(), &quote(&sorted(&sample)));
    let explanation = explain(&arrived, sign(SECRET, &sample.data()));
    assert_says(
        &explanation,
        &expect![[r#"
        reordered
        JSON was signed with its keys in another order than they arrived in: verify the bytes as they arrive instead of JSON that was parsed and written again; the first difference is at byte 44 of the body
    "#]],
    );
    assert_eq!(
        codes(&explain(&arrived, sign(SECRET, &sample.data()).to_uppercase())),
        "reordered + signature_upper_case"
    );
}

/// PostgreSQL's `jsonb` sorts keys by length, and writes spaces.
#[test]
fn keys_sorted_by_length_are_explained() {
    for event_type in ["crm.company.created", "ticketing.ticket.pulled", "hris.employee.pulled"] {
        let sample = sample(event_type).id("7197465d-5ae0-4d0e");
        let payload: Value = serde_json::from_str(&sample.payload()).unwrap();
        assert_eq!(arrives_as(&sample, &quote(&jsonb(&payload))), "reordered", "{event_type}");
        assert_eq!(arrives_as(&sample, &jsonb(&payload)), "data_decoded + reordered", "{event_type}");
    }
}

/// Returns a value in the notation of `jsonb`.
fn jsonb(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("[{}]", items.iter().map(jsonb).collect::<Vec<_>>().join(", ")),
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by_key(|(key, _)| (key.len(), key.as_str()));
            let members = members.into_iter().map(|(key, value)| format!("{key:?}: {}", jsonb(value)));
            format!("{{{}}}", members.collect::<Vec<_>>().join(", "))
        }
        value => value.to_string(),
    }
}

/// No known program shuffles keys, so such an order is a change of the data.
#[test]
fn shuffled_keys_are_not_explained_away() {
    let keys = ["h", "c", "a", "g", "e", "b", "f", "d"];
    let object = |keys: &[&str]| format!("{{\"{}\":1}}", keys.join("\":1,\""));
    let (arrived, mut signed) = (object(&keys), keys);
    signed.swap(1, 6);
    signed.swap(2, 3);
    assert_eq!(codes(&explain(body(&arrived), sign(SECRET, &object(&signed)))), "unexplained");
}

/// Go's `map[string]any` and other programs sort keys.
#[test]
fn sorted_keys_are_explained() {
    for event_type in ["crm.company.created", "ticketing.ticket.pulled", "hris.employee.pulled"] {
        let sample = sample(event_type).id("7197465d-5ae0-4d0e");
        // `serde_json` sorts keys, too.
        let sorted: serde_json::Value = serde_json::from_str(&sample.payload()).unwrap();
        let arrived = sample.body().replace(&sample.data(), &quote(&sorted.to_string()));
        assert_ne!(arrived, sample.body());
        let explanation = explain(&arrived, sign(SECRET, &sample.data()));
        assert_eq!(codes(&explanation), "reordered", "{event_type}");
        // The reverse: a sender sorts keys before it signs.
        let explanation = explain(sample.body(), sign(SECRET, &quote(&sorted.to_string())));
        assert_eq!(codes(&explanation), "reordered", "{event_type}");
    }
}

/// Returns a payload with sorted keys, as `serde_json` sorts them.
fn sorted(sample: &Sample) -> String {
    serde_json::from_str::<Value>(&sample.payload()).unwrap().to_string()
}

/// Returns the codes for a sample whose data was replaced after it was signed.
fn arrives_as(sample: &Sample, data: &str) -> String {
    let arrived = sample.body().replace(&sample.data(), data);
    assert_ne!(arrived, sample.body());
    codes(&explain(arrived, sign(SECRET, &sample.data())))
}

#[test]
fn sorted_keys_of_every_payload_are_explained() {
    for event_type in catalogue::all() {
        let sample = sample(event_type.name()).id("7197465d-5ae0-4d0e");
        let sorted = sorted(&sample);
        if sorted == "[]" {
            continue;
        }
        assert_eq!(arrives_as(&sample, &quote(&sorted)), "reordered", "{}", event_type.name());
        let codes = arrives_as(&sample, &sorted);
        assert_eq!(codes, "data_decoded + reordered", "{}", event_type.name());
    }
}

/// The names of mapped fields and their order belong to the customer, so the signed order is
/// unknown.
#[test]
fn sorted_keys_of_mapped_fields_are_not_explained() {
    let mappings = json!({ "size": 1, "nickname": 2, "colour": 3 });
    // As text, because `json!` sorts keys, too.
    let text = r#"{"size":1,"nickname":2,"colour":3}"#;
    let contact = sample("crm.contact.created").set("field_mappings", &mappings);
    let signed = contact.payload().replace(&mappings.to_string(), text);
    let arrived = sorted(&contact);
    assert!(signed.contains(text) && !arrived.contains(text));
    assert_eq!(codes(&explain(body(&quote(&arrived)), sign(SECRET, &quote(&signed)))), "unexplained");
}
