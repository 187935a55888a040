//! A correct store with one flaw.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use panora_hooks::inbox::{
    Capabilities, Capability, Count, Decision, Depth, EventInfo, EventKey, EventState, Filter, Inbox,
    InboxError, LeaseRequest, LeaseToken, Leased, MemoryInbox, NewEvent, Page, ParkReason, Put, Query,
    Select, Settled, Settlement, StoredEvent,
};

use crate::{
    events::event,
    stores::{Memory, Store},
};

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Flaw {
    CompletesBeforeTheHook,
    LeasesOneUnasked,
    AnswersInReverse,
    CutsAtNul,
    LeasesNothingLarge,
    ReportsDuplicatesAsStored,
    OverlooksCopiesInABatch,
    RunsReplays,
    ParksLists,
    RunsReplaysBeyondABound,
    LooksForCopiesBeforeItInserts,
    LooksForOriginalsBeforeItInserts,
    CompletesOnDuplicates,
    GivesKeysOutOfOrder,
    ReusesKeys,
    ComparesHalfAKey,
    CountsAttemptsAfterTheRun,
    ForgetsInterruptions,
    LeasesInTheOrderOfKeys,
    LeasesTwiceAsMany,
    SharesLeases,
    AcceptsStaleTokens,
    ReusesFences,
    SettlesOnlyTheFirst,
    ExtendsByASecond,
    RetriesAtOnce,
    CountsReleasedAttempts,
    BuriesWithoutData,
    RepeatsTheLastOfAPage,
    ComparesOnlyTheWireType,
    LosesTheOldest,
    ProbesAnyState,
    StopsCountingAtOnce,
    ReplaysNothing,
    ReplaysEveryType,
    ReplaysTheNewest,
    PrunesAtAnyAge,
    PrunesWithoutBound,
    PrunesUnfinished,
    ClaimsWhatItLacks,
    HasWhatItDoesNotClaim,
    LimitsWhatItLooksAt,
    DiscardsOnlyWhatIsOver,
    ForgetsAtAnyAge,
    ForgetsWithoutBound,
    ForgetsContents,
    ExpeditesNothing,
    AcknowledgesBeforeItStores,
    LeavesATransactionOpen,
}

#[derive(Clone)]
pub struct Flawed {
    inner: MemoryInbox,
    flaw: Option<Flaw>,
    state: Arc<Mutex<State>>,
}

/// The state that flaws need.
#[derive(Default)]
struct State {
    tokens: HashMap<EventKey, LeaseToken>,
    settled: HashMap<EventKey, u32>,
    last_batch: HashSet<EventKey>,
    lost: HashSet<EventKey>,
    buried: HashSet<EventKey>,
    contents: HashSet<[u8; 32]>,
    copies: u64,
    first_key: u128,
    has_forgotten: bool,
    is_open: bool,
}

