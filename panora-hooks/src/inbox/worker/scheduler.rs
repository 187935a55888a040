//! Leases events, runs their hooks and settles them.

mod starting;

use std::{
    future::pending,
    pin::{Pin, pin},
    sync::Arc,
    time::Duration,
};

use tokio::time::{Instant, sleep_until};

use super::{
    attempt::{Attempt, Decided, Ending},
    held::HeldEvent,
    runner::Runner,
    running::{EndedHook, Renewed, RunningHooks},
    settlements::Settlements,
    slots::Slots,
    suspects::{Suspects, is_suspect},
};
use crate::{
    inbox::{
        Capability, Decision, ErasedInbox, EventKey, InboxError, LeaseRequest, LeaseToken, Leased, Settled,
        Settlement, counters::Counters, error::chain, handover::Handover, patience::within, policy::Policy,
    },
    metric,
    printable::Printable,
};

/// How often to poll for events that this worker was not notified of: those that another process
/// has stored, replayed or delayed. The delay of an event may end earlier.
const POLL: Duration = Duration::from_secs(1);

/// The pause after a store has failed, and between polls for hooks that run nothing while no slot
/// is free.
const PAUSE: Duration = Duration::from_millis(250);

/// The bounds of the pause after a lease that found no event. A hook that asks for a retry at some
/// time gets it within 250 ms of that time.
const SHORTEST_EMPTY_PAUSE: Duration = Duration::from_millis(5);
const LONGEST_EMPTY_PAUSE: Duration = Duration::from_millis(160);

/// The events of one worker, from lease to settlement.
///
/// At most one request of each kind (lease, settle, extend) is in flight, and all of them are
/// polled in one place, because a request that waits for a connection must not keep another one
/// from using the connection that it was given.
pub(super) struct Scheduler<'i> {
    inbox: &'i dyn ErasedInbox,
    runner: Arc<dyn Runner>,
    counters: Arc<Counters>,
    /// The name of this worker, which is recorded with attempts.
    name: Arc<str>,
    pub(super) policy: Policy,
    /// Whether the deaths of events are announced.
    announces: bool,
    pub(super) running: RunningHooks,
    slots: Slots,
    /// Events that wait for a slot of their hook, because the store has no queues, or because
    /// another release has stored them in other queues.
    pub(super) held: Vec<HeldEvent>,
    /// The running suspect.
    suspect: Option<RunningSuspect>,
    pub(super) suspects: Suspects,
    /// Until when nothing starts, so that running hooks end before an event runs alone.
    clears_until: Option<Instant>,
    /// Until when no event runs alone, so that other hooks have as much time as the last such
    /// event.
    rests_until: Instant,
    pub(super) settlements: Settlements,
    /// Never dropped while the store may still answer, because no worker would run the events that
    /// it has leased by then.
    pub(super) leasing: Option<StoreRequest<'i, LeaseAnswer>>,
    settling: Option<StoreRequest<'i, SettleAnswer>>,
    extending: Option<StoreRequest<'i, SettleAnswer>>,
    poll_at: Instant,
    /// Whether the last lease found no event. The next one then asks first when an event is due. A
    /// busy worker does not ask.
    is_idle: bool,
    /// When the store was last asked for events.
    polled_at: Instant,
    /// The pause before the next poll for events that may have become ready. It is longer after
    /// each lease that found none, because ready events can be paused, or belong to hooks at their
    /// limits.
    empty_pause: Duration,
    extend_at: Instant,
    /// When the store was last asked to extend leases.
    last_extend: Option<Instant>,
    /// Whether the worker stops and hands back the events that it leases.
    pub(super) is_draining: bool,
}

struct RunningSuspect {
    key: EventKey,
    is_alone: bool,
    since: Instant,
}

type StoreRequest<'i, T> = Pin<Box<dyn Future<Output = T> + Send + 'i>>;

/// The answer to a lease request.
pub(super) struct LeaseAnswer {
    /// When the events were asked for.
    asked_at: Instant,
    /// When the next event is due, as the store said before it leased.
    next_due: Option<Instant>,
    leased: Result<Vec<Leased>, InboxError>,
}

