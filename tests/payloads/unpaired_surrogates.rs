//! Unpaired surrogates, which JavaScript strings can contain and Rust text cannot, and other JSON
//! that the two languages read differently.

use std::{
    collections::BTreeMap,
    future::pending,
    sync::{Arc, Mutex},
    time::Duration,
};

use crate::support::{Delivery, Request, Server, staged::Staged, verifier};
use panora_hooks::{
    Event, Metadata, RawData, State, Verifier, Webhooks, hooks,
    inbox::{EventState, Filter, Inbox, MemoryInbox, Query, SqliteInbox},
    models::crm,
    on,
    testing::{Sample, sample},
};
use serde_json::{Value, json, value::RawValue};
use tempfile::TempDir;
use tokio::runtime::Runtime;

type Seen = Arc<Mutex<Vec<Value>>>;

#[on("crm.contact.created")]
async fn created(Event(payload): Event<Value>, RawData(data): RawData, State(seen): State<Seen>) {
    seen.lock().unwrap().push(json!([payload, data]));
}

#[on("*")]
async fn other(meta: Metadata, State(seen): State<Seen>) {
    seen.lock().unwrap().push(json!([meta.id, meta.event_type, meta.wire_type]));
}

fn server() -> (Server, Seen) {
    let seen = Seen::default();
    let webhooks = Webhooks::new(verifier()).with_state(Arc::clone(&seen)).hooks(hooks![created, other]);
    (Server::start(webhooks.into_router("/webhook")), seen)
}

