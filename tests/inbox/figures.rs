//! The figures of an inbox: depth, ages and metrics.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use metrics::{NoopRecorder, Unit};
use metrics_util::debugging::{DebugValue, DebuggingRecorder};
use panora_hooks::inbox::{Decision, Inbox, LeaseRequest, MemoryInbox, ParkReason, Settlement, readiness};
use tower::ServiceExt;

use crate::{
    events::{contact, event},
    receiver::{App, Next, webhooks},
    support::staged::{Fault, Staged},
    virtual_time::{memory, run},
};

/// Returns the status and the text of the answer.
async fn ready(inbox: impl Inbox) -> (u16, String) {
    let router: axum::Router =
        axum::Router::new().route("/ready", readiness(inbox, Duration::from_secs(300)));
    let request = axum::http::Request::get("/ready").body(axum::body::Body::empty()).unwrap();
    let answer = router.oneshot(request).await.unwrap();
    let status = answer.status().as_u16();
    let body = axum::body::to_bytes(answer.into_body(), 1000).await.unwrap();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn an_inbox_is_ready_while_it_takes_events_and_keeps_up() {
    let jumps = crate::stores::Jumps::default();
    let clock = jumps.clone();
    let (inbox, _settled) = Staged::new(MemoryInbox::new().with_clock(move || clock.now()));
    assert_eq!(ready(inbox.clone()).await, (200, "ready\n".to_owned()));
    inbox.put(vec![contact("ada")]).await.unwrap();
    jumps.jump(299_000_000);
    assert_eq!(ready(inbox.clone()).await.0, 200);
    jumps.jump(2_000_000);
    let waits = "not ready: an event has been waiting for 301 s\n";
    assert_eq!(ready(inbox.clone()).await, (503, waits.to_owned()));
    // The event is late, but running.
    let leased = inbox.lease(LeaseRequest::new(1, Duration::from_secs(60))).await.unwrap();
    assert_eq!(ready(inbox.clone()).await.0, 200);
    inbox
        .settle(vec![Settlement::new(leased[0].token, Decision::RetryAfter(Duration::from_secs(3600)))])
        .await
        .unwrap();
    assert_eq!(ready(inbox.clone()).await.0, 200);
    for (fault, why) in [(Fault::Full, "full"), (Fault::Away, "cannot be reached"), (Fault::Busy, "busy")] {
        inbox.on_put(move || Some(fault));
        let (status, text) = ready(inbox.clone()).await;
        assert_eq!(status, 503, "{fault:?}");
        assert!(text.contains(why) && !text.contains("refused") && !text.contains("no space"), "{text}");
    }
}

#[test]
fn requests_that_arrive_together_share_one_probe() {
    run(async {
        let (inbox, _settled) = Staged::new(memory());
        let probes = Arc::new(AtomicUsize::new(0));
        let count = probes.clone();
        inbox.on_put(move || {
            count.fetch_add(1, Ordering::SeqCst);
            Some(Fault::Late(Duration::from_secs(1)))
        });
        let router: axum::Router =
            axum::Router::new().route("/ready", readiness(inbox.clone(), Duration::from_secs(300)));
        let ask = || {
            let request = axum::http::Request::get("/ready").body(axum::body::Body::empty()).unwrap();
            tokio::spawn(router.clone().oneshot(request))
        };
        let requests: Vec<_> = (0..10).map(|_| ask()).collect();
        tokio::time::sleep(Duration::from_millis(500)).await;
        // The request that started the probe is cancelled.
        requests[0].abort();
        for request in requests.into_iter().skip(1) {
            assert_eq!(request.await.unwrap().unwrap().status(), 200);
        }
        assert_eq!(probes.load(Ordering::SeqCst), 1);
        inbox.on_put(|| Some(Fault::Panics));
        assert_eq!(ask().await.unwrap().unwrap().status(), 503);
        inbox.on_put(|| None);
        assert_eq!(ask().await.unwrap().unwrap().status(), 200, "a panic does not end the probes");
    });
}

#[tokio::test]
async fn depth_and_attempts_are_metrics_with_descriptions() {
    let recorder = DebuggingRecorder::new();
    let metrics = recorder.snapshotter();
    let _recording = metrics::set_default_local_recorder(&recorder);
    let (app, begun) = App::happy();
    let (inbox, _settled) = Staged::new(MemoryInbox::new());
    let parked = ["a", "b"].map(|name| contact(name).parked(ParkReason::Unhandled));
    inbox.put(parked.to_vec()).await.unwrap();
    let (_router, worker) = webhooks(app, inbox.clone()).into_parts::<()>("/webhook");
    let shutdown = async {
        // A payload that does not fit, and a type that no hook names.
        let misfit = event("deal", "crm.deal.push", r#""{}""#);
        let unknown = event("unknown", "crm.custom.imported", r#""[]""#);
        inbox.put(vec![contact("ada"), misfit, unknown]).await.unwrap();
        while !inbox.depth().await.unwrap().is_idle() {
            tokio::task::yield_now().await;
        }
    };
    worker.run_until(shutdown).await;
    begun.next();
    let all = metrics.snapshot().into_vec().into_iter();
    let all: BTreeMap<String, DebugValue> = all
        .map(|(key, unit, description, value)| {
            let name = key.key().name();
            let is_in_seconds = name.ends_with("_seconds");
            assert_eq!(unit, Some(if is_in_seconds { Unit::Seconds } else { Unit::Count }), "{name}");
            assert!(description.is_some(), "{name}");
            let labels: Vec<_> = key.key().labels().map(|label| label.value().to_owned()).collect();
            (format!("{name} {}", labels.join(" ")), value)
        })
        .collect();
    let gauge = |name: &str| match all[name] {
        DebugValue::Gauge(value) => value.0,
        ref value => panic!("{value:?}"),
    };
    assert_eq!(gauge("panora_hooks_inbox_events parked").to_bits(), 2_f64.to_bits());
    for state in ["ready", "delayed", "leased", "dead"] {
        gauge(&format!("panora_hooks_inbox_events {state}"));
    }
    gauge("panora_hooks_inbox_oldest_ready_seconds ");
    let attempts = |labels: &str| match all.get(&format!("panora_hooks_attempts_total {labels}")) {
        Some(DebugValue::Counter(count)) => *count,
        _ => panic!("{labels}: {all:?}"),
    };
    assert_eq!(attempts("handled crm.contact.created"), 1);
    assert_eq!(attempts("failed crm.deal.created"), 1);
    assert_eq!(attempts("unhandled other"), 16);
    let histograms: BTreeMap<&str, usize> = all
        .iter()
        .filter_map(|(name, value)| match value {
            DebugValue::Histogram(values) => Some((&**name, values.len())),
            _ => None,
        })
        .collect();
    let expected = [
        ("panora_hooks_attempt_duration_seconds failed crm.deal.created", 1),
        ("panora_hooks_attempt_duration_seconds handled crm.contact.created", 1),
        ("panora_hooks_event_latency_seconds crm.contact.created", 1),
    ];
    assert_eq!(histograms, BTreeMap::from(expected));
}

#[test]
fn durations_and_latencies_are_measured_in_seconds() {
    let recorder = DebuggingRecorder::new();
    let _recording = metrics::set_default_local_recorder(&recorder);
    run(async {
        let (app, begun) = App::new(async |_| {
            tokio::time::sleep(Duration::from_secs(90)).await;
            Ok(())
        });
        let (inbox, _settled) = Staged::new(memory());
        inbox.put(vec![contact("ada")]).await.unwrap();
        inbox.on_leased(|leased| leased.received_at -= Duration::from_secs(3600));
        // The recorder may be installed after the router is built.
        let parts = || webhooks(app, inbox.clone()).into_parts::<()>("/webhook");
        let (_router, worker) = metrics::with_local_recorder(&NoopRecorder, parts);
        worker.run_until(tokio::time::sleep(Duration::from_secs(100))).await;
        begun.next();
    });
    let all = recorder.snapshotter().snapshot().into_vec().into_iter();
    let histograms: BTreeMap<String, Vec<f64>> = all
        .filter_map(|(key, _, description, value)| match value {
            DebugValue::Histogram(values) => {
                assert!(description.is_some(), "{key:?}");
                Some((key.key().name().to_owned(), values.into_iter().map(f64::from).collect()))
            }
            _ => None,
        })
        .collect();
    let [duration] = *histograms["panora_hooks_attempt_duration_seconds"] else { panic!("{histograms:?}") };
    assert!((90.0..90.1).contains(&duration), "{duration}");
    let [latency] = *histograms["panora_hooks_event_latency_seconds"] else { panic!("{histograms:?}") };
    assert!((3600.0..3700.0).contains(&latency), "{latency}");
}
