//! Counting in memory: the figures of this process that the store does not have yet.

use std::{
    collections::HashMap,
    mem,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::sync;

use super::{
    AttemptReport, Capability, Decision, ErasedInbox, Figures, Put, error::chain, patience::at_most,
};

/// How long figures are collected before they are written.
const INTERVAL: Duration = Duration::from_secs(10);

/// How long the store may take to write them.
const PATIENCE: Duration = Duration::from_secs(2);

/// The figures of this process. The router and the worker share them.
pub(crate) struct Counters {
    /// Weak, because a file is closed as soon as the router and the worker are dropped.
    inbox: Weak<dyn ErasedInbox>,
    sums: Mutex<HashMap<&'static str, Figures>>,
    /// Held while figures are written, so that the last write of a worker includes them.
    writing: sync::Mutex<()>,
    /// Whether a task waits to write the figures.
    is_scheduled: AtomicBool,
    /// Whether the store keeps figures.
    is_enabled: bool,
}

impl Counters {
    pub(crate) fn new(inbox: &Arc<dyn ErasedInbox>) -> Self {
        Self {
            inbox: Arc::downgrade(inbox),
            sums: Mutex::default(),
            writing: sync::Mutex::default(),
            is_scheduled: AtomicBool::new(false),
            is_enabled: inbox.capabilities().has(Capability::Statistics),
        }
    }

    /// Counts a delivery that the store has taken.
    pub(super) fn stored(self: &Arc<Self>, event_type: &'static str, put: Put) {
        self.count(event_type, |figures| match put {
            Put::Stored(_) => figures.arrived += 1,
            Put::Duplicate(_) => figures.duplicates += 1,
            Put::Parked(..) => {
                figures.arrived += 1;
                figures.parked += 1;
            }
        });
    }

    /// Counts an attempt that was interrupted, as the next lease of its event shows.
    pub(super) fn interrupted(self: &Arc<Self>, event_type: &'static str) {
        self.count(event_type, |figures| figures.failed_attempts += 1);
    }

    /// Counts a decision that the store has applied, and the attempt that it ends.
    pub(super) fn settled(
        self: &Arc<Self>,
        event_type: &'static str,
        decision: &Decision,
        report: Option<&AttemptReport>,
        latency: Option<Duration>,
    ) {
        self.count(event_type, |figures| {
            if matches!(decision, Decision::Bury(_)) {
                figures.dead += 1;
            }
            let Some(report) = report else { return };
            if report.outcome.is_success() {
                figures.handled += 1;
                if let Some(latency) = latency {
                    figures.latency.record(latency);
                }
            } else {
                figures.failed_attempts += 1;
            }
            if let Some(duration) = report.duration {
                figures.attempt_duration.record(duration);
            }
        });
    }

    fn count(self: &Arc<Self>, event_type: &'static str, count: impl FnOnce(&mut Figures)) {
        if !self.is_enabled {
            return;
        }
        count(self.sums().entry(event_type).or_default());
        self.schedule();
    }

    /// Starts a task that writes the figures after [`INTERVAL`], unless one waits already.
    fn schedule(self: &Arc<Self>) {
        if self.is_scheduled.swap(true, Ordering::SeqCst) {
            return;
        }
        let counters = Arc::clone(self);
        tokio::spawn(async move {
            let waiting = Scheduled(&counters);
            tokio::time::sleep(INTERVAL).await;
            drop(waiting);
            counters.write().await;
        });
    }

    /// Writes the figures now. If the store refuses them, they are written with later ones. If it
    /// does not answer, it may have added them, and they are dropped rather than added twice.
    pub(super) async fn write(self: &Arc<Self>) {
        let _writing = self.writing.lock().await;
        let sums = mem::take(&mut *self.sums());
        let Some(inbox) = self.inbox.upgrade() else { return };
        if sums.is_empty() {
            return;
        }
        let figures = sums.iter().map(|(event_type, figures)| ((*event_type).to_owned(), *figures)).collect();
        match at_most(PATIENCE, inbox.add_figures(figures)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::warn!("the figures are not written yet: {}", chain(&error));
                for (event_type, figures) in sums {
                    self.sums().entry(event_type).or_default().add(&figures);
                }
                self.schedule();
            }
            Err(_) => tracing::warn!("the store did not take the figures in time: some may be missing"),
        }
    }

    fn sums(&self) -> MutexGuard<'_, HashMap<&'static str, Figures>> {
        // No code panics while it holds the lock.
        self.sums.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A task that waits to write the figures. Its runtime may end before it has.
struct Scheduled<'c>(&'c Counters);

impl Drop for Scheduled<'_> {
    fn drop(&mut self) {
        self.0.is_scheduled.store(false, Ordering::SeqCst);
    }
}
