//! The record of one event.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use crate::inbox::{
    AttemptInfo, AttemptOutcome, AttemptReport, EventInfo, EventKey, EventState, Filter, Fingerprint,
    LeaseRequest, LeaseToken, Leased, NewEvent, ParkReason, Select, attempt::KEPT_ATTEMPTS,
};

pub(super) struct Record {
    pub(super) event: NewEvent,
    pub(super) has_data: bool,
    pub(super) attempts: u32,
    pub(super) run: u32,
    pub(super) state: RecordState,
    /// The announcement of the event's death, if it has to be made.
    pub(super) announce: Option<Announce>,
    /// The recorded attempts, oldest first.
    pub(super) history: Vec<AttemptInfo>,
}

pub(super) enum RecordState {
    /// The event is ready, or delayed.
    Due {
        due: SystemTime,
        /// The delay that the last decision asked for.
        asked: Duration,
    },
    Leased(Lease),
    /// The event waits for earlier ones of its lane.
    Waiting,
    Parked(ParkReason),
    Dead(String),
    Done {
        at: SystemTime,
        duration: Option<Duration>,
    },
}

pub(super) struct Announce {
    /// When it may be claimed: at once, or when its claim expires.
    pub(super) from: SystemTime,
    /// The last claim.
    pub(super) claim: u128,
}

pub(super) struct Lease {
    pub(super) until: SystemTime,
    pub(super) fence: u128,
    pub(super) started_at: SystemTime,
    pub(super) worker: Option<Arc<str>>,
}

impl RecordState {
    pub(super) fn ready(now: SystemTime) -> Self {
        Self::Due { due: now, asked: Duration::ZERO }
    }
}

impl Record {
    pub(super) fn new(event: NewEvent, state: RecordState) -> Self {
        Self { event, has_data: true, attempts: 0, run: 1, state, announce: None, history: Vec::new() }
    }

    /// Leases the event, and counts an attempt.
    pub(super) fn lease(
        &mut self,
        key: EventKey,
        fence: u128,
        request: &LeaseRequest,
        now: SystemTime,
    ) -> Leased {
        let is_interrupted = matches!(self.state, RecordState::Leased(_));
        self.note_interruption();
        self.attempts += 1;
        self.state = RecordState::Leased(Lease {
            until: later(now, request.lease_for),
            fence,
            started_at: now,
            worker: request.worker.clone(),
        });
        let event = &self.event;
        let (id, wire_type) = (event.id().to_owned(), event.wire_type().to_owned());
        let (token, data) = (LeaseToken::new(key, fence), event.data());
        Leased {
            attempt: self.attempts,
            run: self.run,
            is_interrupted,
            queue: event.queue().into(),
            lane: event.lane(),
            ..Leased::new(token, *event.content(), id, wire_type, data, event.received_at())
        }
    }

    /// Records the current attempt, which a worker reports.
    pub(super) fn report(&mut self, report: AttemptReport, now: SystemTime) {
        if !report.is_kept(self.attempts) {
            return;
        }
        self.keep(AttemptInfo {
            started_at: report.duration.map_or(Some(now), |duration| now.checked_sub(duration)),
            duration: report.duration,
            error: report.error,
            worker: Some(report.worker.to_string()),
            ..AttemptInfo::new(self.run, self.attempts, report.outcome)
        });
    }

    /// Records the current attempt if it was never settled.
    fn note_interruption(&mut self) {
        let RecordState::Leased(lease) = &self.state else { return };
        let attempt = AttemptInfo {
            started_at: Some(lease.started_at),
            worker: lease.worker.as_deref().map(str::to_owned),
            ..AttemptInfo::new(self.run, self.attempts, AttemptOutcome::Interrupted)
        };
        self.keep(attempt);
    }

    fn keep(&mut self, attempt: AttemptInfo) {
        self.history.push(attempt);
        if self.history.len() > 2 * KEPT_ATTEMPTS as usize {
            self.history.remove(KEPT_ATTEMPTS as usize);
        }
    }

    pub(super) fn drop_data(&mut self) {
        self.has_data = false;
        self.history = Vec::new();
    }

