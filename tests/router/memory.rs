//! The memory limit for request bodies, with a paused clock.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use crate::support::{Delivery, verifier};
use axum::{
    Router,
    body::{Body, Bytes, HttpBody},
    http::{Request, StatusCode},
    response::Response,
};
use futures_util::future;
use http_body::{Frame, SizeHint};
use panora_hooks::{State, Webhooks, hooks, inbox::MemoryInbox, on};
use tokio::{
    sync::{Semaphore, mpsc},
    task::{JoinHandle, yield_now},
    time::{Duration, Instant, advance, timeout},
};
use tower::ServiceExt;

/// Reports hooks that have begun, and lets hooks end.
#[derive(Clone)]
struct Gate {
    begun: mpsc::UnboundedSender<()>,
    may_end: Arc<Semaphore>,
}

#[on("crm.contact.created")]
async fn held(State(gate): State<Gate>) -> Result<(), tokio::sync::AcquireError> {
    gate.begun.send(()).unwrap();
    gate.may_end.acquire().await?.forget();
    Ok(())
}

struct Receiver {
    router: Router,
    begun: mpsc::UnboundedReceiver<()>,
    may_end: Arc<Semaphore>,
}

impl Receiver {
    fn with(max_buffered_bytes: usize) -> Self {
        let (sender, begun) = mpsc::unbounded_channel();
        let may_end = Arc::new(Semaphore::new(0));
        let webhooks = Webhooks::new(verifier())
            .with_state(Gate { begun: sender, may_end: Arc::clone(&may_end) })
            .max_buffered_bytes(max_buffered_bytes)
            .read_timeout(Duration::from_secs(10))
            .hooks(hooks![held]);
        Self { router: webhooks.into_router("/webhook"), begun, may_end }
    }

    /// Sends a delivery of `bytes` bytes in pieces.
    fn send(&self, bytes: usize, pieces: usize) -> JoinHandle<StatusCode> {
        let delivery = delivery_of(bytes);
        let (sender, body) = body_in_pieces(bytes);
        for piece in delivery.body.chunks(bytes.div_ceil(pieces)) {
            sender.send(Bytes::copy_from_slice(piece)).unwrap();
        }
        self.send_body(&delivery, body)
    }

    fn send_body(&self, delivery: &Delivery, body: Body) -> JoinHandle<StatusCode> {
        let request = Request::post("/webhook").header("Panora-Signature", &delivery.signature).body(body);
        let answer = self.router.clone().oneshot(request.unwrap());
        tokio::spawn(async { answer.await.map(|answer: Response| answer.status()).unwrap() })
    }

    async fn has_begun(&mut self) {
        // If nothing can make progress, only the clock advances.
        timeout(Duration::from_secs(3600), self.begun.recv()).await.expect("everything waits").unwrap();
    }

    /// Runs every task that can make progress, and checks that no hook begins.
    async fn nothing_begins(&mut self) {
        for _ in 0..100 {
            yield_now().await;
        }
        assert!(self.begun.try_recv().is_err(), "a body is in memory that should wait");
    }
}

/// Creates a body with a declared length, and a sender for its pieces.
fn body_in_pieces(bytes: usize) -> (mpsc::UnboundedSender<Bytes>, Body) {
    let (sender, pieces) = mpsc::unbounded_channel();
    (sender, Body::new(Declared { pieces, rest: bytes }))
}

struct Declared {
    pieces: mpsc::UnboundedReceiver<Bytes>,
    rest: usize,
}

impl HttpBody for Declared {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.is_end_stream() {
            return Poll::Ready(None);
        }
        let piece = ready!(self.pieces.poll_recv(context));
        self.rest -= piece.as_ref().map_or(0, Bytes::len);
        Poll::Ready(piece.map(|piece| Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.rest as u64)
    }
}