/// The tokens that the store was asked about, when, and the answer.
type SettleAnswer = (Vec<LeaseToken>, Instant, Result<Vec<Settled>, InboxError>);

impl<'i> Scheduler<'i> {
    pub(super) fn new(
        inbox: &'i dyn ErasedInbox,
        runner: Arc<dyn Runner>,
        name: Arc<str>,
        counters: Arc<Counters>,
        policy: Policy,
        announces: bool,
    ) -> Self {
        let now = Instant::now();
        Self {
            inbox,
            slots: Slots::new(&*runner, &policy),
            held: Vec::new(),
            runner,
            counters: Arc::clone(&counters),
            name,
            policy,
            announces,
            // A hook should have been cancelled one lease before it counts as stuck.
            running: RunningHooks::new(policy.lease),
            suspect: None,
            suspects: Suspects::default(),
            clears_until: None,
            rests_until: now,
            settlements: Settlements::new(counters),
            leasing: None,
            settling: None,
            extending: None,
            poll_at: now,
            is_idle: false,
            polled_at: now,
            empty_pause: Duration::ZERO,
            extend_at: now,
            last_extend: None,
            is_draining: false,
        }
    }

    /// Runs events until `shutdown` resolves. `handover` notifies when this process has stored an
    /// event.
    pub(super) async fn run_until(&mut self, shutdown: impl Future<Output = ()>, handover: &Handover) {
        let mut shutdown = pin!(shutdown);
        let mut arrived = self.inbox.arrived();
        loop {
            self.start_suspect();
            self.start_held();
            self.start_lease();
            handover.worker_runs();
            let (poll_at, may_lease) = (self.poll_at, self.may_lease());
            tokio::select! {
                biased;
                // First, so that no hook starts after the signal.
                () = &mut shutdown => return,
                // Before the notifications, of which a busy receiver has many.
                () = self.step() => {}
                () = handover.stored() => self.poll_soon(),
                () = &mut arrived => {
                    arrived = self.inbox.arrived();
                    self.poll_soon();
                }
                () = sleep_until(poll_at), if may_lease => {}
            }
        }
    }

    /// Waits for the next answer of the store, the next hook that ends, or the next request that is
    /// due, and handles it.
    ///
    /// Dropping the future loses nothing, because an answer is handled in the poll that returns it.
    pub(super) async fn step(&mut self) {
        if self.mark_stuck() {
            // The caller may now start an event that had to wait for the hook.
            return;
        }
        self.start_settle();
        self.start_extend();
        let wake_at = self.wake_at();
        tokio::select! {
            answer = answer(&mut self.leasing) => self.on_leased(answer),
            answer = answer(&mut self.settling) => self.on_settled(answer),
            answer = answer(&mut self.extending) => self.on_extended(answer),
            ended = self.running.ended(), if self.running.len() > 0 => self.on_ended(ended),
            () = sleep_until(wake_at.unwrap_or_else(Instant::now)), if wake_at.is_some() => {}
        }
    }

    /// Returns when a settlement, an extension or the mark of a stuck hook is due.
    fn wake_at(&self) -> Option<Instant> {
        let settle_at = self.settlements.due_at().filter(|_| self.settling.is_none());
        let extend_at = (self.extending.is_none() && self.holds_leases()).then_some(self.extend_at);
        let rests_until = (self.suspect.is_none() && !self.suspects.is_empty()).then_some(self.rests_until);
        let turns = [self.clears_until, rests_until].map(|turn| turn.filter(|at| *at > Instant::now()));
        let others = [settle_at, extend_at, self.running.stuck_at()];
        others.into_iter().chain(turns).flatten().min()
    }

    /// Gives up hooks that cannot be cancelled. Returns whether there is one.
    fn mark_stuck(&mut self) -> bool {
        let stuck = self.running.mark_stuck();
        for key in &stuck {
            self.end_suspect(*key);
            tracing::error!(
                event = %key,
                "a hook blocks its thread and cannot be cancelled: it keeps its slot until it ends; \
                 run blocking code with `tokio::task::spawn_blocking`"
            );
        }
        !stuck.is_empty()
    }

