//! The worker: runs stored events.

mod announcer;
mod attempt;
mod drain;
mod held;
mod housekeeping;
mod runner;
mod running;
mod scheduler;
mod settlements;
mod slots;
mod suspects;

use std::{fmt, sync::Arc, thread};

use tokio::sync::Notify;

use self::{announcer::Announcer, runner::Runner, scheduler::Scheduler};
pub(crate) use self::{announcer::OnDead, runner::Hooks};
use super::{
    ErasedInbox, counters::Counters, handover::Handover, patience::at_most, policy::Policy, writer::Writer,
};
use crate::metric;

/// Runs the hooks of stored events.
///
/// [`WebhooksWithInbox::into_parts`](crate::WebhooksWithInbox::into_parts) returns a worker
/// together with the router; [`WebhooksWithInbox`](crate::WebhooksWithInbox) documents the
/// settings. An event whose hook succeeds is done. An event whose hook fails, panics or times out
/// is retried later. It is dead after the last attempt, or at once if retrying cannot help.
///
/// A worker logs an error if it is dropped without [`run_until`](Self::run_until), or if the future
/// of `run_until` is dropped before its first poll: nothing in this process runs the events that
/// the router stores.
#[must_use = "stored events do not run without `Worker::run_until`"]
pub struct Worker {
    inbox: Arc<dyn ErasedInbox>,
    runner: Arc<dyn Runner>,
    writer: Arc<Writer>,
    handover: Arc<Handover>,
    counters: Arc<Counters>,
    name: Arc<str>,
    policy: Policy,
    on_dead: Option<OnDead>,
    unstarted: Unstarted,
}

impl Worker {
    pub(crate) fn new(
        inbox: Arc<dyn ErasedInbox>,
        runner: Arc<dyn Runner>,
        writer: Arc<Writer>,
        handover: Arc<Handover>,
        counters: Arc<Counters>,
        name: Arc<str>,
        policy: Policy,
    ) -> Self {
        Self {
            inbox,
            runner,
            writer,
            handover,
            counters,
            name,
            policy,
            on_dead: None,
            unstarted: Unstarted { is_started: false },
        }
    }

    /// Sets the function that is called with each dead event.
    pub(crate) fn on_dead(self, on_dead: Option<OnDead>) -> Self {
        Self { on_dead, ..self }
    }

    /// Runs events until `shutdown` resolves. Then it starts no more events, waits for the running
    /// hooks ([`shutdown_grace`](crate::WebhooksWithInbox::shutdown_grace)), and hands back the
    /// other events, which the next worker runs.
    ///
    /// Wait for it to return before the program ends, because a hook that is cut off runs again. If
    /// the store fails, the worker logs the failure and continues when the store works again.
    pub async fn run_until(self, shutdown: impl Future<Output = ()>) {
        let Self { inbox, runner, writer, handover, counters, name, policy, on_dead, unstarted } = self;
        unstarted.start();
        let transactions = runner.transactions().cloned();
        // Again, because a recorder may have been installed since the router was built.
        metric::describe();
        let (announces, stopping) = (on_dead.is_some(), Notify::new());
        let work = async {
            let mut scheduler =
                Scheduler::new(&*inbox, runner, name, Arc::clone(&counters), policy, announces);
            scheduler.run_until(shutdown, &handover).await;
            stopping.notify_one();
            let _stopping = handover.worker_stops();
            scheduler.drain().await;
            // The events that arrived last are stored before this returns. The next worker runs
            // them.
            if at_most(policy.store_timeout, writer.idle()).await.is_err() {
                tracing::warn!("events still arrive: stop the server with the worker");
            }
            counters.write().await;
        };
        let announce = async {
            if let Some(on_dead) = on_dead {
                Announcer::new(Arc::clone(&inbox), on_dead, policy).run_until(stopping.notified()).await;
            }
        };
        let work = async { tokio::join!(work, announce) };
        tokio::select! {
            _ = work => {}
            () = housekeeping::keep(&*inbox, transactions.as_ref(), policy) => {}
        }
    }
}

/// Leaves out the state, which may hold anything.
impl fmt::Debug for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Worker").field("policy", &self.policy).finish_non_exhaustive()
    }
}

/// Logs an error if it is dropped: the worker that holds it has not run.
struct Unstarted {
    is_started: bool,
}

impl Unstarted {
    fn start(mut self) {
        self.is_started = true;
    }
}

impl Drop for Unstarted {
    fn drop(&mut self) {
        // A program that panics has another problem.
        if !self.is_started && !thread::panicking() {
            tracing::error!(
                "the worker was dropped and has never run, so stored events do not run: \
                 await `worker.run_until(..)`, or use `.serve(..)` instead of `.into_parts(..)`"
            );
        }
    }
}
