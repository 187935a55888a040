//! A correct store with one flaw.

use std::{
    collections::{HashMap, HashSet},
    ops::Range,
    sync::{Arc, Mutex, MutexGuard},
    time::{Duration, SystemTime},
};

use panora_hooks::inbox::{
    AttemptInfo, AuditEntry, AuditRecord, Capabilities, Capability, Count, Decision, Depth, ErrorGroup,
    EventInfo, EventKey, EventState, Figures, Filter, Inbox, InboxError, Lane, LeaseRequest, LeaseToken,
    Leased, MemoryInbox, NewEvent, Page, Put, Query, Select, Settled, Settlement, StatisticsStep,
    StoredEvent,
};

use super::flaw::Flaw;
use crate::stores::{Memory, Store};

#[derive(Clone)]
pub struct Flawed {
    pub(super) inner: MemoryInbox,
    pub(super) flaw: Option<Flaw>,
    state: Arc<Mutex<State>>,
}

/// The state that flaws need.
#[derive(Default)]
pub(super) struct State {
    pub(super) tokens: HashMap<EventKey, LeaseToken>,
    pub(super) settled: HashMap<EventKey, u32>,
    pub(super) last_batch: HashSet<EventKey>,
    pub(super) lost: HashSet<EventKey>,
    pub(super) buried: HashSet<EventKey>,
    pub(super) contents: HashSet<[u8; 32]>,
    pub(super) copies: u64,
    pub(super) first_key: u128,
    pub(super) has_forgotten: bool,
    pub(super) replayed: HashSet<EventKey>,
    pub(super) is_open: bool,
    /// Attempts that a correct store does not have.
    pub(super) attempts: HashMap<EventKey, Vec<AttemptInfo>>,
    /// The lanes of which a head is over.
    pub(super) ended: HashSet<Lane>,
    /// The events whose lanes are lost.
    pub(super) without_lane: HashSet<EventKey>,
    /// The figures that were added last.
    pub(super) figures: HashMap<String, Figures>,
}

impl Flawed {
    pub(super) fn has(&self, flaw: Flaw) -> bool {
        self.flaw == Some(flaw)
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub(super) async fn keys(&self, filter: Filter) -> Vec<EventKey> {
        let page = self.inner.list(Query::new(filter).limit(1000)).await.unwrap();
        page.items.iter().map(|info| info.key).collect()
    }
}

impl Inbox for Flawed {
    async fn put(&self, batch: Vec<NewEvent>) -> Result<Vec<Put>, InboxError> {
        self.put_batch(batch).await
    }

    async fn lease(&self, request: LeaseRequest) -> Result<Vec<Leased>, InboxError> {
        self.lease_ready(request).await
    }

    async fn settle(&self, settlements: Vec<Settlement>) -> Result<Vec<Settled>, InboxError> {
        self.settle_leased(settlements).await
    }

    async fn list(&self, mut query: Query) -> Result<Page<EventInfo>, InboxError> {
        if self.has(Flaw::RepeatsTheLastOfAPage) {
            query.after = query.after.map(|key| EventKey::new(key.number() - 1));
        }
        if self.has(Flaw::TurnsBackAfterThePage) {
            query.newest_first &= query.after.is_none();
        }
        let id = query.filter.id.take_if(|_| self.has(Flaw::ComparesTheBeginningOfIds));
        let event_type = query.filter.event_type.clone();
        let lane = query.filter.lane.take_if(|_| self.has(Flaw::ComparesHalfALane));
        let mut page = self.inner.list(query).await?;
        page.items.retain(|info| !self.state().lost.contains(&info.key));
        if let Some(event_type) = event_type.filter(|_| self.has(Flaw::ComparesOnlyTheWireType)) {
            page.items.retain(|info| info.wire_type == event_type);
        }
        if let Some(lane) = lane {
            let start = |lane: Lane| lane.to_bytes().first_chunk::<8>().copied();
            page.items.retain(|info| info.lane.and_then(start) == start(lane));
        }
        if let Some(id) = id {
            let start = |id: &str| id.chars().take(100).collect::<String>();
            page.items.retain(|info| start(&info.id) == start(&id));
        }
        Ok(page)
    }

