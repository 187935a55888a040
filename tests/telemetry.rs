//! One span and one counted outcome per request, and one log line for each event without a hook.

#[path = "support/ledger.rs"]
mod ledger;
mod support;

use std::{
    collections::BTreeMap,
    convert::Infallible,
    future::pending,
    io::{Read, Write},
    task::{Context, Waker},
    time::Duration,
};

use axum::body::{Body, Bytes};
use futures_util::stream;
use ledger::Ledger;
use metrics::{Key, Unit};
use metrics_util::debugging::DebuggingRecorder;
use panora_hooks::{Event, HookError, Webhooks, hooks, on, transactions::Tx};
use support::{Delivery, Request, Server, log::Log, verifier};
use tower::ServiceExt;

#[on("crm.contact.created")]
async fn succeeds() {
    tracing::info!("in the hook");
}

#[on("crm.deal.created")]
async fn fails() -> Result<(), HookError> {
    Err(std::io::Error::other("the cause"))?
}

#[on("crm.note.created")]
async fn fails_for_good() -> Result<(), HookError> {
    Err(HookError::permanent("no use"))
}

#[on("crm.task.created")]
async fn panics() {
    panic!("at the disco")
}

/// Panics when it is cancelled.
#[on("crm.company.created", timeout = "50ms")]
async fn hangs() {
    struct Bomb;

    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("in a destructor");
        }
    }

    let _bomb = Bomb;
    pending::<()>().await;
}

#[on("crm.user.pulled")]
async fn numbers(Event(_): Event<Vec<u32>>) {}

#[on("crm.stage.pulled")]
async fn enters(_tx: Tx<Ledger>) {}

/// Returns the number of times that each outcome was counted, by event type.
fn outcomes(counters: Vec<(Key, u64)>) -> BTreeMap<[String; 2], u64> {
    let outcomes = counters.into_iter().map(|(key, count)| {
        assert_eq!(key.name(), "panora_hooks_deliveries_total");
        let mut labels = key.labels();
        let (outcome, event_type) = (labels.next().unwrap(), labels.next().unwrap());
        assert_eq!((outcome.key(), event_type.key(), labels.next()), ("outcome", "event_type", None));
        ([outcome.value().to_owned(), event_type.value().to_owned()], count)
    });
    outcomes.collect()
}

fn once(outcome: &str, event_type: &str) -> BTreeMap<[String; 2], u64> {
    BTreeMap::from([([outcome.to_owned(), event_type.to_owned()], 1)])
}

#[test]
fn every_request_has_one_span_and_one_outcome() {
    let log = Log::install();

    let webhooks = Webhooks::new(verifier())
        .hooks(hooks![succeeds, fails, fails_for_good, panics, hangs, numbers, enters])
        .with_transactions(Ledger::default())
        .max_body_bytes(1000)
        .read_timeout(Duration::from_secs(1));
    let server = Server::start(webhooks.into_router("/webhook"));
    let delivery = |event_type: &str| Delivery::encoded(event_type, "{}").request();
    let good = Delivery::encoded("crm.contact.created", "{}");
    let unsigned = || Request::post("/webhook").body(&good.body);

    let cases: Vec<(&str, &str, u16, Request)> = vec![
        ("handled", "crm.contact.created", 200, delivery("crm.contact.created")),
        ("unhandled", "crm.contact.pulled", 200, delivery("crm.contact.pulled")),
        ("unhandled", "other", 200, delivery("crm.contact.imported")),
        ("handled", "crm.stage.pulled", 200, delivery("crm.stage.pulled")),
        ("already_done", "crm.stage.pulled", 200, delivery("crm.stage.pulled")),
        ("failed", "crm.deal.created", 500, delivery("crm.deal.push")),
        ("failed", "crm.note.created", 500, delivery("crm.note.push")),
        ("failed", "crm.user.pulled", 500, delivery("crm.user.pulled")),
        ("panicked", "crm.task.created", 500, delivery("crm.task.push")),
        ("timed_out", "crm.company.created", 500, delivery("crm.company.push")),
        ("method_not_allowed", "other", 405, Request::new("GET", "/webhook")),
        ("invalid_signature", "other", 400, unsigned()),
        ("invalid_signature", "other", 400, unsigned().header("Panora-Signature", "0".repeat(64))),
        ("invalid_signature", "other", 400, unsigned().header("Panora-Signature", "short")),
        ("invalid_signature", "other", 400, good.request().header("Panora-Signature", &good.signature)),
        ("malformed_body", "other", 400, good.request().body("{")),
        ("malformed_body", "other", 400, good.request().body("{}")),
        ("malformed_body", "other", 400, good.request().body(b"\xff")),
        ("body_too_large", "other", 413, good.request().body([b' '; 1001])),
    ];
    for (outcome, event_type, status, request) in cases {
        assert_eq!(server.send(&request).status, status, "{outcome}");
        assert_eq!(outcomes(server.counters()), once(outcome, event_type));
        let log = log.take();
        let spans = log.lines().filter(|line| line.ends_with("panora_hooks::http::endpoint: new")).count();
        assert_eq!(spans, 1, "{log}");
        let close = log.lines().find(|line| line.contains("panora_hooks::http::endpoint: close")).unwrap();
        assert!(close.contains(&format!("outcome=\"{outcome}\"")), "{close}");
    }

    // One sender is too slow, and another disconnects before its body is complete.
    let mut stream = server.connect();
    stream.write_all(&good.request().head()).unwrap();
    assert_eq!(support::read_answer(stream).status, 408);
    assert_eq!(outcomes(server.counters()), once("body_too_slow", "other"));
    let mut stream = server.connect();
    stream.write_all(&good.request().header("Expect", "100-continue").head()).unwrap();
    // The server has begun to read.
    let mut go_on = [0; 25];
    stream.read_exact(&mut go_on).unwrap();
    assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");
    drop(stream);
    drop(server); // It has counted one outcome for that, too.

    assert_eq!(outcomes(dropped_by_the_server(&good)), once("abandoned", "other"));
    deliveries_are_described();
    log.take();

    the_log_says_what_happened(&log);
}

