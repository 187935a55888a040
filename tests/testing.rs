//! The test kit, compared with the deliveries of the sender.

mod support;

use std::{
    collections::HashMap,
    panic::{self, AssertUnwindSafe},
    sync::{Arc, Mutex},
    thread,
};

use axum::{body, http::StatusCode};
use panora_hooks::{
    Event, HookError, Metadata, RawData, Registry, State, Verifier, Webhooks, catalogue, hooks, on,
    testing::{Outcome, Sample, sample},
};
use serde_json::{Value, json, value::RawValue};
use support::{
    SECRET, Server,
    vectors::{Vector, vectors},
    verifier,
};

/// The vectors were computed with Node, by the sender's algorithm.
#[test]
fn samples_have_the_bytes_of_the_sender() {
    let (mut made, mut others) = (0, Vec::new());
    for vector in vectors().into_iter().filter(Vector::is_valid) {
        let Some(sent) = vector.sent() else { continue };
        let is_too_deep = vector.decoded.as_ref().is_some_and(|decoded| decoded.ends_with("depth-error"));
        let Ok(payload) = serde_json::from_str::<&RawValue>(&sent.payload) else { continue };
        if is_too_deep {
            continue;
        }
        let verifier = Verifier::new(vector.secret.as_str()).unwrap();
        let sample = Sample::new(&sent.wire_type, payload).id(sent.id).wire_type(sent.wire_type);
        assert_eq!(Some(sample.signature(&verifier)), vector.header, "{}", vector.name);
        if sample.body().into_bytes() == vector.body() {
            made += 1;
        } else {
            others.push(vector.name);
        }
    }
    assert_eq!(made, 29);
    // Valid deliveries that the sender does not make.
    let expected = [
        "extra-key",
        "key-order-type-first",
        "key-order-data-last",
        "escaped-key-alone",
        "reformatted-outer",
        "trailing-whitespace",
        "leading-whitespace",
        "white-space-between-tokens",
        "large-200k-whitespace",
    ];
    assert_eq!(others, expected);
}

