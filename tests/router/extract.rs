//! The arguments of hooks.

use std::{
    collections::HashMap,
    error::Error,
    sync::{Arc, Mutex},
    time::SystemTime,
};

use crate::support::{Delivery, Server, verifier};
use axum::extract::FromRef;
use panora_hooks::{
    Classify, Delivery as Verified, ErrorClass, Event, FromDelivery, HookError, Metadata, PayloadError,
    RawData, Registry, State, Webhooks, hooks, on,
};
use serde::Deserialize;
use serde_json::{Value, json};

type Seen = Arc<Mutex<Vec<Value>>>;

#[derive(Clone, FromRef)]
struct App {
    seen: Seen,
    name: &'static str,
}

fn server(list: impl FnOnce(&mut Registry<App>)) -> (Server, Seen) {
    let seen = Seen::default();
    let app = App { seen: Arc::clone(&seen), name: "the application" };
    let webhooks = Webhooks::new(verifier()).with_state(app).hooks(list);
    (Server::start(webhooks.into_router("/webhook")), seen)
}

#[track_caller]
fn deliver(server: &Server, delivery: &Delivery, status: u16) {
    let answer = server.send(&delivery.request());
    assert_eq!((answer.status, answer.body.as_str()), (status, ""));
}

fn take(seen: &Seen) -> Vec<Value> {
    std::mem::take(&mut *seen.lock().unwrap())
}

#[on("crm.contact.created")]
async fn value(Event(payload): Event<Value>, State(seen): State<Seen>) {
    seen.lock().unwrap().push(payload);
}

#[test]
fn the_payload_is_the_same_in_a_string_and_as_json() {
    let (server, seen) = server(hooks![value]);
    for payload in [
        r#"{"first_name":"Ada","emails":["ada@example.com"]}"#,
        "[]",
        r#"[{"a":1},{"a":2}]"#,
        "null",
        "0",
        "false",
        r#""[object Map]""#,
        r#"{"text":"ü 🦀 \" \\ \n \u0000"}"#,
        "{\n  \"spaces\" : [ 1 , 2 ]\n}",
    ] {
        let expected: Value = serde_json::from_str(payload).unwrap();
        deliver(&server, &Delivery::encoded("crm.contact.created", payload), 200);
        assert_eq!(take(&seen), std::slice::from_ref(&expected), "in a string");
        if !payload.starts_with('"') {
            deliver(&server, &Delivery::new("crm.contact.created", payload), 200);
            assert_eq!(take(&seen), [expected], "as it is");
        }
    }
}

#[on("crm.contact.pulled")]
async fn optional(Event(payload): Event<Option<HashMap<String, u64>>>, State(seen): State<Seen>) {
    seen.lock().unwrap().push(json!(payload));
}

