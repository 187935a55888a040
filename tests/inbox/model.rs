//! Every store agrees with a simple model, for any operations in any order.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    time::Duration,
};

use panora_hooks::inbox::{
    Decision, EventKey, EventState, Filter, Inbox, LeaseRequest, LeaseToken, NewEvent, ParkReason, Put,
    Query, Select, Settled, Settlement,
};
use proptest::{collection::vec, prelude::*, sample::Index, test_runner::TestRunner};
use tokio::runtime::Runtime;

use crate::{
    events::event,
    stores::{self, Store},
    support::is_long,
};

/// The unit of time, in seconds. It is long enough that the duration of the test does not matter.
const UNIT: u64 = 1000;

/// The longest that an event is delayed or leased, in units.
const LONGEST: u64 = 100;

/// An operation on a store, or on its clock. Times are in units.
#[derive(Debug, Clone)]
enum Step {
    Put(Vec<Spec>),
    Lease {
        max: u32,
        units: u64,
    },
    Decision(Vec<(Index, How)>),
    /// The clock of the store jumps while it runs, back if the number is negative.
    Jump(i64),
    /// The store repairs events that wait longer than allowed.
    Expedite {
        max: u32,
        and_wait: bool,
    },
    Replay(EventState),
    ReplayOne(Index),
    Prune {
        age: u64,
    },
    Forget {
        age: u64,
    },
    Discard(Option<EventState>),
    Restart,
}

/// One of a few events, so that many share a property.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Spec {
    content: u8,
    id: u8,
    wire_type: u8,
    is_list: bool,
    is_unhandled: bool,
}

#[derive(Debug, Clone, Copy)]
enum How {
    Complete,
    Retry(u64),
    Bury,
    Extend(u64),
    Release,
}

