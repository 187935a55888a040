//! The gate through which senders pass while the receiver runs.

use tokio::sync::watch;

use super::group::Killer;
use crate::send::Client;

/// A running receiver, from one start to the next kill.
#[derive(Debug, Clone)]
pub(super) struct Running {
    /// The number of the start, counted from 0.
    pub(super) start: usize,
    /// The client of this start. No connection is used beyond the kill.
    pub(super) client: Client,
    killer: Killer,
}

/// Holds senders back while no receiver runs.
#[derive(Debug, Default)]
pub(super) struct Gate(watch::Sender<Option<Running>>);

impl Gate {
    /// Lets senders pass to a receiver that was just started.
    pub(super) fn open(&self, start: usize, client: Client, killer: Killer) {
        self.0.send_replace(Some(Running { start, client, killer }));
    }

    pub(super) fn is_open(&self) -> bool {
        self.0.borrow().is_some()
    }

    /// Waits for a running receiver.
    pub(super) async fn pass(&self) -> Option<Running> {
        let mut receiver = self.0.subscribe();
        // The sender exists as long as `self`.
        receiver.wait_for(Option::is_some).await.ok()?.clone()
    }

    /// Kills a receiver and closes the gate. Calls `note` right before the kill. Returns `false` if
    /// another kill came first.
    pub(super) fn kill(&self, start: usize, note: impl FnOnce()) -> bool {
        let mut killer = None;
        self.0.send_if_modified(|running| {
            killer = running.take_if(|running| running.start == start).map(|running| running.killer);
            killer.is_some()
        });
        let Some(killer) = killer else { return false };
        note();
        // `Receiver::kill` repeats the kill, and reports its error.
        drop(killer.kill());
        true
    }
}