/// A server drops the future of a request whose sender has disconnected.
fn dropped_by_the_server(delivery: &Delivery) -> Vec<(Key, u64)> {
    let recorder = DebuggingRecorder::new();
    let _recording = metrics::set_default_local_recorder(&recorder);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let _guard = runtime.enter();
    let never = Body::from_stream(stream::pending::<Result<Bytes, Infallible>>());
    let request = axum::http::Request::post("/webhook").header("Panora-Signature", &delivery.signature);
    let router = Webhooks::new(verifier()).into_router::<()>("/webhook");
    let mut answer = Box::pin(router.oneshot(request.body(never).unwrap()));
    assert!(answer.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    drop(answer);
    support::counters(&recorder.snapshotter())
}

/// Metrics are described to the recorder that is there when the router is built.
fn deliveries_are_described() {
    let recorder = DebuggingRecorder::new();
    let _recording = metrics::set_default_local_recorder(&recorder);
    let router = Webhooks::new(verifier()).into_router::<()>("/webhook");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let request = axum::http::Request::get("/webhook").body(Body::empty()).unwrap();
    assert_eq!(runtime.block_on(router.oneshot(request)).unwrap().status(), 405);
    let metrics = recorder.snapshotter().snapshot().into_vec();
    let [(key, unit, description, _)] = &*metrics else { panic!("{metrics:?}") };
    assert_eq!((key.key().name(), *unit), ("panora_hooks_deliveries_total", Some(Unit::Count)));
    assert_eq!(description.as_deref(), Some("Requests to the webhook, by event type and outcome."));
}

fn the_log_says_what_happened(log: &Log) {
    let webhooks = Webhooks::new(verifier()).hooks(hooks![succeeds, fails, fails_for_good, panics, hangs]);
    let server = Server::start(webhooks.into_router("/webhook"));
    let line = |delivery: Delivery, part: &str| {
        server.send(&delivery.request());
        let log = log.take();
        let line = log.lines().find(|line| line.contains(part)).unwrap_or_else(|| panic!("{part}: {log}"));
        line.split_once("Z ").unwrap().1.trim().to_owned()
    };
    let span = |event_type: &str| {
        format!("delivery{{event.id=7197465d-c9d3-4094-a2d2-b9fc4346d636 event.type={event_type} attempt=1")
    };
    assert_eq!(
        line(Delivery::encoded("crm.contact.created", "{}"), "in the hook"),
        format!("INFO {}}}: telemetry: in the hook", span("crm.contact.created"))
    );
    assert_eq!(
        line(Delivery::encoded("crm.deal.push", "{}"), "ERROR"),
        format!(
            "ERROR {}}}: panora_hooks::hook::call: hook failed: the cause hook=\"fails\" retryable=true",
            span("crm.deal.created")
        )
    );
    assert!(
        line(Delivery::encoded("crm.note.push", "{}"), "ERROR")
            .ends_with("no use hook=\"fails_for_good\" retryable=false")
    );
    assert!(
        line(Delivery::encoded("crm.task.push", "{}"), "ERROR").ends_with("hook panicked hook=\"panics\"")
    );
    assert!(
        line(Delivery::encoded("crm.company.push", "{}"), "ERROR")
            .ends_with("hook cancelled: it took longer than 50ms hook=\"hangs\"")
    );
    assert_eq!(
        line(Delivery::encoded("crm.contact.imported", "{}"), "WARN"),
        format!(
            "WARN {}}}: panora_hooks::http::endpoint: no hook for this event type \
             event.id=7197465d-c9d3-4094-a2d2-b9fc4346d636 event.type=crm.contact.imported size=4",
            span("crm.contact.imported")
        )
    );
    let forged = line(Delivery::encoded(r"x\n2026-01-01 ERROR forged", "{}"), "WARN");
    assert!(forged.contains(r"event.type=x\n2026-01-01 ERROR forged size=4"), "{forged}");
}
