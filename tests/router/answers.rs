//! The answers of the router, over a real socket.

use std::{
    fmt,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use crate::support::{
    Count, Delivery, Request, Server, assert_answer, contact, counting, read_answer, verifier,
};
use axum::body::Body;
use metrics_util::debugging::DebuggingRecorder;
use panora_hooks::{Classify, ErrorClass, Event, HookError, State, Webhooks, hooks, on};
use serde_json::Value;
use tokio::sync::Notify;
use tower::ServiceExt;

#[on("crm.deal.created")]
async fn fails() -> Result<(), &'static str> {
    Err("the hook's own words")
}

#[on("crm.note.created")]
async fn fails_for_good() -> Result<(), HookError> {
    Err(HookError::permanent("the hook's own words"))
}

#[on("crm.engagement.created")]
async fn fails_for_now() -> Result<(), HookError> {
    Err(HookError::retry_after(Duration::from_secs(30), "the hook's own words"))
}

#[derive(Debug)]
struct AppError(ErrorClass);

impl fmt::Display for AppError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the hook's own words")
    }
}

impl std::error::Error for AppError {}

impl Classify for AppError {
    fn classify(&self) -> ErrorClass {
        self.0
    }
}

#[on("crm.company.created")]
async fn fails_with_a_class(Event(is_permanent): Event<bool>) -> Result<(), AppError> {
    Err(AppError(if is_permanent { ErrorClass::Permanent } else { ErrorClass::Retryable }))
}

#[on("crm.task.created")]
async fn panics() {
    panic!("the hook's own words")
}

#[on("crm.user.pulled")]
async fn takes_numbers(Event(_): Event<Vec<u32>>) {}

fn server() -> (Server, Count) {
    let count = Count::default();
    let webhooks = counting(&count).hooks(hooks![
        fails,
        fails_for_good,
        fails_for_now,
        fails_with_a_class,
        panics,
        takes_numbers
    ]);
    (Server::start(webhooks.into_router("/webhook")), count)
}

#[test]
fn a_delivery_is_handled_and_answered_with_an_empty_200() {
    let (server, count) = server();
    let answer = server.send(&contact().request());
    assert_answer(&answer, 200, "");
    assert_eq!(answer.header("content-length"), Some("0"));
    assert_eq!(answer.header("content-type"), None);
    assert_eq!(count.load(Ordering::SeqCst), 1);
}

#[test]
fn the_header_name_may_be_in_any_case() {
    let (server, _) = server();
    let Delivery { body, signature } = contact();
    for name in ["panora-signature", "PANORA-SIGNATURE"] {
        let request = Request::post("/webhook").header(name, &signature).body(&body);
        assert_answer(&server.send(&request), 200, "");
    }
}

#[test]
fn neither_content_type_nor_user_agent_matters() {
    let (server, _) = server();
    let request = contact().request().header("Content-Type", "text/plain").header("User-Agent", "curl");
    assert_answer(&server.send(&request), 200, "");
}

#[test]
fn an_event_that_no_hook_names_is_acknowledged() {
    let (server, count) = server();
    for event_type in ["crm.contact.pulled", "crm.contact.imported", "\\n", "x"] {
        let delivery = Delivery::encoded(event_type, "{}");
        assert_answer(&server.send(&delivery.request()), 200, "");
    }
    assert_eq!(count.load(Ordering::SeqCst), 0);
}