impl Flawed {
    fn has(&self, flaw: Flaw) -> bool {
        self.flaw == Some(flaw)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    async fn complete(&self, key: EventKey) {
        let token = self.state().tokens.get(&key).copied();
        if let Some(token) = token {
            self.inner.settle(vec![Settlement::new(token, Decision::Complete)]).await.unwrap();
        }
        for leased in self.inner.lease(LeaseRequest::new(100, Duration::from_secs(60))).await.unwrap() {
            let decision = if leased.token.key() == key { Decision::Complete } else { Decision::Release };
            self.inner.settle(vec![Settlement::new(leased.token, decision)]).await.unwrap();
        }
    }

    async fn settle_all(&self, leased: &[Leased], decision: Decision) -> Result<(), InboxError> {
        let settle = |leased: &Leased| Settlement::new(leased.token, decision.clone());
        self.inner.settle(leased.iter().map(settle).collect()).await.map(drop)
    }

    async fn keys(&self, filter: Filter) -> Vec<EventKey> {
        let page = self.inner.list(Query::new(filter).limit(1000)).await.unwrap();
        page.items.iter().map(|info| info.key).collect()
    }

    async fn run(&self, put: &mut Put) -> Result<(), InboxError> {
        if let Put::Parked(key, ParkReason::Replayed) = *put {
            self.inner.replay(Select::Keys(vec![key]), 1).await?;
            *put = Put::Stored(key);
        }
        Ok(())
    }

    /// Stores a copy under a new id, after a separate check that the event is new. The two steps
    /// together are not atomic.
    async fn look_and_insert(&self, new: &NewEvent) -> Result<Put, InboxError> {
        let there = self.inner.list(Query::default().limit(1000)).await?.items;
        tokio::task::yield_now().await;
        if there.iter().any(|info| info.id.starts_with(new.id()) && info.wire_type == new.wire_type()) {
            return Ok(Put::Duplicate(EventKey::new(u128::MAX)));
        }
        let copy = {
            let mut state = self.state();
            state.copies += 1;
            event(&format!("{} {}", new.id(), state.copies), new.wire_type(), new.data())
        };
        Ok(self.inner.put(vec![copy]).await?[0])
    }

    async fn put_one(&self, new: NewEvent) -> Result<Put, InboxError> {
        let content = *new.content();
        let was_known = self.state().contents.contains(&content);
        match self.flaw {
            Some(Flaw::LooksForCopiesBeforeItInserts) => return self.look_and_insert(&new).await,
            Some(Flaw::LooksForOriginalsBeforeItInserts) => tokio::task::yield_now().await,
            Some(Flaw::ParksLists) if was_known && !new.is_unique() => {
                return Ok(self.inner.put(vec![new.parked(ParkReason::Replayed)]).await?[0]);
            }
            _ => {}
        }
        let id = new.id().to_owned();
        let is_first = self.keys(Filter::new()).await.is_empty();
        let mut put = self.inner.put(vec![new]).await?[0];
        let key = put.key();
        self.state().contents.insert(content);
        match (self.flaw, put) {
            (Some(Flaw::LooksForOriginalsBeforeItInserts), _) if !was_known => self.run(&mut put).await?,
            (Some(Flaw::ReportsDuplicatesAsStored), Put::Duplicate(_)) => put = Put::Stored(key),
            (Some(Flaw::RunsReplays), _) => self.run(&mut put).await?,
            (Some(Flaw::ForgetsContents), _) if self.state().has_forgotten => self.run(&mut put).await?,
            (Some(Flaw::RunsReplaysBeyondABound), Put::Duplicate(_))
                if self.inner.get(key).await?.is_some_and(|stored| stored.info.id != id) =>
            {
                put = Put::Stored(key);
            }
            (Some(Flaw::CompletesOnDuplicates), Put::Duplicate(_)) => self.complete(key).await,
            (Some(Flaw::GivesKeysOutOfOrder), Put::Stored(_)) => {
                put = Put::Stored(EventKey::new(key.number() ^ 1));
            }
            (Some(Flaw::ReusesKeys), Put::Stored(_)) => {
                let mut state = self.state();
                if is_first {
                    state.first_key = key.number();
                }
                put = Put::Stored(EventKey::new(key.number() - state.first_key));
            }
            _ => {}
        }
        Ok(put)
    }
}

impl Inbox for Flawed {
    async fn put(&self, batch: Vec<NewEvent>) -> Result<Vec<Put>, InboxError> {
        if std::mem::take(&mut self.state().is_open) {
            return Ok(batch
                .iter()
                .map(|_| Put::Parked(EventKey::new(1 << 100), ParkReason::Unhandled))
                .collect());
        }
        let mut puts = Vec::new();
        for new in batch {
            let mut put = self.put_one(new).await?;
            let is_in_batch = puts.iter().any(|before: &Put| before.key() == put.key());
            if self.has(Flaw::OverlooksCopiesInABatch) && is_in_batch {
                put = Put::Stored(put.key());
            }
            puts.push(put);
        }
        self.state().last_batch = puts.iter().map(|put| put.key()).collect();
        if self.has(Flaw::AnswersInReverse) {
            puts.reverse();
        }
        Ok(puts)
    }

    async fn lease(&self, mut request: LeaseRequest) -> Result<Vec<Leased>, InboxError> {
        let max = request.max;
        match self.flaw {
            Some(Flaw::LeasesOneUnasked) => request.max = max.max(1),
            Some(Flaw::LeasesTwiceAsMany) => request.max = max * 2,
            Some(Flaw::LeasesInTheOrderOfKeys) => request.max = 1000,
            _ => {}
        }
        let mut leased = self.inner.lease(request).await?;
        match self.flaw {
            Some(Flaw::SharesLeases) => self.settle_all(&leased, Decision::Release).await?,
            Some(Flaw::CompletesBeforeTheHook) => self.settle_all(&leased, Decision::Complete).await?,
            Some(Flaw::LeasesInTheOrderOfKeys) => {
                leased.sort_by_key(|leased| leased.token.key());
                let rest = leased.split_off(leased.len().min(max as usize));
                self.settle_all(&rest, Decision::Release).await?;
            }
            Some(Flaw::LeasesNothingLarge) => {
                let is_large = |leased: &Leased| leased.data.len() > 8 << 20;
                let large: Vec<_> = leased.extract_if(.., |leased| is_large(leased)).collect();
                self.settle_all(&large, Decision::Release).await?;
            }
            _ => {}
        }
        let mut state = self.state();
        for leased in &mut leased {
            let key = leased.token.key();
            state.tokens.insert(key, leased.token);
            if self.has(Flaw::CountsAttemptsAfterTheRun) {
                leased.attempt = state.settled.get(&key).copied().unwrap_or(0) + 1;
            }
            if self.has(Flaw::ReusesFences) {
                leased.token = LeaseToken::new(key, 1);
            }
            leased.is_interrupted &= !self.has(Flaw::ForgetsInterruptions);
        }
        Ok(leased)
    }

