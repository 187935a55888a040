//! The events that a worker has taken.

use std::{
    collections::{HashMap, VecDeque},
    pin::pin,
    sync::Arc,
    time::Duration,
};

use tokio::{
    sync::Notify,
    task::{self, JoinError, JoinSet},
    time::Instant,
};

use super::{
    attempt::{attempt, bury},
    runner::Runner,
};
use crate::{
    inbox::{
        ErasedInbox, EventKey, InboxError, LeaseToken, Leased, Settle, Settled, error::chain, policy::Policy,
    },
    printable::Printable,
};

/// How often it is looked for events that this worker does not know of: those whose time has come, those
/// that another process stored or replayed.
const LOOK: Duration = Duration::from_secs(1);

/// How often a store that fails is asked again.
const PAUSE: Duration = Duration::from_millis(250);

/// From this attempt on an event that was interrupted runs alone. The process has ended twice while it ran:
/// if it is the cause, it takes no other event with it, and if it is not, it is rid of the one that is.
const ALONE: u32 = 3;

/// What a worker has on its hands.
pub(super) struct Desk<'i> {
    inbox: &'i dyn ErasedInbox,
    runner: Arc<dyn Runner>,
    policy: Policy,
    tasks: JoinSet<(EventKey, Settle)>,
    held: HashMap<EventKey, Held>,
    /// What is to run alone.
    suspects: VecDeque<Leased>,
    /// Whether what runs is such a one.
    is_alone: bool,
    /// When it is to be looked for more.
    look_at: Instant,
    /// When finished events are to be settled.
    settle_at: Instant,
    extend_at: Instant,
}

/// An event between its lease and its settlement.
struct Held {
    token: LeaseToken,
    attempt: u32,
    task: Option<task::Id>,
    /// What is to become of it, once that is known.
    settle: Option<Settle>,
}

impl<'i> Desk<'i> {
    pub(super) fn new(inbox: &'i dyn ErasedInbox, runner: Arc<dyn Runner>, policy: Policy) -> Self {
        let now = Instant::now();
        Self {
            inbox,
            runner,
            policy,
            tasks: JoinSet::new(),
            held: HashMap::new(),
            suspects: VecDeque::new(),
            is_alone: false,
            look_at: now,
            settle_at: now,
            extend_at: now + policy.lease / 3,
        }
    }

    pub(super) async fn work_until(&mut self, shutdown: impl Future<Output = ()>, stored: &Notify) {
        let mut shutdown = pin!(shutdown);
        let mut arrived = self.inbox.arrived();
        loop {
            self.settle().await;
            self.lease().await;
            self.run_suspect();
            let look_at = if self.has_room() { self.look_at } else { self.extend_at };
            tokio::select! {
                () = &mut shutdown => return,
                Some(joined) = self.tasks.join_next_with_id() => self.end_all(joined),
                () = stored.notified() => self.look_at = Instant::now(),
                () = &mut arrived => {
                    arrived = self.inbox.arrived();
                    self.look_at = Instant::now();
                }
                () = tokio::time::sleep_until(look_at) => {}
                () = tokio::time::sleep_until(self.settle_at), if self.has_settlements() => {}
                () = tokio::time::sleep_until(self.extend_at) => self.extend().await,
            }
        }
    }

    /// Begins nothing more, waits for what runs, and hands back the rest.
    pub(super) async fn clear(&mut self) {
        self.suspects.clear();
        let deadline = Instant::now() + self.policy.shutdown_grace;
        while !self.tasks.is_empty() {
            self.settle().await;
            tokio::select! {
                Some(joined) = self.tasks.join_next_with_id() => self.end_all(joined),
                () = tokio::time::sleep_until(self.extend_at) => self.extend().await,
                () = tokio::time::sleep_until(deadline) => {
                    tracing::warn!(hooks = self.tasks.len(), "hooks are cut off: they did not end in time");
                    self.tasks.abort_all();
                    break;
                }
            }
        }
        for held in self.held.values_mut() {
            held.settle.get_or_insert(Settle::Release);
        }
        let deadline = Instant::now() + self.policy.store_timeout;
        while self.has_settlements() && Instant::now() < deadline {
            tokio::time::sleep_until(self.settle_at).await;
            self.settle().await;
        }
    }

    /// Whether more may be taken.
    fn has_room(&self) -> bool {
        self.held.len() < self.policy.concurrency && self.suspects.is_empty() && !self.is_alone
    }

    /// Takes as many events as there is room for, if it is time to look.
    async fn lease(&mut self) {
        let now = Instant::now();
        if now < self.look_at || !self.has_room() {
            return;
        }
        let room = u32::try_from(self.policy.concurrency - self.held.len()).unwrap_or(u32::MAX);
        let leased = self.in_time(self.inbox.lease(room, self.policy.lease)).await;
        match leased {
            Ok(leased) => {
                // Fewer than there was room for does not mean that there are no more: they may be large.
                self.look_at = if leased.is_empty() { Instant::now() + LOOK } else { now };
                for leased in leased {
                    self.take(leased);
                }
            }
            Err(error) => {
                tracing::warn!("no events are leased: {}", chain(&error));
                self.look_at = Instant::now() + PAUSE;
            }
        }
    }

