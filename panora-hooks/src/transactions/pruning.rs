//! Deletes old markers.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use crate::hook::{HookError, InTransaction};

/// How many markers are deleted at once.
const AT_ONCE: u32 = 1000;

/// How often a router without an inbox deletes markers.
const INTERVAL: Duration = Duration::from_secs(60);

/// How long a router without an inbox keeps markers: as long as an inbox keeps identities by
/// default.
const RETENTION: Duration = Duration::from_secs(90 * 24 * 60 * 60);

/// The shortest time for which markers are kept, however short the retention is. An event may be
/// done in the application's database while the inbox does not know it yet.
const SHORTEST_RETENTION: Duration = Duration::from_secs(24 * 60 * 60);

/// Deletes the markers that are older than `keep`.
pub(crate) async fn prune(transactions: &dyn InTransaction, keep: Duration) {
    loop {
        match transactions.prune(keep.max(SHORTEST_RETENTION), AT_ONCE).await {
            Ok(0) => return,
            Ok(_) => {}
            Err(error) => {
                tracing::warn!("the markers of transactions are not pruned: {}", HookError::Retry(error));
                return;
            }
        }
    }
}

/// Prunes for a router without an inbox, which has no worker that could do it.
pub(crate) struct Pruning {
    transactions: Arc<dyn InTransaction>,
    last: Mutex<Option<Instant>>,
}

impl Pruning {
    pub(crate) fn new(transactions: Arc<dyn InTransaction>) -> Self {
        Self { transactions, last: Mutex::new(None) }
    }

    /// Starts to delete old markers, unless that was done within the last minute.
    pub(crate) fn start(&self) {
        let now = Instant::now();
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.is_some_and(|last| now.duration_since(last) < INTERVAL) {
            return;
        }
        *last = Some(now);
        let transactions = Arc::clone(&self.transactions);
        tokio::spawn(async move { prune(&*transactions, RETENTION).await });
    }
}
