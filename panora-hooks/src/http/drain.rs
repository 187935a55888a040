//! Refusing a request whose body is still on its way.

use std::time::Duration;

use axum::{
    body::{Body, HttpBody},
    http::{HeaderMap, header},
};
use http_body_util::BodyExt;

/// A sender that pauses for this long has stopped, and waits for the answer.
const PAUSE: Duration = Duration::from_secs(1);

/// Reads the rest of a body and throws it away, while the answer is sent.
///
/// If the connection were closed at once, a sender that is still writing would see it break, and not the
/// answer that says why; Node's client even throws what nothing can catch. So it is let to write to the
/// end, however long that is in bytes, but for no longer than `timeout`. A sender that asks before it sends
/// gets the answer first, and reading on could tell it to go on.
pub(crate) fn drain(headers: &HeaderMap, mut body: Body, timeout: Duration) {
    if body.is_end_stream() || headers.contains_key(header::EXPECT) {
        return;
    }
    let discard =
        async move { while let Ok(Some(Ok(_))) = tokio::time::timeout(PAUSE, body.frame()).await {} };
    drop(tokio::spawn(tokio::time::timeout(timeout, discard)));
}
