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

use super::{
    AttemptOutcome, AttemptReport, Capability, Decision, ErasedInbox, Figures, Put, error::chain,
    patience::within,
};

/// How long figures are collected before they are written.
const INTERVAL: Duration = Duration::from_secs(10);

/// How long the store may take to write them.
const PATIENCE: Duration = Duration::from_secs(5);

/// The figures of this process. The router and the worker share them.
pub(crate) struct Counters {
    /// Weak, because a file is closed as soon as the router and the worker are dropped.
    inbox: Weak<dyn ErasedInbox>,
    sums: Mutex<HashMap<&'static str, Figures>>,
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

    /// Counts a decision that the store has applied, and the attempt that it ends. `latency` is the
    /// time since the event arrived.
    pub(super) fn settled(
        self: &Arc<Self>,
        event_type: &'static str,
        decision: &Decision,
        report: Option<&AttemptReport>,
        latency: Duration,
    ) {
        self.count(event_type, |figures| {
            if matches!(decision, Decision::Bury(_)) {
                figures.dead += 1;
            }
            let Some(report) = report else { return };
            if report.outcome == AttemptOutcome::Handled {
                figures.handled += 1;
                figures.latency.record(latency);
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

    /// Writes the figures in a while, unless that is planned already.
    fn schedule(self: &Arc<Self>) {
        if self.is_scheduled.swap(true, Ordering::SeqCst) {
            return;
        }
        let counters = Arc::clone(self);
        tokio::spawn(async move {
            tokio::time::sleep(INTERVAL).await;
            counters.is_scheduled.store(false, Ordering::SeqCst);
            counters.write().await;
        });
    }

    /// Writes the figures now. If the store cannot take them, they are written with later ones.
    pub(super) async fn write(self: &Arc<Self>) {
        let sums = mem::take(&mut *self.sums());
        let Some(inbox) = self.inbox.upgrade() else { return };
        if sums.is_empty() {
            return;
        }
        let figures = sums.iter().map(|(event_type, figures)| ((*event_type).to_owned(), *figures)).collect();
        if let Err(error) = within(PATIENCE, inbox.add_figures(figures)).await {
            tracing::warn!("the figures are not written yet: {}", chain(&error));
            for (event_type, figures) in sums {
                self.sums().entry(event_type).or_default().add(&figures);
            }
            self.schedule();
        }
    }

    fn sums(&self) -> MutexGuard<'_, HashMap<&'static str, Figures>> {
        // No code panics while it holds the lock.
        self.sums.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
