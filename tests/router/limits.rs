//! Large, slow and broken bodies, over a real socket.

use std::{io::Write, sync::atomic::Ordering, time::Duration};

use crate::support::{
    Answer, Count, Delivery, Request, Server, assert_answer, contact, counting, read_answer,
};
use axum::{
    middleware::{self, Next},
    response::Response,
};

const LIMIT: usize = 1000;
const DEFAULT_LIMIT: usize = 32 * 1024 * 1024;

fn limited(limit: usize) -> (Server, Count) {
    let count = Count::default();
    (Server::start(counting(&count).max_body_bytes(limit).into_router("/webhook")), count)
}

/// Creates a contact with a body of `size` bytes.
fn contact_of(size: usize) -> Delivery {
    let around = Delivery::new("crm.contact.created", r#""""#).body.len();
    Delivery::new("crm.contact.created", &format!("\"{}\"", "x".repeat(size - around)))
}

fn chunked(delivery: &Delivery) -> Request {
    let body: Vec<u8> = delivery
        .body
        .chunks(7)
        .flat_map(|chunk| [format!("{:x}\r\n", chunk.len()).as_bytes(), chunk, b"\r\n"].concat())
        .chain(*b"0\r\n\r\n")
        .collect();
    delivery.request().header("Transfer-Encoding", "chunked").body(body)
}

#[test]
fn the_limit_holds_to_the_byte_for_declared_and_streamed_bodies() {
    let (server, count) = limited(LIMIT);
    for (size, status) in [(LIMIT - 1, 200), (LIMIT, 200), (LIMIT + 1, 413)] {
        let delivery = contact_of(size);
        assert_eq!(delivery.body.len(), size);
        let expected = if status == 200 { "" } else { "Webhook Error: body too large" };
        assert_answer(&server.send(&delivery.request()), status, expected);
        assert_answer(&server.send(&chunked(&delivery)), status, expected);
    }
    assert_eq!(count.load(Ordering::SeqCst), 4);
}

#[test]
fn bodies_of_megabytes_are_accepted_by_default() {
    let server = Server::start(counting(&Count::default()).into_router("/webhook"));
    assert_answer(&server.send(&contact_of(DEFAULT_LIMIT).request()), 200, "");
    assert_eq!(server.send(&contact_of(DEFAULT_LIMIT + 1).request()).status, 413);
}

/// Sends only the head: any answer was made without the body.
fn answer_to_head(server: &Server, request: &Request) -> Answer {
    let mut stream = server.connect();
    stream.write_all(&request.head()).unwrap();
    read_answer(stream)
}

#[test]
fn a_body_that_is_declared_too_large_is_refused_before_it_arrives() {
    let (server, _) = limited(LIMIT);
    let request = contact().request().header("Content-Length", "1001");
    assert_answer(&answer_to_head(&server, &request), 413, "Webhook Error: body too large");
}

#[test]
fn a_signature_of_the_wrong_shape_is_refused_before_the_body() {
    let (server, _) = limited(DEFAULT_LIMIT);
    for signature in ["", "00", &"g".repeat(64)] {
        let request = Request::post("/webhook")
            .header("Panora-Signature", signature)
            .header("Expect", "100-continue")
            .header("Content-Length", "1000");
        // The sender is not asked to continue, either.
        let answer = answer_to_head(&server, &request);
        assert_answer(&answer, 400, "Webhook Error: missing or invalid signature");
    }
    let head = Request::post("/webhook").header("Content-Length", "1000");
    assert_eq!(answer_to_head(&server, &head).status, 400);
}

/// Even if a layer delays the answer, so that there would be time to read the body.
#[test]
fn a_refused_sender_is_not_told_to_continue() {
    async fn slow(request: axum::extract::Request, next: Next) -> Response {
        let response = next.run(request).await;
        tokio::time::sleep(Duration::from_millis(100)).await;
        response
    }

    let router = counting(&Count::default()).into_router("/webhook").layer(middleware::from_fn(slow));
    let server = Server::start(router);
    let head = Request::post("/webhook").header("Expect", "100-continue").header("Content-Length", "1000");
    assert_eq!(answer_to_head(&server, &head).status, 400);
}

#[test]
fn a_body_shorter_than_declared_is_refused() {
    let (server, count) = limited(DEFAULT_LIMIT);
    let delivery = contact();
    let request = delivery.request().header("Content-Length", (delivery.body.len() + 1).to_string());
    let mut stream = server.connect();
    request.send(&mut stream);
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    assert_eq!(read_answer(stream).status, 400);
    assert_eq!(count.load(Ordering::SeqCst), 0);
}

#[test]
fn a_slowly_dripping_body_is_cut_off() {
    // A small body, and one that is large enough to wait for memory.
    for delivery in [contact(), contact_of(20_000)] {
        let count = Count::default();
        let webhooks = counting(&count).read_timeout(Duration::from_secs(1));
        let server = Server::start(webhooks.into_router("/webhook"));
        let mut stream = server.connect();
        stream.write_all(&delivery.request().head()).unwrap();
        let mut drip = stream.try_clone().unwrap();
        let body = delivery.body.clone();
        let dripping = std::thread::spawn(move || {
            // Each byte follows soon after the previous one, but the limit applies to the whole
            // body.
            let sends = |byte: &&u8| {
                std::thread::sleep(Duration::from_millis(20));
                drip.write_all(&[**byte]).is_ok()
            };
            body.iter().take_while(sends).count()
        });
        assert_answer(&read_answer(stream), 408, "Webhook Error: body not received in time");
        assert!(dripping.join().unwrap() < delivery.body.len());
        assert_answer(&server.send(&delivery.request()), 200, "");
        assert_eq!(count.load(Ordering::SeqCst), 1);
    }
}

#[test]
fn limits_can_be_disabled() {
    let webhooks = counting(&Count::default()).read_timeout(Duration::MAX).max_buffered_bytes(usize::MAX);
    let server = Server::start(webhooks.max_body_bytes(usize::MAX).into_router("/webhook"));
    for size in [200, 1_000_000] {
        assert_answer(&server.send(&contact_of(size).request()), 200, "");
    }
}

#[test]
fn an_idle_sender_does_not_delay_others() {
    let (server, _) = limited(DEFAULT_LIMIT);
    let waiting: Vec<_> = (0..50)
        .map(|_| {
            let mut stream = server.connect();
            stream.write_all(&contact().request().head()).unwrap();
            stream
        })
        .collect();
    assert_answer(&server.send(&contact().request()), 200, "");
    drop(waiting);
}
