//! Waits until a receiver has run what it can run.

use std::time::{Duration, Instant};

use panora_hooks::inbox::{Inbox, InboxError};
use tokio::time;

use super::handled::HandledLog;

const POLL: Duration = Duration::from_millis(100);

/// The time without a new entry in the log after which a receiver without an inbox is idle.
const QUIET: Duration = Duration::from_secs(2);

/// Waits until no event of an inbox is ready or leased, but no longer than the limit. Returns the
/// number of these events.
///
/// # Errors
///
/// Returns an error if the inbox cannot be read.
pub async fn until_idle(inbox: &impl Inbox, limit: Duration) -> Result<u64, InboxError> {
    let start = Instant::now();
    loop {
        let depth = inbox.depth().await?;
        let left = depth.ready.number() + depth.leased.number();
        if left == 0 || start.elapsed() >= limit {
            return Ok(left);
        }
        time::sleep(POLL).await;
    }
}

/// Waits until the log of handled events has not grown for two seconds, but no longer than the
/// limit.
pub async fn until_quiet(log: &HandledLog, limit: Duration) {
    let start = Instant::now();
    let (mut length, mut since) = (log.length(), start);
    while since.elapsed() < QUIET && start.elapsed() < limit {
        time::sleep(POLL).await;
        let now = log.length();
        if now != length {
            (length, since) = (now, Instant::now());
        }
    }
}