fn delivery_of(bytes: usize) -> Delivery {
    let around = Delivery::new("crm.contact.created", r#""""#).body.len();
    Delivery::new("crm.contact.created", &format!("\"{}\"", "x".repeat(bytes - around)))
}

#[tokio::test(start_paused = true)]
async fn a_body_waits_until_another_releases_its_memory() {
    for pieces in [1, 3] {
        let mut receiver = Receiver::with(160_000);
        let mut answers = vec![receiver.send(90_000, pieces)];
        receiver.has_begun().await;
        // One more body may always go on, beyond the limit.
        answers.push(receiver.send(90_000, pieces));
        receiver.has_begun().await;
        answers.push(receiver.send(90_000, pieces));
        receiver.nothing_begins().await;

        receiver.may_end.add_permits(1);
        receiver.has_begun().await;
        receiver.may_end.add_permits(2);
        assert!(future::join_all(answers).await.into_iter().all(|status| status.unwrap() == StatusCode::OK));
    }
}

/// Reading a body takes an additional buffer. The third body fits only because the buffers of the
/// others are released.
#[tokio::test(start_paused = true)]
async fn a_body_that_fits_does_not_wait() {
    let mut receiver = Receiver::with(210_000);
    let mut answers = Vec::new();
    for (bytes, pieces) in [(90_000, 3), (90_000, 3), (30_000, 1)] {
        answers.push(receiver.send(bytes, pieces));
        receiver.has_begun().await;
    }
    receiver.may_end.add_permits(3);
    assert!(future::join_all(answers).await.into_iter().all(|status| status.unwrap() == StatusCode::OK));
}

/// Even for the smallest limit, because the sender does not retry.
#[tokio::test(start_paused = true)]
async fn a_body_larger_than_the_limit_is_read_alone() {
    let mut receiver = Receiver::with(0);
    let answers = [receiver.send(90_000, 3), receiver.send(90_000, 3)];
    for _ in 0..2 {
        receiver.has_begun().await;
        receiver.nothing_begins().await;
        receiver.may_end.add_permits(1);
    }
    assert!(future::join_all(answers).await.into_iter().all(|status| status.unwrap() == StatusCode::OK));
}

/// Bodies that each hold a part of the memory must not wait for each other forever.
#[tokio::test(start_paused = true)]
async fn bodies_that_are_read_concurrently_do_not_deadlock() {
    let mut receiver = Receiver::with(160_000);
    receiver.may_end.add_permits(10);
    let delivery = delivery_of(90_000);
    let (mut senders, answers): (Vec<_>, Vec<_>) = (0..10)
        .map(|_| {
            let (sender, body) = body_in_pieces(90_000);
            (sender, receiver.send_body(&delivery, body))
        })
        .unzip();
    for piece in delivery.body.chunks(10_000) {
        for sender in &senders {
            sender.send(Bytes::copy_from_slice(piece)).unwrap();
        }
        yield_now().await;
    }
    senders.clear();
    for _ in 0..10 {
        receiver.has_begun().await;
    }
    assert!(future::join_all(answers).await.into_iter().all(|status| status.unwrap() == StatusCode::OK));
}

#[tokio::test(start_paused = true)]
async fn waiting_for_memory_does_not_count_towards_the_read_timeout() {
    let mut receiver = Receiver::with(0);
    let first = receiver.send(90_000, 1);
    receiver.has_begun().await;
    let delivery = delivery_of(90_000);
    let (sender, body) = body_in_pieces(90_000);
    let second = receiver.send_body(&delivery, body);
    receiver.nothing_begins().await;

    advance(Duration::from_secs(8)).await;
    receiver.may_end.add_permits(2);
    assert_eq!(first.await.unwrap(), StatusCode::OK);
    // Together longer than the ten seconds of its time limit.
    for _ in 0..8 {
        advance(Duration::from_secs(1)).await;
        yield_now().await;
    }
    sender.send(Bytes::copy_from_slice(&delivery.body)).unwrap();
    assert_eq!(second.await.unwrap(), StatusCode::OK);
}

/// It is refused after ten seconds in which no body was read to its end.
#[tokio::test(start_paused = true)]
async fn a_body_waits_while_others_complete_and_is_then_refused() {
    let mut receiver = Receiver::with(0);
    let first = receiver.send(90_000, 1);
    receiver.has_begun().await;
    let others = [receiver.send(90_000, 1), receiver.send(90_000, 1), receiver.send(90_000, 1)];
    receiver.nothing_begins().await;
    for _ in 0..2 {
        advance(Duration::from_secs(8)).await;
        receiver.may_end.add_permits(1);
        receiver.has_begun().await;
    }
    receiver.nothing_begins().await;
    advance(Duration::from_secs(11)).await;
    receiver.may_end.add_permits(1);
    assert_eq!(first.await.unwrap(), StatusCode::OK);
    let mut statuses = future::join_all(others).await.into_iter().map(Result::unwrap).collect::<Vec<_>>();
    statuses.sort();
    assert_eq!(statuses, [StatusCode::OK, StatusCode::OK, StatusCode::SERVICE_UNAVAILABLE]);
    // Afterwards, the receiver works as before.
    receiver.may_end.add_permits(1);
    assert_eq!(receiver.send(90_000, 3).await.unwrap(), StatusCode::OK);
}

/// A sender that holds memory and sends nothing is cut off while others wait.
#[tokio::test(start_paused = true)]
async fn a_sender_that_delays_others_is_cut_off_within_seconds() {
    let mut receiver = Receiver::with(100_000);
    receiver.may_end.add_permits(1);
    let delivery = delivery_of(90_000);
    let (sender, body) = body_in_pieces(90_000);
    let begun = Instant::now();
    let silent = receiver.send_body(&delivery, body);
    sender.send(Bytes::copy_from_slice(&delivery.body[..40_000])).unwrap();
    receiver.nothing_begins().await;
    // Less time than without waiting senders.
    advance(Duration::from_secs(4)).await;
    receiver.nothing_begins().await;
    assert!(!silent.is_finished(), "nobody waited for it");

    let waiting = receiver.send(90_000, 1);
    receiver.nothing_begins().await;
    advance(Duration::from_millis(5100)).await;
    assert_eq!(silent.await.unwrap(), StatusCode::REQUEST_TIMEOUT);
    assert!(begun.elapsed() < Duration::from_secs(10), "it had all the time that there is");
    assert_eq!(waiting.await.unwrap(), StatusCode::OK);
    drop(sender);
}

/// Even if another body has waited longer, for more memory.
#[tokio::test(start_paused = true)]
async fn a_body_that_fits_overtakes_a_larger_one() {
    let mut receiver = Receiver::with(160_000);
    // Two bodies are held by their hooks, and one is being read.
    let mut answers = vec![receiver.send(60_000, 1)];
    receiver.has_begun().await;
    answers.push(receiver.send(40_000, 1));
    receiver.has_begun().await;
    let (sender, body) = body_in_pieces(90_000);
    let reading = receiver.send_body(&delivery_of(90_000), body);
    receiver.nothing_begins().await;
    let waits_for_more = receiver.send(90_000, 2);
    receiver.nothing_begins().await;
    answers.push(receiver.send(60_000, 3));
    receiver.nothing_begins().await;

    // Lets the hook that began first end.
    receiver.may_end.add_permits(1);
    receiver.has_begun().await;
    assert!(!waits_for_more.is_finished());
    receiver.may_end.add_permits(3);
    drop(sender);
    assert_eq!(reading.await.unwrap(), StatusCode::BAD_REQUEST);
    for answer in answers {
        assert_eq!(answer.await.unwrap(), StatusCode::OK);
    }
    assert_eq!(waits_for_more.await.unwrap(), StatusCode::OK);
}

/// Most events are small, and must not be delayed by bodies that fill the memory.
#[tokio::test(start_paused = true)]
async fn small_bodies_are_not_delayed_by_large_ones() {
    let mut receiver = Receiver::with(0);
    let large = [receiver.send(90_000, 1), receiver.send(90_000, 1)];
    receiver.has_begun().await;
    receiver.nothing_begins().await;
    let small = [receiver.send(230, 1), receiver.send(8_000, 2)];
    for _ in 0..2 {
        receiver.has_begun().await;
    }
    receiver.nothing_begins().await;
    receiver.may_end.add_permits(4);
    for answer in small.into_iter().chain(large) {
        assert_eq!(answer.await.unwrap(), StatusCode::OK);
    }
}

#[tokio::test(start_paused = true)]
async fn a_disconnected_sender_releases_its_memory() {
    let mut receiver = Receiver::with(100_000);
    let first = receiver.send(90_000, 1);
    receiver.has_begun().await;
    let second = receiver.send(90_000, 1);
    receiver.has_begun().await;
    // One body waits, and one is being read.
    let waiting = receiver.send(90_000, 1);
    receiver.nothing_begins().await;
    waiting.abort();
    receiver.may_end.add_permits(2);
    for answer in [first, second] {
        assert_eq!(answer.await.unwrap(), StatusCode::OK);
    }
    let (sender, body) = body_in_pieces(90_000);
    let delivery = delivery_of(90_000);
    let reading = receiver.send_body(&delivery, body);
    sender.send(Bytes::copy_from_slice(&delivery.body[..40_000])).unwrap();
    receiver.nothing_begins().await;
    reading.abort();
    assert!(reading.await.unwrap_err().is_cancelled());

    let answers: Vec<_> = (0..5).map(|_| receiver.send(90_000, 3)).collect();
    receiver.may_end.add_permits(5);
    for answer in answers {
        assert_eq!(answer.await.unwrap(), StatusCode::OK);
    }
}

/// A stored body no longer counts towards the memory limit for bodies.
#[tokio::test(start_paused = true)]
async fn a_stored_body_does_not_count_towards_the_limit() {
    let webhooks = Webhooks::new(verifier()).max_buffered_bytes(100_000).with_inbox(MemoryInbox::new());
    let (router, _worker) = webhooks.into_parts("/webhook");
    for number in 0..10 {
        let delivery =
            Delivery::encoded("crm.contact.created", &format!("[{number}, {:?}]", "x".repeat(800)));
        let request = Request::post("/webhook").header("Panora-Signature", &delivery.signature);
        let answer = router.clone().oneshot(request.body(Body::from(delivery.body)).unwrap());
        let answer = timeout(Duration::from_secs(3600), answer).await.expect("it waits").unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
    }
}