    /// Makes the event ready, with no attempts counted.
    pub(super) fn replay(&mut self, now: SystemTime) {
        if !matches!(self.state, RecordState::Due { .. } | RecordState::Parked(_)) {
            self.run += 1;
        }
        self.attempts = 0;
        self.announce = None;
        self.state = RecordState::ready(now);
    }

    /// Returns the fingerprint of the error of a dead event.
    pub(super) fn fingerprint(&self) -> Option<Fingerprint> {
        match &self.state {
            RecordState::Dead(reason) => Some(Fingerprint::of(reason)),
            _ => None,
        }
    }

    pub(super) fn ready_since(&self, now: SystemTime) -> Option<SystemTime> {
        match self.state {
            RecordState::Due { due: since, .. } | RecordState::Leased(Lease { until: since, .. }) => {
                (since <= now).then_some(since)
            }
            _ => None,
        }
    }

    /// Returns when the event becomes ready, if it waits for that.
    pub(super) fn ready_at(&self, now: SystemTime) -> Option<SystemTime> {
        match self.state {
            RecordState::Due { due: until, .. } | RecordState::Leased(Lease { until, .. }) => {
                (until > now).then_some(until)
            }
            _ => None,
        }
    }

    /// Returns since when the announcement of the event's death waits, if nobody has claimed it.
    pub(super) fn owed_since(&self, now: SystemTime) -> Option<SystemTime> {
        self.announce.as_ref().map(|announce| announce.from).filter(|from| *from <= now)
    }

    pub(super) fn state(&self, now: SystemTime) -> EventState {
        match self.state {
            _ if self.ready_since(now).is_some() => EventState::Ready,
            RecordState::Due { .. } => EventState::Delayed,
            RecordState::Leased(_) => EventState::Leased,
            RecordState::Waiting => EventState::Waiting,
            RecordState::Parked(_) => EventState::Parked,
            RecordState::Dead(_) => EventState::Dead,
            RecordState::Done { .. } => EventState::Done,
        }
    }

    pub(super) fn was_done_before(&self, time: SystemTime) -> bool {
        matches!(self.state, RecordState::Done { at, .. } if at < time)
    }

    pub(super) fn is_among(&self, which: &Select, key: EventKey, now: SystemTime) -> bool {
        match which {
            Select::Keys(keys) => keys.contains(&key),
            Select::All(filter) => self.is_selected(filter, now),
        }
    }

    pub(super) fn is_selected(&self, filter: &Filter, now: SystemTime) -> bool {
        filter.state.is_none_or(|state| state == self.state(now))
            && filter.wire_types().is_none_or(|types| types.contains(&self.event.wire_type()))
            && filter.received_before.is_none_or(|time| self.event.received_at() < time)
            && filter.received_from.is_none_or(|time| self.event.received_at() >= time)
            && filter.id.as_ref().is_none_or(|id| id == self.event.id())
            && filter.lane.is_none_or(|lane| self.event.lane() == Some(lane))
            && filter.error_group.is_none_or(|group| self.fingerprint() == Some(group))
    }

    pub(super) fn info(&self, key: EventKey, now: SystemTime) -> EventInfo {
        let (id, wire_type) = (self.event.id().to_owned(), self.event.wire_type().to_owned());
        let state = self.state(now);
        EventInfo {
            attempts: self.attempts,
            run: self.run,
            lane: self.event.lane(),
            until: self.ready_at(now),
            reason: match &self.state {
                RecordState::Parked(reason) => Some(reason.to_string()),
                RecordState::Dead(reason) => Some(reason.clone()),
                _ => None,
            },
            last_error: self.history.iter().rev().find_map(|attempt| attempt.error.clone()),
            done_at: match self.state {
                RecordState::Done { at, .. } => Some(at),
                _ => None,
            },
            duration: match self.state {
                RecordState::Done { duration, .. } => duration,
                _ => None,
            },
            size: self.has_data.then(|| self.event.data().len() as u64),
            ..EventInfo::new(key, id, wire_type, self.event.received_at(), state)
        }
    }
}

/// Returns the time after a duration, or after a thousand years if the duration is longer.
pub(super) fn later(now: SystemTime, duration: Duration) -> SystemTime {
    const LONGEST: Duration = Duration::from_secs(1000 * 365 * 24 * 60 * 60);
    now.checked_add(duration.min(LONGEST)).unwrap_or(now)
}
