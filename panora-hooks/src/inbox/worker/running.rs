//! The running hooks, and the leases of their events.

use std::{
    collections::{HashMap, VecDeque},
    future::Future,
    time::Duration,
};

use tokio::{
    task::{self, JoinError, JoinSet},
    time::Instant,
};

use super::attempt::Attempt;
use crate::inbox::{EventKey, LeaseToken};

/// How many ended hooks `started` may hold beside twice the number of running hooks.
const MAX_ENDED: usize = 64;

/// A running hook.
struct Running {
    token: LeaseToken,
    attempt: u32,
    since: Instant,
    task: task::Id,
    /// Whether the hook should have been cancelled long ago but could not be, because it blocks its
    /// thread. Its lease is no longer extended, and its slot is lost until it ends.
    is_stuck: bool,
}

/// A hook that has ended.
pub(super) struct EndedHook {
    pub(super) token: LeaseToken,
    /// The number of the attempt.
    pub(super) number: u32,
    /// An error if its task was aborted, or panicked where that could not be caught.
    pub(super) attempt: Result<Attempt, JoinError>,
}

/// The result of a new lease of an event whose hook runs already.
pub(super) enum Renewed {
    /// The hook continues under the new lease.
    Live,
    /// The hook blocks its thread.
    Stuck,
}

/// The running hooks.
pub(super) struct RunningHooks {
    tasks: JoinSet<(EventKey, Attempt)>,
    running: HashMap<EventKey, Running>,
    /// The hooks in the order in which they were started. Ended hooks are removed when they reach
    /// the front.
    started: VecDeque<(EventKey, task::Id)>,
    /// The number of hooks that are stuck.
    stuck: usize,
    /// How long a hook runs before it counts as stuck.
    stuck_after: Duration,
}

impl RunningHooks {
    pub(super) fn new(stuck_after: Duration) -> Self {
        Self {
            tasks: JoinSet::new(),
            running: HashMap::new(),
            started: VecDeque::new(),
            stuck: 0,
            stuck_after,
        }
    }

    /// Returns the number of hooks, stuck ones included.
    pub(super) fn len(&self) -> usize {
        self.running.len()
    }

    /// Returns whether a hook runs that is not stuck.
    pub(super) fn has_live(&self) -> bool {
        self.running.len() > self.stuck
    }

    /// Returns the tokens of the hooks that are not stuck.
    pub(super) fn live_tokens(&self) -> impl Iterator<Item = LeaseToken> {
        self.running.values().filter(|running| !running.is_stuck).map(|running| running.token)
    }

    /// Returns whether a hook runs under a lease.
    pub(super) fn has(&self, token: LeaseToken) -> bool {
        self.running.get(&token.key()).is_some_and(|running| running.token == token)
    }

    /// Starts the hook of an event.
    pub(super) fn start(
        &mut self,
        token: LeaseToken,
        number: u32,
        attempt: impl Future<Output = Attempt> + Send + 'static,
    ) {
        let task = self.tasks.spawn(async move { (token.key(), attempt.await) }).id();
        let running = Running { token, attempt: number, since: Instant::now(), task, is_stuck: false };
        self.running.insert(token.key(), running);
        self.started.push_back((token.key(), task));
        // A hook that runs for long stays at the front, and keeps the ended hooks behind it.
        if self.started.len() > 2 * self.running.len() + MAX_ENDED {
            let running = &self.running;
            self.started.retain(|(key, task)| running.get(key).is_some_and(|running| running.task == *task));
        }
    }

    /// Adopts the new lease of an event whose hook runs. Returns `None` if the hook does not run.
    pub(super) fn renew(&mut self, token: LeaseToken, number: u32) -> Option<Renewed> {
        let running = self.running.get_mut(&token.key())?;
        running.token = token;
        running.attempt = number;
        Some(if running.is_stuck { Renewed::Stuck } else { Renewed::Live })
    }

    /// Returns when the next hook will count as stuck. The live hook that has run longest comes
    /// first once `mark_stuck` has run.
    pub(super) fn stuck_at(&self) -> Option<Instant> {
        let (key, _) = self.started.front()?;
        self.running.get(key).map(|oldest| oldest.since + self.stuck_after)
    }

    /// Gives up the hooks that cannot be cancelled, and returns the keys of their events.
    pub(super) fn mark_stuck(&mut self) -> Vec<EventKey> {
        let mut stuck = Vec::new();
        while let Some((key, task)) = self.started.front() {
            match self.running.get_mut(key) {
                Some(running) if running.task == *task => {
                    if running.since.elapsed() < self.stuck_after {
                        break;
                    }
                    running.is_stuck = true;
                    stuck.push(*key);
                }
                _ => {}
            }
            self.started.pop_front();
        }
        self.stuck += stuck.len();
        stuck
    }

    /// Waits until a hook ends, and returns all that have ended. Returns none if no hook runs.
    ///
    /// Dropping the future loses nothing.
    pub(super) async fn ended(&mut self) -> Vec<EndedHook> {
        let mut joined = self.tasks.join_next_with_id().await;
        let mut ended = Vec::new();
        while let Some(next) = joined {
            ended.extend(self.remove(next));
            joined = self.tasks.try_join_next_with_id();
        }
        ended
    }

    fn remove(&mut self, joined: Result<(task::Id, (EventKey, Attempt)), JoinError>) -> Option<EndedHook> {
        let (key, attempt) = match joined {
            Ok((_, (key, attempt))) => (key, Ok(attempt)),
            Err(error) => {
                let (key, _) = self.running.iter().find(|(_, running)| running.task == error.id())?;
                (*key, Err(error))
            }
        };
        let Running { token, attempt: number, is_stuck, .. } = self.running.remove(&key)?;
        self.stuck -= usize::from(is_stuck);
        Some(EndedHook { token, number, attempt })
    }

    /// Aborts all hooks. They end when they next yield to the runtime.
    pub(super) fn abort(&mut self) {
        self.tasks.abort_all();
    }
}
