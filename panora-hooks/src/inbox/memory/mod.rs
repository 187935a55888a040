//! `MemoryInbox`, for tests.

mod figures;
mod record;
mod store;

use std::{
    collections::HashSet,
    fmt,
    ops::Range,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use self::{figures::Sums, record::Record, store::Store};
use super::{
    AttemptInfo, AuditEntry, AuditRecord, Capabilities, Depth, ErrorGroup, EventInfo, EventKey, Figures,
    Inbox, InboxError, LeaseRequest, LeaseToken, Leased, NewEvent, Page, Put, Query, Select, Settled,
    Settlement, StatisticsStep, StoredEvent, clock::Clock, share::paused_pattern,
};

/// An inbox in memory, for tests. It passes the same tests as the other stores.
///
/// The events are lost when the program ends, so a 2xx does *not* mean that the event is safe.
#[derive(Clone, Default)]
pub struct MemoryInbox {
    store: Arc<Mutex<Store>>,
    sums: Arc<Mutex<Sums>>,
    clock: Clock,
}

impl MemoryInbox {
    /// Creates an empty inbox.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the time from `clock`, so that a test need not wait for a retry.
    #[cfg(feature = "testing")]
    #[must_use]
    pub fn with_clock(self, clock: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        Self { clock: Clock::new(clock), ..self }
    }

    fn store(&self) -> MutexGuard<'_, Store> {
        // Each operation is one step, so a panic elsewhere leaves nothing half done.
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn sums(&self) -> MutexGuard<'_, Sums> {
        self.sums.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for MemoryInbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryInbox").finish_non_exhaustive()
    }
}

impl Inbox for MemoryInbox {
    async fn put(&self, batch: Vec<NewEvent>) -> Result<Vec<Put>, InboxError> {
        let (mut store, now) = (self.store(), self.clock.now());
        Ok(batch.into_iter().map(|event| store.put(event, now)).collect())
    }

    async fn lease(&self, request: LeaseRequest) -> Result<Vec<Leased>, InboxError> {
        Ok(self.store().lease(&request, self.clock.now()))
    }

    async fn settle(&self, settlements: Vec<Settlement>) -> Result<Vec<Settled>, InboxError> {
        let (mut store, now) = (self.store(), self.clock.now());
        Ok(settlements.into_iter().map(|settlement| store.apply(settlement, now)).collect())
    }

    async fn list(&self, query: Query) -> Result<Page<EventInfo>, InboxError> {
        let (store, now) = (self.store(), self.clock.now());
        let (limit, oldest_first) = (query.limit as usize + 1, store.events.iter());
        let is_wanted = |(key, entry): &(&EventKey, &Record)| {
            let is_after = |after| if query.newest_first { **key < after } else { **key > after };
            query.after.is_none_or(is_after) && entry.is_selected(&query.filter, now)
        };
        let info = |(key, entry): (&EventKey, &Record)| entry.info(*key, now);
        let found = if query.newest_first {
            oldest_first.rev().filter(is_wanted).take(limit).map(info).collect()
        } else {
            oldest_first.filter(is_wanted).take(limit).map(info).collect()
        };
        Ok(Page::new(found, query.limit))
    }

    async fn get(&self, key: EventKey) -> Result<Option<StoredEvent>, InboxError> {
        let store = self.store();
        let stored = store.events.get(&key).map(|entry| StoredEvent {
            info: entry.info(key, self.clock.now()),
            data: entry.has_data.then(|| entry.event.data().to_owned()),
        });
        Ok(stored)
    }

    async fn replay(&self, which: Select, max: u32) -> Result<u64, InboxError> {
        Ok(self.store().replay(&which, max, self.clock.now()))
    }

    async fn depth(&self) -> Result<Depth, InboxError> {
        Ok(self.store().depth(self.clock.now()))
    }

    async fn prune(&self, older_than: Duration, max: u32) -> Result<u64, InboxError> {
        let Some(done_before) = self.clock.now().checked_sub(older_than) else { return Ok(0) };
        Ok(self.store().prune(done_before, max))
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::ALL
    }

    async fn discard(&self, which: Select, max: u32) -> Result<u64, InboxError> {
        Ok(self.store().discard(&which, max, self.clock.now()))
    }

    async fn forget(&self, older_than: Duration, max: u32) -> Result<u64, InboxError> {
        let Some(done_before) = self.clock.now().checked_sub(older_than) else { return Ok(0) };
        Ok(self.store().forget(done_before, max))
    }

    async fn expedite(&self, longest_delay: Duration, max: u32) -> Result<u64, InboxError> {
        Ok(self.store().expedite(longest_delay, max, self.clock.now()))
    }

    async fn next_due(&self) -> Result<Option<Duration>, InboxError> {
        Ok(self.store().next_due(self.clock.now()))
    }

    async fn claim_dead(&self, max: u32, claim_for: Duration) -> Result<Vec<LeaseToken>, InboxError> {
        Ok(self.store().claim_dead(max, claim_for, self.clock.now()))
    }

    async fn announced(&self, claims: Vec<LeaseToken>) -> Result<u64, InboxError> {
        Ok(self.store().announced(&claims))
    }

    async fn contains_ids(&self, ids: Vec<String>, _: Option<SystemTime>) -> Result<Vec<bool>, InboxError> {
        let store = self.store();
        let stored: HashSet<&str> = store.events.values().map(|record| record.event.id()).collect();
        Ok(ids.iter().map(|id| stored.contains(&**id)).collect())
    }

    async fn attempts(&self, key: EventKey) -> Result<Vec<AttemptInfo>, InboxError> {
        Ok(self.store().events.get(&key).map(|record| record.history.clone()).unwrap_or_default())
    }

    async fn error_groups(&self, limit: u32) -> Result<Vec<ErrorGroup>, InboxError> {
        Ok(self.store().error_groups(limit))
    }

    async fn add_figures(&self, figures: Vec<(String, Figures)>) -> Result<(), InboxError> {
        self.sums().add(figures, self.clock.now());
        Ok(())
    }

    async fn statistics(
        &self,
        range: Range<SystemTime>,
        step: Duration,
    ) -> Result<Vec<StatisticsStep>, InboxError> {
        Ok(self.sums().between(&range, step))
    }

    async fn prune_figures(&self, minutes: Duration, hours: Duration, max: u32) -> Result<u64, InboxError> {
        Ok(self.sums().prune(minutes, hours, max, self.clock.now()))
    }

    async fn add_audit(&self, record: AuditRecord) -> Result<(), InboxError> {
        self.sums().add_audit(record, self.clock.now());
        Ok(())
    }

    async fn prune_audit(&self, older_than: Duration, max: u32) -> Result<u64, InboxError> {
        Ok(self.sums().prune_audit(older_than, max, self.clock.now()))
    }

    async fn audit(&self, before: Option<u64>, limit: u32) -> Result<Vec<AuditEntry>, InboxError> {
        Ok(self.sums().audit(before, limit))
    }

    async fn pause(&self, pattern: String) -> Result<bool, InboxError> {
        Ok(self.store().paused.insert(paused_pattern(pattern)))
    }

    async fn resume(&self, pattern: String) -> Result<bool, InboxError> {
        Ok(self.store().paused.remove(&paused_pattern(pattern)))
    }

    async fn paused(&self) -> Result<Vec<String>, InboxError> {
        Ok(self.store().paused.iter().cloned().collect())
    }
}
