//! Starts hooks: at once, when a slot is free, or while no other hook runs.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;

use super::{PAUSE, RunningSuspect, Scheduler};
use crate::{
    inbox::{
        EventKey, Leased,
        policy::AttemptLimits,
        worker::{attempt::attempt, held::HeldEvent, slots::SlotUse, suspects::runs_alone},
    },
    printable::Printable,
};

/// How long running hooks may take to end before an event runs alone. A hook that takes longer runs
/// beside it, because it must not keep the other hooks from starting.
const CLEARING: Duration = Duration::from_secs(1);

impl Scheduler<'_> {
    /// Returns whether an event may start. A hook that runs nothing may start one attempt even if
    /// no slot is free.
    pub(super) fn may_start(&self, usage: SlotUse) -> bool {
        let has_slot = |free| free > 0 || self.slots.is_idle(usage);
        self.slots.is_below_limit(usage) && self.free_slots().is_some_and(has_slot)
    }

    /// Starts the events that wait for a slot of their hook, if there is one now.
    pub(super) fn start_held(&mut self) {
        let mut place = 0;
        while let Some(event) = self.held.get(place) {
            if !self.may_start(event.usage) {
                place += 1;
            } else if event.needs_extension(self.policy.lease) {
                self.extend_soon();
                place += 1;
            } else {
                let HeldEvent { leased, usage, .. } = self.held.remove(place);
                self.slots.stop_holding(usage);
                self.start(leased, usage);
            }
        }
    }

    /// Forgets an event that is held, because its lease has ended or was renewed.
    pub(super) fn forget_held(&mut self, key: EventKey) {
        let slots = &mut self.slots;
        if let Some(suspect) = self.suspects.remove(key) {
            slots.stop_holding(suspect.usage);
        }
        self.held.retain(|event| {
            if event.key() == key {
                slots.stop_holding(event.usage);
            }
            event.key() != key
        });
    }

    pub(super) fn start(&mut self, leased: Leased, usage: SlotUse) {
        self.slots.start(usage);
        let (runner, limits) = (Arc::clone(&self.runner), self.limits(&leased));
        let (token, number) = (leased.token, leased.attempt);
        let attempt = async move { attempt(&*runner, leased, limits).await };
        self.running.start(token, number, limits, usage, attempt);
    }

    /// Returns the limits of the attempts of an event.
    pub(super) fn limits(&self, leased: &Leased) -> AttemptLimits {
        self.policy.limits(self.runner.hook(&leased.wire_type).map(|(_, definition)| definition))
    }

    /// Returns whether the hook of an event takes a transaction.
    pub(super) fn has_transaction(&self, leased: &Leased) -> bool {
        let hook = self.runner.hook(&leased.wire_type);
        hook.is_some_and(|(_, definition)| definition.transaction.is_some())
    }

    /// Extends the leases of held events before they start. If a lease cannot be extended,
    /// another worker has the event.
    fn extend_soon(&mut self) {
        let now = Instant::now();
        let soon = self.last_extend.map_or(now, |last| now.max(last + PAUSE));
        self.extend_at = self.extend_at.min(soon);
    }

    /// Starts the next suspect, if none runs and there is a slot.
    pub(super) fn start_suspect(&mut self) {
        if self.suspect.is_some() {
            return;
        }
        let now = Instant::now();
        let has_rested = now >= self.rests_until || self.is_idle && !self.running.has_live();
        let has_free_slot = self.used_slots() < self.policy.concurrency;
        let slots = &self.slots;
        let next = self.suspects.next(|suspect| {
            let has_slot = has_free_slot || slots.is_idle(suspect.usage);
            let may_be_alone = has_rested || !runs_alone(&suspect.leased);
            has_slot && may_be_alone && slots.is_below_limit(suspect.usage)
        });
        let next = next.map(|next| (runs_alone(&next.leased), next.needs_extension(self.policy.lease)));
        let Some((is_alone, needs_extension)) = next else {
            self.clears_until = None;
            return;
        };
        if needs_extension {
            self.clears_until = None;
            self.extend_soon();
            return;
        }
        if is_alone && self.running.has_live() && now < *self.clears_until.get_or_insert(now + CLEARING) {
            return;
        }
        // The others cannot start since then, so they get as much time afterwards.
        let since = self.clears_until.take().map_or(now, |until| until - CLEARING);
        let Some(HeldEvent { leased, usage, .. }) = self.suspects.take_next() else { return };
        self.slots.stop_holding(usage);
        let (id, attempt) = (Printable(&leased.id), leased.attempt);
        tracing::warn!(event.id = %id, attempt, alone = is_alone, "running an event whose last attempt was interrupted");
        self.suspect = Some(RunningSuspect { key: leased.token.key(), is_alone, since });
        self.start(leased, usage);
    }

    /// Lets other events start again, if the event is the suspect that runs.
    pub(super) fn end_suspect(&mut self, key: EventKey) {
        let Some(suspect) = self.suspect.take_if(|suspect| suspect.key == key) else { return };
        if suspect.is_alone {
            self.rests_until = Instant::now() + suspect.since.elapsed();
            self.poll_now();
        }
    }
}
