//! Drains the body of a request that is refused before it has arrived.

use std::time::Duration;

use axum::{
    body::{Body, HttpBody},
    http::{HeaderMap, header},
};
use http_body_util::BodyExt;

/// A sender that is idle this long has stopped and waits for the response.
const PAUSE: Duration = Duration::from_secs(1);

/// Reads and discards the rest of a body while the response is sent.
///
/// If the connection were closed at once, a sender that is still writing would see a reset instead
/// of the response that names the reason; Node's client even throws an error that cannot be caught.
/// So the sender may write to the end, without a limit of bytes, but for no longer than `timeout`.
/// A sender that uses `Expect` gets the response before it sends the body; reading on could tell it
/// to continue.
pub(crate) fn drain(headers: &HeaderMap, mut body: Body, timeout: Duration) {
    if body.is_end_stream() || headers.contains_key(header::EXPECT) {
        return;
    }
    let discard =
        async move { while let Ok(Some(Ok(_))) = tokio::time::timeout(PAUSE, body.frame()).await {} };
    drop(tokio::spawn(tokio::time::timeout(timeout, discard)));
}
