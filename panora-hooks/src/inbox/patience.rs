//! Time limits for what a store does.

use std::{
    pin::pin,
    time::{Duration, Instant},
};

use super::InboxError;

/// Waits for the answer of a store. After `limit` the store counts as unreachable.
///
/// The limit is real time. A store may work on a thread of its own, for which tokio's paused clock does not wait: it
/// would fire the timer at once.
pub(crate) async fn within<T>(
    limit: Duration,
    answer: impl Future<Output = Result<T, InboxError>>,
) -> Result<T, InboxError> {
    let begun = Instant::now();
    let mut answer = pin!(answer);
    loop {
        match tokio::time::timeout(limit.saturating_sub(begun.elapsed()), &mut answer).await {
            Ok(answer) => return answer,
            Err(elapsed) if begun.elapsed() >= limit => return Err(InboxError::Unavailable(elapsed.into())),
            Err(_) => {}
        }
    }
}
