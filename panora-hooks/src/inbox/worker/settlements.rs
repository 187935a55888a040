//! Decisions that the store has not yet confirmed.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::Arc,
    time::Duration,
};

use tokio::time::Instant;

use super::attempt::Decided;
use crate::inbox::{
    Decision, EventKey, InboxError, LeaseToken, Settled, Settlement, counters::Counters, error::chain,
};

/// The pause after a store has failed to settle.
const PAUSE: Duration = Duration::from_millis(250);

/// The decisions that a worker owes the store.
pub(super) struct Settlements {
    counters: Arc<Counters>,
    owed: HashMap<EventKey, Owed>,
    /// When the store may be asked again, after it has failed.
    retry_at: Option<Instant>,
}

struct Owed {
    settlement: Settlement,
    /// The event type of an attempt that counts, and the latency of its event.
    counted: Option<(&'static str, Option<Duration>)>,
    /// Whether another event may become ready when the event is done or dead.
    has_lane: bool,
    /// Whether the store was asked about an earlier settlement, which this one replaces.
    is_replacement: bool,
    /// Whether the store has called the token stale while a lease request was in flight. The answer
    /// to that request may hold the event under a new token.
    is_stale: bool,
}

impl Owed {
    /// Returns whether the settlement makes the next event of a lane ready, if there is one.
    fn promotes(&self) -> bool {
        self.has_lane && matches!(self.settlement.decision, Decision::Complete | Decision::Bury(_))
    }
}

impl Settlements {
    pub(super) fn new(counters: Arc<Counters>) -> Self {
        Self { counters, owed: HashMap::new(), retry_at: None }
    }

    /// Adds a decision about an attempt.
    pub(super) fn owe(&mut self, Decided { settlement, event_type, latency, has_lane }: Decided) {
        self.add(settlement, Some((event_type, latency)), has_lane);
    }

    /// Hands back an event that was leased but not tried.
    pub(super) fn hand_back(&mut self, token: LeaseToken) {
        self.add(Settlement::new(token, Decision::Release), None, false);
    }

    /// Adds a settlement. It replaces an earlier one about the same event, and keeps the newest
    /// token of the event.
    fn add(
        &mut self,
        settlement: Settlement,
        counted: Option<(&'static str, Option<Duration>)>,
        has_lane: bool,
    ) {
        match self.owed.entry(settlement.token.key()) {
            Entry::Occupied(mut owed) => {
                let owed = owed.get_mut();
                let token = owed.settlement.token;
                owed.settlement = Settlement { token, ..settlement };
                owed.counted = counted;
                owed.has_lane |= has_lane;
                owed.is_replacement = true;
            }
            Entry::Vacant(place) => {
                place.insert(Owed { settlement, counted, has_lane, is_replacement: false, is_stale: false });
            }
        }
    }

    /// Moves the decision about an event that was leased once more to its new token. Returns
    /// whether there is one.
    pub(super) fn renew(&mut self, token: LeaseToken) -> bool {
        let Some(owed) = self.owed.get_mut(&token.key()) else { return false };
        owed.settlement.token = token;
        owed.is_stale = false;
        true
    }

    /// Notes that a lease request was answered. A stale token that the answer has not renewed stays
    /// stale, and its decision is dropped.
    pub(super) fn lease_answered(&mut self) {
        self.owed.retain(|key, owed| {
            if owed.is_stale {
                warn_stale(*key);
            }
            !owed.is_stale
        });
    }

    pub(super) fn len(&self) -> usize {
        self.owed.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.owed.is_empty()
    }

    /// Returns when decisions are due.
    pub(super) fn due_at(&self) -> Option<Instant> {
        let is_due = self.owed.values().any(|owed| !owed.is_stale);
        is_due.then(|| self.retry_at.unwrap_or_else(Instant::now))
    }

    /// Returns the decisions that are due.
    pub(super) fn due(&mut self) -> Vec<Settlement> {
        let due = self.owed.values_mut().filter(|owed| !owed.is_stale);
        let ask = |owed: &mut Owed| {
            owed.is_replacement = false;
            owed.settlement.clone()
        };
        due.map(ask).collect()
    }

    /// Takes the answer of the store about some tokens. Returns the time until an event becomes
    /// ready because of them, if any may: one of them, or the successor in its lane.
    pub(super) fn answered(
        &mut self,
        tokens: &[LeaseToken],
        answer: Result<Vec<Settled>, InboxError>,
        is_leasing: bool,
    ) -> Option<Duration> {
        let results = match answer {
            Ok(results) => results,
            Err(error) => {
                tracing::warn!(events = tokens.len(), "events are not settled yet: {}", chain(&error));
                self.retry_at = Some(Instant::now() + PAUSE);
                return None;
            }
        };
        self.retry_at = None;
        let mut next_ready: Option<Duration> = None;
        for (token, settled) in tokens.iter().zip(results) {
            let Entry::Occupied(mut owed) = self.owed.entry(token.key()) else { continue };
            if owed.get().settlement.token != *token {
                continue;
            }
            // A stale token can mean that the answer to an earlier request was lost, so the
            // successor may be ready in this case, too.
            let mut ready_in = owed.get().promotes().then_some(Duration::ZERO);
            match settled {
                Settled::Stale if is_leasing => owed.get_mut().is_stale = true,
                Settled::Stale => {
                    warn_stale(token.key());
                    owed.remove();
                }
                Settled::Applied => {
                    let Owed { settlement, counted, is_replacement, .. } = owed.remove();
                    let Settlement { decision, attempt, .. } = settlement;
                    if let Some((event_type, latency)) = counted
                        && !is_replacement
                    {
                        self.counters.settled(event_type, &decision, attempt.as_ref(), latency);
                    }
                    if let Decision::RetryAfter(delay) = decision {
                        ready_in = Some(delay);
                    }
                }
            }
            next_ready = next_ready.into_iter().chain(ready_in).min();
        }
        next_ready
    }
}

fn warn_stale(key: EventKey) {
    // This also happens if the answer to an earlier settlement was lost.
    tracing::warn!(event = %key, "a lease ended before its event was settled");
}
