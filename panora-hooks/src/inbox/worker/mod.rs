//! The worker: runs what is stored.

mod attempt;
mod drain;
mod housekeeping;
mod runner;
mod running;
mod scheduler;
mod settlements;
mod suspects;

use std::{fmt, sync::Arc};

use tokio::sync::Notify;

pub(crate) use self::runner::Hooks;
use self::{runner::Runner, scheduler::Scheduler};
use super::{ErasedInbox, patience::at_most, policy::Policy, writer::Writer};

/// Runs the hooks of stored events.
///
/// It comes with the router from [`WebhooksWithInbox::into_parts`](crate::WebhooksWithInbox::into_parts),
/// which says what may be set. An event whose hook succeeds is done. One whose hook fails, panics or takes
/// too long is tried again later, and is dead after the last attempt, or at once if trying again is no use.
#[must_use = "stored events do not run without `Worker::run_until`"]
pub struct Worker {
    pub(crate) inbox: Arc<dyn ErasedInbox>,
    pub(crate) runner: Arc<dyn Runner>,
    pub(crate) writer: Arc<Writer>,
    /// Tells that the router has stored something.
    pub(crate) stored: Arc<Notify>,
    pub(crate) policy: Policy,
}

impl Worker {
    /// Runs events until `shutdown` resolves. Then it begins no more of them, waits for those that run
    /// ([`shutdown_grace`](crate::WebhooksWithInbox::shutdown_grace)), and hands back the rest, which the next
    /// worker runs.
    ///
    /// Wait for it to return before the program ends: what is cut off runs again. If the store fails, it logs that and
    /// goes on when the store is back.
    pub async fn run_until(self, shutdown: impl Future<Output = ()>) {
        let Self { inbox, runner, writer, stored, policy } = self;
        let work = async {
            let mut scheduler = Scheduler::new(&*inbox, runner, policy);
            scheduler.run_until(shutdown, &stored).await;
            scheduler.drain().await;
            // The events that arrived last are stored, and run by the next worker.
            if at_most(policy.store_timeout, writer.idle()).await.is_err() {
                tracing::warn!("events still arrive: stop the server with the worker");
            }
        };
        tokio::select! {
            () = work => {}
            () = housekeeping::keep(&*inbox, policy) => {}
        }
    }
}

/// Without the state, which may hold anything.
impl fmt::Debug for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Worker").field("policy", &self.policy).finish_non_exhaustive()
    }
}