#[test]
fn null_is_none_for_an_option() {
    let (server, seen) = server(hooks![optional]);
    for null in ["null", r#""null""#] {
        deliver(&server, &Delivery::new("crm.contact.pulled", null), 200);
    }
    deliver(&server, &Delivery::new("crm.contact.pulled", r#"{"a":18446744073709551615}"#), 200);
    assert_eq!(take(&seen), [Value::Null, Value::Null, json!({"a": u64::MAX})]);
}

#[on("crm.deal.created")]
async fn raw(RawData(data): RawData, State(seen): State<Seen>) {
    seen.lock().unwrap().push(data.into());
}

#[test]
fn raw_data_is_the_signed_text() {
    let (server, seen) = server(hooks![raw]);
    for data in [r#""{\"a\":  1}""#, r#"{"a":  1}"#, "null", r#""not JSON""#, r#""\ud800""#] {
        deliver(&server, &Delivery::new("crm.deal.push", data), 200);
        assert_eq!(take(&seen), [data]);
    }
}

#[on("crm.note.created")]
async fn everything(
    meta: Metadata,
    Event(payload): Event<Value>,
    State(app): State<App>,
    State(name): State<&'static str>,
    Length(length): Length,
) {
    assert!(meta.received_at <= SystemTime::now());
    let seen = json!([meta.id, meta.event_type, meta.wire_type, meta.attempt, payload, name, length]);
    app.seen.lock().unwrap().push(seen);
}

/// An argument of our own that needs the state.
struct Length(usize);

impl FromDelivery<App> for Length {
    fn from_delivery(delivery: &Verified<'_>, state: &App) -> Result<Self, HookError> {
        if delivery.data().len() > 100 {
            return Err(HookError::permanent(format!("too long for {}", state.name)));
        }
        Ok(Self(delivery.data().len()))
    }
}

#[test]
fn every_argument_has_the_value_of_its_delivery() {
    let (server, seen) = server(hooks![everything]);
    deliver(&server, &Delivery::new("crm.note.push", "[1]"), 200);
    let id = "7197465d-c9d3-4094-a2d2-b9fc4346d636";
    assert_eq!(take(&seen), [json!([id, "crm.note.created", "crm.note.push", 1, [1], "the application", 3])]);
    deliver(&server, &Delivery::encoded("crm.note.push", &"x".repeat(101)), 500);
    assert_eq!(take(&seen), [] as [Value; 0]);
}

mod errors {
    use super::*;

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only the error is read")]
    struct Contact {
        first_name: String,
        #[serde(default)]
        email_addresses: Vec<EmailAddress>,
    }

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only the error is read")]
    struct EmailAddress {
        email_address: String,
        kind: Kind,
    }

    #[derive(Debug, Deserialize)]
    enum Kind {
        #[serde(rename = "WORK")]
        Work,
    }

    /// Returns the path and the text of the error.
    fn error(data: &str) -> (Option<String>, String) {
        let delivery = Delivery::new("crm.contact.created", data);
        let error = verifier()
            .verify(&delivery.body, &delivery.signature)
            .unwrap()
            .payload::<Contact>()
            .expect_err("it fits");
        (error.path().map(str::to_owned), error.to_string())
    }

    const EVENT: &str = "the payload of `crm.contact.created`";

    #[test]
    fn an_error_names_the_path_of_the_field_and_never_its_value() {
        for (payload, path, rest) in [
            (
                r#"{"first_name":"canary-1","email_addresses":[{"email_address":"canary-2","kind":"WORK"},{"email_address":7,"kind":"WORK"}]}"#,
                "email_addresses[1].email_address",
                ": expected a string, found a number",
            ),
            (r#"{"first_name":["canary-1"]}"#, "first_name", ": expected a string, found a list"),
            (r#"{"first_name":true}"#, "first_name", ": expected a string, found a boolean"),
            (r#"{"first_name":null}"#, "first_name", ": expected a string, found null"),
            (r#"{"first_name":-1.5}"#, "first_name", ": expected a string, found a number"),
            (r#"{"first_name":{"canary":1}}"#, "first_name", ": expected a string, found an object"),
            (
                r#"{"first_name":"x","email_addresses":[{"email_address":"x","kind":"canary-3"}]}"#,
                "email_addresses[0].kind",
                "",
            ),
            (
                r#"{"first_name":"x","email_addresses":"canary, expected canary at line 1 column 1"}"#,
                "email_addresses",
                ": expected a list, found a string",
            ),
            (r#"{"email_addresses":[]}"#, ".", ": field `first_name` is missing"),
            (
                r#"{"first_name":"x","email_addresses":[{"kind":"WORK"}]}"#,
                "email_addresses[0]",
                ": field `email_address` is missing",
            ),
            ("null", ".", ": expected struct Contact, found null"),
        ] {
            let expected = format!("{EVENT} does not fit `Contact` at `{path}`{rest}");
            for data in [payload.to_owned(), serde_json::to_string(payload).unwrap()] {
                let (found, text) = error(&data);
                assert_eq!(found.as_deref(), Some(path), "{data}");
                assert_eq!(text, expected);
                assert!(!text.contains("canary"), "{text}");
            }
        }
    }

    /// The keys of a map are user data, and may be any text.
    #[test]
    fn a_key_that_is_not_a_name_is_not_shown() {
        type Maps = HashMap<String, Vec<HashMap<String, HashMap<String, String>>>>;
        let payload = r#"{"email_addresses":[{"ada@example.com\nERROR canary":{"b":1}}]}"#;
        let delivery = Delivery::encoded("x", payload);
        let error =
            verifier().verify(&delivery.body, &delivery.signature).unwrap().payload::<Maps>().unwrap_err();
        assert_eq!(error.path(), Some("email_addresses[0].?.b"));
        for key in ["", "4915112345678", "-1", "550e8400-e29b-11d4-a716-446655440000"] {
            let delivery = Delivery::encoded("x", &format!(r#"{{"{key}":7}}"#));
            let delivery = verifier().verify(&delivery.body, &delivery.signature).unwrap();
            assert_eq!(delivery.payload::<Maps>().unwrap_err().path(), Some("?"), "{key}");
        }
    }

    /// An error of our own, which converts into the one that it holds.
    struct Misfit(PayloadError);

    impl Classify for Misfit {
        fn classify(&self) -> ErrorClass {
            ErrorClass::Retryable
        }
    }

    impl From<Misfit> for Box<dyn Error + Send + Sync> {
        fn from(Misfit(error): Misfit) -> Self {
            error.into()
        }
    }

    #[test]
    fn a_payload_error_stays_one_whatever_its_class() {
        let delivery = Delivery::new("x", "1");
        let error = verifier().verify(&delivery.body, &delivery.signature).unwrap().payload::<String>();
        let error = HookError::classify(Misfit(error.unwrap_err()));
        assert!(matches!(error, HookError::Payload(_)) && !error.is_retryable(), "{error:?}");
    }

    #[test]
    fn a_very_long_wire_type_is_cut_off() {
        let body = format!(r#"{{"id_event":"x","data":1,"type":"{}"}}"#, "i".repeat(100_000));
        let delivery = verifier();
        let delivery = delivery.verify(body.as_bytes(), delivery.sign("1")).unwrap();
        assert!(delivery.payload::<String>().unwrap_err().to_string().len() < 500);
    }

    #[test]
    fn invalid_json_is_reported_with_its_position() {
        assert_eq!(error(r#""canary""#), (None, format!("{EVENT} is not JSON (line 1, column 1)")));
        assert_eq!(error(r#""""#), (None, format!("{EVENT} is not JSON (line 1, column 0)")));
        assert_eq!(
            error(r#""{\"first_name\":\"x\"}}""#).1,
            format!("{EVENT} is not JSON (line 1, column 19)")
        );
        assert_eq!(error(r#""\ud800""#), (None, format!("{EVENT} is not JSON (line 1, column 1)")));
    }

    #[test]
    fn deep_nesting_is_refused() {
        let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
        for delivery in [Delivery::encoded("x", &deep), Delivery::new("x", &deep)] {
            let delivery = verifier().verify(&delivery.body, &delivery.signature).unwrap().payload::<Value>();
            assert!(delivery.unwrap_err().to_string().ends_with("is nested too deep"));
        }
    }

    #[test]
    fn a_wire_type_cannot_break_the_line() {
        let delivery = Delivery::new(r"x\n\u001b[31m", "1");
        let delivery = verifier().verify(&delivery.body, &delivery.signature).unwrap().payload::<String>();
        assert!(
            delivery.unwrap_err().to_string().starts_with(r"the payload of `x\n\u{1b}[31m` does not fit")
        );
    }
}
