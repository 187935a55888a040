//! The figures and the audit of a `MemoryInbox`.

use std::{
    collections::BTreeMap,
    ops::Range,
    time::{Duration, SystemTime},
};

use crate::inbox::{
    AuditEntry, AuditRecord, Figures, StatisticsStep,
    figures::{KEPT_STEPS, kept_for, kept_step, step_length, step_start},
    time::{micros, time, whole_micros},
};

/// Sums by the beginning of the step and the event type.
type Steps = BTreeMap<(i64, String), Figures>;

/// The sums of all processes.
#[derive(Default)]
pub(super) struct Sums {
    /// By the length of the step.
    kept: BTreeMap<i64, Steps>,
    audit: Vec<AuditEntry>,
    last_audit: u64,
}

impl Sums {
    pub(super) fn add(&mut self, figures: Vec<(String, Figures)>, now: SystemTime) {
        for (event_type, figures) in figures {
            for length in KEPT_STEPS {
                let start = step_start(micros(now), length);
                let steps = self.kept.entry(length).or_default();
                steps.entry((start, event_type.clone())).or_default().add(&figures);
            }
        }
    }

    pub(super) fn between(&self, range: &Range<SystemTime>, step: Duration) -> Vec<StatisticsStep> {
        let length = step_length(step);
        let kept = self.kept.get(&kept_step(length));
        let (first, end) = (micros(range.start), micros(range.end));
        let mut steps = Steps::new();
        for ((at, event_type), figures) in kept.into_iter().flatten() {
            let start = step_start(*at, length);
            if first <= start && start < end {
                steps.entry((start, event_type.clone())).or_default().add(figures);
            }
        }
        let step = |((start, event_type), figures)| StatisticsStep::new(time(start), event_type, figures);
        steps.into_iter().map(step).collect()
    }

    pub(super) fn prune(&mut self, minutes: Duration, hours: Duration, max: u32, now: SystemTime) -> u64 {
        let mut left = u64::from(max);
        for (length, age) in KEPT_STEPS.into_iter().zip(kept_for(minutes, hours)) {
            let before = micros(now).saturating_sub(whole_micros(age));
            self.kept.entry(length).or_default().retain(|(at, _), _| {
                let is_kept = *at >= before || left == 0;
                left -= u64::from(!is_kept);
                is_kept
            });
        }
        u64::from(max) - left
    }

    pub(super) fn add_audit(&mut self, record: AuditRecord, now: SystemTime) {
        self.last_audit += 1;
        self.audit.push(AuditEntry::new(self.last_audit, now, record));
    }

    pub(super) fn prune_audit(&mut self, older_than: Duration, max: u32, now: SystemTime) -> u64 {
        let before = micros(now).saturating_sub(whole_micros(older_than));
        let old = self.audit.iter().take(max as usize).take_while(|entry| micros(entry.at) < before).count();
        self.audit.drain(..old).count() as u64
    }

    pub(super) fn audit(&self, before: Option<u64>, limit: u32) -> Vec<AuditEntry> {
        let older = self.audit.iter().rev().filter(|entry| before.is_none_or(|before| entry.number < before));
        older.take(limit as usize).cloned().collect()
    }
}