    /// The number of slots in use. An event whose settlement the store has not confirmed keeps its
    /// slot, so that settlements do not pile up while a store accepts none.
    fn used_slots(&self) -> usize {
        self.running.len() + self.settlements.len()
    }

    /// Returns whether nothing may start, because an event runs alone or is about to.
    fn is_closed(&self) -> bool {
        self.clears_until.is_some() || self.suspect.as_ref().is_some_and(|suspect| suspect.is_alone)
    }

    /// Returns the number of slots for new events; `None` if not even a hook that runs nothing may
    /// start one.
    fn free_slots(&self) -> Option<usize> {
        let all = self.policy.concurrency;
        if self.is_closed() || self.settlements.len() >= all {
            return None;
        }
        // As many suspects as two workers can leave behind.
        let room_for_suspects = all.saturating_mul(2).saturating_sub(self.suspects.len());
        let free = all.saturating_sub(self.used_slots());
        let reserved = usize::from(self.suspect.is_none() && !self.suspects.is_empty());
        Some(free.saturating_sub(reserved).min(room_for_suspects))
    }

    fn may_lease(&self) -> bool {
        let has_queues = self.has_queues();
        let has_room = |free| if has_queues { self.slots.has_room(free) } else { free > self.held.len() };
        self.leasing.is_none() && self.free_slots().is_some_and(has_room)
    }

    /// Brings the next poll forward, because an event may have become ready.
    fn poll_soon(&mut self) {
        let is_full = self.free_slots().is_none_or(|free| free == 0);
        let pause = if is_full { PAUSE } else { self.empty_pause };
        self.poll_at = self.poll_at.min(Instant::now().max(self.polled_at + pause));
        self.is_idle = false;
    }

    /// Returns whether the store leases by queues. Otherwise it may return events of hooks that are
    /// at their limits.
    fn has_queues(&self) -> bool {
        self.inbox.capabilities().has(Capability::Queues)
    }

    /// Returns whether the store can tell when the next event is due.
    fn knows_next_due(&self) -> bool {
        self.inbox.capabilities().has(Capability::NextDue)
    }

    /// Leases events at once, because there may be some.
    fn poll_now(&mut self) {
        self.poll_at = Instant::now();
        self.is_idle = false;
    }

    /// Asks for as many events as there is room for, if it is time to poll.
    fn start_lease(&mut self) {
        let now = Instant::now();
        if now < self.poll_at || !self.may_lease() {
            return;
        }
        let Some(free) = self.free_slots() else { return };
        let free = if self.has_queues() { free } else { free.saturating_sub(self.held.len()) };
        let groups = if self.has_queues() { self.slots.groups(free) } else { Vec::new() };
        let (inbox, lease, name) = (self.inbox, self.policy.lease, Arc::clone(&self.name));
        let (asks, patience) = (self.is_idle && self.knows_next_due(), self.policy.store_timeout);
        let request = LeaseRequest::new(u32::try_from(free).unwrap_or(u32::MAX), lease);
        let request = request.worker(name).groups(groups);
        self.polled_at = now;
        // An event that is stored from now on brings the next poll forward.
        self.poll_at = now + POLL;
        self.leasing = Some(Box::pin(async move {
            // Before the lease, which finds the events that become ready in between.
            let next_due = if asks { next_due(inbox, patience).await } else { None };
            let asked_at = Instant::now();
            // After this time the lease that the store may have granted has expired.
            let leased = within(lease, inbox.lease(request)).await;
            LeaseAnswer { asked_at, next_due, leased }
        }));
    }

