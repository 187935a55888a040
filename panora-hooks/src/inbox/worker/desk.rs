//! The events that a worker has taken.

use std::{
    collections::{HashMap, VecDeque, hash_map::Entry},
    future::pending,
    pin::{Pin, pin},
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
        Decision, ErasedInbox, EventKey, InboxError, LeaseRequest, LeaseToken, Leased, Settled, Settlement,
        error::chain, policy::Policy,
    },
    printable::Printable,
};

/// How often it is looked for events that this worker does not know of: those whose time has come, those
/// that another process stored or replayed.
const LOOK: Duration = Duration::from_secs(1);

/// How often a store that fails is asked again.
const PAUSE: Duration = Duration::from_millis(250);

/// How long hooks that are cut off are waited for.
const CUT_OFF: Duration = Duration::from_secs(1);

/// From this attempt on an event that was interrupted runs alone. The process has ended twice while it ran:
/// if it is the cause, it takes no other event with it, and if it is not, it is rid of the one that is.
const ALONE: u32 = 3;

/// What a worker has on its hands.
pub(super) struct Desk<'i> {
    inbox: &'i dyn ErasedInbox,
    runner: Arc<dyn Runner>,
    policy: Policy,
    tasks: JoinSet<(EventKey, Decision)>,
    held: HashMap<EventKey, Held>,
    /// What is to run alone.
    suspects: VecDeque<Leased>,
    /// Whether what runs is such a one.
    is_alone: bool,
    /// What is being leased. It is not dropped while the store may still answer: nobody else would run what it has
    /// leased by then.
    leasing: Option<Leasing<'i>>,
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
    since: Instant,
    task: Option<task::Id>,
    /// What is to become of it, once that is known.
    settle: Option<Decision>,
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
            leasing: None,
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
            self.begin_lease();
            self.run_suspect();
            tokio::select! {
                () = &mut shutdown => return,
                leased = leased(&mut self.leasing) => self.end_lease(leased),
                Some(joined) = self.tasks.join_next_with_id() => self.end_all(joined),
                () = stored.notified() => self.look_at = Instant::now(),
                () = &mut arrived => {
                    arrived = self.inbox.arrived();
                    self.look_at = Instant::now();
                }
                () = tokio::time::sleep_until(self.look_at), if self.may_lease() => {}
                () = tokio::time::sleep_until(self.settle_at), if self.has_settlements() => {}
                () = tokio::time::sleep_until(self.extend_at) => self.extend().await,
            }
        }
    }

    /// Begins nothing more, waits for what runs, and hands back the rest.
    pub(super) async fn clear(&mut self) {
        if self.leasing.is_some() {
            let answer = tokio::time::timeout(self.policy.store_timeout, leased(&mut self.leasing)).await;
            for leased in answer.unwrap_or(Ok(Vec::new())).unwrap_or_default() {
                self.hold(&leased);
            }
            self.leasing = None;
        }
        self.suspects.clear();
        let deadline = Instant::now() + self.policy.shutdown_grace;
        while !self.tasks.is_empty() {
            self.settle().await;
            tokio::select! {
                Some(joined) = self.tasks.join_next_with_id() => self.end_all(joined),
                () = tokio::time::sleep_until(self.extend_at) => self.extend().await,
                () = tokio::time::sleep_until(deadline) => {
                    self.cut_off().await;
                    break;
                }
            }
        }
        for held in self.held.values_mut() {
            held.settle.get_or_insert(Decision::Release);
        }
        let deadline = Instant::now() + self.policy.store_timeout;
        while self.has_settlements() && Instant::now() < deadline {
            tokio::time::sleep_until(self.settle_at).await;
            self.settle().await;
        }
    }

    /// Ends what runs. What cannot be ended, since it does not wait for anything, is left to itself.
    async fn cut_off(&mut self) {
        tracing::warn!(hooks = self.tasks.len(), "hooks are cut off: they did not end in time");
        self.tasks.abort_all();
        let end = async {
            while let Some(joined) = self.tasks.join_next_with_id().await {
                // Some may have ended by themselves.
                if !joined.as_ref().is_err_and(JoinError::is_cancelled) {
                    end(&mut self.held, joined, self.policy);
                }
            }
        };
        drop(tokio::time::timeout(CUT_OFF, end).await);
    }

    /// Whether there is room for more.
    fn has_room(&self) -> bool {
        self.held.len() < self.policy.concurrency && self.suspects.is_empty() && !self.is_alone
    }

    fn may_lease(&self) -> bool {
        self.leasing.is_none() && self.has_room()
    }

    /// Asks for as many events as there is room for, if it is time to look.
    fn begin_lease(&mut self) {
        if Instant::now() < self.look_at || !self.may_lease() {
            return;
        }
        let room = u32::try_from(self.policy.concurrency - self.held.len()).unwrap_or(u32::MAX);
        let (inbox, lease) = (self.inbox, self.policy.lease);
        // If something is stored from now on, that says to look once more.
        self.look_at = Instant::now() + LOOK;
        // After that long, what it may have leased is free again.
        self.leasing =
            Some(Box::pin(in_time(lease, async move { inbox.lease(LeaseRequest::new(room, lease)).await })));
    }

    fn end_lease(&mut self, leased: Result<Vec<Leased>, InboxError>) {
        match leased {
            Ok(leased) => {
                // Fewer than there was room for does not mean that there are no more: they may be large.
                if !leased.is_empty() {
                    self.look_at = Instant::now();
                }
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
        let (attempt, most) = (leased.attempt, self.policy.max_attempts);
        let Some(held) = self.hold(&leased) else { return };
        if attempt > most {
            let attempts = attempt - 1;
            held.settle = Some(bury(&format!("all {attempts} attempts failed, the last with the process")));
        } else if leased.is_interrupted && attempt >= ALONE {
            self.suspects.push_back(leased);
        } else {
            self.run(leased);
        }
    }

    /// Takes note of a lease, unless it is of an event that is at work.
    fn hold(&mut self, leased: &Leased) -> Option<&mut Held> {
        let Leased { token, attempt, .. } = *leased;
        match self.held.entry(token.key()) {
            Entry::Occupied(mut held) => {
                let id = Printable(&leased.id);
                tracing::warn!(event.id = %id, "the lease of an event ran out while its hook runs");
                held.get_mut().token = token;
                None
            }
            Entry::Vacant(place) => {
                Some(place.insert(Held { token, attempt, since: Instant::now(), task: None, settle: None }))
            }
        }
    }

    fn run(&mut self, leased: Leased) {
        let (runner, policy) = (Arc::clone(&self.runner), self.policy);
        let key = leased.token.key();
        let task = self.tasks.spawn(async move { (key, attempt(&*runner, leased, policy).await) });
        if let Some(held) = self.held.get_mut(&key) {
            held.since = Instant::now();
            held.task = Some(task.id());
        }
    }

    /// Runs the next one that is to run alone, if nothing runs.
    fn run_suspect(&mut self) {
        if !self.tasks.is_empty() {
            return;
        }
        let suspect = self.suspects.pop_front();
        self.is_alone = suspect.is_some();
        if let Some(suspect) = suspect {
            let (id, attempt) = (Printable(&suspect.id), suspect.attempt);
            tracing::warn!(event.id = %id, attempt, "runs alone: its attempts were interrupted");
            self.run(suspect);
        }
    }

    /// Takes note of a hook that has ended, and of all others that have.
    fn end_all(&mut self, joined: Joined) {
        let mut joined = Some(joined);
        while let Some(next) = joined {
            if let Some(delay) = end(&mut self.held, next, self.policy) {
                self.look_at = self.look_at.min(Instant::now() + delay);
            }
            joined = self.tasks.try_join_next_with_id();
        }
    }

    fn has_settlements(&self) -> bool {
        self.held.values().any(|held| held.settle.is_some())
    }

    /// Settles what has ended.
    async fn settle(&mut self) {
        if Instant::now() < self.settle_at {
            return;
        }
        let ended =
            self.held.values().filter_map(|held| Some(Settlement::new(held.token, held.settle.clone()?)));
        let items: Vec<_> = ended.collect();
        if items.is_empty() {
            return;
        }
        let keys: Vec<_> = items.iter().map(|item| item.token.key()).collect();
        match in_time(self.policy.store_timeout, self.inbox.settle(items)).await {
            Ok(results) => {
                for (key, settled) in keys.into_iter().zip(results) {
                    if settled == Settled::Stale && self.leasing.is_some() {
                        // It may have been leased once more, and the new token be on its way here.
                        self.settle_at = Instant::now() + PAUSE;
                        continue;
                    }
                    self.held.remove(&key);
                    if settled == Settled::Stale {
                        // Or its answer was lost the first time.
                        tracing::warn!(event = %key, "a lease ended before its event was settled");
                    }
                }
            }
            Err(error) => {
                tracing::warn!(events = keys.len(), "events are not settled yet: {}", chain(&error));
                self.settle_at = Instant::now() + PAUSE;
            }
        }
    }

    /// Makes the leases of what still runs longer, but not for ever: a hook that cannot even be cancelled, since it does
    /// not wait for anything, loses its event to others.
    async fn extend(&mut self) {
        self.extend_at = Instant::now() + self.policy.lease / 3;
        let longest = self.policy.hook_timeout + self.policy.lease;
        let runs = |held: &&Held| held.settle.is_none() && held.since.elapsed() < longest;
        let running = self.held.values().filter(runs);
        let items: Vec<_> =
            running.map(|held| Settlement::new(held.token, Decision::Extend(self.policy.lease))).collect();
        if items.is_empty() {
            return;
        }
        let keys: Vec<_> = items.iter().map(|item| item.token.key()).collect();
        match in_time(self.policy.store_timeout, self.inbox.settle(items)).await {
            Ok(results) => {
                for (key, _) in
                    keys.into_iter().zip(results).filter(|(_, settled)| *settled == Settled::Stale)
                {
                    tracing::warn!(event = %key, "a lease ended while its hook runs");
                }
            }
            Err(error) => {
                tracing::warn!(events = keys.len(), "leases are not extended: {}", chain(&error));
                self.extend_at = self.extend_at.min(Instant::now() + PAUSE);
            }
        }
    }
}

type Leasing<'i> = Pin<Box<dyn Future<Output = Result<Vec<Leased>, InboxError>> + Send + 'i>>;

type Joined = Result<(task::Id, (EventKey, Decision)), JoinError>;

/// What was leased, once the store says. Never if nothing is being leased.
async fn leased(leasing: &mut Option<Leasing<'_>>) -> Result<Vec<Leased>, InboxError> {
    let Some(running) = leasing else { return pending().await };
    let leased = running.await;
    *leasing = None;
    leased
}

/// Says what becomes of the event of a hook that has ended. If it is to run again, it says when.
fn end(held: &mut HashMap<EventKey, Held>, joined: Joined, policy: Policy) -> Option<Duration> {
    let (key, settle) = match joined {
        Ok((_, (key, settle))) => (key, Some(settle)),
        Err(error) => {
            let (key, _) = held.iter().find(|(_, held)| held.task == Some(error.id()))?;
            (*key, None)
        }
    };
    let held = held.get_mut(&key)?;
    // A hook that panics when it is dropped takes its task with it.
    let settle = settle.unwrap_or_else(|| {
        if held.attempt < policy.max_attempts {
            Decision::RetryAfter(policy.backoff(held.attempt))
        } else {
            bury(&format!("all {} attempts failed, the last: the hook panicked", held.attempt))
        }
    });
    let delay = if let Decision::RetryAfter(delay) = settle { Some(delay) } else { None };
    held.task = None;
    held.settle = Some(settle);
    delay
}

/// A store that does not answer is one that is away.
async fn in_time<T>(
    timeout: Duration,
    answer: impl Future<Output = Result<T, InboxError>>,
) -> Result<T, InboxError> {
    let answer = tokio::time::timeout(timeout, answer).await;
    answer.unwrap_or_else(|elapsed| Err(InboxError::Unavailable(elapsed.into())))
}
