//! Errors of layers around the router.

mod support;

use std::io;

use axum::{
    RequestExt,
    body::Body,
    extract::{DefaultBodyLimit, Request},
    middleware::{self, Next},
    response::Response,
};
use futures_util::stream;
use support::{Count, Delivery, Server, assert_answer, counting, log::Log};

/// Creates a request of `size` bytes without a declared length, so that limits apply while the body
/// is read.
fn chunked(size: usize) -> support::Request {
    let around = Delivery::new("crm.contact.created", r#""""#).body.len();
    let delivery = Delivery::new("crm.contact.created", &format!("\"{}\"", "x".repeat(size - around)));
    let chunk = |chunk: &[u8]| [format!("{:x}\r\n", chunk.len()).as_bytes(), chunk, b"\r\n"].concat();
    let body: Vec<u8> = delivery.body.chunks(700).flat_map(chunk).chain(*b"0\r\n\r\n").collect();
    delivery.request().header("Transfer-Encoding", "chunked").body(body)
}

async fn limit(request: Request, next: Next) -> Response {
    next.run(request.with_limited_body()).await
}

/// Fails with an error that may contain any text.
async fn fail(request: Request, next: Next) -> Response {
    let broken = stream::iter([Ok("{"), Err(io::Error::other("canary"))]);
    next.run(request.map(|_| Body::from_stream(broken))).await
}

/// The log names the limit that was exceeded, because raising another one would not help.
#[test]
fn errors_of_layers_are_not_mistaken_for_those_of_the_router() {
    let log = Log::install();
    let (ours, layers) = ("limit set by `Webhooks::max_body_bytes`", "a layer around the router");
    for (our_limit, layers_limit, size, named, not_named) in [
        (1000, 500, 600, layers, ours),
        (1000, 500, 1001, layers, ours),
        (100_000, 1000, 1001, layers, ours),
        (usize::MAX, 20_000, 30_000, layers, ours),
        (500, 1000, 600, ours, layers),
        (1000, 2000, 3000, ours, layers),
        (20_000, 40_000, 30_000, ours, layers),
    ] {
        let router = counting(&Count::default()).max_body_bytes(our_limit).into_router("/webhook");
        let router = router.layer(middleware::from_fn(limit)).layer(DefaultBodyLimit::max(layers_limit));
        let server = Server::start(router);
        assert_answer(&server.send(&chunked(size)), 413, "Webhook Error: body too large");
        let log = log.take();
        assert!(log.contains(named) && !log.contains(not_named), "{our_limit}, {layers_limit}: {log}");
    }

    let router = counting(&Count::default()).into_router("/webhook").layer(middleware::from_fn(fail));
    let server = Server::start(router);
    assert_answer(&server.send(&chunked(300)), 400, "Webhook Error: body not received whole");
    let log = log.take();
    assert!(log.contains("or a layer around the router stopped it") && !log.contains("canary"), "{log}");
}
