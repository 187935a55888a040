//! The listener. The tests of the binary cover recording, forwarding and output.

use std::sync::{Arc, Mutex};

use panora_hooks::testing::{Sample, sample};
use panora_hooks_cli::{
    listen::{Heard, Listener, Verdict},
    send::{Client, Request, SendError},
};
use tokio::sync::oneshot;

use crate::verifier;

/// Returns the report of one delivery, and the status of its answer.
async fn hear(listener: Listener, request: impl FnOnce(&str) -> Request) -> (Heard, u16) {
    let url = format!("http://{}/any/path", listener.local_addr().unwrap());
    let (stop, stopped) = oneshot::channel::<()>();
    let heard = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&heard);
    let listening = tokio::spawn(async move {
        let tell = move |heard| kept.lock().unwrap().push(heard);
        listener.run(async { drop(stopped.await) }, tell).await
    });
    let answer = Client::new().unwrap().send(request(&url)).await.unwrap();
    drop(stop);
    listening.await.unwrap().unwrap();
    (heard.lock().unwrap().pop().unwrap(), answer.status)
}

async fn hear_sample(sample: &Sample) -> Heard {
    let listener = Listener::bind(0).await.unwrap().verify(verifier());
    let request = |url: &str| Request::of_sample(sample, &verifier(), url).unwrap();
    let (heard, status) = hear(listener, request).await;
    assert_eq!((status, &heard.verdict), (200, &Verdict::Verified));
    heard
}

#[tokio::test]
async fn a_report_has_the_id_type_and_age_of_the_delivery() {
    let now = jiff::Timestamp::now().to_string();
    let object = sample("crm.company.created").id("7e57ab1e").set("modified_at", &now);
    let heard = hear_sample(&object).await;
    assert_eq!(
        (heard.id.as_deref(), heard.wire_type.as_deref()),
        (Some("7e57ab1e"), Some("crm.company.push"))
    );
    assert!(heard.age.unwrap().as_secs() < 3600);
    // The times of samples are years old.
    for event_type in ["crm.company.created", "crm.contact.pulled"] {
        assert_eq!(hear_sample(&sample(event_type)).await.age, None, "{event_type}");
    }
    assert_eq!(heard.recorded.body, object.body().into_bytes());
    // The newest row of a list counts, and a payload without times has no age.
    let rows = serde_json::json!([{ "modified_at": "2020-01-01T00:00:00.000Z" }, { "modified_at": now }, {}]);
    assert!(hear_sample(&Sample::new("crm.contact.pulled", rows)).await.age.unwrap().as_secs() < 3600);
    for payload in
        [serde_json::json!([]), serde_json::json!(null), serde_json::json!({ "modified_at": "yesterday" })]
    {
        assert_eq!(hear_sample(&Sample::new("x", payload)).await.age, None);
    }
}

#[tokio::test]
async fn a_refused_delivery_is_reported_with_its_reason() {
    let listener = Listener::bind(0).await.unwrap().verify(verifier());
    let sample = sample("crm.company.created").set("name", "canary");
    let request = |url: &str| Request::of_sample(&sample, &verifier(), url).unwrap().signed(&"0".repeat(64));
    let (heard, status) = hear(listener, request).await;
    assert_eq!(status, 400);
    assert!(matches!(&heard.verdict, Verdict::Refused(reason) if reason.contains("does not match")));
    assert!(!format!("{heard:?}").contains("canary"));

    let unchecked = Listener::bind(0).await.unwrap();
    let request = |url: &str| Request::of_sample(&sample, &verifier(), url).unwrap().signed("any");
    let (heard, status) = hear(unchecked, request).await;
    assert_eq!((status, heard.verdict), (200, Verdict::Unchecked));
}