impl Spec {
    fn event(self) -> NewEvent {
        let Self { content, id, wire_type, is_list, is_unhandled } = self;
        let data = if is_list { format!("[{content}]") } else { format!(r#"{{"a":{content}}}"#) };
        let event = event(&id.to_string(), &format!("type {wire_type}"), &data);
        if is_unhandled { event.parked(ParkReason::Unhandled) } else { event }
    }

    fn is_same(self, other: Self) -> bool {
        self.has_same_content(other) && (self.id, self.wire_type) == (other.id, other.wire_type)
    }

    fn has_same_content(self, other: Self) -> bool {
        (self.content, self.is_list) == (other.content, other.is_list)
    }
}

impl How {
    fn decision(self) -> Decision {
        match self {
            Self::Complete => Decision::Complete,
            Self::Retry(delay) => Decision::RetryAfter(units(delay)),
            Self::Bury => Decision::Bury("no use".to_owned()),
            Self::Extend(lease) => Decision::Extend(units(lease)),
            Self::Release => Decision::Release,
        }
    }
}

fn units(units: u64) -> Duration {
    Duration::from_secs(units * UNIT)
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let spec = (0..3u8, 0..3u8, 0..2u8, any::<bool>(), prop::bool::weighted(0.1)).prop_map(
        |(content, id, wire_type, is_list, is_unhandled)| Spec {
            content,
            id,
            wire_type,
            is_list,
            is_unhandled,
        },
    );
    let how = prop_oneof![
        4 => Just(How::Complete),
        2 => (0..=LONGEST).prop_map(How::Retry),
        1 => Just(How::Bury),
        1 => (1..=LONGEST).prop_map(How::Extend),
        1 => Just(How::Release),
    ];
    let state = prop::sample::select(EventState::ALL);
    let step = prop_oneof![
        6 => vec(spec, 0..6).prop_map(Step::Put),
        6 => (0..5u32, 1..=LONGEST).prop_map(|(max, units)| Step::Lease { max, units }),
        6 => vec((any::<Index>(), how), 1..4).prop_map(Step::Decision),
        3 => (-50..150i64).prop_map(Step::Jump),
        // A clock that is wrong by a year, in either direction.
        1 => prop::sample::select(vec![-30_000, 30_000i64]).prop_map(Step::Jump),
        2 => (prop::sample::select(vec![1, 1000u32]), any::<bool>())
            .prop_map(|(max, and_wait)| Step::Expedite { max, and_wait }),
        1 => state.prop_map(Step::Replay),
        1 => any::<Index>().prop_map(Step::ReplayOne),
        1 => (0..100u64).prop_map(|age| Step::Prune { age }),
        1 => (0..100u64).prop_map(|age| Step::Forget { age }),
        1 => prop::option::of(prop::sample::select(EventState::ALL)).prop_map(Step::Discard),
        1 => Just(Step::Restart),
    ];
    vec(step, 1..40)
}

/// The expected contents of a store.
#[derive(Default)]
struct Model {
    now: i64,
    entries: BTreeMap<EventKey, Entry>,
    /// All tokens that the store has returned.
    tokens: Vec<LeaseToken>,
    /// All keys that the store has returned.
    keys: BTreeSet<EventKey>,
}

#[derive(Debug)]
struct Entry {
    spec: Spec,
    attempts: u32,
    has_data: bool,
    place: Place,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Place {
    Waiting { due: i64 },
    Leased { until: i64, token: LeaseToken },
    Parked(ParkReason),
    Dead,
    Done { at: i64 },
}

impl Entry {
    fn due(&self) -> Option<i64> {
        match self.place {
            Place::Waiting { due } | Place::Leased { until: due, .. } => Some(due),
            _ => None,
        }
    }

    fn state(&self, now: i64) -> EventState {
        match self.place {
            _ if self.due().is_some_and(|due| due <= now) => EventState::Ready,
            Place::Waiting { .. } => EventState::Delayed,
            Place::Leased { .. } => EventState::Leased,
            Place::Parked(_) => EventState::Parked,
            Place::Dead => EventState::Dead,
            Place::Done { .. } => EventState::Done,
        }
    }

    fn was_done_by(&self, time: i64) -> bool {
        matches!(self.place, Place::Done { at } if at <= time)
    }

    fn is_replayable(&self, now: i64) -> bool {
        self.has_data && !matches!(self.state(now), EventState::Ready | EventState::Leased)
    }
}

impl Model {
    fn put(&mut self, spec: Spec, put: Put) {
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
            (Put::Stored(key), None) => (key, Place::Waiting { due: self.now }),
            (Put::Parked(key, reason), Some(park)) if reason == park => (key, Place::Parked(park)),
            _ => panic!("{put:?} instead of {park:?}"),
        };
        let new = Entry { spec, attempts: 0, has_data: true, place };
        assert!(self.keys.insert(key), "{key} was given before");
        self.entries.insert(key, new);
    }

    fn discard(&mut self, state: Option<EventState>) -> u64 {
        let now = self.now;
        let over = |entry: &&mut Entry| match (state, entry.state(now)) {
            (_, EventState::Done) => false,
            (Some(state), found) => state == found,
            (None, found) => matches!(found, EventState::Parked | EventState::Dead),
        };
        let discard = |entry: &mut Entry| {
            entry.has_data = false;
            entry.place = Place::Done { at: now };
        };
        self.entries.values_mut().filter(over).map(discard).count() as u64
    }

    async fn lease(&mut self, inbox: &impl Inbox, max: u32, lease: u64) {
        let leased = inbox.lease(LeaseRequest::new(max, units(lease))).await.unwrap();
        let now = self.now;
        let due = |entry: &Entry| entry.due().filter(|due| *due <= now);
        let mut ready: Vec<_> = self.entries.values().filter_map(due).collect();
        ready.sort_unstable();
        ready.truncate(max as usize);
        let mut dues = Vec::new();
        for leased in leased {
            let token = leased.token;
            let entry = self.entries.get_mut(&token.key()).unwrap();
            dues.push(due(entry).expect("it is not ready"));
            let was_leased = matches!(entry.place, Place::Leased { .. });
            entry.attempts += 1;
            assert_eq!((leased.attempt, leased.is_interrupted), (entry.attempts, was_leased));
            assert_eq!(leased.data, entry.spec.event().data());
            entry.place = Place::Leased { until: now + lease.cast_signed(), token };
            assert!(!self.tokens.contains(&token));
            self.tokens.push(token);
        }
        dues.sort_unstable();
        assert_eq!(dues, ready);
    }

    fn settle(&mut self, token: LeaseToken, how: How, settled: Settled) {
        let now = self.now;
        let entry = self.entries.get_mut(&token.key());
        let is_held =
            |entry: &&mut Entry| matches!(entry.place, Place::Leased { token: held, .. } if held == token);
        let Some(entry) = entry.filter(is_held) else {
            assert_eq!(settled, Settled::Stale);
            return;
        };
        entry.place = match (how, settled) {
            (How::Extend(lease), Settled::Applied) => {
                Place::Leased { until: now + lease.cast_signed(), token }
            }
            (How::Complete, Settled::Applied) => Place::Done { at: now },
            (How::Retry(delay), Settled::Applied) => Place::Waiting { due: now + delay.cast_signed() },
            (How::Bury, Settled::Applied) => Place::Dead,
            (How::Release, Settled::Applied) => {
                entry.attempts -= 1;
                Place::Waiting { due: now }
            }
            _ => panic!("{settled:?} of {how:?}"),
        };
    }

    fn replay(&mut self, is_selected: impl Fn(EventKey, &Entry) -> bool) -> u64 {
        let now = self.now;
        let selected = self
            .entries
            .iter_mut()
            .filter(|(key, entry)| entry.is_replayable(now) && is_selected(**key, entry));
        let replayed = selected.map(|(_, entry)| {
            entry.attempts = 0;
            entry.place = Place::Waiting { due: now };
        });
        replayed.count() as u64
    }

    /// Repairs all events that wait too long, `max` at a time.
    async fn expedite(&mut self, inbox: &impl Inbox, max: u32) {
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
                Place::Waiting { due } if *due > latest => *due = now,
                Place::Leased { until, .. } if *until > latest => *until = latest,
                _ => continue,
            }
            late += 1;
        }
        assert_eq!(expedited, late);
    }

