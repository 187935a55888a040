//! Listening. What is recorded, forwarded and shown is tested with the binary.

use std::sync::{Arc, Mutex};

use panora_hooks::{
    testing::{Sample, sample},
    tools::{
        listen::{Heard, Listener, Verdict},
        send::{Client, Request},
    },
};
use tokio::sync::oneshot;

use crate::verifier;

/// What is heard of one delivery, and what it is answered.
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
async fn a_delivery_says_what_it_is() {
    let now = jiff::Timestamp::now().to_string();
    let object = sample("crm.company.created").id("7e57ab1e").set("modified_at", &now);
    let heard = hear_sample(&object).await;
    assert_eq!(
        (heard.id.as_deref(), heard.wire_type.as_deref()),
        (Some("7e57ab1e"), Some("crm.company.push"))
    );
    assert!(heard.age.unwrap().as_secs() < 3600);
    assert_eq!(heard.recorded.body, object.body().into_bytes());
    // The newest row of a list; nothing where nothing says it.
    let rows = serde_json::json!([{ "modified_at": "2020-01-01T00:00:00.000Z" }, { "modified_at": now }, {}]);
    assert!(hear_sample(&Sample::new("crm.contact.pulled", rows)).await.age.unwrap().as_secs() < 3600);
    for payload in
        [serde_json::json!([]), serde_json::json!(null), serde_json::json!({ "modified_at": "yesterday" })]
    {
        assert_eq!(hear_sample(&Sample::new("x", payload)).await.age, None);
    }
}

#[tokio::test]
async fn what_is_refused_is_told_with_its_reason() {
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
    // The answer comes before all of the body is sent, and may be lost with the connection.
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
