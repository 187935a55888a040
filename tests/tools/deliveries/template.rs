//! Templates of deliveries.

use panora_hooks::{catalogue, testing::sample};
use panora_hooks_cli::template::{Template, TemplateError};
use serde_json::{Value, json};

fn payload(template: &Template, number: u64) -> Value {
    serde_json::from_str(&template.delivery(number).payload()).unwrap()
}

#[test]
fn each_delivery_is_a_distinct_and_reproducible_event() {
    for event_type in catalogue::all() {
        let template = Template::new(event_type.name()).unwrap();
        assert_eq!(template.event_type(), event_type.name());
        let (one, two) = (template.delivery(1), template.delivery(2));
        assert!(one.body() == template.delivery(1).body() && one.body() != two.body());
        assert!(one.body().starts_with(&format!(r#"{{"id_event":"{}","#, template.id(1))));
        // An inbox parks an object that it has seen in another event, but not a list.
        let is_object = payload(&template, 1).is_object();
        assert_eq!(one.data() != two.data(), is_object, "{}", event_type.name());
        // Everything else is as in the sample.
        let mut expected: Value = serde_json::from_str(&sample(event_type.name()).payload()).unwrap();
        let varied = payload(&template, 1);
        for id in ["id", "id_connection"] {
            if is_object && expected.get(id).is_some_and(Value::is_string) {
                expected[id] = varied[id].clone();
                break;
            }
        }
        assert_eq!(varied, expected, "{}", event_type.name());
    }
}

#[test]
fn another_template_makes_other_deliveries() {
    let template = || Template::new("crm.contact.created").unwrap();
    assert_ne!(template().id(1), template().id(1));
    let id = template().id(1);
    assert_eq!((id.len(), &id[14..15]), (36, "4"), "a UUID of version 4");
    assert!(matches!(&id[19..20], "8" | "9" | "a" | "b"), "{id}");
}

#[test]
fn an_id_that_is_set_is_kept() {
    let template = Template::new("crm.contact.created").unwrap().set("id=7").unwrap();
    assert_eq!((&payload(&template, 1)["id"], &payload(&template, 2)["id"]), (&"7".into(), &"7".into()));
    let whole = Template::new("crm.contact.created").unwrap().set(r#".={"id":"a"}"#).unwrap();
    assert_eq!(payload(&whole, 1)["id"], "a");
}

#[test]
fn a_number_or_boolean_in_place_of_a_text_is_a_text() {
    let set = |assignment| {
        let template =
            Template::with_payload("x", br#"{"text":"a","number":1,"none":null,"list":[]}"#).unwrap();
        template.set(assignment).unwrap()
    };
    for (assignment, key, value, types) in [
        ("text=42", "text", json!("42"), None),
        ("text=1e400", "text", json!("1e400"), None),
        ("text=true", "text", json!("true"), None),
        ("text=\"42\"", "text", json!("42"), None),
        ("text=null", "text", json!(null), None),
        ("text=[1]", "text", json!([1]), Some(("a text", "a list"))),
        ("number=2", "number", json!(2), None),
        ("number=two", "number", json!("two"), Some(("a number", "a text"))),
        ("number=true", "number", json!(true), Some(("a number", "a boolean"))),
        ("list={}", "list", json!({}), Some(("a list", "an object"))),
        ("none=1", "none", json!(1), None),
        ("new=1", "new", json!(1), None),
    ] {
        let template = set(assignment);
        assert_eq!(payload(&template, 1)[key], value, "{assignment}");
        let retyped = template.retyped().iter().map(|retyped| (retyped.before, retyped.now)).next();
        assert_eq!(retyped, types, "{assignment}");
    }
}

#[test]
fn a_given_payload_is_the_same_in_each_delivery() {
    let template = Template::with_payload("crm.company.push", br#"{"id":"a"}"#).unwrap();
    assert_eq!(template.event_type(), "crm.company.created");
    assert_eq!(template.delivery(1).data(), template.delivery(2).data());
    assert!(template.delivery(1).body().ends_with(r#""type":"crm.company.push"}"#));
}

#[test]
fn errors_show_nothing_of_a_payload() {
    let deep = "[".repeat(200);
    for payload in ["{canary", &deep, "", "{} canary"] {
        let error = Template::with_payload("x", payload.as_bytes()).unwrap_err();
        assert!(matches!(error, TemplateError::Payload(_)), "{error}");
        assert!(!format!("{error} {error:?}").contains("canary"));
    }
    let template = Template::with_payload("x", br#"{"a":"canary"}"#).unwrap();
    assert!(!format!("{template:?}").contains("canary"));
    assert!(matches!(template.clone().set("a.b=1"), Err(TemplateError::Path { .. })));
    assert!(matches!(template.set("a"), Err(TemplateError::Assignment(_))));
    assert_eq!(
        Template::new("crm.contct.created").unwrap_err(),
        TemplateError::Unknown {
            event_type: "crm.contct.created".to_owned(),
            nearest: Some("crm.contact.created")
        }
    );
    let text = Template::with_payload("x", b"\"{}\"").unwrap();
    assert_eq!(text.as_object().unwrap_err(), TemplateError::TextAsObject);
}

#[test]
fn text_that_rust_cannot_represent_is_sent_unchanged() {
    let template =
        Template::with_payload("x", br#"{"a":"\uD83D","\ude00":[{"b":"\u00e9\ud83d\ude00"}]}"#).unwrap();
    assert_eq!(template.delivery(0).payload(), "{\"a\":\"\\ud83d\",\"\\ude00\":[{\"b\":\"é😀\"}]}");
    let template = Template::with_payload("x", b"{}").unwrap();
    for (assignment, payload) in [
        (r#"name="\ud800""#, r#"{"name":"\ud800"}"#),
        (r#"name=["x\udfffy"]"#, r#"{"name":["x\udfffy"]}"#),
        (r#""\ud800"=1"#, r#"{"\ud800":1}"#),
        (r#""a.b"=1"#, r#"{"a.b":1}"#),
        (r#""a=b"=c=d"#, r#"{"a=b":"c=d"}"#),
        (r#"a."b[0]".c=1"#, r#"{"a":{"b[0]":{"c":1}}}"#),
        (r#""a"[0]."=\"="=1"#, r#"{"a":[{"=\"=":1}]}"#),
        (r#"""=1"#, r#"{"":1}"#),
        ("name=a=b", r#"{"name":"a=b"}"#),
        ("name=", r#"{"name":""}"#),
        (r"name=\ud800", r#"{"name":"\\ud800"}"#),
        (r#".="\ud800""#, r#""\ud800""#),
    ] {
        let set = template.clone().set(assignment).unwrap();
        assert_eq!(set.delivery(0).payload(), payload, "{assignment}");
    }
}

/// Sent as text, they would not be what they look like.
#[test]
fn a_value_that_begins_like_json_but_is_not_json_is_an_error() {
    let template = Template::with_payload("x", b"{}").unwrap();
    let deep = format!("name={}", "[".repeat(200) + &"]".repeat(200));
    for assignment in [
        "name=\"canary",
        "name=[canary]",
        "name={canary",
        "name=\"canary\\x\"",
        "name=\"a\" canary",
        "name=1e400",
        &deep,
    ] {
        let error = template.clone().set(assignment).unwrap_err();
        assert!(matches!(&error, TemplateError::Value { path, .. } if path == "name"), "{error}");
        assert!(!format!("{error} {error:?}").contains("canary"), "{error}");
    }
    for assignment in ["\"a=1", "\"a\"b=1", "a..b=1", "\"\\x\"=1", "a.\"b=1"] {
        let error = template.clone().set(assignment).unwrap_err();
        assert!(matches!(error, TemplateError::Path { .. }), "{assignment}: {error}");
    }
}

#[test]
fn an_id_that_is_set_in_quotes_is_kept() {
    let template = Template::new("crm.contact.created").unwrap().set(r#""\u0069d"=7"#).unwrap();
    assert_eq!(payload(&template, 1)["id"], "7");
}