    fn on_leased(&mut self, LeaseAnswer { asked_at, next_due, leased }: LeaseAnswer) {
        match leased {
            Ok(leased) if leased.is_empty() => {
                self.empty_pause = (2 * self.empty_pause).clamp(SHORTEST_EMPTY_PAUSE, LONGEST_EMPTY_PAUSE);
                if let Some(next_due) = next_due {
                    self.poll_at = self.poll_at.min(next_due.max(self.polled_at + self.empty_pause));
                } else if !self.is_idle && self.knows_next_due() {
                    // Polls once more, to learn when the next event is due.
                    self.poll_now();
                }
                self.is_idle = true;
            }
            Ok(leased) => {
                self.empty_pause = Duration::ZERO;
                if !self.holds_leases() {
                    self.extend_at = asked_at + self.policy.lease / 3;
                }
                // There may be more events even if fewer arrived than requested, because events may
                // be large.
                self.poll_now();
                let leased_until = asked_at + self.policy.lease;
                for leased in leased {
                    self.take(leased, leased_until);
                }
                self.extend_at = self.extend_at.min(asked_at + self.policy.lease / 2);
            }
            Err(error) => {
                tracing::warn!("no events are leased: {}", chain(&error));
                self.poll_at = Instant::now() + PAUSE;
            }
        }
        self.settlements.lease_answered();
    }

    /// Decides what to do with an event that was leased.
    fn take(&mut self, leased: Leased, leased_until: Instant) {
        let (token, attempt) = (leased.token, leased.attempt);
        if let Some(renewed) = self.running.renew(token, attempt) {
            let id = Printable(&leased.id);
            tracing::warn!(event.id = %id, "the lease of an event expired while its hook runs");
            if matches!(renewed, Renewed::Stuck) && !self.is_draining {
                let has_transaction = self.has_transaction(&leased);
                let blocked = Attempt::of(&leased, Ending::Blocked { has_transaction });
                let max_attempts = self.limits(&leased).attempts;
                self.settlements.owe(self.decide(blocked, token, attempt, max_attempts));
            }
            return;
        }
        if self.settlements.renew(token) {
            return;
        }
        self.forget_held(token.key());
        let max_attempts = self.limits(&leased).attempts;
        if leased.is_interrupted {
            self.counters.interrupted(metric::event_type(&leased.wire_type));
        }
        if self.is_draining {
            self.settlements.hand_back(token);
            return;
        }
        let hook = self.runner.hook(&leased.wire_type);
        // An earlier attempt in a transaction may have committed it.
        if attempt > max_attempts && !self.has_transaction(&leased) {
            let interrupted = Attempt::of(&leased, Ending::Interrupted);
            self.settlements.owe(self.decide(interrupted, token, attempt, max_attempts));
        } else {
            let usage = self.slots.usage(hook.map(|(place, _)| place), &leased.queue);
            let held = HeldEvent { leased, leased_until, usage };
            if is_suspect(&held.leased) {
                self.slots.hold(usage);
                self.suspects.push(held);
            } else if self.may_start(usage) {
                self.start(held.leased, usage);
            } else {
                self.slots.hold(usage);
                self.held.push(held);
            }
        }
    }

    fn on_ended(&mut self, ended: Vec<EndedHook>) {
        let was_full = self.free_slots().is_none_or(|free| free == 0);
        for EndedHook { token, number, max_attempts, usage, attempt } in ended {
            self.end_suspect(token.key());
            // Events of the hook may have been left behind.
            if self.slots.end(usage) {
                self.poll_now();
            } else if self.slots.is_idle(usage) {
                self.poll_soon();
            }
            let attempt = match attempt {
                Ok(attempt) => attempt,
                Err(error) if error.is_cancelled() => {
                    self.settlements.hand_back(token);
                    continue;
                }
                // The hook panicked while it was dropped.
                Err(_) => Attempt::panicked(),
            };
            self.settlements.owe(self.decide(attempt, token, number, max_attempts));
        }
        self.poll_if_freed(was_full);
    }

    /// Polls at once if there is a free slot again, because events may have been left behind.
    fn poll_if_freed(&mut self, was_full: bool) {
        if was_full && self.free_slots().is_some_and(|free| free > 0) {
            self.poll_now();
        }
    }

