//! The memory of request bodies, and the bodies that wait for some.

use std::{
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::oneshot,
    time::{Instant, timeout_at},
};

/// The memory for all bodies that a router reads and keeps.
pub(crate) struct BodyBudget {
    limit: usize,
    /// For how long bodies wait while none is read to its end.
    patience: Duration,
    state: Mutex<State>,
}

struct State {
    taken: usize,
    /// How many bodies are being read, and do not wait.
    reading: usize,
    /// In the order in which they came.
    waiting: Vec<WaitingBody>,
    /// When a body was last read to its end.
    progress: Instant,
}

struct WaitingBody {
    bytes: usize,
    granted: oneshot::Sender<BodyShare>,
}

/// No body was read to its end for as long as one can wait.
#[derive(Debug)]
pub(crate) struct Exhausted;

impl BodyBudget {
    pub(crate) fn new(limit: usize, patience: Duration) -> Arc<Self> {
        let state = State { taken: 0, reading: 0, waiting: Vec::new(), progress: Instant::now() };
        Arc::new(Self { limit, patience, state: Mutex::new(state) })
    }

    /// The share of a body that is about to be read: nothing yet.
    pub(crate) fn share(self: &Arc<Self>) -> BodyShare {
        self.state().reading += 1;
        BodyShare { budget: Arc::clone(self), bytes: 0, is_reading: true, is_exempt: false }
    }

    /// Whether a body waits.
    pub(crate) fn is_short(&self) -> bool {
        // Some may be gone.
        self.state().waiting.iter().any(|waiting| !waiting.granted.is_closed())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing that holds the lock panics half-way.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Grants memory to every waiting body that now fits.
    ///
    /// If no body is being read, all bodies that have begun wait for each other. The one that lacks
    /// least is then read to its end without asking, unless the limit is exceeded already.
    fn grant_to_waiting(self: &Arc<Self>, mut state: MutexGuard<'_, State>) {
        let mut waiting = mem::take(&mut state.waiting);
        waiting.retain(|waiting| !waiting.granted.is_closed());
        let mut later = Vec::new();
        for waiting in waiting {
            if state.taken + waiting.bytes <= self.limit {
                self.grant(&mut state, waiting, false);
            } else {
                later.push(waiting);
            }
        }
        while state.reading == 0
            && state.taken <= self.limit
            && let Some(least) = (0..later.len()).min_by_key(|&index| later[index].bytes)
        {
            self.grant(&mut state, later.remove(least), true);
        }
        state.waiting = later;
    }

    fn grant(self: &Arc<Self>, state: &mut State, waiting: WaitingBody, is_exempt: bool) {
        let WaitingBody { bytes, granted } = waiting;
        let share = BodyShare { budget: Arc::clone(self), bytes, is_reading: true, is_exempt };
        state.taken += bytes;
        state.reading += 1;
        if let Err(mut share) = granted.send(share) {
            // Gone meanwhile. Not through `drop`, which takes the lock that is held.
            state.taken -= mem::take(&mut share.bytes);
            state.reading -= usize::from(mem::take(&mut share.is_reading));
        }
    }
}

/// The memory of one body, which is released when this is dropped.
pub(crate) struct BodyShare {
    budget: Arc<BodyBudget>,
    bytes: usize,
    is_reading: bool,
    /// Whether it may exceed the limit. Only one body may.
    is_exempt: bool,
}

impl BodyShare {
    /// Takes at least so many bytes, and says how long it had to wait for them.
    pub(crate) async fn grow_to(&mut self, bytes: usize) -> Result<Duration, Exhausted> {
        let Some(missing) = bytes.checked_sub(self.bytes).filter(|missing| *missing > 0) else {
            return Ok(Duration::ZERO);
        };
        let mut granted = {
            let mut state = self.budget.state();
            if self.is_exempt || state.taken + missing <= self.budget.limit {
                state.taken += missing;
                self.bytes += missing;
                return Ok(Duration::ZERO);
            }
            if state.waiting.is_empty() {
                tracing::warn!(
                    limit = self.budget.limit,
                    "bodies wait: those in memory are as large as `Webhooks::max_buffered_bytes` allows"
                );
            }
            let (sender, granted) = oneshot::channel();
            state.waiting.push(WaitingBody { bytes: missing, granted: sender });
            state.reading -= 1;
            self.is_reading = false;
            self.budget.grant_to_waiting(state);
            granted
        };
        let begun = Instant::now();
        let mut progress = begun;
        loop {
            match timeout_at(progress + self.budget.patience, &mut granted).await {
                Ok(Ok(share)) => {
                    self.absorb(share);
                    return Ok(begun.elapsed());
                }
                Ok(Err(_)) => return Err(Exhausted),
                Err(_elapsed) => {
                    let last = self.budget.state().progress;
                    if last <= progress {
                        return Err(Exhausted);
                    }
                    progress = last;
                }
            }
        }
    }

    fn absorb(&mut self, mut other: Self) {
        self.bytes += mem::take(&mut other.bytes);
        self.is_reading |= mem::take(&mut other.is_reading);
        self.is_exempt |= other.is_exempt;
    }

    /// The body was read to its end, and so many bytes of it are kept.
    pub(crate) fn keep(&mut self, bytes: usize) {
        let mut state = self.budget.state();
        // More than was taken, where it came in one piece that was larger than expected.
        state.taken = state.taken - self.bytes + bytes;
        state.reading -= usize::from(mem::take(&mut self.is_reading));
        state.progress = Instant::now();
        self.bytes = bytes;
        self.budget.grant_to_waiting(state);
    }
}

impl Drop for BodyShare {
    fn drop(&mut self) {
        if self.bytes == 0 && !self.is_reading {
            return;
        }
        let mut state = self.budget.state();
        state.taken -= self.bytes;
        state.reading -= usize::from(self.is_reading);
        self.budget.grant_to_waiting(state);
    }
}