    /// Checks that the contents of the store agree with the model.
    async fn check(&self, inbox: &impl Inbox) {
        let now = self.now;
        let items = inbox.list(Query::default().limit(1000)).await.unwrap().items;
        let shown: Vec<_> = items.iter().map(|info| info.key).collect();
        let keys: Vec<_> = self.entries.keys().copied().collect();
        assert_eq!(shown, keys);
        let mut counts = HashMap::new();
        for (info, entry) in items.iter().zip(self.entries.values()) {
            let state = entry.state(now);
            let reason = match entry.place {
                Place::Parked(reason) => Some(reason.as_str()),
                Place::Dead => Some("no use"),
                _ => None,
            };
            assert_eq!(info.state, state, "{entry:?}");
            assert_eq!(info.attempts, entry.attempts, "{entry:?}");
            assert_eq!(info.reason.as_deref(), reason, "{entry:?}");
            let size = entry.has_data.then(|| entry.spec.event().data().len() as u64);
            assert_eq!(info.size, size, "{entry:?}");
            *counts.entry(state).or_insert(0) += 1;
        }
        let depth = inbox.depth().await.unwrap();
        for (state, shown) in [
            (EventState::Ready, depth.ready),
            (EventState::Delayed, depth.delayed),
            (EventState::Leased, depth.leased),
            (EventState::Parked, depth.parked),
            (EventState::Dead, depth.dead),
        ] {
            assert_eq!(shown, counts.get(&state).copied().unwrap_or(0), "{state}");
        }
        assert_eq!(depth.oldest_ready.is_some(), counts.contains_key(&EventState::Ready));
    }
}

