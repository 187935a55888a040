//! The expected state of one event.

use std::time::Duration;

use panora_hooks::inbox::{
    AttemptInfo, AttemptOutcome, AttemptReport, EventInfo, EventState, LeaseToken, ParkReason,
};

use super::step::Spec;

/// The first and the last attempts of an event that are recorded, as many of each.
const KEPT: usize = 20;

#[derive(Debug)]
pub struct Entry {
    pub spec: Spec,
    pub attempts: u32,
    pub run: u32,
    pub has_data: bool,
    pub place: Place,
    /// The recorded attempts, without the times at which they began.
    pub recorded: Vec<AttemptInfo>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Place {
    /// `asked` is the delay that the last decision asked for.
    Due {
        due: i64,
        asked: i64,
    },
    Leased {
        until: i64,
        token: LeaseToken,
        worker: Option<&'static str>,
    },
    /// The event waits for earlier ones of its lane.
    Waiting,
    Parked(ParkReason),
    Dead,
    Done {
        at: i64,
        duration: Option<Duration>,
    },
}

impl Entry {
    pub fn new(spec: Spec, place: Place) -> Self {
        Self { spec, attempts: 0, run: 1, has_data: true, place, recorded: Vec::new() }
    }

    pub fn due(&self) -> Option<i64> {
        match self.place {
            Place::Due { due, .. } | Place::Leased { until: due, .. } => Some(due),
            _ => None,
        }
    }

    pub fn state(&self, now: i64) -> EventState {
        match self.place {
            _ if self.due().is_some_and(|due| due <= now) => EventState::Ready,
            Place::Due { .. } => EventState::Delayed,
            Place::Leased { .. } => EventState::Leased,
            Place::Waiting => EventState::Waiting,
            Place::Parked(_) => EventState::Parked,
            Place::Dead => EventState::Dead,
            Place::Done { .. } => EventState::Done,
        }
    }

    pub fn was_done_by(&self, time: i64) -> bool {
        matches!(self.place, Place::Done { at, .. } if at <= time)
    }

    pub fn drop_data(&mut self) {
        self.has_data = false;
        self.recorded.clear();
    }

    /// Makes the event ready. Returns whether the event could be replayed.
    pub fn replay(&mut self, now: i64) -> bool {
        let is_to_run =
            matches!(self.state(now), EventState::Ready | EventState::Waiting | EventState::Leased);
        if !self.has_data || is_to_run {
            return false;
        }
        self.run += u32::from(matches!(self.place, Place::Dead | Place::Done { .. }));
        self.attempts = 0;
        self.place = Place::Due { due: now, asked: 0 };
        true
    }

    /// Records the current attempt if a worker reports it and it did not succeed at once.
    pub fn report(&mut self, report: AttemptReport) {
        if report.outcome.is_success() && self.attempts == 1 {
            return;
        }
        let mut attempt = AttemptInfo::new(self.run, self.attempts, report.outcome);
        attempt.duration = report.duration;
        attempt.error = report.error;
        attempt.worker = Some(report.worker.to_string());
        self.record(attempt);
    }

    /// Counts another attempt, and records the one before it if it was never settled. Returns
    /// whether it was not.
    pub fn lease(&mut self) -> bool {
        let interrupted = match self.place {
            Place::Leased { worker, .. } => Some(worker),
            _ => None,
        };
        if let Some(worker) = interrupted {
            let mut attempt = AttemptInfo::new(self.run, self.attempts, AttemptOutcome::Interrupted);
            attempt.worker = worker.map(str::to_owned);
            self.record(attempt);
        }
        self.attempts += 1;
        interrupted.is_some()
    }

    fn record(&mut self, attempt: AttemptInfo) {
        self.recorded.push(attempt);
        if self.recorded.len() > 2 * KEPT {
            self.recorded.remove(KEPT);
        }
    }

    /// Checks the record of the event in a store.
    pub fn check(&self, info: &EventInfo, now: i64) {
        let (reason, duration) = match self.place {
            Place::Parked(reason) => (Some(reason.as_str()), None),
            Place::Dead => (Some("no use"), None),
            Place::Done { duration, .. } => (None, duration),
            _ => (None, None),
        };
        assert_eq!(info.state, self.state(now), "{self:?}");
        assert_eq!(info.lane, self.spec.lane(), "{self:?}");
        assert_eq!((info.run, info.attempts), (self.run, self.attempts), "{self:?}");
        assert_eq!(info.reason.as_deref(), reason, "{self:?}");
        assert_eq!(info.duration, duration, "{self:?}");
        assert_eq!(info.done_at.is_some(), info.state == EventState::Done, "{self:?}");
        let last_error = self.recorded.iter().rev().find_map(|attempt| attempt.error.as_deref());
        assert_eq!(info.last_error.as_deref(), last_error, "{self:?}");
        let size = self.has_data.then(|| self.spec.event().data().len() as u64);
        assert_eq!(info.size, size, "{self:?}");
    }
}
