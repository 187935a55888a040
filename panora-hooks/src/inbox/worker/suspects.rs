//! Events that may be the cause of their interrupted attempts.
//!
//! The hook of such an event may be ending the process. Suspects therefore run one at a time, in
//! a slot that is reserved for them, so that a process that dies interrupts one suspect only. After
//! more attempts a suspect runs alone.

use tokio::time::Instant;

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

/// Returns whether nothing else may run beside an event.
pub(super) fn runs_alone(leased: &Leased) -> bool {
    leased.is_interrupted && leased.attempt >= ALONE
}

/// The suspects that a worker has leased and not started.
#[derive(Default)]
pub(super) struct Suspects {
    waiting: Vec<Suspect>,
    /// The suspect that starts next.
    next: usize,
}

pub(super) struct Suspect {
    pub(super) leased: Leased,
    /// The lease lasts at least until then.
    pub(super) leased_until: Instant,
}

impl Suspects {
    pub(super) fn push(&mut self, suspect: Suspect) {
        self.waiting.push(suspect);
        self.choose();
    }

    /// Chooses the next suspect at random. If it is the one that ends the process, the waiting
    /// suspects lose an attempt. In a fixed order, the same ones would lose all of their attempts.
    fn choose(&mut self) {
        self.next = fastrand::usize(..self.waiting.len().max(1));
    }

    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Returns the suspect that starts next.
    pub(super) fn next(&self) -> Option<&Suspect> {
        self.waiting.get(self.next)
    }

    /// Removes the suspect that starts next.
    pub(super) fn take_next(&mut self) -> Option<Suspect> {
        if self.next >= self.waiting.len() {
            return None;
        }
        let next = self.waiting.swap_remove(self.next);
        self.choose();
        Some(next)
    }

    /// Removes a suspect, for example because its lease has ended.
    pub(super) fn remove(&mut self, key: EventKey) {
        self.waiting.retain(|suspect| suspect.leased.token.key() != key);
        self.choose();
    }

    /// Removes and returns all suspects.
    pub(super) fn drain(&mut self) -> Vec<Suspect> {
        self.next = 0;
        std::mem::take(&mut self.waiting)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Suspect> {
        self.waiting.iter()
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Suspect> {
        self.waiting.iter_mut()
    }
}