    async fn get(&self, key: EventKey) -> Result<Option<StoredEvent>, InboxError> {
        if self.has(Flaw::LeavesATransactionOpen) {
            self.state().is_open = true;
            tokio::task::yield_now().await;
            self.state().is_open = false;
        }
        let half = EventKey::new(key.number() & u128::from(u64::MAX));
        let key = if self.has(Flaw::ComparesHalfAKey) { half } else { key };
        let Some(mut stored) = self.inner.get(key).await? else { return Ok(None) };
        if self.state().buried.contains(&key) {
            stored.data = None;
        }
        if self.has(Flaw::NeverRaisesTheRun) {
            stored.info.run = 1;
        }
        if self.state().without_lane.contains(&key) {
            stored.info.lane = None;
            if stored.info.state == EventState::Waiting {
                stored.info.state = EventState::Ready;
            }
        }
        Ok(Some(stored))
    }

    async fn replay(&self, mut which: Select, max: u32) -> Result<u64, InboxError> {
        match (self.flaw, &mut which) {
            (Some(Flaw::ReplaysNothing), Select::Keys(keys)) => return Ok(keys.len() as u64),
            (Some(Flaw::ReplaysNothing), Select::All(filter)) => {
                return Ok(self.keys(filter.clone()).await.len() as u64);
            }
            (Some(Flaw::ReplaysEveryType), Select::All(filter)) => filter.event_type = None,
            (Some(Flaw::ReplaysEveryId), Select::All(filter)) => filter.id = None,
            (Some(Flaw::ReplaysEveryLane), Select::All(filter)) => filter.lane = None,
            (Some(Flaw::ForgetsLanesOnReplay | Flaw::MovesReplayedHeads), _) => {
                return self.replay_in_lanes(which, max).await;
            }
            (Some(Flaw::ReplaysAnyTime), Select::All(filter)) => forget_times(filter),
            (Some(Flaw::ReplaysTheNewest), Select::All(filter)) => {
                let mut keys = self.keys(filter.clone()).await;
                keys.drain(..keys.len().saturating_sub(max as usize));
                which = Select::Keys(keys);
            }
            _ => {}
        }
        if let Select::Keys(keys) = &which {
            self.state().replayed.extend(keys);
        }
        self.inner.replay(which, max).await
    }

    async fn depth(&self) -> Result<Depth, InboxError> {
        let mut depth = self.inner.depth().await?;
        match self.flaw {
            Some(Flaw::LosesTheOldest) => depth.oldest_ready = depth.oldest_ready.map(|_| Duration::ZERO),
            Some(Flaw::CountsPausedEventsAsReady) => {
                depth.ready = Count::exactly(depth.ready.number() + depth.paused.number());
            }
            Some(Flaw::CountsWaitingEventsAsReady) => {
                depth.ready = Count::exactly(depth.ready.number() + depth.waiting.number());
            }
            Some(Flaw::StopsCountingAtOnce) => depth.ready = Count::up_to(100, depth.ready.number()),
            _ => {}
        }
        Ok(depth)
    }

    async fn probe(&self) -> Result<Option<Duration>, InboxError> {
        if self.has(Flaw::ProbesAnyState) && !self.keys(Filter::new()).await.is_empty() {
            return Ok(Some(Duration::ZERO));
        }
        self.inner.probe().await
    }

    async fn prune(&self, older_than: Duration, max: u32) -> Result<u64, InboxError> {
        match self.flaw {
            Some(Flaw::PrunesAtAnyAge) => self.inner.prune(Duration::ZERO, max).await,
            Some(Flaw::PrunesWithoutBound) => {
                Ok(self.inner.prune(older_than, u32::MAX).await?.min(max.into()))
            }
            Some(Flaw::PrunesUnfinished) => {
                let leased = self.inner.lease(LeaseRequest::new(max, Duration::from_secs(60))).await?;
                self.settle_all(&leased, Decision::Complete).await?;
                self.inner.prune(older_than, max).await
            }
            Some(Flaw::KeepsAttemptsWithoutData) => self.prune_only_data(older_than, max).await,
            _ => self.inner.prune(older_than, max).await,
        }
    }

