//! Stores with a flaw each, which the contract finds.

use std::{
    collections::HashMap,
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures_util::FutureExt;
use panora_hooks::inbox::{
    Capabilities, Decision, Depth, EventInfo, EventKey, Inbox, InboxError, LeaseRequest, LeaseToken, Leased,
    MemoryInbox, NewEvent, Page, Put, Query, Select, Settled, Settlement, StoredEvent,
};

use crate::{
    contract,
    events::event,
    stores::{Memory, Store},
};

#[derive(Debug, Clone, Copy, PartialEq)]
enum Flaw {
    /// None: this wrapper is no flaw itself.
    None,
    /// What was put is stored at the next occasion.
    AcknowledgesBeforeCommit,
    /// What is leased is done.
    CompletesBeforeTheEffect,
    /// It is looked whether an event is there, and then it is stored.
    ChecksThenInserts,
    /// Whoever has once leased an event settles it.
    StaleTokensSettle,
    /// An attempt counts when it has ended.
    CountsAttemptsAfterTheRun,
    /// What is old is pruned, done or not.
    PrunesUnfinished,
    /// To replay is to put once more.
    ReplayIsADuplicate,
    /// An event that comes again has been handled.
    DuplicatesFinish,
    /// Content counts for nothing.
    ReplaysRun,
    /// A lease keeps nobody else away.
    LeasesAreShared,
    /// A lease that is made longer is not.
    ExtendsNothing,
    /// Who comes again after its lease ended was not interrupted.
    ForgetsInterruptions,
    /// A payload is dropped with its event's last attempt.
    BuriesWithoutData,
    /// So many events are looked at, and not so many discarded.
    LimitsWhatIsLookedAt,
}

#[derive(Clone)]
struct Flawed {
    inner: MemoryInbox,
    flaw: Flaw,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    tokens: HashMap<EventKey, LeaseToken>,
    settled: HashMap<EventKey, u32>,
    uncommitted: Vec<NewEvent>,
    buried: Vec<EventKey>,
    copies: u64,
}

impl Flawed {
    async fn commit(&self) {
        let uncommitted = std::mem::take(&mut self.state.lock().unwrap().uncommitted);
        self.inner.put(uncommitted).await.unwrap();
    }

    async fn finish(&self, key: EventKey) {
        for leased in self.inner.lease(LeaseRequest::new(100, Duration::from_secs(60))).await.unwrap() {
            let decision = if leased.token.key() == key { Decision::Complete } else { Decision::Release };
            self.inner.settle(vec![Settlement::new(leased.token, decision)]).await.unwrap();
        }
    }

    async fn has(&self, new: &NewEvent) -> bool {
        let there = self.inner.list(Query::default().limit(1000)).await.unwrap().items;
        tokio::task::yield_now().await;
        there.iter().any(|info| info.id.starts_with(new.id()) && info.wire_type == new.wire_type())
    }
}

impl Inbox for Flawed {
    async fn put(&self, batch: Vec<NewEvent>) -> Result<Vec<Put>, InboxError> {
        match self.flaw {
            Flaw::AcknowledgesBeforeCommit => {
                self.commit().await;
                let keys = batch.iter().map(|_| Put::Stored(EventKey::new(u128::MAX))).collect();
                self.state.lock().unwrap().uncommitted = batch;
                Ok(keys)
            }
            Flaw::ChecksThenInserts => {
                let mut puts = Vec::new();
                for new in batch {
                    if self.has(&new).await {
                        puts.push(Put::Duplicate(EventKey::new(u128::MAX)));
                        continue;
                    }
                    self.state.lock().unwrap().copies += 1;
                    let copies = self.state.lock().unwrap().copies;
                    let copy = event(&format!("{} {copies}", new.id()), new.wire_type(), new.data());
                    puts.extend(self.inner.put(vec![copy]).await?);
                }
                Ok(puts)
            }
            Flaw::DuplicatesFinish => {
                let puts = self.inner.put(batch).await?;
                for put in &puts {
                    if let Put::Duplicate(key) = put {
                        let token = self.state.lock().unwrap().tokens.get(key).copied();
                        if let Some(token) = token {
                            self.inner.settle(vec![Settlement::new(token, Decision::Complete)]).await?;
                        }
                        self.finish(*key).await;
                    }
                }
                Ok(puts)
            }
            Flaw::ReplaysRun => {
                let mut puts = self.inner.put(batch).await?;
                for put in &mut puts {
                    if let Put::Parked(key, _) = *put {
                        self.inner.replay(Select::Keys(vec![key]), 1).await?;
                        *put = Put::Stored(key);
                    }
                }
                Ok(puts)
            }
            _ => self.inner.put(batch).await,
        }
    }

    async fn lease(&self, request: LeaseRequest) -> Result<Vec<Leased>, InboxError> {
        self.commit().await;
        let mut leased = self.inner.lease(request).await?;
        if self.flaw == Flaw::LeasesAreShared {
            for leased in &leased {
                self.inner.settle(vec![Settlement::new(leased.token, Decision::Release)]).await?;
            }
        }
        if self.flaw == Flaw::CompletesBeforeTheEffect {
            for leased in &leased {
                self.inner.settle(vec![Settlement::new(leased.token, Decision::Complete)]).await?;
            }
        }
        let mut state = self.state.lock().unwrap();
        for leased in &mut leased {
            let key = leased.token.key();
            state.tokens.insert(key, leased.token);
            if self.flaw == Flaw::CountsAttemptsAfterTheRun {
                leased.attempt = state.settled.get(&key).copied().unwrap_or(0) + 1;
            }
            leased.is_interrupted &= self.flaw != Flaw::ForgetsInterruptions;
        }
        Ok(leased)
    }

    async fn settle(&self, mut items: Vec<Settlement>) -> Result<Vec<Settled>, InboxError> {
        for Settlement { token, decision, .. } in &mut items {
            let mut state = self.state.lock().unwrap();
            *state.settled.entry(token.key()).or_default() += 1;
            if self.flaw == Flaw::StaleTokensSettle {
                *token = state.tokens.get(&token.key()).copied().unwrap_or(*token);
            }
            if matches!(decision, Decision::Extend(_)) && self.flaw == Flaw::ExtendsNothing {
                *decision = Decision::Extend(Duration::from_secs(1));
            }
            if matches!(decision, Decision::Bury(_)) {
                state.buried.push(token.key());
            }
        }
        self.inner.settle(items).await
    }

    async fn list(&self, query: Query) -> Result<Page<EventInfo>, InboxError> {
        self.inner.list(query).await
    }

    async fn get(&self, id: EventKey) -> Result<Option<StoredEvent>, InboxError> {
        let stored = self.inner.get(id).await?;
        let is_lost = self.flaw == Flaw::BuriesWithoutData && self.state.lock().unwrap().buried.contains(&id);
        Ok(stored.map(|stored| if is_lost { StoredEvent::new(stored.info, None) } else { stored }))
    }

    async fn replay(&self, which: Select, max: u32) -> Result<u64, InboxError> {
        if self.flaw == Flaw::ReplayIsADuplicate {
            return Ok(match which {
                Select::Keys(keys) => keys.len() as u64,
                Select::All(filter) => self.list(Query::new(filter)).await?.items.len() as u64,
                _ => unreachable!(),
            });
        }
        self.inner.replay(which, max).await
    }

    async fn depth(&self) -> Result<Depth, InboxError> {
        self.inner.depth().await
    }

    async fn prune(&self, older_than: Duration, max: u32) -> Result<u64, InboxError> {
        if self.flaw == Flaw::PrunesUnfinished {
            for leased in self.inner.lease(LeaseRequest::new(max, Duration::from_secs(60))).await? {
                self.inner.settle(vec![Settlement::new(leased.token, Decision::Complete)]).await?;
            }
        }
        self.inner.prune(older_than, max).await
    }

    async fn discard(&self, which: Select, max: u32) -> Result<u64, InboxError> {
        let which = match which {
            Select::Keys(mut keys) if self.flaw == Flaw::LimitsWhatIsLookedAt => {
                keys.truncate(max as usize);
                Select::Keys(keys)
            }
            which => which,
        };
        self.inner.discard(which, max).await
    }

    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    async fn forget(&self, older_than: Duration, max: u32) -> Result<u64, InboxError> {
        self.inner.forget(older_than, max).await
    }
}

struct FlawedStore {
    memory: Memory,
    inbox: Flawed,
}

impl FlawedStore {
    fn new(flaw: Flaw) -> Self {
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
        self.inbox.state.lock().unwrap().uncommitted.clear();
        false
    }
}

/// The contract with each store: as it should be without a flaw, and broken with it.
macro_rules! finds {
    ($($test:ident: $flaw:ident,)*) => {
        $(#[tokio::test]
        async fn $test() {
            contract::$test(FlawedStore::new(Flaw::None)).await;
            let flawed = FlawedStore::new(Flaw::$flaw);
            let found = AssertUnwindSafe(contract::$test(flawed)).catch_unwind().await;
            assert!(found.is_err(), "{:?} was not found", Flaw::$flaw);
        })*
    };
}

finds! {
    a_restart_keeps_everything: AcknowledgesBeforeCommit,
    what_is_put_is_leased_as_it_was: CompletesBeforeTheEffect,
    copies_at_once_are_stored_once: ChecksThenInserts,
    a_stale_token_settles_nothing: StaleTokensSettle,
    a_lease_is_exclusive_until_it_ends: CountsAttemptsAfterTheRun,
    what_is_not_done_is_not_pruned: PrunesUnfinished,
    replay_runs_what_is_over: ReplayIsADuplicate,
    a_duplicate_does_not_finish_an_event: DuplicatesFinish,
    an_object_under_another_id_or_type_is_parked: ReplaysRun,
    a_retry_waits: LeasesAreShared,
    an_extended_lease_lasts_longer: ExtendsNothing,
    a_lease_that_ran_out_is_an_interruption: ForgetsInterruptions,
    a_dead_event_has_its_reason: BuriesWithoutData,
    what_is_discarded_is_known_but_gone: LimitsWhatIsLookedAt,
}
