//! The operations on a store.

use std::time::Duration;

use panora_hooks::inbox::{AttemptOutcome, AttemptReport, Decision, EventState, Lane, NewEvent, ParkReason};
use proptest::{collection::vec, prelude::*, sample::Index};

use super::{LONGEST, LONGEST_RETRY, units};
use crate::events::event;

/// The queue of each type.
pub const QUEUES: [&str; 3] = ["one", "two", ""];

/// The patterns that are paused: of one queue, of several and of none.
pub const PATTERNS: [&str; 5] = ["one", "two", "", "*", "t*"];

/// The number of lanes.
pub const LANES: u8 = 2;

/// The most events to lease from a queue, and how many of them run already.
pub type Group = (u32, u32);

/// An operation on a store, or on its clock. Times are in units.
#[derive(Debug, Clone)]
pub enum Step {
    Put(Vec<Spec>),
    Lease {
        max: u32,
        units: u64,
        worker: Option<&'static str>,
        groups: Option<[Group; QUEUES.len()]>,
    },
    Decision(Vec<(Index, How, Option<Report>)>),
    /// Events are leased and fail as often as this.
    Failures(u32),
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
    Pause(&'static str),
    Resume(&'static str),
    Restart,
}

/// Returns the lane with a number.
pub fn lane(number: u8) -> Lane {
    Lane::from_bytes([number; 16])
}

/// One of a few events, so that many share a property.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spec {
    content: u8,
    id: u8,
    /// The place of the event's queue in [`QUEUES`].
    pub wire_type: usize,
    pub is_list: bool,
    pub is_unhandled: bool,
    pub lane: Option<u8>,
}

#[derive(Debug, Clone, Copy)]
pub enum How {
    Complete,
    Retry(u64),
    Bury,
    Extend(u64),
    Release,
}

/// The report of a worker about an attempt that it settles.
#[derive(Debug, Clone, Copy)]
pub struct Report {
    /// How the attempt ends, unless its event is done.
    failure: AttemptOutcome,
    millis: Option<u64>,
    error: Option<u32>,
}

impl Spec {
    pub fn event(self) -> NewEvent {
        let Self { content, id, wire_type, is_list, is_unhandled, .. } = self;
        let data = if is_list { format!("[{content}]") } else { format!(r#"{{"a":{content}}}"#) };
        let event = event(&id.to_string(), &format!("type {wire_type}"), &data);
        let mut event = event.in_queue(QUEUES[wire_type]);
        if let Some(lane) = self.lane() {
            event = event.in_lane(lane);
        }
        if is_unhandled { event.parked(ParkReason::Unhandled) } else { event }
    }

    pub fn lane(self) -> Option<Lane> {
        self.lane.map(lane)
    }

    pub fn is_same(self, other: Self) -> bool {
        self.has_same_content(other) && (self.id, self.wire_type) == (other.id, other.wire_type)
    }

    pub fn has_same_content(self, other: Self) -> bool {
        (self.content, self.is_list) == (other.content, other.is_list)
    }
}

impl How {
    pub fn decision(self) -> Decision {
        match self {
            Self::Complete => Decision::Complete,
            Self::Retry(delay) => Decision::RetryAfter(units(delay)),
            Self::Bury => Decision::Bury("no use".to_owned()),
            Self::Extend(lease) => Decision::Extend(units(lease)),
            Self::Release => Decision::Release,
        }
    }
}

impl Report {
    pub fn failed(number: u32) -> Self {
        Self { failure: AttemptOutcome::Failed, millis: Some(number.into()), error: Some(number) }
    }

    pub fn of(self, how: How) -> AttemptReport {
        let is_handled = matches!(how, How::Complete);
        let outcome = if is_handled { AttemptOutcome::Handled } else { self.failure };
        let mut report = AttemptReport::new(outcome, "a worker that settles".into());
        report.duration = self.millis.map(Duration::from_millis);
        report.error = self.error.filter(|_| !is_handled).map(|number| format!("error {number}"));
        report
    }
}

pub fn steps() -> impl Strategy<Value = Vec<Step>> {
    let lane = prop::option::weighted(0.6, 0..LANES);
    let spec = (0..3u8, 0..3u8, 0..QUEUES.len(), any::<bool>(), prop::bool::weighted(0.1), lane).prop_map(
        |(content, id, wire_type, is_list, is_unhandled, lane)| Spec {
            content,
            id,
            wire_type,
            is_list,
            is_unhandled,
            lane,
        },
    );
    let how = prop_oneof![
        4 => Just(How::Complete),
        2 => (0..=LONGEST_RETRY).prop_map(How::Retry),
        1 => Just(How::Bury),
        1 => (1..=LONGEST).prop_map(How::Extend),
        1 => Just(How::Release),
    ];
    let failures: Vec<_> =
        AttemptOutcome::ALL.iter().copied().filter(|outcome| !outcome.is_success()).collect();
    let report = (
        prop::sample::select(failures),
        prop::option::weighted(0.8, 0..100_000u64),
        prop::option::weighted(0.8, 0..100u32),
    )
        .prop_map(|(failure, millis, error)| Report { failure, millis, error });
    let report = prop::option::weighted(0.8, report);
    let worker = prop::option::of(Just("a worker that leases"));
    let group = (0..4u32, 0..3u32);
    let groups = prop::option::of([group.clone(), group.clone(), group]);
    let state = prop::sample::select(EventState::ALL);
    let step = prop_oneof![
        6 => vec(spec, 0..6).prop_map(Step::Put),
        6 => (0..5u32, 1..=LONGEST, worker, groups)
            .prop_map(|(max, units, worker, groups)| Step::Lease { max, units, worker, groups }),
        6 => vec((any::<Index>(), how, report), 1..4).prop_map(Step::Decision),
        1 => (1..60u32).prop_map(Step::Failures),
        3 => (-50..150i64).prop_map(Step::Jump),
        // A clock that is wrong by a year, in either direction.
        1 => prop::sample::select(vec![-30_000, 30_000i64]).prop_map(Step::Jump),
        2 => (prop::sample::select(vec![1, 1000u32]), any::<bool>())
            .prop_map(|(max, and_wait)| Step::Expedite { max, and_wait }),
        2 => state.prop_map(Step::Replay),
        2 => any::<Index>().prop_map(Step::ReplayOne),
        1 => (0..100u64).prop_map(|age| Step::Prune { age }),
        1 => (0..100u64).prop_map(|age| Step::Forget { age }),
        1 => prop::option::of(prop::sample::select(EventState::ALL)).prop_map(Step::Discard),
        1 => prop::sample::select(&PATTERNS[..]).prop_map(Step::Pause),
        2 => prop::sample::select(&PATTERNS[..]).prop_map(Step::Resume),
        1 => Just(Step::Restart),
    ];
    vec(step, 1..40)
}
