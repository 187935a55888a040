//! Group commit: stores events that arrive concurrently in one transaction.
//!
//! There is no timer. While one batch is being stored, the next one collects, so a single event
//! waits only for the store, and throughput grows with load.

use std::{
    collections::VecDeque,
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{Notify, oneshot},
    time::Instant,
};

use super::{
    ErasedInbox, InboxError, NewEvent, Put, counters::Counters, error::chain, handover::Handover,
    patience::within,
};
use crate::metric;

/// The most events in a batch.
const MAX_EVENTS: usize = 512;

/// The most data in a batch, in bytes, unless a single event is larger.
const MAX_BYTES: usize = 4 * 1024 * 1024;

/// The pause before a batch is stored again while the store is busy or unreachable. It doubles each
/// time, up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Stores events in batches.
pub(crate) struct Writer {
    inbox: Arc<dyn ErasedInbox>,
    queue: Mutex<QueuedEvents>,
    timeout: Duration,
    /// Notifies when the queue is empty and nothing is being stored.
    idle: Notify,
    handover: Arc<Handover>,
    counters: Arc<Counters>,
}

#[derive(Default)]
struct QueuedEvents {
    events: VecDeque<QueuedEvent>,
    /// Whether a task stores the events that wait.
    is_flushing: bool,
}

struct QueuedEvent {
    event: NewEvent,
    /// After this, a failure is final.
    deadline: Instant,
    answer: oneshot::Sender<Result<Put, NotStored>>,
}

/// An event was not stored.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NotStored {
    /// Whether the store was busy or unreachable, as opposed to full or broken.
    pub(crate) is_transient: bool,
}

impl Writer {
    pub(crate) fn new(
        inbox: Arc<dyn ErasedInbox>,
        timeout: Duration,
        handover: Arc<Handover>,
        counters: Arc<Counters>,
    ) -> Self {
        Self { inbox, queue: Mutex::default(), timeout, idle: Notify::new(), handover, counters }
    }

    /// Stores an event, together with others that wait. The event is on stable storage when this
    /// returns `Ok`.
    ///
    /// The event is stored even if the future is dropped.
    pub(crate) async fn store(self: &Arc<Self>, event: NewEvent) -> Result<Put, NotStored> {
        let (answer, answered) = oneshot::channel();
        let queued = QueuedEvent { event, deadline: Instant::now() + self.timeout, answer };
        if self.enqueue(queued) {
            tokio::spawn(Flush { writer: Arc::clone(self), pause: FIRST_PAUSE, is_over: false }.run());
        }
        // The sender is dropped without an answer if the runtime ends or the store panics.
        answered.await.unwrap_or(Err(NotStored { is_transient: false }))
    }

    /// Adds an event to the queue. Returns whether a task has to be started to store it.
    fn enqueue(&self, queued: QueuedEvent) -> bool {
        let mut queue = self.queue();
        queue.events.push_back(queued);
        !mem::replace(&mut queue.is_flushing, true)
    }

    /// Waits until every event in the queue is stored.
    pub(crate) async fn idle(&self) {
        loop {
            let idle = self.idle.notified();
            if !self.queue().is_flushing {
                return;
            }
            idle.await;
        }
    }

    fn queue(&self) -> MutexGuard<'_, QueuedEvents> {
        // No code panics while it holds the lock.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the next batch from the queue. If there is none, the calling task has to end.
    fn next_batch(&self) -> Option<Vec<QueuedEvent>> {
        let mut queue = self.queue();
        let mut bytes = 0;
        let mut fits = |queued: &QueuedEvent| {
            bytes += queued.event.size();
            bytes <= MAX_BYTES
        };
        let count = queue.events.iter().take(MAX_EVENTS).take_while(|queued| fits(queued)).count();
        let count = count.max(1).min(queue.events.len());
        if count == 0 {
            queue.is_flushing = false;
            self.idle.notify_waiters();
            return None;
        }
        Some(queue.events.drain(..count).collect())
    }
}

/// The task that stores the queue, batch by batch, until it is empty.
struct Flush {
    writer: Arc<Writer>,
    pause: Duration,
    /// Whether the queue was found empty. From then on another task may have started.
    is_over: bool,
}

impl Flush {
    async fn run(mut self) {
        while let Some(batch) = self.writer.next_batch() {
            let left = self.store(batch).await;
            if !left.is_empty() {
                self.retry(left).await;
            }
        }
        self.is_over = true;
    }

    /// Stores a batch. Returns the events that have to be stored again, in their order.
    async fn store(&mut self, batch: Vec<QueuedEvent>) -> Vec<QueuedEvent> {
        let Writer { inbox, timeout, handover, counters, .. } = &*self.writer;
        let events = batch.iter().map(|queued| queued.event.clone()).collect();
        match within(*timeout, inbox.put(events)).await {
            Ok(puts) => {
                if puts.iter().any(|put| matches!(put, Put::Stored(_))) {
                    handover.event_stored();
                }
                self.pause = FIRST_PAUSE;
                for (queued, put) in batch.into_iter().zip(puts) {
                    counters.stored(metric::event_type(queued.event.wire_type()), put);
                    // The caller may have stopped waiting.
                    let _ = queued.answer.send(Ok(put));
                }
                Vec::new()
            }
            Err(error) if error.is_transient() => {
                tracing::warn!(events = batch.len(), "storing fails: {}", chain(&error));
                batch
            }
            Err(InboxError::Other(error)) if batch.len() > 1 => {
                tracing::warn!(
                    events = batch.len(),
                    "storing a batch fails, so it is split: {}",
                    chain(&*error)
                );
                self.store_halves(batch).await
            }
            Err(error) => {
                tracing::error!(events = batch.len(), "events not stored: {}", chain(&error));
                fail(batch, NotStored { is_transient: false });
                Vec::new()
            }
        }
    }

    /// Stores the halves of a batch separately, so that an event that the store rejects does not
    /// fail the others. If events of the first half have to be stored again, the second half is
    /// stored after them, because an event must not overtake an earlier one of its lane.
    async fn store_halves(&mut self, mut batch: Vec<QueuedEvent>) -> Vec<QueuedEvent> {
        let mut second = batch.split_off(batch.len() / 2);
        let mut left = Box::pin(self.store(batch)).await;
        if left.is_empty() {
            return Box::pin(self.store(second)).await;
        }
        left.append(&mut second);
        left
    }

    /// Puts a batch back to the front of the queue, and gives up on every event there whose
    /// deadline has passed.
    async fn retry(&mut self, batch: Vec<QueuedEvent>) {
        let now = Instant::now();
        let over = {
            let events = &mut self.writer.queue().events;
            let all: Vec<_> = batch.into_iter().chain(events.drain(..)).collect();
            let (over, rest): (Vec<_>, Vec<_>) = all.into_iter().partition(|queued| queued.deadline <= now);
            events.extend(rest);
            over
        };
        fail(over, NotStored { is_transient: true });
        tokio::time::sleep(self.pause).await;
        self.pause = LONGEST_PAUSE.min(2 * self.pause);
    }
}

fn fail(batch: Vec<QueuedEvent>, not_stored: NotStored) {
    for queued in batch {
        let _ = queued.answer.send(Err(not_stored));
    }
}

/// Answers every event in the queue, even if the store panics or the runtime ends.
impl Drop for Flush {
    fn drop(&mut self) {
        if self.is_over {
            return;
        }
        let mut queue = self.writer.queue();
        queue.events.clear();
        queue.is_flushing = false;
        self.writer.idle.notify_waiters();
    }
}
