//! The memory budget of request bodies, and the bodies that wait for a share of it.

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
    /// How long bodies wait while no body is read to its end.
    patience: Duration,
    state: Mutex<State>,
}

struct State {
    taken: usize,
    /// The number of bodies that are being read and do not wait for memory.
    reading: usize,
    /// In order of arrival.
    waiting: Vec<WaitingBody>,
    /// When a body was last read to its end.
    progress: Instant,
}

struct WaitingBody {
    bytes: usize,
    granted: oneshot::Sender<BodyShare>,
}

/// The error of a body that waited while no body was read to its end.
#[derive(Debug)]
pub(crate) struct Exhausted;

impl BodyBudget {
    pub(crate) fn new(limit: usize, patience: Duration) -> Arc<Self> {
        let state = State { taken: 0, reading: 0, waiting: Vec::new(), progress: Instant::now() };
        Arc::new(Self { limit, patience, state: Mutex::new(state) })
    }

    /// Returns the share of a body that is about to be read. It is empty at first.
    pub(crate) fn share(self: &Arc<Self>) -> BodyShare {
        self.state().reading += 1;
        BodyShare { budget: Arc::clone(self), bytes: 0, is_reading: true, is_exempt: false }
    }

    /// Returns whether a body waits for memory.
    pub(crate) fn is_short(&self) -> bool {
        // Requests that were dropped stay in the list until the next grant.
        self.state().waiting.iter().any(|waiting| !waiting.granted.is_closed())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // No code that holds the lock panics halfway.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Grants memory to every waiting body that now fits.
    ///
    /// If no body is being read, all bodies that have begun wait for each other. Then the body that
    /// lacks the least memory is read to its end without further checks, unless the limit is
    /// exceeded already.
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
            // The request was dropped meanwhile. `drop` must not release the share, because it
            // takes the lock that is held here.
            state.taken -= mem::take(&mut share.bytes);
            state.reading -= usize::from(mem::take(&mut share.is_reading));
        }
    }
}

/// The memory of one body. Dropping the share releases it.
pub(crate) struct BodyShare {
    budget: Arc<BodyBudget>,
    bytes: usize,
    is_reading: bool,
    /// Whether it may exceed the limit. Only one body may.
    is_exempt: bool,
}

impl BodyShare {
    /// Grows the share to at least this many bytes, and returns how long it waited for them.
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
                    "bodies wait, because those in memory use all of `Webhooks::max_buffered_bytes`"
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

    /// Records that the body was read to its end and that this many bytes of it are kept.
    pub(crate) fn keep(&mut self, bytes: usize) {
        let mut state = self.budget.state();
        // Can exceed the bytes taken, if the body came in one piece that was larger than expected.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_body_that_ends_before_its_first_byte_does_not_count_as_being_read() {
        let budget = BodyBudget::new(10, Duration::from_secs(5));
        let (mut one, mut other) = (budget.share(), budget.share());
        for share in [&mut one, &mut other] {
            assert_eq!(share.grow_to(5).await.unwrap(), Duration::ZERO);
        }
        drop(budget.share());
        // Nothing else is read, so one of them may exceed the limit.
        let (granted, refused) = tokio::join!(one.grow_to(6), other.grow_to(7));
        assert_eq!(granted.unwrap(), Duration::ZERO);
        assert!(refused.is_err());
    }
}
