//! Events that may be the cause of their interrupted attempts.
//!
//! The hook of such an event may be ending the process. Suspects therefore run one at a time, in
//! a slot that is reserved for them, so that a process that dies interrupts one suspect only. After
//! more attempts a suspect runs alone: no other hook starts while it runs.

use super::held::HeldEvent;
use crate::inbox::{EventKey, Leased};

/// An event whose last attempt was interrupted is a suspect from this attempt on. The
/// attempts before that one need not have been interrupted.
const SUSPECT: u32 = 3;

/// An event whose last attempt was interrupted runs alone from this attempt on.
const ALONE: u32 = 8;

/// Returns whether an event has to run one at a time.
pub(super) fn is_suspect(leased: &Leased) -> bool {
    leased.is_interrupted && leased.attempt >= SUSPECT
}

/// Returns whether nothing else may start beside an event.
pub(super) fn runs_alone(leased: &Leased) -> bool {
    leased.is_interrupted && leased.attempt >= ALONE
}

/// The suspects that a worker has leased and not started.
#[derive(Default)]
pub(super) struct Suspects {
    held: Vec<HeldEvent>,
    /// The suspect that starts next, once it may.
    next: Option<EventKey>,
}

impl Suspects {
    pub(super) fn push(&mut self, suspect: HeldEvent) {
        self.held.push(suspect);
        self.next = None;
    }

    pub(super) fn len(&self) -> usize {
        self.held.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    /// Returns the suspect that starts next, of those that may start.
    ///
    /// It is chosen at random. If it is the one that ends the process, the held suspects lose an
    /// attempt. In a fixed order, the same ones would lose all of their attempts.
    pub(super) fn next(&mut self, may_start: impl Fn(&HeldEvent) -> bool) -> Option<&HeldEvent> {
        let may_start = |suspect: &&HeldEvent| may_start(suspect);
        let chosen = self.held.iter().filter(may_start).any(|suspect| Some(suspect.key()) == self.next);
        if !chosen {
            let candidates: Vec<_> = self.held.iter().filter(may_start).map(HeldEvent::key).collect();
            self.next = fastrand::choice(candidates);
        }
        self.held.iter().find(|suspect| Some(suspect.key()) == self.next)
    }

    /// Removes the suspect that starts next.
    pub(super) fn take_next(&mut self) -> Option<HeldEvent> {
        let next = self.next.take()?;
        let place = self.held.iter().position(|suspect| suspect.key() == next)?;
        Some(self.held.swap_remove(place))
    }

    /// Removes a suspect, for example because its lease has ended.
    pub(super) fn remove(&mut self, key: EventKey) -> Option<HeldEvent> {
        let place = self.held.iter().position(|suspect| suspect.key() == key)?;
        Some(self.held.swap_remove(place))
    }

    /// Removes and returns all suspects.
    pub(super) fn drain(&mut self) -> Vec<HeldEvent> {
        std::mem::take(&mut self.held)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &HeldEvent> {
        self.held.iter()
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut HeldEvent> {
        self.held.iter_mut()
    }
}
