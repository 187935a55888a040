//! The table of events in memory.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    mem,
    time::Duration,
};

use panora_hooks::inbox::{
    Count, Decision, Depth, EventInfo, EventKey, EventState, InboxError, Leased, NewEvent, ParkReason, Put,
    Query, Select, Settled, Settlement, StoredEvent,
};

use super::{
    file::{Line, Place, State},
    record::Record,
    whole_micros,
};

#[derive(Default)]
pub struct Table {
    records: BTreeMap<EventKey, Record>,
    identities: HashMap<[u8; 48], EventKey>,
    contents: HashSet<[u8; 32]>,
    /// The changes of events since the lines were last taken.
    lines: Vec<Line>,
}

impl Table {
    pub fn read(lines: Vec<Line>) -> Self {
        let mut table = Self::default();
        for line in lines {
            table.apply(line);
        }
        table
    }

    pub fn take_lines(&mut self) -> Vec<Line> {
        mem::take(&mut self.lines)
    }

    /// Changes the table. Every change goes through here, so reading the file yields the same
    /// table.
    fn apply(&mut self, line: Line) {
        match line {
            Line::Event { key, content, name, id, wire_type, data, received } => {
                let Ok(key) = key.parse() else { return };
                let mut identity = [0; 48];
                identity[..32].copy_from_slice(&content);
                identity[32..].copy_from_slice(&name);
                self.identities.insert(identity, key);
                self.contents.insert(content);
                let state =
                    State { attempts: 0, leases: 0, has_data: true, place: Place::Waiting { due: received } };
                self.records.insert(key, Record { content, id, wire_type, data, received, state });
            }
            Line::Changed { key, state } => {
                let Some(record) = key.parse().ok().and_then(|key| self.records.get_mut(&key)) else {
                    return;
                };
                if !state.has_data {
                    record.data.clear();
                }
                record.state = state;
            }
        }
    }

    fn write(&mut self, line: Line) {
        self.lines.push(line.clone());
        self.apply(line);
    }

    fn change(&mut self, key: EventKey, change: impl FnOnce(&mut State)) {
        let Some(mut state) = self.records.get(&key).map(|record| record.state.clone()) else { return };
        change(&mut state);
        self.write(Line::Changed { key: key.to_string(), state });
    }

    /// Returns a key with the time in the upper 48 bits, so that keys are in the order of storing,
    /// and random bits below. It is greater than the last key, even if the clock was set back.
    fn new_key(&self, now: u64) -> EventKey {
        let random = fastrand::u128(..) >> 48;
        let ulid = u128::from(now / 1000) << 80 | random;
        let next = self.records.keys().next_back().map_or(0, |last| last.number() + 1);
        EventKey::new(ulid.max(next))
    }

    pub fn put(&mut self, event: &NewEvent, now: u64) -> Put {
        let identity = event.identity();
        if let Some(key) = self.identities.get(&identity) {
            return Put::Duplicate(*key);
        }
        let is_replayed = event.is_unique() && self.contents.contains(event.content());
        let park = if is_replayed { Some(ParkReason::Replayed) } else { event.park_reason() };
        let key = self.new_key(now);
        let mut name = [0; 16];
        name.copy_from_slice(&identity[32..]);
        self.write(Line::Event {
            key: key.to_string(),
            content: *event.content(),
            name,
            id: event.id().to_owned(),
            wire_type: event.wire_type().to_owned(),
            data: event.data().to_owned(),
            received: super::micros(event.received_at()),
        });
        self.change(key, |state| {
            state.place = match park {
                Some(reason) => Place::Parked { reason: reason.to_string() },
                None => Place::Waiting { due: now },
            };
        });
        park.map_or(Put::Stored(key), |reason| Put::Parked(key, reason))
    }

    pub fn lease(&mut self, max: usize, now: u64, lease_for: u64) -> Vec<Leased> {
        let ready = self.records.iter().filter_map(|(key, record)| Some((record.ready_since(now)?, *key)));
        let mut ready: Vec<_> = ready.collect();
        ready.sort_unstable();
        ready.truncate(max);
        let mut leased = Vec::new();
        for (_, key) in ready {
            let is_interrupted = matches!(self.records[&key].state.place, Place::Leased { .. });
            self.change(key, |state| {
                state.attempts += 1;
                state.leases += 1;
                state.place = Place::Leased { until: now.saturating_add(lease_for) };
            });
            leased.push(self.records[&key].leased(key, is_interrupted));
        }
        leased
    }

