//! The worker: runs stored events.

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
/// [`WebhooksWithInbox::into_parts`](crate::WebhooksWithInbox::into_parts) returns a worker
/// together with the router; [`WebhooksWithInbox`](crate::WebhooksWithInbox) documents the
/// settings. An event whose hook succeeds is done. An event whose hook fails, panics or times out
/// is retried later. It is dead after the last attempt, or at once if retrying cannot help.
#[must_use = "stored events do not run without `Worker::run_until`"]
pub struct Worker {
    pub(crate) inbox: Arc<dyn ErasedInbox>,
    pub(crate) runner: Arc<dyn Runner>,
    pub(crate) writer: Arc<Writer>,
    /// Notifies when the router has stored an event.
    pub(crate) stored: Arc<Notify>,
    pub(crate) policy: Policy,
}

impl Worker {
    /// Runs events until `shutdown` resolves. Then it starts no more events, waits for the running
    /// hooks ([`shutdown_grace`](crate::WebhooksWithInbox::shutdown_grace)), and hands back the
    /// other events, which the next worker runs.
    ///
    /// Wait for it to return before the program ends, because a hook that is cut off runs again. If
    /// the store fails, the worker logs the failure and continues when the store works again.
    pub async fn run_until(self, shutdown: impl Future<Output = ()>) {
        let Self { inbox, runner, writer, stored, policy } = self;
        let work = async {
            let mut scheduler = Scheduler::new(&*inbox, runner, policy);
            scheduler.run_until(shutdown, &stored).await;
            scheduler.drain().await;
            // The events that arrived last are stored before this returns. The next worker runs
            // them.
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

/// Leaves out the state, which may hold anything.
impl fmt::Debug for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Worker").field("policy", &self.policy).finish_non_exhaustive()
    }
}
