//! Keys in another order.

use expect_test::expect;
use panora_hooks::{
    catalogue,
    testing::{Sample, sample},
};
use serde_json::{Value, json};

use crate::{SECRET, START, assert_says, body, codes, explain, quote, sign};

#[test]
fn keys_in_another_order() {
    // PostgreSQL's `jsonb` sorts keys by their lengths.
    let (signed, arrived) =
        (r#"{"name":"canary","id":1,"tags":[]}"#, r#"{"id":1,"name":"canary","tags":[]}"#);
    let explanation = explain(body(&quote(arrived)), sign(SECRET, &quote(signed)));
    assert_eq!(explanation.offset(), Some(START + 4));
    assert_says(
        &explanation,
        &expect![[r#"
            reordered
            JSON was signed with its keys in another order than they arrived in: verify the bytes as they arrive instead of JSON that was parsed and written again; the first difference is at byte 44 of the body
        "#]],
    );
    assert_eq!(codes(&explain(body(arrived), sign(SECRET, signed))), "reordered");
    assert_eq!(
        codes(&explain(body(arrived), sign(SECRET, signed).to_uppercase())),
        "reordered + signature_upper_case"
    );

    // Of eight keys, any order is found.
    let keys = ["h", "c", "a", "g", "e", "b", "f", "d"];
    let object = |keys: &[&str]| format!("{{\"{}\":1}}", keys.join("\":1,\""));
    let (arrived, mut signed) = (object(&keys), keys);
    signed.swap(1, 6);
    signed.swap(2, 3);
    assert_eq!(codes(&explain(body(&arrived), sign(SECRET, &object(&signed)))), "reordered");
}

/// Go's `map[string]any`, and whatever else sorts.
#[test]
fn keys_of_a_real_payload_were_sorted() {
    for event_type in ["crm.company.created", "ticketing.ticket.pulled", "hris.employee.pulled"] {
        let sample = sample(event_type).id("7197465d-5ae0-4d0e");
        // `serde_json` sorts keys, too.
        let sorted: serde_json::Value = serde_json::from_str(&sample.payload()).unwrap();
        let arrived = sample.body().replace(&sample.data(), &quote(&sorted.to_string()));
        assert_ne!(arrived, sample.body());
        let explanation = explain(&arrived, sign(SECRET, &sample.data()));
        assert_eq!(codes(&explanation), "reordered", "{event_type}");
        // The reverse: a sender that sorts before it signs.
        let explanation = explain(sample.body(), sign(SECRET, &quote(&sorted.to_string())));
        assert_eq!(codes(&explanation), "reordered", "{event_type}");
    }
}

/// A payload with its keys sorted: `serde_json` does.
fn sorted(sample: &Sample) -> String {
    serde_json::from_str::<Value>(&sample.payload()).unwrap().to_string()
}

/// What comes of a sample whose data was exchanged, with the signature of what it was.
fn arrives_as(sample: &Sample, data: &str) -> String {
    let arrived = sample.body().replace(&sample.data(), data);
    assert_ne!(arrived, sample.body());
    codes(&explain(arrived, sign(SECRET, &sample.data())))
}

#[test]
fn keys_of_every_payload_were_sorted() {
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

/// Their names, and the order of them, are the customer's.
#[test]
fn keys_of_mapped_fields_were_sorted_with_the_others() {
    for mappings in [
        json!({ "zeta": 1, "beta": 2 }),
        json!({ "size": 1, "nickname": 2, "colour": 3 }),
        json!({ "f": 1, "e": 2, "d": 3, "c": 4, "b": 5, "a": 6 }),
    ] {
        // As a text, since `json!` sorts, too.
        let keys: Vec<_> = mappings.as_object().unwrap().keys().rev().collect();
        let text: Vec<_> = keys.iter().map(|key| format!("{key:?}:{}", mappings[key])).collect();
        let text = format!("{{{}}}", text.join(","));
        let contact = sample("crm.contact.created").set("field_mappings", &mappings);
        let signed = contact.payload().replace(&mappings.to_string(), &text);
        let (arrived, signed) = (sorted(&contact), quote(&signed));
        assert!(signed.contains(keys[0].as_str()) && !arrived.contains(&text));
        assert_eq!(codes(&explain(body(&quote(&arrived)), sign(SECRET, &signed))), "reordered", "{text}");
        let decoded = explain(body(&arrived), sign(SECRET, &signed));
        assert_eq!(codes(&decoded), "data_decoded + reordered", "{text}");
        let python = arrived.replace("São", "S\\u00e3o").replace(',', ", ");
        let python = explain(body(&python), sign(SECRET, &signed));
        assert_eq!(codes(&python), "data_decoded + rewritten + reordered", "{text}");
    }
}
