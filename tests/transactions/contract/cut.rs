//! [`Cut`]: a step of an attempt at which the attempt ends.

use std::{
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::sync::Notify;

/// Stops an attempt at one of its steps, so that a test can drop it there.
#[derive(Clone, Default)]
pub struct Cut {
    /// The number of steps until then. Never, if it is 0.
    left: Arc<AtomicUsize>,
    is_reached: Arc<Notify>,
}

impl Cut {
    /// Stops at the step with this number, which begins with 1.
    pub fn at(step: usize) -> Self {
        Self { left: Arc::new(AtomicUsize::new(step)), ..Self::default() }
    }

    /// Is called between two steps.
    pub async fn step(&self) {
        if self.left.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.is_reached.notify_one();
            pending::<()>().await;
        }
    }

    /// Waits until the attempt has stopped.
    pub async fn reached(&self) {
        self.is_reached.notified().await;
    }
}