    pub fn settle(&mut self, settlement: Settlement, now: u64) -> Result<Settled, InboxError> {
        let (key, fence) = (settlement.token.key(), settlement.token.fence());
        let is_held = self.records.get(&key).is_some_and(|record| {
            matches!(record.state.place, Place::Leased { .. }) && u128::from(record.state.leases) == fence
        });
        if !is_held {
            return Ok(Settled::Stale);
        }
        let later = |delay: Duration| now.saturating_add(whole_micros(delay));
        let (place, attempts) = match settlement.decision {
            Decision::Complete => (Place::Done { at: now }, 0),
            Decision::RetryAfter(delay) => (Place::Waiting { due: later(delay) }, 0),
            Decision::Bury(reason) => (Place::Dead { reason }, 0),
            Decision::Extend(lease_for) => (Place::Leased { until: later(lease_for) }, 0),
            Decision::Release => (Place::Waiting { due: now }, 1),
            // A decision of a later version of the library.
            _ => return Err(InboxError::Unsupported("this decision")),
        };
        self.change(key, |state| {
            state.place = place;
            state.attempts -= attempts;
        });
        Ok(Settled::Applied)
    }

    pub fn end_leases(&mut self, now: u64) {
        let leased =
            self.records.iter().filter(|(_, record)| matches!(record.state.place, Place::Leased { .. }));
        let keys: Vec<_> = leased.map(|(key, _)| *key).collect();
        for key in keys {
            self.change(key, |state| state.place = Place::Leased { until: now });
        }
    }

    pub fn list(&self, query: &Query, now: u64) -> Vec<EventInfo> {
        let is_after = |key: &EventKey| match query.after {
            Some(after) if query.newest_first => *key < after,
            Some(after) => *key > after,
            None => true,
        };
        let mut keys: Vec<_> = self.records.keys().copied().filter(is_after).collect();
        if query.newest_first {
            keys.reverse();
        }
        let records = keys.into_iter().map(|key| (key, &self.records[&key]));
        let found = records.filter(|(_, record)| record.is_in(&query.filter, now));
        // One more than requested shows whether the page is the last.
        found.take(query.limit as usize + 1).map(|(key, record)| record.info(key, now)).collect()
    }

    pub fn get(&self, key: EventKey, now: u64) -> Option<StoredEvent> {
        let record = self.records.get(&key)?;
        Some(StoredEvent::new(record.info(key, now), record.state.has_data.then(|| record.data.clone())))
    }

    pub fn depth(&self, now: u64) -> Depth {
        let count = |state| {
            let records = self.records.values().filter(|record| record.state(now) == state);
            Count::exactly(records.count() as u64)
        };
        let mut depth = Depth::default();
        depth.ready = count(EventState::Ready);
        depth.delayed = count(EventState::Delayed);
        depth.leased = count(EventState::Leased);
        depth.parked = count(EventState::Parked);
        depth.dead = count(EventState::Dead);
        let oldest = self.records.values().filter_map(|record| record.ready_since(now)).min();
        depth.oldest_ready = oldest.map(|since| Duration::from_micros(now - since));
        depth
    }

    pub fn replay(&mut self, which: &Select, max: usize, now: u64) -> Result<u64, InboxError> {
        let is_over = |record: &Record| {
            record.state.has_data && !matches!(record.state(now), EventState::Ready | EventState::Leased)
        };
        let keys = self.selected(which, now, max, is_over)?;
        for key in &keys {
            self.change(*key, |state| {
                state.attempts = 0;
                state.place = Place::Waiting { due: now };
            });
        }
        Ok(keys.len() as u64)
    }

    pub fn discard(&mut self, which: &Select, max: usize, now: u64) -> Result<u64, InboxError> {
        let keys = self.selected(which, now, max, |record| which.discards(record.state(now)))?;
        for key in &keys {
            self.change(*key, |state| {
                state.has_data = false;
                state.place = Place::Done { at: now };
            });
        }
        Ok(keys.len() as u64)
    }

    pub fn prune(&mut self, done_before: u64, max: usize) -> u64 {
        let is_old = |record: &Record| {
            record.state.has_data && matches!(record.state.place, Place::Done { at } if at < done_before)
        };
        let old = self.records.iter().filter(|(_, record)| is_old(record));
        let keys: Vec<_> = old.take(max).map(|(key, _)| *key).collect();
        for key in &keys {
            self.change(*key, |state| state.has_data = false);
        }
        keys.len() as u64
    }

    /// Returns up to `max` selected events that the operation applies to, oldest first.
    fn selected(
        &self,
        which: &Select,
        now: u64,
        max: usize,
        applies: impl Fn(&Record) -> bool,
    ) -> Result<Vec<EventKey>, InboxError> {
        let keys: Option<HashSet<EventKey>> = match which {
            Select::Keys(keys) => Some(keys.iter().copied().collect()),
            Select::All(_) => None,
            _ => return Err(InboxError::Unsupported("this selection")),
        };
        let is_selected = |key: &EventKey, record: &Record| match (which, &keys) {
            (_, Some(keys)) => keys.contains(key),
            (Select::All(filter), None) => record.is_in(filter, now),
            _ => false,
        };
        let found = self.records.iter().filter(|(key, record)| is_selected(key, record) && applies(record));
        Ok(found.take(max).map(|(key, _)| *key).collect())
    }
}
