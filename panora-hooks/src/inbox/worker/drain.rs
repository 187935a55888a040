//! Stopping a worker.

use std::time::Duration;

use tokio::time::{Instant, timeout, timeout_at};

use super::scheduler::Scheduler;
use crate::inbox::patience::at_most;

/// How long to wait for hooks that were aborted.
const ABORT: Duration = Duration::from_secs(1);

impl Scheduler<'_> {
    /// Starts nothing more, waits for the running hooks, and hands back all other events.
    pub(super) async fn drain(&mut self) {
        let (grace, store_timeout) = (self.policy.shutdown_grace, self.policy.store_timeout);
        let hooks_end = Instant::now() + grace;
        self.is_draining = true;
        if at_most(store_timeout, self.finish_lease()).await.is_err() {
            tracing::warn!("leased events may have no worker until their leases expire");
        }
        self.hand_back();
        if timeout_at(hooks_end, self.finish_hooks()).await.is_err() {
            tracing::warn!(hooks = self.running.len(), "hooks did not end in time and are cancelled");
            self.running.abort();
            // A hook that blocks its thread cannot be aborted, and continues. Its lease has to
            // expire, because another worker would run the event beside it.
            let _ = timeout(ABORT, self.finish_hooks()).await;
        }
        let _ = at_most(store_timeout, self.finish_settlements()).await;
    }

    /// Waits for the lease request in flight, and hands back the events that it brings.
    async fn finish_lease(&mut self) {
        while self.leasing.is_some() {
            self.step().await;
        }
    }

    /// Hands back the events that have not started.
    fn hand_back(&mut self) {
        for held in self.suspects.drain().into_iter().chain(self.held.drain(..)) {
            self.settlements.hand_back(held.leased.token);
        }
    }

    async fn finish_hooks(&mut self) {
        while self.running.has_live() {
            self.step().await;
        }
    }

    async fn finish_settlements(&mut self) {
        while !self.settlements.is_empty() {
            self.step().await;
        }
    }
}
