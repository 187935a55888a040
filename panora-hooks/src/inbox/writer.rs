//! Group commit: what arrives at once is stored at once.

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

use super::{ErasedInbox, InboxError, NewEvent, Put, error::chain};

/// A batch holds no more than this many events.
const MAX_EVENTS: usize = 512;

/// A batch holds no more than this much data, in bytes, unless a single event does.
const MAX_BYTES: usize = 4 * 1024 * 1024;

/// The pause before a batch is tried again, while the store is busy or away: it doubles each time, up to the
/// longest.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Stores events in batches.
///
/// There is no timer: while one batch is stored, the next one gathers. So a single event waits for nothing but
/// the store, and the more arrive at once, the fewer transactions there are for each.
pub(crate) struct Writer {
    inbox: Arc<dyn ErasedInbox>,
    queue: Mutex<Queue>,
    timeout: Duration,
    /// Tells that the queue is empty and nothing is being stored.
    idle: Notify,
    /// Tells the worker that something was stored.
    stored: Arc<Notify>,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Waiting>,
    /// Whether there is a task that stores what waits.
    is_flushing: bool,
}

struct Waiting {
    event: NewEvent,
    /// After this, a failure is final.
    deadline: Instant,
    answer: oneshot::Sender<Result<Put, NotStored>>,
}

/// An event was not stored.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NotStored {
    /// Whether the store was busy or away, and not full or broken.
    pub(crate) is_transient: bool,
}

impl Writer {
    pub(crate) fn new(inbox: Arc<dyn ErasedInbox>, timeout: Duration, stored: Arc<Notify>) -> Self {
        Self { inbox, queue: Mutex::default(), timeout, idle: Notify::new(), stored }
    }

    /// Stores an event with whatever else waits. It is on stable storage when this returns `Ok`.
    pub(crate) async fn store(self: &Arc<Self>, event: NewEvent) -> Result<Put, NotStored> {
        let (answer, answered) = oneshot::channel();
        let waiting = Waiting { event, deadline: Instant::now() + self.timeout, answer };
        if self.enqueue(waiting) {
            tokio::spawn(Flush { writer: Arc::clone(self), pause: FIRST_PAUSE, is_over: false }.run());
        }
        // No answer: the task was dropped, or the store panicked.
        answered.await.unwrap_or(Err(NotStored { is_transient: false }))
    }

    /// Whether nobody is at work who would store it.
    fn enqueue(&self, waiting: Waiting) -> bool {
        let mut queue = self.queue();
        queue.waiting.push_back(waiting);
        !mem::replace(&mut queue.is_flushing, true)
    }

    /// Waits until nothing waits to be stored.
    pub(crate) async fn idle(&self) {
        loop {
            let idle = self.idle.notified();
            if !self.queue().is_flushing {
                return;
            }
            idle.await;
        }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        // Nothing that holds the lock panics half-way.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next batch. Without one, the task that asks has to end.
    fn next_batch(&self) -> Option<Vec<Waiting>> {
        let mut queue = self.queue();
        let mut bytes = 0;
        let mut fits = |waiting: &Waiting| {
            bytes += waiting.event.size();
            bytes <= MAX_BYTES
        };
        let count = queue.waiting.iter().take(MAX_EVENTS).take_while(|waiting| fits(waiting)).count();
        let count = count.max(1).min(queue.waiting.len());
        if count == 0 {
            queue.is_flushing = false;
            self.idle.notify_waiters();
            return None;
        }
        Some(queue.waiting.drain(..count).collect())
    }
}

/// The task that stores what waits, until nothing does.
struct Flush {
    writer: Arc<Writer>,
    pause: Duration,
    /// Whether the queue was found empty. From then on another task may be at work.
    is_over: bool,
}

impl Flush {
    async fn run(mut self) {
        while let Some(batch) = self.writer.next_batch() {
            self.store(batch).await;
        }
        self.is_over = true;
    }

    async fn store(&mut self, batch: Vec<Waiting>) {
        let Writer { inbox, timeout, stored, .. } = &*self.writer;
        let events = batch.iter().map(|waiting| waiting.event.clone()).collect();
        let put = tokio::time::timeout(*timeout, inbox.put(events)).await;
        match put.unwrap_or_else(|elapsed| Err(InboxError::Unavailable(elapsed.into()))) {
            Ok(puts) => {
                if puts.iter().any(|put| matches!(put, Put::Stored(_))) {
                    stored.notify_one();
                }
                self.pause = FIRST_PAUSE;
                for (waiting, put) in batch.into_iter().zip(puts) {
                    // Who does not wait for the answer does not need it.
                    let _ = waiting.answer.send(Ok(put));
                }
            }
            Err(error) if error.is_transient() => {
                tracing::warn!(events = batch.len(), "storing fails: {}", chain(&error));
                self.retry(batch).await;
            }
            Err(error) => {
                tracing::error!(events = batch.len(), "events not stored: {}", chain(&error));
                fail(batch, NotStored { is_transient: false });
            }
        }
    }

    /// Puts a batch back to the front of the queue, and gives up on all there that have waited long enough.
    async fn retry(&mut self, batch: Vec<Waiting>) {
        let now = Instant::now();
        let over = {
            let waiting = &mut self.writer.queue().waiting;
            let all: Vec<_> = batch.into_iter().chain(waiting.drain(..)).collect();
            let (over, rest): (Vec<_>, Vec<_>) = all.into_iter().partition(|waiting| waiting.deadline <= now);
            waiting.extend(rest);
            over
        };
        fail(over, NotStored { is_transient: true });
        tokio::time::sleep(self.pause).await;
        self.pause = LONGEST_PAUSE.min(2 * self.pause);
    }
}

fn fail(batch: Vec<Waiting>, not_stored: NotStored) {
    for waiting in batch {
        let _ = waiting.answer.send(Err(not_stored));
    }
}

/// If the store panics or the runtime ends, nobody waits in vain.
impl Drop for Flush {
    fn drop(&mut self) {
        if self.is_over {
            return;
        }
        let mut queue = self.writer.queue();
        queue.waiting.clear();
        queue.is_flushing = false;
        self.writer.idle.notify_waiters();
    }
}
