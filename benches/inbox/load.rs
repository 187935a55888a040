//! Deliveries and their senders.

use std::{
    future::pending,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::Request,
    http::StatusCode,
};
use panora_hooks::{
    Verifier, Webhooks, hooks,
    inbox::{Inbox, NewEvent},
    on,
};
use tower::Service;

pub(crate) const SECRET: &str = "f1f9a1c6-1c57-4a6b-a5b8-2c1f42f2a1de";

/// The duration of one measurement.
const RUN: Duration = Duration::from_millis(1200);

#[on("crm.contact.created")]
async fn contact_created() {}

fn webhooks() -> anyhow::Result<Webhooks> {
    Ok(Webhooks::new(Verifier::new(SECRET)?).hooks(hooks![contact_created]))
}

/// Returns a router that runs hooks before it answers.
pub(crate) fn plain() -> anyhow::Result<Router> {
    Ok(webhooks()?.into_router("/webhook"))
}

/// Returns a router that stores events. No worker runs.
pub(crate) fn storing(inbox: impl Inbox) -> anyhow::Result<Router> {
    Ok(webhooks()?.with_inbox(inbox).into_parts("/webhook").0)
}

/// Returns a router that stores events, and a worker that runs them.
pub(crate) fn working(inbox: impl Inbox) -> anyhow::Result<(Router, tokio::task::JoinHandle<()>)> {
    let (router, worker) = webhooks()?.with_inbox(inbox).into_parts("/webhook");
    Ok((router, tokio::spawn(worker.run_until(pending()))))
}

/// A signed body.
#[derive(Clone)]
pub(crate) struct Delivery {
    pub(crate) body: Bytes,
    pub(crate) signature: String,
}

/// Returns deliveries of about `bytes` bytes, all different.
pub(crate) fn deliveries(count: usize, bytes: usize) -> anyhow::Result<Vec<Delivery>> {
    let verifier = Verifier::new(SECRET)?;
    let pairs = "x\\\":\\\"y\\\",\\\"".repeat(bytes.saturating_sub(200) / 12);
    let delivery = |_| {
        let number = fastrand::u128(..);
        let data = format!(r#""{{\"number\":\"{number}\",\"{pairs}z\":1}}""#);
        let signature = verifier.sign(&data);
        let body = format!(r#"{{"id_event":"{number}","data":{data},"type":"crm.contact.created"}}"#);
        Delivery { body: body.into(), signature }
    };
    Ok((0..count).map(delivery).collect())
}

/// Returns the same deliveries as events to be stored.
pub(crate) fn events(count: usize, bytes: usize) -> anyhow::Result<Vec<NewEvent>> {
    let verifier = Verifier::new(SECRET)?;
    let deliveries = deliveries(count, bytes)?;
    let event = |delivery: Delivery| Ok(NewEvent::new(verifier.verify(&delivery.body, &delivery.signature)?));
    deliveries.into_iter().map(event).collect()
}

/// The throughput and the latencies of a measurement.
pub(crate) struct Measured {
    pub(crate) per_second: f64,
    pub(crate) p50: Duration,
    pub(crate) p99: Duration,
}

/// Sends deliveries straight into the router, from many senders. Each sends its next delivery when
/// the previous one is answered.
pub(crate) async fn send(
    router: &Router,
    senders: usize,
    deliveries: Vec<Delivery>,
) -> anyhow::Result<Measured> {
    let begun = Instant::now();
    let deliveries = Arc::new(deliveries);
    let tasks: Vec<_> = (0..senders)
        .map(|sender| {
            let (mut router, deliveries) = (router.clone(), Arc::clone(&deliveries));
            tokio::spawn(async move {
                let mut times = Vec::new();
                for delivery in deliveries.iter().skip(sender).step_by(senders) {
                    if begun.elapsed() > RUN {
                        break;
                    }
                    let request = Request::post("/webhook")
                        .header("Panora-Signature", &delivery.signature)
                        .body(Body::from(delivery.body.clone()))?;
                    let sent = Instant::now();
                    let answer = router.call(request).await?;
                    times.push(sent.elapsed());
                    anyhow::ensure!(answer.status() == StatusCode::OK, "{}", answer.status());
                }
                Ok(times)
            })
        })
        .collect();
    let mut times = Vec::new();
    for task in tasks {
        times.extend(task.await??);
    }
    let per_second = f64::from(u32::try_from(times.len())?) / begun.elapsed().as_secs_f64();
    anyhow::ensure!(times.len() < deliveries.len(), "there were too few deliveries");
    times.sort_unstable();
    let at = |percent: usize| times.get(times.len() * percent / 100).copied().unwrap_or_default();
    Ok(Measured { per_second, p50: at(50), p99: at(99) })
}
