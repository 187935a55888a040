//! The record of a run: deliveries, acknowledgements and kills.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant, SystemTime},
};

use super::plan::{Kill, Plan};
use crate::send::{Answer, SendError};

/// The outcomes of the deliveries of a plan, and the kills.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Record {
    /// The kills, in their order.
    pub kills: Vec<PerformedKill>,
    /// The number of acknowledged deliveries.
    pub acknowledged: u64,
    /// The number of deliveries with each status other than 2xx.
    pub refused: BTreeMap<u16, u64>,
    /// The number of deliveries without an answer, by the reason.
    pub unanswered: BTreeMap<&'static str, u64>,
    /// The fate of each event.
    events: Vec<EventRecord>,
    in_flight: usize,
    failed_in_a_row: u32,
    last_acknowledged: Option<Instant>,
}

#[derive(Debug, Clone, Default)]
struct EventRecord {
    /// The number of deliveries that were begun.
    sent: u32,
    acknowledged: Option<Acknowledged>,
}

#[derive(Debug, Clone, Copy)]
struct Acknowledged {
    at: Instant,
    time: SystemTime,
    /// The start of the receiver that acknowledged the event, counted from 0. The kill with the
    /// same number ended it.
    start: usize,
}

/// A kill, and the state of the deliveries at that moment.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct PerformedKill {
    /// The number of the delivery that triggered it, counted from 0.
    pub delivery: usize,
    /// The planned kill.
    pub planned: Kill,
    /// The number of deliveries that were begun but not answered.
    pub unanswered: usize,
    /// The time since the last acknowledgement of the killed receiver.
    pub since_acknowledgement: Option<Duration>,
    at: Instant,
}

impl PerformedKill {
    /// Returns whether the last acknowledgement was at most 50 ms before.
    #[must_use]
    pub fn is_after_acknowledgement(&self) -> bool {
        self.since_acknowledgement.is_some_and(|since| since <= Duration::from_millis(50))
    }

    /// Returns whether the kill could show a loss: a delivery was unanswered, or just acknowledged.
    #[must_use]
    pub fn is_in_a_window(&self) -> bool {
        self.unanswered > 0 || self.is_after_acknowledgement()
    }
}

impl Record {
    pub(super) fn new(plan: &Plan) -> Self {
        Self {
            kills: Vec::new(),
            acknowledged: 0,
            refused: BTreeMap::new(),
            unanswered: BTreeMap::new(),
            events: (0..plan.events()).map(|_| EventRecord::default()).collect(),
            in_flight: 0,
            failed_in_a_row: 0,
            last_acknowledged: None,
        }
    }

    pub(super) fn begin(&mut self, event: u64) {
        self.in_flight += 1;
        if let Some(event) = self.event_mut(event) {
            event.sent += 1;
        }
    }

    /// Records the end of a delivery to a start of the receiver. Returns whether it was
    /// acknowledged.
    pub(super) fn end(&mut self, event: u64, start: usize, answer: &Result<Answer, SendError>) -> bool {
        self.in_flight -= 1;
        self.failed_in_a_row += 1;
        match answer {
            Ok(answer) if answer.is_success() => {
                let at = Instant::now();
                self.acknowledged += 1;
                self.failed_in_a_row = 0;
                self.last_acknowledged = Some(at);
                if let Some(event) = self.event_mut(event) {
                    event.acknowledged.get_or_insert(Acknowledged { at, time: SystemTime::now(), start });
                }
                return true;
            }
            Ok(answer) => *self.refused.entry(answer.status).or_default() += 1,
            Err(error) => *self.unanswered.entry(reason(error)).or_default() += 1,
        }
        false
    }

    pub(super) fn kill(&mut self, delivery: usize, planned: Kill) {
        let at = Instant::now();
        let since_acknowledgement = self.last_acknowledged.take().map(|last| at - last);
        let unanswered = self.in_flight;
        self.kills.push(PerformedKill { delivery, planned, unanswered, since_acknowledgement, at });
    }

    /// Returns the number of deliveries since the last acknowledgement.
    pub(super) fn failed_in_a_row(&self) -> u32 {
        self.failed_in_a_row
    }

    /// Returns the number of deliveries with a status other than 2xx.
    #[must_use]
    pub fn all_refused(&self) -> u64 {
        self.refused.values().sum()
    }

    /// Returns how often an event was delivered, with or without an answer.
    #[must_use]
    pub fn deliveries(&self, event: u64) -> u32 {
        self.event(event).map_or(0, |event| event.sent)
    }

    /// Returns the numbers of the acknowledged events.
    pub fn acknowledged_events(&self) -> impl Iterator<Item = u64> {
        let numbered = (0..).zip(&self.events);
        numbered.filter(|(_, event)| event.acknowledged.is_some()).map(|(number, _)| number)
    }

    /// Returns when an event was first acknowledged, and the time from there to the kill of the
    /// receiver, which is zero if the acknowledgement was read after the kill.
    #[must_use]
    pub fn acknowledged_at(&self, event: u64) -> Option<(SystemTime, Option<Duration>)> {
        let Acknowledged { at, time, start } = self.event(event)?.acknowledged?;
        Some((time, self.kills.get(start).map(|kill| kill.at.saturating_duration_since(at))))
    }

    fn event(&self, event: u64) -> Option<&EventRecord> {
        self.events.get(usize::try_from(event).ok()?)
    }

    fn event_mut(&mut self, event: u64) -> Option<&mut EventRecord> {
        self.events.get_mut(usize::try_from(event).ok()?)
    }
}

fn reason(error: &SendError) -> &'static str {
    match error {
        SendError::Unreachable { .. } => "unreachable",
        SendError::TimedOut { .. } => "timed out",
        _ => "connection ended",
    }
}