    fn decide(&self, attempt: Attempt, token: LeaseToken, number: u32, max_attempts: u32) -> Decided {
        let is_interrupted = attempt.is_interrupted();
        // The attempt before this lease was interrupted. The lease has recorded it.
        let number = number.saturating_sub(u32::from(is_interrupted));
        let mut decided = attempt.decide(token, number, max_attempts, &self.policy, &self.name);
        if is_interrupted {
            decided.settlement.attempt = None;
        }
        decided.settlement.announces = self.announces;
        decided
    }

    fn start_settle(&mut self) {
        let is_due = self.settlements.due_at().is_some_and(|due| due <= Instant::now());
        if is_due && self.settling.is_none() {
            let due = self.settlements.due();
            self.settling = Some(self.request_settling(due));
        }
    }

    fn request_settling(&self, settlements: Vec<Settlement>) -> StoreRequest<'i, SettleAnswer> {
        let (inbox, limit, now) = (self.inbox, self.policy.store_timeout, Instant::now());
        let tokens = settlements.iter().map(|settlement| settlement.token).collect();
        Box::pin(async move { (tokens, now, within(limit, inbox.settle(settlements)).await) })
    }

    fn on_settled(&mut self, (tokens, _, answer): SettleAnswer) {
        let was_full = self.free_slots().is_none_or(|free| free == 0);
        let next_ready = self.settlements.answered(&tokens, answer, self.leasing.is_some());
        self.poll_if_freed(was_full);
        match next_ready {
            Some(Duration::ZERO) => self.poll_now(),
            Some(delay) => self.poll_at = self.poll_at.min(Instant::now() + delay),
            None => {}
        }
    }

    fn holds_leases(&self) -> bool {
        self.running.has_live() || !self.suspects.is_empty() || !self.held.is_empty()
    }

    /// Extends the leases of running hooks and of held events.
    fn start_extend(&mut self) {
        let now = Instant::now();
        if now < self.extend_at || self.extending.is_some() || !self.holds_leases() {
            return;
        }
        let held = self.suspects.iter().chain(&self.held).map(|event| event.leased.token);
        let extend = |token| Settlement::new(token, Decision::Extend(self.policy.lease));
        let settlements = self.running.live_tokens().chain(held).map(extend).collect();
        self.extend_at = now + self.policy.lease / 3;
        self.last_extend = Some(now);
        self.extending = Some(self.request_settling(settlements));
    }

    fn on_extended(&mut self, (tokens, asked_at, answer): SettleAnswer) {
        let results = match answer {
            Ok(results) => results,
            Err(error) => {
                tracing::warn!(events = tokens.len(), "leases are not extended: {}", chain(&error));
                self.extend_at = self.extend_at.min(Instant::now() + PAUSE);
                return;
            }
        };
        for (token, settled) in tokens.into_iter().zip(results) {
            let key = token.key();
            if settled == Settled::Applied {
                let mut held = self.suspects.iter_mut().chain(&mut self.held);
                if let Some(event) = held.find(|event| event.leased.token == token) {
                    event.leased_until = asked_at + self.policy.lease;
                }
            } else if self.suspects.iter().chain(&self.held).any(|event| event.leased.token == token) {
                tracing::warn!(event = %key, "the lease of an event expired before its hook could run");
                self.forget_held(key);
            } else if self.running.has(token) {
                tracing::warn!(event = %key, "the lease of an event expired while its hook runs");
            }
        }
    }
}

/// Asks the store when the next event is due.
async fn next_due(inbox: &dyn ErasedInbox, patience: Duration) -> Option<Instant> {
    match within(patience, inbox.next_due()).await {
        Ok(next_due) => next_due.map(|next_due| Instant::now() + next_due),
        Err(error) => {
            tracing::debug!("the next event may run a second late: {}", chain(&error));
            None
        }
    }
}

/// Waits for the answer to a request, and removes the request. Never resolves without a request.
async fn answer<T>(request: &mut Option<StoreRequest<'_, T>>) -> T {
    let Some(pending_request) = request else { return pending().await };
    let answer = pending_request.await;
    *request = None;
    answer
}
