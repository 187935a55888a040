//! `MemoryInbox`.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fmt,
    future::{self, Future},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use super::{
    Depth, EventInfo, EventKey, EventState, Filter, Inbox, InboxError, LeaseToken, Leased, NewEvent, Page,
    ParkReason, Put, Query, Select, Settle, Settled, StoredEvent, clock::Clock, lease::MAX_LEASED_BYTES,
};

/// An inbox that is gone when the program ends: for tests, where it is held to what the other stores are held to.
///
/// With it a 2xx does *not* mean that the event is safe.
#[derive(Clone, Default)]
pub struct MemoryInbox {
    store: Arc<Mutex<Store>>,
    clock: Clock,
}

impl MemoryInbox {
    /// An empty inbox.
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
        // A panic elsewhere leaves nothing half done: each operation is one step.
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
    events: BTreeMap<EventKey, Entry>,
    identities: HashMap<[u8; 48], EventKey>,
    contents: HashSet<[u8; 32]>,
    leases: i64,
    last_key: i64,
}

struct Entry {
    event: NewEvent,
    has_data: bool,
    attempts: u32,
    place: Place,
}

#[derive(Clone)]
enum Place {
    Waiting { due: SystemTime },
    Leased { until: SystemTime, fence: i64 },
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
        let is_replayed = event.is_unique() && self.contents.contains(event.content());
        let park = if is_replayed { Some(ParkReason::Replayed) } else { event.park_reason() };
        self.last_key += 1;
        let number = EventKey::new(self.last_key);
        self.identities.insert(identity, number);
        self.contents.insert(*event.content());
        let place = match park {
            Some(reason) => Place::Parked(reason),
            None => Place::Waiting { due: now },
        };
        self.events.insert(number, Entry { event: event.without_body(), has_data: true, attempts: 0, place });
        park.map_or(Put::Stored(number), |reason| Put::Parked(number, reason))
    }

    fn lease(&mut self, max: u32, lease_for: Duration, now: SystemTime) -> Vec<Leased> {
        let mut ready: Vec<_> = self
            .events
            .iter_mut()
            .filter_map(|(key, entry)| entry.ready_since(now).map(|since| (since, *key, entry)))
            .collect();
        ready.sort_by_key(|(since, key, _)| (*since, *key));
        let last = &mut self.leases;
        let lease = |(_, key, entry): (SystemTime, EventKey, &mut Entry)| {
            *last += 1;
            entry.attempts += 1;
            let token = LeaseToken::new(key, *last);
            let event = &entry.event;
            let leased = Leased {
                attempt: entry.attempts,
                is_interrupted: matches!(entry.place, Place::Leased { .. }),
                ..Leased::new(
                    token,
                    *event.content(),
                    event.id().to_owned(),
                    event.wire_type().to_owned(),
                    event.data(),
                    event.received_at(),
                )
            };
            entry.place = Place::Leased { until: now + lease_for, fence: *last };
            leased
        };
        let mut bytes = 0;
        let fits = |(_, _, entry): &(SystemTime, EventKey, &mut Entry)| {
            let is_first = bytes == 0;
            bytes += entry.event.data().len();
            is_first || bytes <= MAX_LEASED_BYTES as usize
        };
        ready.into_iter().take(max as usize).take_while(fits).map(lease).collect()
    }

    fn settle(&mut self, token: LeaseToken, settle: Settle, now: SystemTime) -> Settled {
        let Some(entry) = self.events.get_mut(&token.event()) else { return Settled::Stale };
        match entry.place {
            Place::Leased { fence, .. } if fence == token.fence() => {}
            _ => return Settled::Stale,
        }
        entry.place = match settle {
            Settle::Complete => Place::Done(now),
            Settle::RetryAfter(delay) => Place::Waiting { due: now + delay },
            Settle::Bury(reason) => Place::Dead(reason),
            Settle::Extend(lease_for) => Place::Leased { until: now + lease_for, fence: token.fence() },
            Settle::Release => {
                entry.attempts -= 1;
                Place::Waiting { due: now }
            }
        };
        Settled::Settled
    }

    fn replay(&mut self, which: &Select, now: SystemTime) -> u64 {
        let mut replayed = 0;
        for (key, entry) in &mut self.events {
            let is_over = !matches!(entry.state(now), EventState::Ready | EventState::Leased);
            if entry.is_among(which, *key, now) && is_over && entry.has_data {
                entry.attempts = 0;
                entry.place = Place::Waiting { due: now };
                replayed += 1;
            }
        }
        replayed
    }

    fn depth(&self, now: SystemTime) -> Depth {
        let mut depth = Depth::default();
        for entry in self.events.values() {
            match entry.state(now) {
                EventState::Ready => depth.ready += 1,
                EventState::Delayed => depth.delayed += 1,
                EventState::Leased => depth.leased += 1,
                EventState::Parked => depth.parked += 1,
                EventState::Dead => depth.dead += 1,
                EventState::Done => {}
            }
        }
        let ready_since = self.events.values().filter_map(|entry| entry.ready_since(now)).min();
        depth.oldest_ready = ready_since.map(|since| now.duration_since(since).unwrap_or_default());
        depth
    }

    fn prune(&mut self, done_before: SystemTime, max: u32) -> u64 {
        let is_prunable = |entry: &&mut Entry| entry.has_data && entry.was_done_before(done_before);
        let prunable = self.events.values_mut().filter(is_prunable).take(max as usize);
        prunable.map(|entry| entry.has_data = false).count() as u64
    }

    fn discard(&mut self, which: &Select, max: u32, now: SystemTime) -> u64 {
        let selected = self.events.iter_mut().filter(|(key, entry)| entry.is_among(which, **key, now));
        let over = selected.filter(|(_, entry)| matches!(entry.place, Place::Parked(_) | Place::Dead(_)));
        let discard = |(_, entry): (&EventKey, &mut Entry)| {
            entry.has_data = false;
            entry.place = Place::Done(now);
        };
        over.take(max as usize).map(discard).count() as u64
    }

    fn forget(&mut self, done_before: SystemTime, max: u32) -> u64 {
        let is_over = |entry: &Entry| !entry.has_data && entry.was_done_before(done_before);
        let over = self.events.iter().filter(|(_, entry)| is_over(entry)).map(|(key, _)| *key);
        let over: Vec<_> = over.take(max as usize).collect();
        for key in &over {
            if let Some(entry) = self.events.remove(key) {
                self.identities.remove(&entry.event.identity());
            }
        }
        self.contents = self.events.values().map(|entry| *entry.event.content()).collect();
        over.len() as u64
    }
}

