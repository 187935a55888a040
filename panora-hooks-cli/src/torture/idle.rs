//! Waits until a receiver without an inbox has handled what it can.

use std::{
    io,
    time::{Duration, Instant},
};

use tokio::time;

use super::{handled::HandledLog, plan::Plan, record::Record};

const POLL: Duration = Duration::from_millis(200);

/// The time without a new entry in the log after which the receiver is idle. A queue of its own may
/// repeat what a kill has interrupted.
const QUIET: Duration = Duration::from_secs(15);

/// Waits until the log has all acknowledged events, or has not grown for 15 seconds, but no longer
/// than the limit.
///
/// # Errors
///
/// Returns an error if the log cannot be read.
pub async fn until_quiet(log: &HandledLog, plan: &Plan, record: &Record, limit: Duration) -> io::Result<()> {
    let start = Instant::now();
    let (mut length, mut since) = (None, start);
    while since.elapsed() < QUIET && start.elapsed() < limit {
        let now = Some(log.length());
        if now != length {
            (length, since) = (now, Instant::now());
            let handled = log.read(plan)?;
            if record.acknowledged_events().all(|event| handled.contains(event)) {
                break;
            }
        }
        time::sleep(POLL).await;
    }
    Ok(())
}
