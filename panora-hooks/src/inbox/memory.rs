//! `MemoryInbox`, for tests.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, hash_map::Entry},
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use super::{
    Capabilities, Count, Decision, Depth, EventInfo, EventKey, EventState, Filter, Inbox, InboxError,
    LeaseRequest, LeaseToken, Leased, NewEvent, Page, ParkReason, Put, Query, Select, Settled, Settlement,
    StoredEvent, clock::Clock, event::MAX_REPLAYS, lease::MAX_LEASED_BYTES,
};

/// An inbox in memory, for tests. It passes the same tests as the other stores.
///
/// The events are lost when the program ends, so a 2xx does *not* mean that the event is safe.
#[derive(Clone, Default)]
pub struct MemoryInbox {
    store: Arc<Mutex<Store>>,
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
}

impl fmt::Debug for MemoryInbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryInbox").finish_non_exhaustive()
    }
}

#[derive(Default)]
struct Store {
    events: BTreeMap<EventKey, Record>,
    identities: HashMap<[u8; 48], EventKey>,
    /// The events with each content.
    contents: HashMap<[u8; 32], BTreeSet<EventKey>>,
    leases: u128,
    last_key: u128,
}

struct Record {
    event: NewEvent,
    has_data: bool,
    attempts: u32,
    state: RecordState,
}

#[derive(Clone)]
enum RecordState {
    Waiting { due: SystemTime },
    Leased { until: SystemTime, fence: u128 },
    Parked(ParkReason),
    Dead(String),
    Done(SystemTime),
}

impl Store {
    fn put(&mut self, event: NewEvent, now: SystemTime) -> Put {
        let identity = event.identity();
        if let Some(&there) = self.identities.get(&identity) {
            return Put::Duplicate(there);
        }
        let same = self.contents.entry(*event.content()).or_default();
        let original = same.first().filter(|_| event.is_unique()).copied();
        if let Some(original) = original
            && same.len() > MAX_REPLAYS
        {
            return Put::Duplicate(original);
        }
        let park = if original.is_some() { Some(ParkReason::Replayed) } else { event.park_reason() };
        self.last_key += 1;
        let key = EventKey::new(self.last_key);
        same.insert(key);
        self.identities.insert(identity, key);
        let event = match original.and_then(|original| self.events.get(&original)) {
            Some(original) => event.with_data_of(&original.event),
            None => event.without_body(),
        };
        let state = match park {
            Some(reason) => RecordState::Parked(reason),
            None => RecordState::Waiting { due: now },
        };
        self.events.insert(key, Record { event, has_data: true, attempts: 0, state });
        park.map_or(Put::Stored(key), |reason| Put::Parked(key, reason))
    }

    fn lease(&mut self, LeaseRequest { max, lease_for, .. }: LeaseRequest, now: SystemTime) -> Vec<Leased> {
        let mut ready: Vec<_> = self
            .events
            .iter_mut()
            .filter_map(|(key, entry)| entry.ready_since(now).map(|since| (since, *key, entry)))
            .collect();
        ready.sort_by_key(|(since, key, _)| (*since, *key));
        let last = &mut self.leases;
        let lease = |(_, key, entry): (SystemTime, EventKey, &mut Record)| {
            *last += 1;
            entry.attempts += 1;
            let token = LeaseToken::new(key, *last);
            let event = &entry.event;
            let leased = Leased {
                attempt: entry.attempts,
                is_interrupted: matches!(entry.state, RecordState::Leased { .. }),
                ..Leased::new(
                    token,
                    *event.content(),
                    event.id().to_owned(),
                    event.wire_type().to_owned(),
                    event.data(),
                    event.received_at(),
                )
            };
            entry.state = RecordState::Leased { until: later(now, lease_for), fence: *last };
            leased
        };
        let mut bytes = 0;
        let fits = |(_, _, entry): &(SystemTime, EventKey, &mut Record)| {
            let is_first = bytes == 0;
            bytes += entry.event.data().len();
            is_first || bytes <= MAX_LEASED_BYTES as usize
        };
        ready.into_iter().take(max as usize).take_while(fits).map(lease).collect()
    }

