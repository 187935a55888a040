//! The events of a `MemoryInbox`.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque, btree_map, hash_map::Entry},
    time::{Duration, SystemTime},
};

use super::record::{Announce, Lease, Record, RecordState, later};
use crate::inbox::{
    Count, Decision, Depth, ErrorGroup, EventKey, EventState, Fingerprint, Lane, LeaseRequest, LeaseToken,
    Leased, NewEvent, ParkReason, Put, Select, Settled, Settlement, event::MAX_REPLAYS,
    lease::MAX_LEASED_BYTES, share::Shares, time::CLOCK_STEP,
};

#[derive(Default)]
pub(super) struct Store {
    pub(super) events: BTreeMap<EventKey, Record>,
    identities: HashMap<[u8; 48], EventKey>,
    /// The events with each content.
    contents: HashMap<[u8; 32], BTreeSet<EventKey>>,
    leases: u128,
    last_key: u128,
    pub(super) paused: BTreeSet<String>,
    /// The events of each lane that are to run. The first one is the head.
    lanes: HashMap<Lane, VecDeque<EventKey>>,
}

impl Store {
    pub(super) fn put(&mut self, event: NewEvent, now: SystemTime) -> Put {
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
            None => RecordState::ready(now),
        };
        self.events.insert(key, Record::new(event, state));
        if park.is_none() {
            self.enter_lane(key);
        }
        park.map_or(Put::Stored(key), |reason| Put::Parked(key, reason))
    }

    pub(super) fn lease(&mut self, request: &LeaseRequest, now: SystemTime) -> Vec<Leased> {
        let shares = Shares::new(request);
        let candidate = |(key, entry): (&EventKey, &Record)| {
            let (group, _) = shares.of(entry.event.queue())?;
            if self.is_paused(entry) {
                return None;
            }
            Some((group, (entry.ready_since(now)?, *key)))
        };
        let chosen = shares.choose(self.events.iter().filter_map(candidate).collect());
        let mut bytes = 0;
        let mut leased = Vec::new();
        for (_, key) in chosen {
            let Some(entry) = self.events.get_mut(&key) else { continue };
            bytes += entry.event.data().len();
            if bytes > MAX_LEASED_BYTES as usize && !leased.is_empty() {
                break;
            }
            self.leases += 1;
            leased.push(entry.lease(key, self.leases, request, now));
        }
        leased
    }

    pub(super) fn apply(
        &mut self,
        Settlement { token, decision, attempt, announces }: Settlement,
        now: SystemTime,
    ) -> Settled {
        let Some(entry) = self.events.get_mut(&token.key()) else { return Settled::Stale };
        let RecordState::Leased(lease) = &mut entry.state else { return Settled::Stale };
        if lease.fence != token.fence() {
            return Settled::Stale;
        }
        if let Decision::Extend(lease_for) = decision {
            lease.until = later(now, lease_for);
            return Settled::Applied;
        }
        entry.announce =
            (announces && matches!(decision, Decision::Bury(_))).then_some(Announce { from: now, claim: 0 });
        let duration = attempt.as_ref().and_then(|attempt| attempt.duration);
        if let Some(attempt) = attempt
            && decision != Decision::Release
        {
            entry.report(attempt, now);
        }
        let is_over = matches!(decision, Decision::Complete | Decision::Bury(_));
        entry.state = match decision {
            Decision::Complete => RecordState::Done { at: now, duration },
            Decision::RetryAfter(delay) => RecordState::Due { due: later(now, delay), asked: delay },
            Decision::Bury(reason) => RecordState::Dead(reason),
            Decision::Release | Decision::Extend(_) => {
                entry.attempts -= 1;
                RecordState::ready(now)
            }
        };
        if is_over {
            self.leave_lane(token.key(), now);
        }
        Settled::Applied
    }

    /// Puts a ready event at the end of its lane. It stays ready if it is the head.
    fn enter_lane(&mut self, key: EventKey) {
        let Some(entry) = self.events.get_mut(&key) else { return };
        let Some(lane) = entry.event.lane() else { return };
        let events = self.lanes.entry(lane).or_default();
        if !events.is_empty() {
            entry.state = RecordState::Waiting;
        }
        events.push_back(key);
    }

    /// Removes an event from its lane, and makes the new head ready.
    fn leave_lane(&mut self, key: EventKey, now: SystemTime) {
        let lane = self.events.get(&key).and_then(|entry| entry.event.lane());
        let Some(Entry::Occupied(mut events)) = lane.map(|lane| self.lanes.entry(lane)) else { return };
        if events.get().front() != Some(&key) {
            events.get_mut().retain(|other| *other != key);
            return;
        }
        events.get_mut().pop_front();
        match events.get().front().copied() {
            Some(head) => {
                if let Some(head) = self.events.get_mut(&head) {
                    head.state = RecordState::ready(now);
                }
            }
            None => drop(events.remove()),
        }
    }

    pub(super) fn replay(&mut self, which: &Select, max: u32, now: SystemTime) -> u64 {
        let is_selected = |key: EventKey, entry: &Record| {
            entry.is_among(which, key, now)
                && entry.has_data
                && !matches!(entry.state(now), EventState::Ready | EventState::Waiting | EventState::Leased)
        };
        let mut replayed = 0;
        let mut over = Vec::new();
        for (key, entry) in &mut self.events {
            if replayed < max && is_selected(*key, entry) {
                replayed += 1;
                // A delayed event is still the head of its lane.
                if !matches!(entry.state, RecordState::Due { .. }) {
                    over.push(*key);
                }
                entry.replay(now);
            }
        }
        for key in over {
            self.enter_lane(key);
        }
        replayed.into()
    }

    pub(super) fn expedite(&mut self, longest_delay: Duration, max: u32, now: SystemTime) -> u64 {
        let latest = later(now, longest_delay);
        let is_late = |entry: &&mut Record| match entry.state {
            RecordState::Due { due, asked } => due > latest.max(later(now, asked + CLOCK_STEP)),
            RecordState::Leased(Lease { until, .. }) => until > latest,
            _ => false,
        };
        let repair = |entry: &mut Record| match &mut entry.state {
            RecordState::Leased(Lease { until, .. }) => *until = latest,
            state => *state = RecordState::ready(now),
        };
        self.events.values_mut().filter(is_late).take(max as usize).map(repair).count() as u64
    }

    pub(super) fn next_due(&self, now: SystemTime) -> Option<Duration> {
        let next = self.events.values().filter_map(|entry| entry.ready_at(now)).min();
        next.and_then(|next| next.duration_since(now).ok())
    }

    fn is_paused(&self, entry: &Record) -> bool {
        let queue = entry.event.queue();
        self.paused.iter().any(|pattern| match pattern.strip_suffix('*') {
            Some(prefix) => queue.starts_with(prefix),
            None => queue == pattern,
        })
    }

    pub(super) fn claim_dead(&mut self, max: u32, claim_for: Duration, now: SystemTime) -> Vec<LeaseToken> {
        let mut owed: Vec<_> = self
            .events
            .iter_mut()
            .filter_map(|(key, entry)| Some((entry.owed_since(now)?, *key, entry)))
            .collect();
        owed.sort_by_key(|(since, key, _)| (*since, *key));
        let last = &mut self.leases;
        let claim = |(_, key, entry): (SystemTime, EventKey, &mut Record)| {
            *last += 1;
            entry.announce = Some(Announce { from: later(now, claim_for), claim: *last });
            LeaseToken::new(key, *last)
        };
        owed.into_iter().take(max as usize).map(claim).collect()
    }

    pub(super) fn announced(&mut self, claims: &[LeaseToken]) -> u64 {
        let is_valid = |claim: &&LeaseToken| {
            let entry = self.events.get_mut(&claim.key());
            let announce = entry.and_then(|entry| entry.announce.take_if(|owed| owed.claim == claim.fence()));
            announce.is_some()
        };
        claims.iter().filter(is_valid).count() as u64
    }

    pub(super) fn depth(&self, now: SystemTime) -> Depth {
        let count = |state| {
            let entries = self.events.values().filter(|entry| entry.state(now) == state);
            Count::exactly(entries.count() as u64)
        };
        let ready = self.events.values().filter(|entry| entry.ready_since(now).is_some());
        let (paused, ready): (Vec<_>, Vec<_>) = ready.partition(|entry| self.is_paused(entry));
        let ready_since = ready.iter().filter_map(|entry| entry.ready_since(now)).min();
        Depth {
            ready: Count::exactly(ready.len() as u64),
            paused: Count::exactly(paused.len() as u64),
            waiting: count(EventState::Waiting),
            delayed: count(EventState::Delayed),
            leased: count(EventState::Leased),
            parked: count(EventState::Parked),
            dead: count(EventState::Dead),
            oldest_ready: ready_since.map(|since| now.duration_since(since).unwrap_or_default()),
        }
    }

    pub(super) fn prune(&mut self, done_before: SystemTime, max: u32) -> u64 {
        let is_prunable = |entry: &&mut Record| entry.has_data && entry.was_done_before(done_before);
        let prunable = self.events.values_mut().filter(is_prunable).take(max as usize);
        prunable.map(Record::drop_data).count() as u64
    }

    pub(super) fn discard(&mut self, which: &Select, max: u32, now: SystemTime) -> u64 {
        let selected = self.events.iter().filter(|(key, entry)| entry.is_among(which, **key, now));
        let over = selected.filter(|(_, entry)| which.discards(entry.state(now)));
        let over: Vec<_> = over.take(max as usize).map(|(key, _)| *key).collect();
        for key in &over {
            self.leave_lane(*key, now);
            if let Some(entry) = self.events.get_mut(key) {
                entry.drop_data();
                entry.announce = None;
                entry.state = RecordState::Done { at: now, duration: None };
            }
        }
        over.len() as u64
    }

    pub(super) fn forget(&mut self, done_before: SystemTime, max: u32) -> u64 {
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

    /// Returns the largest groups of dead events.
    pub(super) fn error_groups(&self, limit: u32) -> Vec<ErrorGroup> {
        let mut groups = BTreeMap::new();
        for entry in self.events.values() {
            let RecordState::Dead(reason) = &entry.state else { continue };
            let (fingerprint, event) = (Fingerprint::of(reason), &entry.event);
            let (wire_type, received_at) = (event.wire_type().to_owned(), event.received_at());
            let one = ErrorGroup::new(fingerprint, wire_type, received_at, reason.clone());
            match groups.entry((fingerprint, event.wire_type())) {
                btree_map::Entry::Vacant(place) => drop(place.insert(one)),
                btree_map::Entry::Occupied(mut group) => {
                    let group = group.get_mut();
                    group.count = Count::exactly(group.count.number() + 1);
                    (group.newest, group.example) = (received_at, one.example);
                }
            }
        }
        let mut groups: Vec<_> = groups.into_values().collect();
        groups.sort_by_key(|group| Reverse(group.count.number()));
        groups.truncate(limit as usize);
        groups
    }
}
