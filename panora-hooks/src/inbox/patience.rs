//! Time limits for operations of a store.

use std::{
    pin::pin,
    time::{Duration, Instant},
};

use tokio::time::error::Elapsed;

use super::InboxError;

/// Waits for work that depends on a store, up to `limit` of real time.
///
/// A store may work on a thread of its own. Tokio's paused clock does not wait for such a thread,
/// and would fire the timer at once.
pub(crate) async fn at_most<T>(limit: Duration, work: impl Future<Output = T>) -> Result<T, Elapsed> {
    let begun = Instant::now();
    let mut work = pin!(work);
    loop {
        let left = limit.saturating_sub(begun.elapsed());
        match tokio::time::timeout(left, &mut work).await {
            Err(_) if begun.elapsed() < limit => {}
            ended => return ended,
        }
    }
}

/// Waits for the answer of a store. After `limit` the store counts as unreachable.
pub(crate) async fn within<T>(
    limit: Duration,
    answer: impl Future<Output = Result<T, InboxError>>,
) -> Result<T, InboxError> {
    let answer = at_most(limit, answer).await;
    answer.unwrap_or_else(|elapsed| Err(InboxError::Unavailable(elapsed.into())))
}
