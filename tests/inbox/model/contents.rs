//! The expected contents of a store.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use panora_hooks::inbox::{
    EventKey, EventState, Filter, Inbox, LeaseRequest, LeaseToken, ParkReason, Put, Query, QueueGroup,
    Settled, Settlement,
};

use super::{
    LONGEST, UNIT,
    entry::{Entry, Place},
    step::{Group, How, LANES, QUEUES, Report, Spec, lane},
    units,
};

/// Returns the group of an event. Without groups, all events are in the first one.
fn group_of(entry: &Entry, groups: Option<[Group; QUEUES.len()]>) -> usize {
    if groups.is_some() { entry.spec.wire_type } else { 0 }
}

/// Returns the order in which events are leased: by the number of events that the group runs by
/// then, and by time. The events of each group are given by their times.
fn ranked(dues: [Vec<i64>; QUEUES.len()], groups: [Group; QUEUES.len()]) -> Vec<(u32, i64)> {
    let mut ranked = Vec::new();
    for (mut dues, (max, running)) in dues.into_iter().zip(groups) {
        dues.sort_unstable();
        dues.truncate(max as usize);
        ranked.extend((running + 1..).zip(dues));
    }
    ranked.sort_unstable();
    ranked
}

/// The expected contents of a store.
#[derive(Default)]
pub struct Model {
    pub now: i64,
    pub entries: BTreeMap<EventKey, Entry>,
    /// All tokens that the store has returned.
    pub tokens: Vec<LeaseToken>,
    /// All keys that the store has returned.
    pub keys: BTreeSet<EventKey>,
    /// The events of each lane that are to run, in order.
    lanes: [VecDeque<EventKey>; LANES as usize],
    pub paused: BTreeSet<&'static str>,
}

impl Model {
    pub fn put(&mut self, spec: Spec, put: Put) {
        let there = self.entries.iter().find(|(_, entry)| entry.spec.is_same(spec)).map(|(key, _)| *key);
        if let Some(key) = there {
            assert_eq!(put, Put::Duplicate(key));
            return;
        }
        let is_known = self.entries.values().any(|entry| entry.spec.has_same_content(spec));
        let park = match (spec.is_list, is_known) {
            (false, true) => Some(ParkReason::Replayed),
            _ => spec.is_unhandled.then_some(ParkReason::Unhandled),
        };
        let (key, place) = match (put, park) {
            (Put::Stored(key), None) => (key, Place::Due { due: self.now, asked: 0 }),
            (Put::Parked(key, reason), Some(park)) if reason == park => (key, Place::Parked(park)),
            _ => panic!("{put:?} instead of {park:?}"),
        };
        assert!(self.keys.insert(key), "{key} was given before");
        self.entries.insert(key, Entry::new(spec, place));
        if park.is_none() {
            self.enter_lane(key);
        }
    }

    /// Puts a ready event at the end of its lane.
    fn enter_lane(&mut self, key: EventKey) {
        let entry = self.entries.get_mut(&key).unwrap();
        let Some(lane) = entry.spec.lane else { return };
        let lane = &mut self.lanes[usize::from(lane)];
        if !lane.is_empty() {
            entry.place = Place::Waiting;
        }
        lane.push_back(key);
    }

    /// Removes an event from its lane. If it was the head, the next one becomes ready.
    fn leave_lane(&mut self, key: EventKey) {
        let Some(lane) = self.entries[&key].spec.lane else { return };
        let lane = &mut self.lanes[usize::from(lane)];
        let was_head = lane.front() == Some(&key);
        lane.retain(|other| *other != key);
        if let Some(head) = lane.front().filter(|_| was_head) {
            self.entries.get_mut(head).unwrap().place = Place::Due { due: self.now, asked: 0 };
        }
    }

    fn is_paused(&self, entry: &Entry) -> bool {
        let queue = QUEUES[entry.spec.wire_type];
        self.paused.iter().any(|pattern| match pattern.strip_suffix('*') {
            Some(start) => queue.starts_with(start),
            None => queue == *pattern,
        })
    }

    pub fn prune(&mut self, age: i64) -> u64 {
        let time = self.now - age;
        let old = self.entries.values_mut().filter(|entry| entry.has_data && entry.was_done_by(time));
        old.map(Entry::drop_data).count() as u64
    }

    pub fn forget(&mut self, age: i64) -> u64 {
        let (time, before) = (self.now - age, self.entries.len());
        self.entries.retain(|_, entry| entry.has_data || !entry.was_done_by(time));
        (before - self.entries.len()) as u64
    }