    fn take(&mut self, leased: Leased) {
        let (token, attempt) = (leased.token, leased.attempt);
        if let Some(held) = self.held.get_mut(&token.event()) {
            tracing::warn!(event.id = %Printable(&leased.id), "the lease of an event ran out while its hook runs");
            held.token = token;
            return;
        }
        let mut held = Held { token, attempt, task: None, settle: None };
        if attempt > self.policy.max_attempts {
            let attempts = attempt - 1;
            held.settle = Some(bury(&format!("all {attempts} attempts failed, the last with the process")));
        } else if leased.is_interrupted && attempt >= ALONE {
            self.suspects.push_back(leased);
        } else {
            held.task = Some(self.run(leased));
        }
        self.held.insert(token.event(), held);
    }

    fn run(&mut self, leased: Leased) -> task::Id {
        let (runner, policy) = (Arc::clone(&self.runner), self.policy);
        let key = leased.token.event();
        self.tasks.spawn(async move { (key, attempt(&*runner, leased, policy).await) }).id()
    }

    /// Runs the next one that is to run alone, if nothing runs.
    fn run_suspect(&mut self) {
        if !self.tasks.is_empty() {
            return;
        }
        let suspect = self.suspects.pop_front();
        self.is_alone = suspect.is_some();
        if let Some(suspect) = suspect {
            let key = suspect.token.event();
            tracing::warn!(
                event.id = %Printable(&suspect.id),
                attempt = suspect.attempt,
                "runs alone: its attempts were interrupted"
            );
            let task = self.run(suspect);
            if let Some(held) = self.held.get_mut(&key) {
                held.task = Some(task);
            }
        }
    }

    /// Takes note of a hook that has ended, and of all others that have.
    fn end_all(&mut self, joined: Joined) {
        let mut joined = Some(joined);
        while let Some(next) = joined {
            self.end(next);
            joined = self.tasks.try_join_next_with_id();
        }
    }

    fn end(&mut self, joined: Joined) {
        let (key, settle) = match joined {
            Ok((_, (key, settle))) => (key, Some(settle)),
            Err(error) => {
                let ended = self.held.iter().find(|(_, held)| held.task == Some(error.id()));
                let Some((key, _)) = ended else { return };
                (*key, None)
            }
        };
        let policy = self.policy;
        let Some(held) = self.held.get_mut(&key) else { return };
        // A hook that panics when it is dropped takes its task with it.
        let settle = settle.unwrap_or_else(|| {
            if held.attempt < policy.max_attempts {
                Settle::RetryAfter(policy.backoff(held.attempt))
            } else {
                bury(&format!("all {} attempts failed, the last: the hook panicked", held.attempt))
            }
        });
        if let Settle::RetryAfter(delay) = settle {
            self.look_at = self.look_at.min(Instant::now() + delay);
        }
        held.task = None;
        held.settle = Some(settle);
    }

    fn has_settlements(&self) -> bool {
        self.held.values().any(|held| held.settle.is_some())
    }

    /// Settles what has ended.
    async fn settle(&mut self) {
        if Instant::now() < self.settle_at {
            return;
        }
        let ended = self.held.values().filter_map(|held| Some((held.token, held.settle.clone()?)));
        let items: Vec<_> = ended.collect();
        if items.is_empty() {
            return;
        }
        let keys: Vec<_> = items.iter().map(|(token, _)| token.event()).collect();
        match self.in_time(self.inbox.settle(items)).await {
            Ok(results) => {
                for (key, settled) in keys.into_iter().zip(results) {
                    self.held.remove(&key);
                    if settled == Settled::Stale {
                        tracing::warn!(event = %key, "a lease ended before its event was settled: it runs again");
                    }
                }
            }
            Err(error) => {
                tracing::warn!(events = keys.len(), "events are not settled yet: {}", chain(&error));
                self.settle_at = Instant::now() + PAUSE;
            }
        }
    }

    /// Makes the leases of what still runs longer.
    async fn extend(&mut self) {
        self.extend_at = Instant::now() + self.policy.lease / 3;
        let running = self.held.values().filter(|held| held.settle.is_none());
        let items: Vec<_> = running.map(|held| (held.token, Settle::Extend(self.policy.lease))).collect();
        if items.is_empty() {
            return;
        }
        let keys: Vec<_> = items.iter().map(|(token, _)| token.event()).collect();
        match self.in_time(self.inbox.settle(items)).await {
            Ok(results) => {
                for (key, settled) in keys.into_iter().zip(results) {
                    if let (Settled::Extended(token), Some(held)) = (settled, self.held.get_mut(&key)) {
                        held.token = token;
                    } else {
                        tracing::warn!(event = %key, "a lease ended while its hook runs");
                    }
                }
            }
            Err(error) => {
                tracing::warn!(events = keys.len(), "leases are not extended: {}", chain(&error));
                self.extend_at = self.extend_at.min(Instant::now() + PAUSE);
            }
        }
    }

    /// A store that does not answer is one that is away.
    async fn in_time<T>(&self, answer: impl Future<Output = Result<T, InboxError>>) -> Result<T, InboxError> {
        let answer = tokio::time::timeout(self.policy.store_timeout, answer).await;
        answer.unwrap_or_else(|elapsed| Err(InboxError::Unavailable(elapsed.into())))
    }
}

type Joined = Result<(task::Id, (EventKey, Settle)), JoinError>;