async fn run(mut store: impl Store, steps: Vec<Step>) {
    let mut model = Model::default();
    let mut inbox = store.inbox();
    for step in steps {
        match step {
            Step::Put(specs) => {
                let puts = inbox.put(specs.iter().map(|spec| spec.event()).collect()).await.unwrap();
                assert_eq!(puts.len(), specs.len());
                let last = model.keys.last().copied();
                for (spec, put) in specs.into_iter().zip(puts) {
                    let is_new = !matches!(put, Put::Duplicate(_));
                    assert!(!is_new || Some(put.key()) > last, "{put:?} after {last:?}");
                    model.put(spec, put);
                }
            }
            Step::Lease { max, units } => model.lease(&inbox, max, units).await,
            Step::Decision(which) => {
                if model.tokens.is_empty() {
                    continue;
                }
                let items: Vec<_> =
                    which.iter().map(|(index, how)| (*index.get(&model.tokens), *how)).collect();
                let settles =
                    items.iter().map(|(token, how)| Settlement::new(*token, how.decision())).collect();
                let settled = inbox.settle(settles).await.unwrap();
                for ((token, how), settled) in items.into_iter().zip(settled) {
                    model.settle(token, how, settled);
                }
            }
            Step::Jump(units) => {
                store.jump(units * UNIT.cast_signed() * 1_000_000).await;
                model.now += units;
            }
            Step::Expedite { max, and_wait } => {
                model.expedite(&inbox, max).await;
                if and_wait {
                    store.jump((LONGEST * UNIT * 1_000_000).cast_signed()).await;
                    model.now += LONGEST.cast_signed();
                    let depth = inbox.depth().await.unwrap();
                    assert_eq!((depth.delayed.number(), depth.leased.number()), (0, 0), "they wait too long");
                }
            }
            Step::Replay(state) => {
                let replayed = inbox.replay(Select::All(Filter::new().state(state)), 1000).await.unwrap();
                let now = model.now;
                assert_eq!(replayed, model.replay(|_, entry| entry.state(now) == state));
            }
            Step::ReplayOne(index) => {
                let keys: Vec<_> = model.entries.keys().copied().collect();
                if keys.is_empty() {
                    continue;
                }
                let chosen = *index.get(&keys);
                let replayed = inbox.replay(Select::Keys(vec![chosen]), 1).await.unwrap();
                assert_eq!(replayed, model.replay(|key, _| key == chosen));
            }
            Step::Prune { age } => {
                let pruned = inbox.prune(units(age), 1000).await.unwrap();
                let time = model.now - age.cast_signed();
                let old =
                    model.entries.values_mut().filter(|entry| entry.has_data && entry.was_done_by(time));
                assert_eq!(pruned, old.map(|entry| entry.has_data = false).count() as u64);
            }
            Step::Forget { age } => {
                let forgotten = inbox.forget(units(age), 1000).await.unwrap();
                let time = model.now - age.cast_signed();
                let before = model.entries.len();
                model.entries.retain(|_, entry| entry.has_data || !entry.was_done_by(time));
                assert_eq!(forgotten, (before - model.entries.len()) as u64);
            }
            Step::Discard(state) => {
                let mut filter = Filter::new();
                filter.state = state;
                let which = Select::All(filter);
                let discarded = inbox.discard(which, 1000).await.unwrap();
                assert_eq!(discarded, model.discard(state));
            }
            Step::Restart => {
                drop(inbox);
                let are_leases_free = store.restart().await;
                inbox = store.inbox();
                for entry in model.entries.values_mut().filter(|_| are_leases_free) {
                    match &mut entry.place {
                        Place::Leased { until, .. } => *until = model.now.min(*until),
                        Place::Waiting { due } if entry.attempts == 0 => *due = model.now.min(*due),
                        _ => {}
                    }
                }
            }
        }
        model.check(&inbox).await;
    }
}

fn check<S: Store>(cases: u32, new: impl AsyncFn() -> Option<S>) {
    let runtime = Runtime::new().unwrap();
    let config = ProptestConfig {
        cases: if is_long() { cases * 50 } else { cases },
        failure_persistence: None,
        max_shrink_iters: 2000,
        ..ProptestConfig::default()
    };
    let test = |steps| {
        let Some(store) = runtime.block_on(new()) else { return Ok(()) };
        let run = std::panic::AssertUnwindSafe(|| runtime.block_on(run(store, steps)));
        let ended = std::panic::catch_unwind(run);
        ended.map_err(|_| TestCaseError::fail("the store does not do what the model does"))
    };
    TestRunner::new(config).run(&steps(), test).unwrap();
}

#[test]
fn memory_agrees_with_the_model() {
    check(500, async || Some(stores::Memory::new()));
}

#[test]
fn sqlite_agrees_with_the_model() {
    check(100, async || Some(stores::Sqlite::new()));
}

#[test]
fn postgres_agrees_with_the_model() {
    check(25, stores::Postgres::new);
}