/// Returns payloads as `JSON.stringify` writes them, and as Rust reads them.
fn payloads() -> Vec<(&'static str, Value)> {
    vec![
        (r#"{"name":"\ud83d"}"#, json!({ "name": "\u{fffd}" })),
        (r#"{"name":"x\ude00y"}"#, json!({ "name": "x\u{fffd}y" })),
        (r#"{"name":"\ude00\ud83d"}"#, json!({ "name": "\u{fffd}\u{fffd}" })),
        (r#"{"name":"\ud83d\ud83d\ude00"}"#, json!({ "name": "\u{fffd}😀" })),
        (r#"{"name":"\ud83d\ude00\ude00"}"#, json!({ "name": "😀\u{fffd}" })),
        (r#"{"name":"\ud83d\\ude00"}"#, json!({ "name": "\u{fffd}\\ude00" })),
        (r#"{"name":"\ud83d\n\"\ude00"}"#, json!({ "name": "\u{fffd}\n\"\u{fffd}" })),
        (r#"{"\ud83d":{"\ude00":[1]}}"#, json!({ "\u{fffd}": { "\u{fffd}": [1] } })),
        (r#"[[["\udfff"]],"\ud800"]"#, json!([[["\u{fffd}"]], "\u{fffd}"])),
        (r#"{"a":"\\ud83d"}"#, json!({ "a": r"\ud83d" })),
        (r#"{"a":"\uD83D"}"#, json!({ "a": "\u{fffd}" })),
        (r#"{"a":"\ud83d\u0000"}"#, json!({ "a": "\u{fffd}\0" })),
    ]
}

#[test]
fn the_text_of_a_payload_has_replacement_characters_and_its_raw_data_is_exact() {
    let (server, seen) = server();
    for (payload, expected) in payloads() {
        for delivery in
            [Delivery::new("crm.contact.created", payload), Delivery::encoded("crm.contact.created", payload)]
        {
            let answer = server.send(&delivery.request());
            assert_eq!(answer.status, 200, "{payload}");
            let data = serde_json::from_slice::<BTreeMap<&str, &RawValue>>(&delivery.body).unwrap()["data"];
            assert_eq!(*seen.lock().unwrap(), [json!([expected, data.get()])], "{payload}");
            seen.lock().unwrap().clear();
        }
    }
}

/// The outer string contains the unpaired surrogate if the payload does not come from
/// `JSON.stringify`.
#[test]
fn a_string_around_the_payload_may_contain_unpaired_surrogates() {
    let (server, seen) = server();
    let data = r#""{\"name\":\"\ud83d\"}""#;
    assert_eq!(server.send(&Delivery::new("crm.contact.created", data).request()).status, 200);
    assert_eq!(seen.lock().unwrap()[0], json!([{ "name": "\u{fffd}" }, data]));
}

#[test]
fn an_id_and_a_type_may_contain_unpaired_surrogates() {
    let (server, seen) = server();
    for (body, expected) in [
        (r#"{"id_event":"a\ud83d","data":"[]","type":"x.y"}"#, ["a\u{fffd}", "x.y"]),
        (r#"{"id_event":"\ude00","data":"[]","type":"x.\ud83dy"}"#, ["\u{fffd}", "x.\u{fffd}y"]),
        (r#"{"type":"\ud83d\ude00\ud83d","id_event":"1","data":"[]"}"#, ["1", "😀\u{fffd}"]),
        (r#"{"\ud83d":"\ude00","id_event":"1","data":"[]","type":"x"}"#, ["1", "x"]),
        (r#"{"id_event":"1","\ud83d":{"\ud83d":1},"type":"x","data":"[]","more":["\ude00"]}"#, ["1", "x"]),
    ] {
        let request =
            Request::post("/webhook").header("Panora-Signature", verifier().sign(r#""[]""#)).body(body);
        assert_eq!(server.send(&request).status, 200, "{body}");
        let [id, name] = expected;
        assert_eq!(*seen.lock().unwrap(), [json!([id, name, name])], "{body}");
        seen.lock().unwrap().clear();
    }
}

#[test]
fn a_key_with_unpaired_surrogates_is_not_a_key_of_the_body() {
    for body in [
        r#"{"id_event\ud83d":"1","data":"[]","type":"x"}"#,
        r#"{"id_event":"1","data":"[]","\ud83d":"x"}"#,
        r#"{"id_event":"1","data":"\ud83d","data\ude00":"[]","type":"x","data":"\ud83d"}"#,
        r#"{"id_event":"\ud83d","data":"[]","type":"x"}}"#,
        r#"{"id_event":"\ud83d","data":"[]","type":""}"#,
        r#"{"id_event":"\ud83","data":"[]","type":"x"}"#,
    ] {
        for signed in [r#""[]""#, r#""\ud83d""#] {
            assert!(verifier().verify(body.as_bytes(), verifier().sign(signed)).is_err(), "{body}");
        }
    }
}

/// The signature covers the bytes in the body, regardless of the part with the unpaired surrogate.
#[test]
fn the_signature_covers_the_exact_bytes() {
    let data = r#"{"a":"\uD83D\u0041"}"#;
    let body = format!(r#" {{ "type":"\ud83d", "data" : {data} ,"id_event":"\ude00"}}"#);
    let verifier = verifier();
    assert_eq!(verifier.verify(body.as_bytes(), verifier.sign(data)).unwrap().data(), data);
    for other in [r#"{"a":"\ud83d\u0041"}"#, r#"{"a":"\ufffd\u0041"}"#, r#"{"a":"\uD83DA"}"#] {
        assert!(verifier.verify(body.as_bytes(), verifier.sign(other)).is_err(), "{other}");
    }
}

#[on("crm.*")]
async fn any(Event(event): Event<crm::AnyEvent>, State(seen): State<Seen>) {
    let crm::AnyEvent::ContactCreated(contact) = event else { panic!("{event:?}") };
    seen.lock().unwrap().push(serde_json::to_value(contact).unwrap());
}

#[on("crm.contact.created")]
async fn model(Event(contact): Event<crm::Contact>, State(seen): State<Seen>) {
    seen.lock().unwrap().push(serde_json::to_value(contact).unwrap());
}

fn raw(json: &str) -> &RawValue {
    serde_json::from_str(json).unwrap()
}

#[tokio::test]
async fn models_contain_replacement_characters() {
    let sent = sample("crm.contact.created")
        .set("first_name", raw(r#""A\ud83d""#))
        .set("email_addresses[0].email_address", raw(r#""\ude00@example.com""#))
        .set("new_field", raw(r#"{"\ud83d":"\ud83d"}"#));
    for sent in [sent.clone(), sent.as_object()] {
        assert!(sent.body().contains(r"\ud83d"));
        let seen = Seen::default();
        for outcome in
            [sent.run(Arc::clone(&seen), hooks![model]).await, sent.run(Arc::clone(&seen), hooks![any]).await]
        {
            assert!(outcome.is_handled(), "{outcome:?}");
        }
        for contact in seen.lock().unwrap().drain(..) {
            assert_eq!(contact["first_name"], "A\u{fffd}");
            assert_eq!(contact["email_addresses"][0]["email_address"], "\u{fffd}@example.com");
            assert_eq!(contact["new_field"], json!({ "\u{fffd}": "\u{fffd}" }));
        }
    }
}

/// Stores deliveries with unpaired surrogates in every part, runs them, and checks the stored
/// events.
fn store_and_run(inbox: &(impl Inbox + Clone)) {
    let seen = Seen::default();
    let (staged, settled) = Staged::new(inbox.clone());
    let webhooks = Webhooks::new(verifier()).with_state(Arc::clone(&seen)).hooks(hooks![created]);
    let (router, worker) = webhooks.with_inbox(staged).into_parts::<()>("/webhook");
    let server = Server::start(router);
    let runtime = Runtime::new().unwrap();
    let worker = runtime.spawn(worker.run_until(pending()));
    let data = r#"{"\ud83d":"\uDE00\u0000"}"#;
    let post = |id: &str, data: &str, wire_type: &str| {
        let body = format!(r#"{{"id_event":"{id}","data":{data},"type":"{wire_type}"}}"#);
        let request = Request::post("/webhook").header("Panora-Signature", verifier().sign(data));
        assert_eq!(server.send(&request.body(body)).status, 200);
    };
    post(r"a\ud83d\u0000", data, "crm.contact.created");
    post(r"a\ud83d\u0000", data, "crm.contact.created");
    post("b", &serde_json::to_string(data).unwrap(), r"x.\ude00\u0000");
    settled.recv_timeout(Duration::from_secs(60)).unwrap();
    worker.abort();
    assert_eq!(*seen.lock().unwrap(), [json!([{ "\u{fffd}": "\u{fffd}\0" }, data])]);

    let stored = |state| {
        let page = runtime.block_on(inbox.list(Query::new(Filter::new().state(state)))).unwrap();
        assert_eq!(page.items.len(), 1);
        runtime.block_on(inbox.get(page.items[0].key)).unwrap().unwrap()
    };
    let done = stored(EventState::Done);
    assert_eq!((&*done.info.id, done.data.as_deref()), ("a\u{fffd}\0", Some(data)));
    let parked = stored(EventState::Parked);
    assert_eq!((&*parked.info.id, &*parked.info.wire_type), ("b", "x.\u{fffd}\0"));
    assert_eq!(parked.data, Some(serde_json::to_string(data).unwrap()));
}

#[test]
fn an_inbox_stores_unpaired_surrogates_exactly_and_runs_the_events() {
    store_and_run(&MemoryInbox::new());
    let folder = TempDir::new().unwrap();
    store_and_run(&SqliteInbox::open(folder.path().join("inbox.db")).unwrap());
}

/// A sample has the notation of `JSON.stringify`: unpaired surrogates as lower-case escapes, and
/// other text unescaped.
#[test]
fn a_sample_contains_unpaired_surrogates_exactly() {
    let sent = Sample::new("crm.note.created", raw(r#"{"\uD83D\u0041":"\/\ude00\u00e9\ud83d\ude00"}"#));
    assert_eq!(sent.payload(), r#"{"\ud83dA":"/\ude00é😀"}"#);
    let sent = sent.set(r#""\ud83dA""#, 1).set(r#"a."b.c"[0]"#, 2).set(r#""\ud83e""#, 3);
    assert_eq!(sent.payload(), r#"{"\ud83dA":1,"a":{"b.c":[2]},"\ud83e":3}"#);
    let sent = sent.remove(r#""\ud83e""#).remove(r#"a."b.c""#);
    assert_eq!(sent.payload(), r#"{"\ud83dA":1,"a":{}}"#);
    let signature = sent.signature(&verifier());
    let delivery = verifier();
    assert_eq!(delivery.verify(sent.body().as_bytes(), signature).unwrap().data(), sent.data());
}

/// Decodes a payload in both encodings.
fn decode<T: serde::de::DeserializeOwned>(payload: &str) -> [Result<T, String>; 2] {
    [Delivery::new("x", payload), Delivery::encoded("x", payload)].map(|delivery| {
        let verifier: Verifier = verifier();
        let delivery = verifier.verify(&delivery.body, &delivery.signature).unwrap();
        delivery.payload().map_err(|error| error.to_string())
    })
}

#[test]
fn errors_are_reported_as_without_unpaired_surrogates() {
    for (payload, expected) in [
        (r#"{"a":"\ud83d","b":1}"#, "does not fit `String` at `.`: expected a string, found an object"),
        (r#"["\ud83d""#, "is not JSON (line 1, column 9)"),
        (r#"["\ud83d\x"]"#, "is not JSON (line 1, column 10)"),
    ] {
        let delivery = Delivery::encoded("x", payload);
        let error = verifier().verify(&delivery.body, &delivery.signature).unwrap();
        let error = if payload.starts_with('{') {
            error.payload::<String>().unwrap_err()
        } else {
            error.payload::<Value>().unwrap_err()
        };
        assert!(error.to_string().ends_with(expected), "{error}");
    }
}

#[test]
fn keys_that_javascript_distinguishes_may_become_one() {
    for decoded in decode::<Value>(r#"{"\ud83d":1,"\ud83e":2}"#) {
        assert_eq!(decoded.unwrap(), json!({ "\u{fffd}": 2 }));
    }
}

#[test]
fn keys_with_a_meaning_in_javascript_are_plain_keys() {
    for decoded in decode::<Value>(r#"{"__proto__":{"a":1},"constructor":2,"toString":null,"":3}"#) {
        assert_eq!(
            decoded.unwrap(),
            json!({ "__proto__": { "a": 1 }, "constructor": 2, "toString": null, "": 3 })
        );
    }
    let sent = Sample::new("x", raw(r#"{"__proto__":{"a":1}}"#));
    assert_eq!(sent.payload(), r#"{"__proto__":{"a":1}}"#);
}

#[test]
fn of_duplicate_keys_the_last_counts() {
    for decoded in decode::<Value>(r#"{"a":1,"b":2,"a":3}"#) {
        assert_eq!(decoded.unwrap(), json!({ "a": 3, "b": 2 }));
    }
}

#[test]
fn numbers_of_javascript_are_read_exactly() {
    for (text, number) in [
        ("1.7976931348623157e+308", f64::MAX),
        ("-1.7976931348623157e+308", f64::MIN),
        ("5e-324", 5e-324),
        ("1e-400", 0.0),
        ("123456789012345680000", 123_456_789_012_345_680_000.0),
        ("1e+21", 1e21),
        ("9007199254740993", 9_007_199_254_740_992.0),
        ("0", 0.0),
    ] {
        for decoded in decode::<f64>(text) {
            assert_eq!(decoded.unwrap().to_bits(), number.to_bits(), "{text}");
        }
    }
}

/// JavaScript never writes such numbers. They do not matter if no code reads them.
#[test]
fn a_number_that_is_too_large_is_an_error_that_says_so() {
    for payload in ["[1e400]", "[-1e309]", &format!("[{}]", "9".repeat(400))] {
        for decoded in decode::<Vec<f64>>(payload) {
            let error = decoded.unwrap_err();
            // With `arbitrary_precision`, the number is read as text and then does not fit.
            assert!(error.contains("too large for `f64` (line 1") || error.contains("at `[0]`"), "{error}");
        }
        for decoded in decode::<serde::de::IgnoredAny>(payload) {
            decoded.unwrap();
        }
        for decoded in decode::<Box<RawValue>>(payload) {
            assert_eq!(decoded.unwrap().get(), payload);
        }
    }
}