    fn capabilities(&self) -> Capabilities {
        match self.flaw {
            Some(Flaw::HasWhatItDoesNotClaim) => Capabilities::CORE.with(Capability::Forget),
            _ => self.inner.capabilities(),
        }
    }

    async fn discard(&self, mut which: Select, max: u32) -> Result<u64, InboxError> {
        if let Select::Keys(keys) = &mut which
            && self.has(Flaw::LimitsWhatItLooksAt)
        {
            keys.truncate(max as usize);
        }
        match (self.flaw, &mut which) {
            (Some(Flaw::DiscardsEveryId), Select::All(filter)) => filter.id = None,
            (Some(Flaw::DiscardsEveryLane), Select::All(filter)) => filter.lane = None,
            (Some(Flaw::DiscardsWithoutPromotion), _) => {
                return self.discard_without_promotion(which, max).await;
            }
            (Some(Flaw::DiscardsAnyTime), Select::All(filter)) => forget_times(filter),
            _ => {}
        }
        if self.has(Flaw::DiscardsOnlyWhatIsOver) {
            which = Select::Keys(match which {
                Select::Keys(keys) => keys,
                Select::All(filter) => self.keys(filter).await,
                _ => return Err(InboxError::Unsupported("this selection")),
            });
            let parked = self.keys(Filter::new().state(EventState::Parked)).await;
            let dead = self.keys(Filter::new().state(EventState::Dead)).await;
            if let Select::Keys(keys) = &mut which {
                keys.retain(|key| parked.contains(key) || dead.contains(key));
            }
        }
        self.inner.discard(which, max).await
    }

    async fn forget(&self, older_than: Duration, max: u32) -> Result<u64, InboxError> {
        let forgotten = match self.flaw {
            Some(Flaw::ForgetsAtAnyAge) => self.inner.forget(Duration::ZERO, max).await?,
            Some(Flaw::ForgetsWithoutBound) => self.inner.forget(older_than, u32::MAX).await?.min(max.into()),
            Some(Flaw::ClaimsWhatItLacks) => return Err(InboxError::Unsupported("forget")),
            _ => self.inner.forget(older_than, max).await?,
        };
        self.state().has_forgotten |= forgotten > 0;
        Ok(forgotten)
    }

    async fn claim_dead(&self, max: u32, claim_for: Duration) -> Result<Vec<LeaseToken>, InboxError> {
        let claim_for = if self.has(Flaw::ForgetsClaims) { Duration::ZERO } else { claim_for };
        self.inner.claim_dead(max, claim_for).await
    }

    async fn announced(&self, claims: Vec<LeaseToken>) -> Result<u64, InboxError> {
        let count = claims.len() as u64;
        let announced = self.inner.announced(claims).await?;
        Ok(if self.has(Flaw::AcceptsOldClaims) { count } else { announced })
    }

    async fn next_due(&self) -> Result<Option<Duration>, InboxError> {
        if self.has(Flaw::CountsReadyEventsAsDue) && self.inner.depth().await?.oldest_ready.is_some() {
            return Ok(Some(Duration::ZERO));
        }
        self.inner.next_due().await
    }

    async fn expedite(&self, longest_delay: Duration, max: u32) -> Result<u64, InboxError> {
        if self.has(Flaw::ExpeditesNothing) {
            return Ok(0);
        }
        if self.has(Flaw::ExpeditesAnyDelay) {
            return self.inner.replay(Select::All(Filter::new().state(EventState::Delayed)), max).await;
        }
        self.inner.expedite(longest_delay, max).await
    }

    async fn count(&self, filter: Filter) -> Result<Count, InboxError> {
        self.inner.count(filter).await
    }

    async fn contains_ids(
        &self,
        ids: Vec<String>,
        received_from: Option<SystemTime>,
    ) -> Result<Vec<bool>, InboxError> {
        let mut found = self.inner.contains_ids(ids.clone(), received_from).await?;
        if self.has(Flaw::FindsOnlyUnfinishedIds) {
            for (id, found) in ids.into_iter().zip(&mut found) {
                let is_done = !self.keys(Filter::new().id(id).state(EventState::Done)).await.is_empty();
                *found &= !is_done;
            }
        }
        Ok(found)
    }