impl Entry {
    fn ready_since(&self, now: SystemTime) -> Option<SystemTime> {
        match self.place {
            Place::Waiting { due: since } | Place::Leased { until: since, .. } => {
                (since <= now).then_some(since)
            }
            _ => None,
        }
    }

    fn state(&self, now: SystemTime) -> EventState {
        match self.place {
            _ if self.ready_since(now).is_some() => EventState::Ready,
            Place::Waiting { .. } => EventState::Delayed,
            Place::Leased { .. } => EventState::Leased,
            Place::Parked(_) => EventState::Parked,
            Place::Dead(_) => EventState::Dead,
            Place::Done(_) => EventState::Done,
        }
    }

    fn was_done_before(&self, time: SystemTime) -> bool {
        matches!(self.place, Place::Done(at) if at < time)
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
            until: match self.place {
                Place::Waiting { due: until } | Place::Leased { until, .. } if until > now => Some(until),
                _ => None,
            },
            reason: match &self.place {
                Place::Parked(reason) => Some(reason.to_string()),
                Place::Dead(reason) => Some(reason.clone()),
                _ => None,
            },
            size: self.has_data.then(|| self.event.data().len() as u64),
            ..EventInfo::new(key, id, wire_type, self.event.received_at(), state)
        }
    }
}

impl Inbox for MemoryInbox {
    fn put(&self, batch: Vec<NewEvent>) -> impl Future<Output = Result<Vec<Put>, InboxError>> + Send {
        let (mut store, now) = (self.store(), self.clock.now());
        future::ready(Ok(batch.into_iter().map(|event| store.put(event, now)).collect()))
    }

    fn lease(
        &self,
        max: u32,
        lease_for: Duration,
    ) -> impl Future<Output = Result<Vec<Leased>, InboxError>> + Send {
        future::ready(Ok(self.store().lease(max, lease_for, self.clock.now())))
    }

    fn settle(
        &self,
        items: Vec<(LeaseToken, Settle)>,
    ) -> impl Future<Output = Result<Vec<Settled>, InboxError>> + Send {
        let (mut store, now) = (self.store(), self.clock.now());
        let settled = items.into_iter().map(|(token, settle)| store.settle(token, settle, now));
        future::ready(Ok(settled.collect()))
    }

    fn list(&self, query: Query) -> impl Future<Output = Result<Page<EventInfo>, InboxError>> + Send {
        let (store, now) = (self.store(), self.clock.now());
        let found = store.events.iter().filter(|(key, entry)| {
            query.after.is_none_or(|after| after < **key) && entry.is_selected(&query.filter, now)
        });
        let found = found.take(query.limit as usize + 1).map(|(key, entry)| entry.info(*key, now));
        future::ready(Ok(Page::new(found.collect(), query.limit)))
    }

    fn get(&self, id: EventKey) -> impl Future<Output = Result<Option<StoredEvent>, InboxError>> + Send {
        let store = self.store();
        let stored = store.events.get(&id).map(|entry| StoredEvent {
            info: entry.info(id, self.clock.now()),
            data: entry.has_data.then(|| entry.event.data().to_owned()),
        });
        future::ready(Ok(stored))
    }

    fn replay(&self, which: Select) -> impl Future<Output = Result<u64, InboxError>> + Send {
        future::ready(Ok(self.store().replay(&which, self.clock.now())))
    }

    fn depth(&self) -> impl Future<Output = Result<Depth, InboxError>> + Send {
        future::ready(Ok(self.store().depth(self.clock.now())))
    }

    fn prune(
        &self,
        done_before: SystemTime,
        max: u32,
    ) -> impl Future<Output = Result<u64, InboxError>> + Send {
        future::ready(Ok(self.store().prune(done_before, max)))
    }

    fn discard(&self, which: Select, max: u32) -> impl Future<Output = Result<u64, InboxError>> + Send {
        future::ready(Ok(self.store().discard(&which, max, self.clock.now())))
    }

    fn forget(
        &self,
        done_before: SystemTime,
        max: u32,
    ) -> impl Future<Output = Result<u64, InboxError>> + Send {
        future::ready(Ok(self.store().forget(done_before, max)))
    }
}
