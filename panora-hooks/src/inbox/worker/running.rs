//! The running hooks, and the leases of their events.

use std::{
    collections::{BTreeSet, HashMap},
    future::Future,
    time::Duration,
};

use tokio::{
    task::{self, JoinError, JoinSet},
    time::Instant,
};

use super::{attempt::Attempt, slots::SlotUse};
use crate::inbox::{EventKey, LeaseToken, policy::AttemptLimits};

/// A running hook.
struct Running {
    token: LeaseToken,
    attempt: u32,
    max_attempts: u32,
    usage: SlotUse,
    /// When the hook counts as stuck.
    stuck_at: Instant,
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
    /// The number of attempts after which the event is dead.
    pub(super) max_attempts: u32,
    pub(super) usage: SlotUse,
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
    /// The hooks that are not stuck, in the order in which they will count as stuck.
    live: BTreeSet<(Instant, EventKey)>,
    /// The time after the end of its time limit at which a hook counts as stuck.
    patience: Duration,
}

impl RunningHooks {
    pub(super) fn new(patience: Duration) -> Self {
        Self { tasks: JoinSet::new(), running: HashMap::new(), live: BTreeSet::new(), patience }
    }

    /// Returns the number of hooks, stuck ones included.
    pub(super) fn len(&self) -> usize {
        self.running.len()
    }

    /// Returns whether a hook runs that is not stuck.
    pub(super) fn has_live(&self) -> bool {
        !self.live.is_empty()
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
        limits: AttemptLimits,
        usage: SlotUse,
        attempt: impl Future<Output = Attempt> + Send + 'static,
    ) {
        let stuck_at = Instant::now() + limits.timeout + self.patience;
        let task = self.tasks.spawn(async move { (token.key(), attempt.await) }).id();
        let max_attempts = limits.attempts;
        let running =
            Running { token, attempt: number, max_attempts, usage, stuck_at, task, is_stuck: false };
        self.running.insert(token.key(), running);
        self.live.insert((stuck_at, token.key()));
    }

    /// Adopts the new lease of an event whose hook runs. Returns `None` if the hook does not run.
    pub(super) fn renew(&mut self, token: LeaseToken, number: u32) -> Option<Renewed> {
        let running = self.running.get_mut(&token.key())?;
        running.token = token;
        running.attempt = number;
        Some(if running.is_stuck { Renewed::Stuck } else { Renewed::Live })
    }

    /// Returns when the next hook will count as stuck.
    pub(super) fn stuck_at(&self) -> Option<Instant> {
        self.live.first().map(|(stuck_at, _)| *stuck_at)
    }

    /// Gives up the hooks that cannot be cancelled, and returns the keys of their events.
    pub(super) fn mark_stuck(&mut self) -> Vec<EventKey> {
        let (mut stuck, now) = (Vec::new(), Instant::now());
        while let Some((stuck_at, key)) = self.live.pop_first() {
            if stuck_at > now {
                self.live.insert((stuck_at, key));
                break;
            }
            if let Some(running) = self.running.get_mut(&key) {
                running.is_stuck = true;
            }
            stuck.push(key);
        }
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
        let Running { token, attempt: number, max_attempts, usage, stuck_at, .. } =
            self.running.remove(&key)?;
        self.live.remove(&(stuck_at, key));
        Some(EndedHook { token, number, max_attempts, usage, attempt })
    }

    /// Aborts all hooks. They end when they next yield to the runtime.
    pub(super) fn abort(&mut self) {
        self.tasks.abort_all();
    }
}