    pub fn discard(&mut self, state: Option<EventState>) -> u64 {
        let now = self.now;
        let is_over = |entry: &Entry| match (state, entry.state(now)) {
            (_, EventState::Done) => false,
            (Some(state), found) => state == found,
            (None, found) => matches!(found, EventState::Parked | EventState::Dead),
        };
        let over = self.entries.iter().filter(|(_, entry)| is_over(entry)).map(|(key, _)| *key);
        let over: Vec<_> = over.collect();
        for key in &over {
            self.leave_lane(*key);
            let entry = self.entries.get_mut(key).unwrap();
            entry.drop_data();
            entry.place = Place::Done { at: now, duration: None };
        }
        over.len() as u64
    }

    pub async fn lease(
        &mut self,
        inbox: &impl Inbox,
        max: u32,
        lease: u64,
        worker: Option<&'static str>,
        groups: Option<[Group; QUEUES.len()]>,
    ) {
        let mut request = LeaseRequest::new(max, units(lease));
        request.worker = worker.map(Into::into);
        for (queue, (max, running)) in QUEUES.iter().zip(groups.into_iter().flatten()) {
            let group = match *queue {
                "" => QueueGroup::others(max),
                queue => QueueGroup::new([queue.into()], max),
            };
            request.groups.push(group.running(running));
        }
        let leased = inbox.lease(request).await.unwrap();
        let now = self.now;
        let due = |entry: &Entry| entry.due().filter(|due| *due <= now);
        let mut ready: [Vec<_>; QUEUES.len()] = Default::default();
        for entry in self.entries.values().filter(|entry| !self.is_paused(entry)) {
            ready[group_of(entry, groups)].extend(due(entry));
        }
        let groups_or_one = groups.unwrap_or([(max, 0); QUEUES.len()]);
        let expected = ranked(ready, groups_or_one).into_iter().enumerate();
        let expected = expected.filter(|(place, (rank, _))| *place < max as usize || *rank == 1);
        let expected: Vec<_> = expected.map(|(_, ranked)| ranked).collect();
        let mut found: [Vec<_>; QUEUES.len()] = Default::default();
        for leased in leased {
            let token = leased.token;
            assert!(!self.is_paused(&self.entries[&token.key()]), "it is paused");
            let entry = self.entries.get_mut(&token.key()).unwrap();
            found[group_of(entry, groups)].push(due(entry).expect("it is not ready"));
            let is_interrupted = entry.lease();
            let (attempt, run) = (leased.attempt, leased.run);
            assert_eq!((attempt, run, leased.is_interrupted), (entry.attempts, entry.run, is_interrupted));
            assert_eq!(leased.data, entry.spec.event().data());
            assert_eq!(leased.queue, QUEUES[entry.spec.wire_type]);
            entry.place = Place::Leased { until: now + lease.cast_signed(), token, worker };
            assert!(!self.tokens.contains(&token));
            self.tokens.push(token);
        }
        let everything = groups_or_one.map(|(_, running)| (u32::MAX, running));
        assert_eq!(ranked(found, everything), expected);
    }

    pub async fn settle(&mut self, inbox: &impl Inbox, settlements: Vec<(LeaseToken, How, Option<Report>)>) {
        let settlement = |(token, how, report): &(LeaseToken, How, Option<Report>)| {
            let mut settlement = Settlement::new(*token, how.decision());
            settlement.attempt = report.map(|report| report.of(*how));
            settlement
        };
        let settled = inbox.settle(settlements.iter().map(settlement).collect()).await.unwrap();
        for ((token, how, report), settled) in settlements.into_iter().zip(settled) {
            self.apply(token, how, report, settled);
        }
    }

    fn apply(&mut self, token: LeaseToken, how: How, report: Option<Report>, settled: Settled) {
        let now = self.now;
        let entry = self.entries.get_mut(&token.key());
        let is_held =
            |entry: &&mut Entry| matches!(entry.place, Place::Leased { token: held, .. } if held == token);
        let Some(entry) = entry.filter(is_held) else {
            assert_eq!(settled, Settled::Stale);
            return;
        };
        assert_eq!(settled, Settled::Applied);
        if let (How::Extend(lease), Place::Leased { until, .. }) = (how, &mut entry.place) {
            *until = now + lease.cast_signed();
            return;
        }
        let report = report.map(|report| report.of(how));
        let duration = report.as_ref().and_then(|report| report.duration);
        if let (false, Some(report)) = (matches!(how, How::Release), report) {
            entry.report(report);
        }
        entry.place = match how {
            How::Complete => Place::Done { at: now, duration },
            How::Retry(delay) => {
                let asked = delay.cast_signed();
                Place::Due { due: now + asked, asked }
            }
            How::Bury => Place::Dead,
            How::Release | How::Extend(_) => {
                entry.attempts -= 1;
                Place::Due { due: now, asked: 0 }
            }
        };
        if matches!(how, How::Complete | How::Bury) {
            self.leave_lane(token.key());
        }
    }