#[test]
fn the_body_has_the_keys_the_encoding_and_the_type_of_the_sender() {
    let company = Sample::new("crm.company.created", json!({ "name": "Ada \"& Co\"" })).id("the-id");
    assert_eq!(
        company.body(),
        r#"{"id_event":"the-id","data":"{\"name\":\"Ada \\\"& Co\\\"\"}","type":"crm.company.push"}"#
    );
    let company = company.as_object();
    assert_eq!(
        company.body(),
        r#"{"id_event":"the-id","data":{"name":"Ada \"& Co\""},"type":"crm.company.push"}"#
    );
    assert_eq!(company.data(), company.payload());
    let unlisted = Sample::new("crm.custom.happened", [1, 2]);
    assert!(unlisted.body().ends_with(r#","data":"[1,2]","type":"crm.custom.happened"}"#));
    let old = sample("ticketing.ticket.pulled").wire_type("ticketing.ticket.synced");
    assert!(old.body().ends_with(r#","type":"ticketing.ticket.synced"}"#));
}

#[test]
fn fields_keep_their_order() {
    #[derive(serde::Serialize)]
    struct Payload {
        z: u8,
        a: u8,
    }

    let sample = Sample::new("x.y.z", Payload { z: 1, a: 2 }).set("m", 3).set("z", 4);
    assert_eq!(sample.payload(), r#"{"z":4,"a":2,"m":3}"#);
}

#[test]
fn every_event_type_has_a_sample_that_is_the_same_each_time() {
    for event_type in catalogue::all() {
        let (first, second) = (sample(event_type.name()), sample(event_type.name()));
        assert_eq!(first.payload(), second.payload());
        assert_ne!(first.body(), second.body(), "each has an id of its own");
        let wire_type = event_type.wire_names().next().unwrap();
        assert!(first.body().ends_with(&format!(r#","type":"{wire_type}"}}"#)));
        // A list has several rows, one of which has as few values as possible.
        if let Value::Array(rows) = serde_json::from_str(&first.payload()).unwrap() {
            let expected = if event_type.payload().is_some() { 3 } else { 0 };
            assert_eq!(rows.len(), expected, "{}", event_type.name());
        }
    }
    assert_eq!(sample("crm.company.push").payload(), sample("crm.company.created").payload());
}

#[test]
fn values_are_set_and_removed_by_path() {
    let sample = Sample::new("x.y.z", json!({ "a": [{ "b": 1 }, 2], "c": null }));
    let payload = |sample: Sample| sample.payload();
    assert_eq!(payload(sample.clone().set("a[0].b", "x")), r#"{"a":[{"b":"x"},2],"c":null}"#);
    assert_eq!(payload(sample.clone().set("a[2]", 3)), r#"{"a":[{"b":1},2,3],"c":null}"#);
    assert_eq!(payload(sample.clone().set("c.d[0].e", 3)), r#"{"a":[{"b":1},2],"c":{"d":[{"e":3}]}}"#);
    assert_eq!(payload(sample.clone().set("f.g", 3)), r#"{"a":[{"b":1},2],"c":null,"f":{"g":3}}"#);
    assert_eq!(payload(sample.clone().set(".", json!([]))), "[]");
    assert_eq!(payload(sample.clone().remove("a[0].b")), r#"{"a":[{},2],"c":null}"#);
    assert_eq!(payload(sample.clone().remove("a[0]")), r#"{"a":[2],"c":null}"#);
    assert_eq!(payload(sample.clone().remove("c")), r#"{"a":[{"b":1},2]}"#);
    assert_eq!(payload(Sample::new("x.y.z", json!([[1]])).set("[0][0]", 2)), "[[2]]");
}

#[test]
fn a_path_that_leads_nowhere_panics_with_its_position() {
    let problem = |change: fn(Sample) -> Sample| {
        let panic = panic::catch_unwind(|| change(Sample::new("x.y.z", json!({ "a": [1] })))).unwrap_err();
        *panic.downcast::<String>().unwrap()
    };
    for (problem, expected) in [
        (
            problem(|sample| sample.set("a[2]", 1)),
            "`a[2]` leads nowhere: there is no element 2, the list has 1",
        ),
        (
            problem(|sample| sample.set("a.b", 1)),
            "`a.b` leads nowhere: the value before `b` is not an object",
        ),
        (
            problem(|sample| sample.set("a[0].b", 1)),
            "`a[0].b` leads nowhere: the value before `b` is not an object",
        ),
        (problem(|sample| sample.set("[0]", 1)), "`[0]` leads nowhere: the value before [0] is not a list"),
        (problem(|sample| sample.remove("b")), "`b` leads nowhere: there is no field `b`"),
        (
            problem(|sample| sample.remove("a[1]")),
            "`a[1]` leads nowhere: there is no element 1, the list has 1",
        ),
        (problem(|sample| sample.remove(".")), "`.` leads nowhere: the payload itself cannot be removed"),
    ] {
        assert_eq!(problem, expected);
    }
    let panic = panic::catch_unwind(|| sample("ats.eecos.pulled")).unwrap_err();
    let problem = panic.downcast::<String>().unwrap();
    assert!(problem.contains("`ats.eecos.pulled` is a misspelling of `ats.eeocs.pulled`"), "{problem}");
    for malformed in ["", "a..b", ".a", "a[", "a[x]", "a]", "a[0]b", "a."] {
        let panic = panic::catch_unwind(|| Sample::new("x.y.z", json!({})).set(malformed, 1)).unwrap_err();
        let problem = panic.downcast::<String>().unwrap();
        assert!(problem.contains("expected a path such as `email_addresses[0].email_address`"), "{problem}");
    }
}

#[test]
fn a_panic_points_at_the_line_of_the_test() {
    let here = thread::current().id();
    let files = Arc::new(Mutex::new(Vec::new()));
    let others = panic::take_hook();
    panic::set_hook(Box::new({
        let files = Arc::clone(&files);
        move |info| {
            if thread::current().id() == here {
                files.lock().unwrap().push(info.location().unwrap().file().to_owned());
            } else {
                others(info);
            }
        }
    }));
    let unwritable = || HashMap::from([(vec![1], 1)]);
    let mistakes: [&dyn Fn(); 6] = [
        &|| drop(sample("crm.contct.created")),
        &|| drop(Sample::new("x.y.z", unwritable())),
        &|| drop(sample("crm.contact.created").set("first_name", unwritable())),
        &|| drop(sample("crm.contact.created").set("first_name.x", 1)),
        &|| drop(sample("crm.contact.created").remove("nothing")),
        &|| drop(sample("crm.contact.created").request(&verifier(), "/web hook")),
    ];
    for mistake in mistakes {
        panic::catch_unwind(AssertUnwindSafe(mistake)).unwrap_err();
    }
    let _ = panic::take_hook();
    assert_eq!(*files.lock().unwrap(), ["tests/testing.rs"; 6]);
}

#[test]
fn an_unknown_event_type_has_no_sample() {
    let panic = panic::catch_unwind(|| sample("crm.contct.created")).unwrap_err();
    assert_eq!(
        *panic.downcast::<String>().unwrap(),
        "there is no event type `crm.contct.created` in the catalogue; `Sample::new` takes any"
    );
}

#[test]
fn debug_shows_no_payload() {
    let shown = format!("{:?}", Sample::new("x.y.z", "hunter2").id("the-id"));
    assert_eq!(shown, r#"Sample { id: "the-id", wire_type: "x.y.z", is_object: false, attempt: 1, .. }"#);
}

#[on("crm.contact.created")]
async fn fails(Event(contact): Event<Value>, meta: Metadata) -> Result<(), HookError> {
    match contact["first_name"].as_str() {
        Some("Ada") => Ok(()),
        Some("Grace") => Err(HookError::permanent("no")),
        _ => panic!("{}", meta.id),
    }
}

#[on("crm.company.*")]
async fn keeps(data: RawData, meta: Metadata, State(name): State<&'static str>) -> Result<(), String> {
    Err(format!("{name} {} {} {}", meta.event_type, meta.wire_type, data.0))
}

#[on("ticketing.ticket.pulled")]
async fn names(meta: Metadata) -> Result<(), String> {
    Err(format!("{} {}", meta.event_type, meta.wire_type))
}

#[tokio::test]
async fn a_hook_gets_the_name_that_it_uses_for_the_type() {
    let synced = sample("ticketing.ticket.pulled").wire_type("ticketing.ticket.synced");
    let outcome = synced.run((), hooks![names]).await;
    assert_eq!(outcome.error().unwrap().to_string(), "ticketing.ticket.pulled ticketing.ticket.synced");
}

#[tokio::test]
async fn hooks_run_without_http() {
    let contact = |name: &str| sample("crm.contact.created").set("first_name", name);
    let outcome = contact("Ada").run((), hooks![fails]).await;
    assert!(matches!(outcome, Outcome::Handled { hook: "fails" }), "{outcome:?}");
    let outcome = contact("Grace").run((), hooks![fails]).await;
    assert!(
        matches!(&outcome, Outcome::Failed { hook: "fails", error } if !error.is_retryable()),
        "{outcome:?}"
    );
    assert_eq!(outcome.error().unwrap().to_string(), "no");
    let outcome = contact("Linus").run((), hooks![fails]).await;
    assert!(matches!(outcome, Outcome::Panicked { hook: "fails" }), "{outcome:?}");
    assert_eq!((outcome.hook(), outcome.is_handled()), (Some("fails"), false));
    let outcome = sample("crm.deal.created").run((), hooks![fails]).await;
    assert!(matches!(outcome, Outcome::Unhandled), "{outcome:?}");
    assert_eq!(outcome.hook(), None);

    let company = Sample::new("crm.company.created", json!({ "a": 1 }));
    let outcome = company.run("app", hooks![keeps]).await;
    let error = outcome.error().unwrap().to_string();
    assert_eq!(error, r#"app crm.company.created crm.company.push "{\"a\":1}""#);
    let outcome = company.as_object().run("app", hooks![keeps]).await;
    assert_eq!(outcome.error().unwrap().to_string(), r#"app crm.company.created crm.company.push {"a":1}"#);
}

#[tokio::test]
async fn a_router_answers_a_sample() {
    let router = || Webhooks::new(verifier()).hooks(hooks![fails]).into_router("/webhook");
    let contact = sample("crm.contact.created").set("first_name", "Ada");
    let response = contact.send(router(), &verifier(), "/webhook").await;
    assert_eq!(response.status(), StatusCode::OK);
    let other = Verifier::new("another secret").unwrap();
    let response = contact.send(router(), &other, "/webhook").await;
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    let body = body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
    assert!(body.starts_with(b"Webhook Error: "));
    let response = contact.set("first_name", "Grace").send(router(), &verifier(), "/webhook/").await;
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
}

#[test]
fn a_request_has_the_senders_headers() {
    let sample = sample("crm.contact.created");
    let request = sample.request(&verifier(), "https://hooks.example:8443/webhook");
    assert_eq!((request.method().as_str(), request.uri().path()), ("POST", "/webhook"));
    let header = |name| request.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(header("accept"), "application/json, text/plain, */*");
    assert_eq!(header("content-type"), "application/json");
    assert_eq!(header("panora-signature"), sample.signature(&Verifier::new(SECRET).unwrap()));
    assert_eq!(header("user-agent"), "axios/1.6.8");
    assert_eq!(header("content-length"), sample.body().len().to_string());
    assert_eq!(header("accept-encoding"), "gzip, compress, deflate, br");
    assert_eq!(header("host"), "hooks.example:8443");
    assert_eq!(header("connection"), "keep-alive");

    for (uri, host) in [
        ("http://hooks.example:80/webhook", "hooks.example"),
        ("https://u:p@hooks.example:443/webhook", "hooks.example"),
        ("http://hooks.example:443", "hooks.example:443"),
        ("/webhook", "localhost"),
    ] {
        assert_eq!(sample.request(&verifier(), uri).headers()["host"], host);
    }
    let panic = panic::catch_unwind(|| sample.request(&verifier(), "webhook")).unwrap_err();
    let problem = *panic.downcast::<String>().unwrap();
    assert_eq!(problem, "expected `/webhook` or `http://localhost:8000/webhook`, found `webhook`");

    let bytes = String::from_utf8(sample.request_bytes(&verifier(), "/webhook?a=1")).unwrap();
    let (head, body) = bytes.split_once("\r\n\r\n").unwrap();
    assert_eq!(body, sample.body());
    let names: Vec<_> = head.lines().skip(1).map(|line| line.split_once(": ").unwrap().0).collect();
    assert_eq!(head.lines().next(), Some("POST /webhook?a=1 HTTP/1.1"));
    assert!(head.contains("\r\nHost: localhost\r\n"));
    assert_eq!(
        names,
        [
            "Accept",
            "Content-Type",
            "Panora-Signature",
            "User-Agent",
            "Content-Length",
            "Accept-Encoding",
            "Host",
            "Connection",
        ]
    );
}

#[test]
fn a_server_accepts_the_bytes_of_a_sample() {
    use std::io::{Read, Write};

    let router = Webhooks::new(verifier()).hooks(hooks![fails]).into_router("/webhook");
    let server = Server::start(router);
    let contact = sample("crm.contact.created").set("first_name", "Ada");
    let mut stream = server.connect();
    stream.write_all(&contact.request_bytes(&verifier(), "/webhook")).unwrap();
    // The sender keeps the connection open, so the end of the answer is not the end of the
    // connection.
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200");
}

#[on("crm.note.created")]
async fn at_the_second_attempt(meta: Metadata) -> Result<(), String> {
    if meta.attempt == 2 { Ok(()) } else { Err(format!("attempt {}", meta.attempt)) }
}

#[tokio::test]
async fn a_sample_can_be_of_any_attempt() {
    let note = sample("crm.note.created");
    let first = note.run((), hooks![at_the_second_attempt]).await;
    assert_eq!(first.error().map(ToString::to_string).as_deref(), Some("attempt 1"));
    assert!(note.attempt(2).run((), hooks![at_the_second_attempt]).await.is_handled());
}

/// The function by which an application registers its hooks.
fn register(hooks: &mut Registry<&'static str>) {
    hooks.hooks(hooks![keeps]).hooks(hooks![at_the_second_attempt]);
}

#[tokio::test]
async fn the_hooks_of_an_application_run_as_it_registers_them() {
    let company = Sample::new("crm.company.created", json!({ "a": 1 }));
    let text = r#"app crm.company.created crm.company.push "{\"a\":1}""#;
    let outcome = company.run("app", register).await;
    assert_eq!((outcome.hook(), outcome.error().unwrap().to_string()), (Some("keeps"), text.to_owned()));

    // The limits are those of HTTP.
    let webhooks =
        || Webhooks::new(verifier()).with_state("app").hooks(register).hooks(hooks![fails]).max_body_bytes(1);
    let outcome = company.run_on(webhooks()).await;
    assert_eq!((outcome.hook(), outcome.error().unwrap().to_string()), (Some("keeps"), text.to_owned()));
    let note = sample("crm.note.created");
    assert!(!note.run_on(webhooks()).await.is_handled());
    assert!(note.attempt(2).run_on(webhooks()).await.is_handled());
    let contact = sample("crm.contact.created").set("first_name", "Linus");
    let outcome = contact.run_on(webhooks()).await;
    assert!(matches!(outcome, Outcome::Panicked { hook: "fails" }), "{outcome:?}");
    assert!(matches!(sample("crm.deal.created").run_on(webhooks()).await, Outcome::Unhandled));
}