    async fn settle(&self, mut settlements: Vec<Settlement>) -> Result<Vec<Settled>, InboxError> {
        for Settlement { token, decision, .. } in &mut settlements {
            let mut state = self.state();
            *state.settled.entry(token.key()).or_default() += 1;
            if matches!(self.flaw, Some(Flaw::AcceptsStaleTokens | Flaw::ReusesFences)) {
                *token = state.tokens.get(&token.key()).copied().unwrap_or(*token);
            }
            match (self.flaw, &mut *decision) {
                (Some(Flaw::ExtendsByASecond), Decision::Extend(time)) => *time = Duration::from_secs(1),
                (Some(Flaw::RetriesAtOnce), Decision::RetryAfter(delay)) => *delay = Duration::ZERO,
                (Some(Flaw::CountsReleasedAttempts), Decision::Release) => {
                    *decision = Decision::RetryAfter(Duration::ZERO);
                }
                (Some(Flaw::CutsAtNul), Decision::Bury(reason)) => {
                    reason.truncate(reason.find('\0').unwrap_or(reason.len()));
                }
                (Some(Flaw::BuriesWithoutData), Decision::Bury(_)) => {
                    state.buried.insert(token.key());
                }
                _ => {}
            }
        }
        let answers = settlements.len();
        if self.has(Flaw::SettlesOnlyTheFirst) {
            settlements.truncate(1);
        }
        let mut settled = self.inner.settle(settlements).await?;
        settled.resize(answers, Settled::Applied);
        Ok(settled)
    }

    async fn list(&self, mut query: Query) -> Result<Page<EventInfo>, InboxError> {
        if self.has(Flaw::RepeatsTheLastOfAPage) {
            query.after = query.after.map(|key| EventKey::new(key.number() - 1));
        }
        let event_type = query.filter.event_type.clone();
        let mut page = self.inner.list(query).await?;
        page.items.retain(|info| !self.state().lost.contains(&info.key));
        if let Some(event_type) = event_type.filter(|_| self.has(Flaw::ComparesOnlyTheWireType)) {
            page.items.retain(|info| info.wire_type == event_type);
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
        let stored = self.inner.get(key).await?;
        let is_lost = self.state().buried.contains(&key);
        Ok(stored.map(|stored| if is_lost { StoredEvent::new(stored.info, None) } else { stored }))
    }

    async fn replay(&self, mut which: Select, max: u32) -> Result<u64, InboxError> {
        match (self.flaw, &mut which) {
            (Some(Flaw::ReplaysNothing), Select::Keys(keys)) => return Ok(keys.len() as u64),
            (Some(Flaw::ReplaysNothing), Select::All(filter)) => {
                return Ok(self.keys(filter.clone()).await.len() as u64);
            }
            (Some(Flaw::ReplaysEveryType), Select::All(filter)) => filter.event_type = None,
            (Some(Flaw::ReplaysTheNewest), Select::All(filter)) => {
                let mut keys = self.keys(filter.clone()).await;
                keys.drain(..keys.len().saturating_sub(max as usize));
                which = Select::Keys(keys);
            }
            _ => {}
        }
        self.inner.replay(which, max).await
    }

    async fn depth(&self) -> Result<Depth, InboxError> {
        let mut depth = self.inner.depth().await?;
        match self.flaw {
            Some(Flaw::LosesTheOldest) => depth.oldest_ready = depth.oldest_ready.map(|_| Duration::ZERO),
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

    async fn expedite(&self, longest_delay: Duration, max: u32) -> Result<u64, InboxError> {
        if self.has(Flaw::ExpeditesNothing) {
            return Ok(0);
        }
        self.inner.expedite(longest_delay, max).await
    }
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
        if self.inbox.has(Flaw::AcknowledgesBeforeItStores) {
            let mut state = self.inbox.state();
            state.lost = std::mem::take(&mut state.last_batch);
        }
        false
    }
}