#[tokio::test]
async fn a_body_has_a_limit() {
    let listener = Listener::bind(0).await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let verdicts = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&verdicts);
    let tell = move |heard: Heard| told.lock().unwrap().push(heard.verdict);
    let listening = tokio::spawn(listener.run(std::future::pending(), tell));
    let client = Client::new().unwrap();
    let send =
        async |sample: &Sample| client.send(Request::of_sample(sample, &verifier(), &url).unwrap()).await;
    // The answer comes before the whole body is sent, and may be lost with the connection.
    let answer = send(&Sample::new("x", "a".repeat(33 << 20))).await;
    assert!(answer.is_err() || answer.is_ok_and(|answer| answer.status == 413));
    assert_eq!(send(&sample("crm.contact.created")).await.unwrap().status, 200);
    listening.abort();
    let _ = listening.await;
    let verdicts = verdicts.lock().unwrap();
    assert!(
        matches!(&verdicts[..], [Verdict::Refused(reason), ..] if reason.contains("larger")),
        "{verdicts:?}"
    );
}

/// Under every name of this machine.
#[tokio::test]
async fn a_listener_does_not_forward_to_itself() {
    for host in
        ["127.0.0.1", "localhost", "LOCALHOST", "127.1", "[::1]", "0.0.0.0", "[::]", "[::ffff:127.0.0.1]"]
    {
        let listener = Listener::bind(0).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let url = format!("http://user:canary@{host}:{port}/any/path?canary");
        let error = listener.forward(Client::new().unwrap(), &url).unwrap_err();
        assert!(matches!(error, SendError::OwnAddress), "{host}: {error}");
        assert!(!format!("{error} {error:?}").contains("canary"));

        let listener = Listener::bind(0).await.unwrap();
        let other = if port == 1 { 2 } else { 1 };
        assert!(
            listener.forward(Client::new().unwrap(), &format!("http://{host}:{other}/")).is_ok(),
            "{host}"
        );
    }
    // An address of another machine (RFC 5737).
    let listener = Listener::bind(0).await.unwrap();
    let url = format!("http://192.0.2.1:{}/", listener.local_addr().unwrap().port());
    assert!(listener.forward(Client::new().unwrap(), &url).is_ok());
}

/// A circle that the URL does not show, such as one through a proxy.
#[tokio::test]
async fn a_delivery_that_comes_back_is_not_forwarded_again() {
    for between in 0..3 {
        let mut listeners = Vec::new();
        for _ in 0..=between {
            listeners.push(Listener::bind(0).await.unwrap());
        }
        let urls: Vec<_> =
            listeners.iter().map(|listener| format!("http://{}/", listener.local_addr().unwrap())).collect();
        // A port that leads back to the first listener.
        let relay = Relay::start(urls[0].clone()).await;
        let told = Arc::new(Mutex::new(Vec::new()));
        let mut running = tokio::task::JoinSet::new();
        for (number, listener) in listeners.into_iter().enumerate() {
            let next = urls.get(number + 1).unwrap_or(&relay.url);
            let listener = listener.forward(Client::new().unwrap(), next).unwrap();
            let told = Arc::clone(&told);
            running.spawn(listener.run(std::future::pending(), move |heard: Heard| {
                told.lock().unwrap().push((number, heard.status, heard.verdict));
            }));
        }
        let request = Request::of_sample(&sample("crm.contact.created"), &verifier(), &urls[0]).unwrap();
        let answer = Client::new().unwrap().send(request).await.unwrap();
        assert_eq!(answer.status, 508);
        running.shutdown().await;
        let told = told.lock().unwrap();
        let came_back: Vec<_> =
            told.iter().filter(|(_, _, verdict)| matches!(verdict, Verdict::Refused(_))).collect();
        assert!(
            matches!(&came_back[..], [(0, 508, Verdict::Refused(reason))] if reason.contains("--forward"))
        );
    }
}

/// A proxy that forwards every request.
struct Relay {
    url: String,
    _task: tokio::task::JoinSet<()>,
}

impl Relay {
    async fn start(to: String) -> Self {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let to = to.trim_start_matches("http://").trim_end_matches('/').to_owned();
        let mut task = tokio::task::JoinSet::new();
        task.spawn(async move {
            let mut connections = tokio::task::JoinSet::new();
            while let Ok((mut from, _)) = listener.accept().await {
                let to = to.clone();
                connections.spawn(async move {
                    let mut to = tokio::net::TcpStream::connect(to).await.unwrap();
                    drop(tokio::io::copy_bidirectional(&mut from, &mut to).await);
                });
            }
        });
        Self { url, _task: task }
    }
}