    fn apply(&mut self, Settlement { token, decision, .. }: Settlement, now: SystemTime) -> Settled {
        let Some(entry) = self.events.get_mut(&token.key()) else { return Settled::Stale };
        match entry.state {
            RecordState::Leased { fence, .. } if fence == token.fence() => {}
            _ => return Settled::Stale,
        }
        entry.state = match decision {
            Decision::Complete => RecordState::Done(now),
            Decision::RetryAfter(delay) => RecordState::Waiting { due: later(now, delay) },
            Decision::Bury(reason) => RecordState::Dead(reason),
            Decision::Extend(lease_for) => {
                RecordState::Leased { until: later(now, lease_for), fence: token.fence() }
            }
            Decision::Release => {
                entry.attempts -= 1;
                RecordState::Waiting { due: now }
            }
        };
        Settled::Applied
    }

    fn replay(&mut self, which: &Select, max: u32, now: SystemTime) -> u64 {
        let selected = self.events.iter_mut().filter(|(key, entry)| {
            entry.is_among(which, **key, now)
                && entry.has_data
                && !matches!(entry.state(now), EventState::Ready | EventState::Leased)
        });
        let replay = |(_, entry): (&EventKey, &mut Record)| {
            entry.attempts = 0;
            entry.state = RecordState::Waiting { due: now };
        };
        selected.take(max as usize).map(replay).count() as u64
    }

    fn expedite(&mut self, longest_delay: Duration, max: u32, now: SystemTime) -> u64 {
        let latest = later(now, longest_delay);
        let late = self.events.values_mut().filter_map(|entry| match &mut entry.state {
            RecordState::Waiting { due } if *due > latest => Some((due, now)),
            RecordState::Leased { until, .. } if *until > latest => Some((until, latest)),
            _ => None,
        });
        late.take(max as usize).map(|(due, corrected)| *due = corrected).count() as u64
    }

    fn depth(&self, now: SystemTime) -> Depth {
        let count = |state| {
            let entries = self.events.values().filter(|entry| entry.state(now) == state);
            Count::exactly(entries.count() as u64)
        };
        let ready_since = self.events.values().filter_map(|entry| entry.ready_since(now)).min();
        Depth {
            ready: count(EventState::Ready),
            delayed: count(EventState::Delayed),
            leased: count(EventState::Leased),
            parked: count(EventState::Parked),
            dead: count(EventState::Dead),
            oldest_ready: ready_since.map(|since| now.duration_since(since).unwrap_or_default()),
        }
    }

    fn prune(&mut self, done_before: SystemTime, max: u32) -> u64 {
        let is_prunable = |entry: &&mut Record| entry.has_data && entry.was_done_before(done_before);
        let prunable = self.events.values_mut().filter(is_prunable).take(max as usize);
        prunable.map(|entry| entry.has_data = false).count() as u64
    }

    fn discard(&mut self, which: &Select, max: u32, now: SystemTime) -> u64 {
        let selected = self.events.iter_mut().filter(|(key, entry)| entry.is_among(which, **key, now));
        let over = selected.filter(|(_, entry)| which.discards(entry.state(now)));
        let discard = |(_, entry): (&EventKey, &mut Record)| {
            entry.has_data = false;
            entry.state = RecordState::Done(now);
        };
        over.take(max as usize).map(discard).count() as u64
    }

    fn forget(&mut self, done_before: SystemTime, max: u32) -> u64 {
        let is_over = |entry: &Record| !entry.has_data && entry.was_done_before(done_before);
        let over = self.events.iter().filter(|(_, entry)| is_over(entry)).map(|(key, _)| *key);
        let over: Vec<_> = over.take(max as usize).collect();
        for key in &over {
            let Some(Record { event, .. }) = self.events.remove(key) else { continue };
            self.identities.remove(&event.identity());
            if let Entry::Occupied(mut same) = self.contents.entry(*event.content()) {
                same.get_mut().remove(key);
                if same.get().is_empty() {
                    same.remove();
                }
            }
        }
        over.len() as u64
    }
}