    pub fn replay(&mut self, is_selected: impl Fn(EventKey, &Entry) -> bool) -> u64 {
        let now = self.now;
        let mut replayed = Vec::new();
        for (key, entry) in self.entries.iter_mut().filter(|(key, entry)| is_selected(**key, entry)) {
            let is_in_lane = matches!(entry.place, Place::Due { .. });
            if entry.replay(now) {
                replayed.push((*key, is_in_lane));
            }
        }
        for (key, _) in replayed.iter().filter(|(_, is_in_lane)| !is_in_lane) {
            self.enter_lane(*key);
        }
        replayed.len() as u64
    }

    /// Repairs all events that wait too long, `max` at a time.
    pub async fn expedite(&mut self, inbox: &impl Inbox, max: u32) {
        let mut expedited = 0;
        loop {
            let round = inbox.expedite(units(LONGEST), max).await.unwrap();
            assert!(round <= max.into());
            expedited += round;
            if round < u64::from(max) {
                break;
            }
        }
        let (now, latest) = (self.now, self.now + LONGEST.cast_signed());
        let mut late = 0;
        for entry in self.entries.values_mut() {
            match &mut entry.place {
                Place::Due { due, asked } if *due > latest.max(now + *asked) => {
                    (*due, *asked) = (now, 0);
                }
                Place::Leased { until, .. } if *until > latest => *until = latest,
                _ => continue,
            }
            late += 1;
        }
        assert_eq!(expedited, late);
    }

    /// Checks that the contents of the store agree with the model.
    pub async fn check(&self, inbox: &impl Inbox) {
        let items = inbox.list(Query::default().limit(1000)).await.unwrap().items;
        let shown: Vec<_> = items.iter().map(|info| info.key).collect();
        let keys: Vec<_> = self.entries.keys().copied().collect();
        assert_eq!(shown, keys);
        let (mut counts, mut paused) = (HashMap::new(), 0);
        for (info, (key, entry)) in items.iter().zip(&self.entries) {
            entry.check(info, self.now);
            let is_head = self.lanes.iter().any(|lane| lane.front() == Some(key));
            assert_eq!(info.is_head(), is_head, "{entry:?}");
            let mut attempts = inbox.attempts(*key).await.unwrap();
            for attempt in &mut attempts {
                assert!(attempt.started_at.take().is_some(), "{attempt:?}");
            }
            assert_eq!(attempts, entry.recorded, "{entry:?}");
            if info.state == EventState::Ready && self.is_paused(entry) {
                paused += 1;
            } else {
                *counts.entry(info.state).or_insert(0) += 1;
            }
        }
        for number in 0..LANES {
            let shown = inbox.list(Query::new(Filter::new().lane(lane(number))).limit(1000)).await.unwrap();
            let expected = items.iter().filter(|info| info.lane == Some(lane(number)));
            assert_eq!(shown.items, expected.cloned().collect::<Vec<_>>());
        }
        let middle = items.len() / 2;
        let newest_first = Query::default().newest_first().limit(1000);
        let after = items.get(middle).map(|info| info.key);
        let mut older = inbox.list(newest_first.after(after)).await.unwrap().items;
        older.reverse();
        assert_eq!(older, items[..middle]);
        let depth = inbox.depth().await.unwrap();
        for (state, shown) in [
            (EventState::Ready, depth.ready),
            (EventState::Waiting, depth.waiting),
            (EventState::Delayed, depth.delayed),
            (EventState::Leased, depth.leased),
            (EventState::Parked, depth.parked),
            (EventState::Dead, depth.dead),
        ] {
            assert_eq!(shown, counts.get(&state).copied().unwrap_or(0), "{state}");
        }
        assert_eq!(depth.paused, paused);
        let waiting = self.entries.values().filter_map(Entry::due).filter(|due| *due > self.now);
        let next = waiting.min().map(|due| (due - self.now).unsigned_abs());
        // The clock has advanced by less than a unit since the model read it.
        let shown = inbox.next_due().await.unwrap();
        assert_eq!(shown.map(|shown| shown.as_secs() / UNIT + 1), next);
        assert_eq!(depth.oldest_ready.is_some(), counts.contains_key(&EventState::Ready));
    }
}