#[test]
fn a_failing_hook_is_an_empty_500() {
    let (server, _) = server();
    for event_type in ["crm.deal.push", "crm.note.push", "crm.engagement.push", "crm.task.push"] {
        let answer = server.send(&Delivery::encoded(event_type, "{}").request());
        assert_answer(&answer, 500, "");
    }
    for is_permanent in ["true", "false"] {
        let answer = server.send(&Delivery::encoded("crm.company.push", is_permanent).request());
        assert_answer(&answer, 500, "");
    }
    let misfit = Delivery::encoded("crm.user.pulled", r#"["secret"]"#);
    assert_answer(&server.send(&misfit.request()), 500, "");
    // The server still answers.
    assert_answer(&server.send(&contact().request()), 200, "");
}

#[test]
fn only_post_is_allowed() {
    let (server, count) = server();
    for method in ["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND"] {
        let Delivery { body, signature } = contact();
        let request = Request::new(method, "/webhook").header("Panora-Signature", signature).body(body);
        let answer = server.send(&request);
        assert_answer(&answer, 405, "Webhook Error: only POST is allowed");
        assert_eq!(answer.header("allow"), Some("POST"));
    }
    assert_eq!(server.send(&Request::new("HEAD", "/webhook")).status, 405);
    assert_eq!(count.load(Ordering::SeqCst), 0);
}

/// An attacker must not learn from the answer in which way a signature is wrong.
#[test]
fn answers_to_bad_signatures_do_not_differ() {
    let (server, count) = server();
    let Delivery { body, signature } = contact();
    let post = |signature: &[u8]| Request::post("/webhook").header("Panora-Signature", signature).body(&body);
    let whole = String::from_utf8(body.clone()).unwrap();
    let mut requests = vec![
        Request::post("/webhook").body(&body),
        post(b""),
        post(&[0xff; 64]),
        post(&[0x80; 64]),
        post(&[b'0'; 64]),
        post(signature.to_uppercase().as_bytes()),
        post(format!("sha256={signature}").as_bytes()),
        post(&signature.as_bytes()[..62]),
        post(crate::support::SECRET.as_bytes()),
        post(format!("{signature}, {signature}").as_bytes()),
        post(signature.as_bytes()).header("Panora-Signature", &signature),
        post(verifier().sign(&whole).as_bytes()),
        post(signature.as_bytes()).body(whole.replace("Ada", "Eve")),
    ];
    requests.push(requests[2].clone().body("not even JSON"));
    let answers: Vec<_> = requests
        .iter()
        .map(|request| {
            let mut answer = server.send(request);
            answer.headers.retain(|(name, _)| name != "date");
            answer
        })
        .collect();
    assert_answer(&answers[0], 400, "Webhook Error: missing or invalid signature");
    for (index, answer) in answers.iter().enumerate() {
        assert_eq!(answer, &answers[0], "request {index}");
    }
    assert_eq!(count.load(Ordering::SeqCst), 0);
}

#[test]
fn the_answer_names_the_fault_of_a_body() {
    let (server, _) = server();
    let signature = verifier().sign("1");
    for (body, reason) in [
        ("", "malformed body"),
        ("{", "malformed body"),
        ("[]", "malformed body"),
        (r#"{"id_event":"x","data":1,"type":7}"#, "malformed body"),
        (r#"{"id_event":"x","data":1,"type":""}"#, "malformed body"),
        (r#"{"id_event":"","data":1,"type":"x"}"#, "malformed body"),
        (r#"{"id_event":"x","data":1,"type":"x"} x"#, "malformed body"),
        ("\u{feff}{\"id_event\":\"x\",\"data\":1,\"type\":\"x\"}", "malformed body"),
        (r#"{"id_event":"x","type":"x"}"#, "missing key in body"),
        (r#"{"id_event":"x","data":1}"#, "missing key in body"),
        (r#"{"data":1,"type":"x"}"#, "missing key in body"),
        (r#"{"id_event":"x","data":1,"type":"x","data":1}"#, "duplicate key in body"),
        (r#"{"id_event":"x","data":1,"type":"x","d\u0061ta":1}"#, "duplicate key in body"),
        (r#"{"id_event":"x","data":1,"type":"x","t\u0079pe":"y"}"#, "duplicate key in body"),
        (r#"{"id_event":"x","data":1,"type":"x","id_event":"y"}"#, "duplicate key in body"),
    ] {
        let request = Request::post("/webhook").header("Panora-Signature", &signature).body(body);
        assert_answer(&server.send(&request), 400, &format!("Webhook Error: {reason}"));
    }
    let not_utf8 = b"{\"id_event\":\"x\",\"data\":1,\"type\":\"x\",\"more\":\"\xff\"}";
    let request = Request::post("/webhook").header("Panora-Signature", &signature).body(not_utf8);
    assert_answer(&server.send(&request), 400, "Webhook Error: malformed body");
}

/// A hook that uses up the budget of its task in each poll.
#[on("crm.contact.created", timeout = "50ms")]
async fn busy() {
    loop {
        tokio::task::consume_budget().await;
    }
}

#[test]
fn a_hook_that_is_always_busy_is_cancelled_at_its_time_limit() {
    let server = Server::start(Webhooks::new(verifier()).hooks(hooks![busy]).into_router("/webhook"));
    assert_answer(&server.send(&contact().request()), 500, "");
}

/// Reports that a hook has begun, and tells the hook to go on.
#[derive(Default)]
struct Gate {
    begun: Notify,
    may_end: Notify,
    ended: Notify,
}

#[on("crm.contact.created")]
async fn waits(State(gate): State<Arc<Gate>>, Event(_): Event<Value>) {
    gate.begun.notify_one();
    gate.may_end.notified().await;
    gate.ended.notify_one();
}

/// Waits long enough for anything that happens at all.
async fn soon(notified: impl Future<Output = ()>) {
    tokio::time::timeout(Duration::from_secs(60), notified).await.expect("it never happens");
}

/// A server drops the future of a request whose sender disconnects.
#[tokio::test]
async fn a_hook_finishes_even_if_the_sender_disconnects() {
    let recorder = DebuggingRecorder::new();
    let _recording = metrics::set_default_local_recorder(&recorder);
    let gate = Arc::new(Gate::default());
    let webhooks = Webhooks::new(verifier()).with_state(Arc::clone(&gate)).hooks(hooks![waits]);
    let Delivery { body, signature } = contact();
    let request = axum::http::Request::post("/webhook").header("Panora-Signature", signature);
    let answer = webhooks.into_router::<()>("/webhook").oneshot(request.body(Body::from(body)).unwrap());

    let server = tokio::spawn(answer);
    soon(gate.begun.notified()).await;
    server.abort();
    assert!(server.await.unwrap_err().is_cancelled());
    gate.may_end.notify_one();
    soon(gate.ended.notified()).await;
    let counters = crate::support::counters(&recorder.snapshotter());
    assert_eq!(counters.len(), 1);
    assert_eq!(counters[0].0.labels().next().unwrap().value(), "handled");
}

#[tokio::test]
async fn shutdown_waits_for_running_hooks() {
    let gate = Arc::new(Gate::default());
    let webhooks = Webhooks::new(verifier()).with_state(Arc::clone(&gate)).hooks(hooks![waits]);
    let mut server = Server::start(webhooks.into_router("/webhook"));
    let mut stream = server.connect();
    contact().request().send(&mut stream);

    soon(gate.begun.notified()).await;
    server.stop();
    gate.may_end.notify_one();
    let answer = tokio::task::spawn_blocking(|| read_answer(stream)).await.unwrap();
    assert_answer(&answer, 200, "");
}