/// Returns the time after a duration, or after a thousand years if the duration is longer.
fn later(now: SystemTime, duration: Duration) -> SystemTime {
    const LONGEST: Duration = Duration::from_secs(1000 * 365 * 24 * 60 * 60);
    now.checked_add(duration.min(LONGEST)).unwrap_or(now)
}

impl Record {
    fn ready_since(&self, now: SystemTime) -> Option<SystemTime> {
        match self.state {
            RecordState::Waiting { due: since } | RecordState::Leased { until: since, .. } => {
                (since <= now).then_some(since)
            }
            _ => None,
        }
    }

    fn state(&self, now: SystemTime) -> EventState {
        match self.state {
            _ if self.ready_since(now).is_some() => EventState::Ready,
            RecordState::Waiting { .. } => EventState::Delayed,
            RecordState::Leased { .. } => EventState::Leased,
            RecordState::Parked(_) => EventState::Parked,
            RecordState::Dead(_) => EventState::Dead,
            RecordState::Done(_) => EventState::Done,
        }
    }

    fn was_done_before(&self, time: SystemTime) -> bool {
        matches!(self.state, RecordState::Done(at) if at < time)
    }

    fn is_among(&self, which: &Select, key: EventKey, now: SystemTime) -> bool {
        match which {
            Select::Keys(keys) => keys.contains(&key),
            Select::All(filter) => self.is_selected(filter, now),
        }
    }

    fn is_selected(&self, filter: &Filter, now: SystemTime) -> bool {
        filter.state.is_none_or(|state| state == self.state(now))
            && filter.wire_types().is_none_or(|types| types.contains(&self.event.wire_type()))
            && filter.received_before.is_none_or(|time| self.event.received_at() < time)
    }

    fn info(&self, key: EventKey, now: SystemTime) -> EventInfo {
        let (id, wire_type) = (self.event.id().to_owned(), self.event.wire_type().to_owned());
        let state = self.state(now);
        EventInfo {
            attempts: self.attempts,
            until: match self.state {
                RecordState::Waiting { due: until } | RecordState::Leased { until, .. } if until > now => {
                    Some(until)
                }
                _ => None,
            },
            reason: match &self.state {
                RecordState::Parked(reason) => Some(reason.to_string()),
                RecordState::Dead(reason) => Some(reason.clone()),
                _ => None,
            },
            size: self.has_data.then(|| self.event.data().len() as u64),
            ..EventInfo::new(key, id, wire_type, self.event.received_at(), state)
        }
    }
}

impl Inbox for MemoryInbox {
    async fn put(&self, batch: Vec<NewEvent>) -> Result<Vec<Put>, InboxError> {
        let (mut store, now) = (self.store(), self.clock.now());
        Ok(batch.into_iter().map(|event| store.put(event, now)).collect())
    }

    async fn lease(&self, request: LeaseRequest) -> Result<Vec<Leased>, InboxError> {
        Ok(self.store().lease(request, self.clock.now()))
    }

    async fn settle(&self, settlements: Vec<Settlement>) -> Result<Vec<Settled>, InboxError> {
        let (mut store, now) = (self.store(), self.clock.now());
        Ok(settlements.into_iter().map(|settlement| store.apply(settlement, now)).collect())
    }

    async fn list(&self, query: Query) -> Result<Page<EventInfo>, InboxError> {
        let (store, now) = (self.store(), self.clock.now());
        let found = store.events.iter().filter(|(key, entry)| {
            query.after.is_none_or(|after| after < **key) && entry.is_selected(&query.filter, now)
        });
        let found = found.take(query.limit as usize + 1).map(|(key, entry)| entry.info(*key, now));
        Ok(Page::new(found.collect(), query.limit))
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
}
