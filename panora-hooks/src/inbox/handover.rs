//! The handover of events from the router that stores them to the worker of the same process.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::sync::Notify;

/// How long a stored event may wait for the worker before the log says that none runs.
const PATIENCE: Duration = Duration::from_secs(60);

/// The state that a router and its worker share.
#[derive(Default)]
pub(crate) struct Handover {
    /// Notifies the worker when an event was stored.
    stored: Notify,
    /// Whether a task waits for the worker to answer the notification. It stays set once the log
    /// has said that no worker runs, so that the log says it once.
    is_watched: AtomicBool,
    /// Whether the worker has answered since.
    has_answered: AtomicBool,
    /// Whether the worker is stopping. It leases nothing more, and the next worker runs the events
    /// that are stored meanwhile.
    is_stopping: AtomicBool,
}

impl Handover {
    /// Tells the worker that an event was stored. If no worker runs, the log says so a minute
    /// later, once.
    pub(crate) fn event_stored(self: &Arc<Self>) {
        if !self.is_watched.swap(true, Ordering::SeqCst) {
            self.has_answered.store(false, Ordering::SeqCst);
            tokio::spawn(Arc::clone(self).watch());
        }
        self.stored.notify_one();
    }

    /// Waits until an event was stored.
    pub(crate) async fn stored(&self) {
        self.stored.notified().await;
    }

    /// Notes that the worker runs, because it leases events or its slots are in use.
    pub(crate) fn worker_runs(&self) {
        self.has_answered.store(true, Ordering::SeqCst);
    }

    /// Takes note that the worker stops, until the guard is dropped.
    pub(crate) fn worker_stops(&self) -> impl Drop {
        struct Stopping<'h>(&'h AtomicBool);

        impl Drop for Stopping<'_> {
            fn drop(&mut self) {
                self.0.store(false, Ordering::SeqCst);
            }
        }

        self.is_stopping.store(true, Ordering::SeqCst);
        Stopping(&self.is_stopping)
    }

    async fn watch(self: Arc<Self>) {
        tokio::time::sleep(PATIENCE).await;
        if self.has_answered.load(Ordering::SeqCst) || self.is_stopping.load(Ordering::SeqCst) {
            self.is_watched.store(false, Ordering::SeqCst);
            return;
        }
        tracing::error!(
            "events are stored, but no worker of this process has leased any for {PATIENCE:?}: \
             await `worker.run_until(..)`, or use `.serve(..)` instead of `.into_parts(..)`"
        );
    }
}