    async fn attempts(&self, key: EventKey) -> Result<Vec<AttemptInfo>, InboxError> {
        self.recorded_attempts(key).await
    }

    async fn error_groups(&self, limit: u32) -> Result<Vec<ErrorGroup>, InboxError> {
        self.largest_groups(limit).await
    }

    async fn add_figures(&self, figures: Vec<(String, Figures)>) -> Result<(), InboxError> {
        self.state().figures.extend(figures.iter().cloned());
        self.inner.add_figures(figures).await
    }

    async fn statistics(
        &self,
        range: Range<SystemTime>,
        step: Duration,
    ) -> Result<Vec<StatisticsStep>, InboxError> {
        let step = if self.has(Flaw::IgnoresTheStep) { Duration::from_secs(60) } else { step };
        let mut steps = self.inner.statistics(range, step).await?;
        if self.has(Flaw::OverwritesFigures) {
            let state = self.state();
            for step in &mut steps {
                step.figures = state.figures[&step.event_type];
            }
        }
        Ok(steps)
    }

    async fn prune_figures(&self, minutes: Duration, hours: Duration, max: u32) -> Result<u64, InboxError> {
        let hours = if self.has(Flaw::RemovesHoursWithMinutes) { minutes } else { hours };
        self.inner.prune_figures(minutes, hours, max).await
    }

    async fn pause(&self, pattern: String) -> Result<bool, InboxError> {
        if self.has(Flaw::PausesExactTypesOnly) && pattern.ends_with('*') {
            return Ok(true);
        }
        self.inner.pause(pattern).await
    }

    async fn resume(&self, pattern: String) -> Result<bool, InboxError> {
        self.inner.resume(pattern).await
    }

    async fn paused(&self) -> Result<Vec<String>, InboxError> {
        self.inner.paused().await
    }

    async fn add_audit(&self, record: AuditRecord) -> Result<(), InboxError> {
        self.inner.add_audit(record).await
    }

    async fn audit(&self, before: Option<u64>, limit: u32) -> Result<Vec<AuditEntry>, InboxError> {
        match self.flaw {
            Some(Flaw::RepeatsAuditNumbers) => self.audit_with_repeated_numbers(before, limit).await,
            Some(Flaw::ReusesAuditNumbers) => self.audit_with_reused_numbers().await,
            _ => self.inner.audit(before, limit).await,
        }
    }

    async fn prune_audit(&self, older_than: Duration, max: u32) -> Result<u64, InboxError> {
        match self.flaw {
            Some(Flaw::PrunesAuditAtAnyAge) => self.inner.prune_audit(Duration::ZERO, max).await,
            Some(Flaw::PrunesAuditWithoutBound) => {
                Ok(self.inner.prune_audit(older_than, u32::MAX).await?.min(max.into()))
            }
            _ => self.inner.prune_audit(older_than, max).await,
        }
    }
}

fn forget_times(filter: &mut Filter) {
    (filter.received_from, filter.received_before) = (None, None);
}

pub struct FlawedStore {
    memory: Memory,
    inbox: Flawed,
}

impl FlawedStore {
    pub fn new(flaw: Option<Flaw>) -> Self {
        let memory = Memory::new();
        let inbox = Flawed { inner: memory.inbox(), flaw, state: Arc::default() };
        Self { memory, inbox }
    }
}

impl Store for FlawedStore {
    type Inbox = Flawed;

    fn inbox(&self) -> Flawed {
        self.inbox.clone()
    }

    async fn jump(&self, micros: i64) {
        self.memory.jump(micros).await;
    }

    async fn restart(&mut self) -> bool {
        if self.inbox.has(Flaw::ForgetsLanesOnRestart) {
            let keys = self.inbox.keys(Filter::new()).await;
            self.inbox.state().without_lane.extend(keys);
        }
        if self.inbox.has(Flaw::AcknowledgesBeforeItStores) {
            let mut state = self.inbox.state();
            state.lost = std::mem::take(&mut state.last_batch);
        }
        false
    }
}
