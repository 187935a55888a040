//! Attempts: the record of each run of a hook that did not succeed at once.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, SystemTime},
};

/// The most bytes of an error text that are kept. An error text comes from the application, and may
/// be of any length.
const MAX_ERROR_BYTES: usize = 4 * 1024;

/// The first and the last attempts of an event that are kept, as many of each.
pub(crate) const KEPT_ATTEMPTS: u32 = 20;

/// How an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AttemptOutcome {
    /// The hook succeeded.
    Handled,
    /// The hook did not run, because an earlier attempt had committed its
    /// [transaction](crate::transactions).
    AlreadyDone,
    /// The hook returned an error.
    Failed,
    /// The hook panicked.
    Panicked,
    /// The hook ran for longer than its `timeout` in [`#[on(..)]`](crate::on) or the
    /// [`hook_timeout`](crate::WebhooksWithInbox::hook_timeout), and was cancelled.
    TimedOut,
    /// No hook names the event's type. Another release of the program has stored the event.
    Unhandled,
    /// The process died, or the lease expired, while the hook ran.
    Interrupted,
    /// The hook does not yield to the runtime, so it cannot be cancelled.
    Blocked,
}

impl AttemptOutcome {
    /// Every outcome.
    pub const ALL: &'static [Self] = &[
        Self::Handled,
        Self::AlreadyDone,
        Self::Failed,
        Self::Panicked,
        Self::TimedOut,
        Self::Unhandled,
        Self::Interrupted,
        Self::Blocked,
    ];

    /// Returns the word for the outcome in stores, logs and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Handled => "handled",
            Self::AlreadyDone => "already_done",
            Self::Failed => "failed",
            Self::Panicked => "panicked",
            Self::TimedOut => "timed_out",
            Self::Unhandled => "unhandled",
            Self::Interrupted => "interrupted",
            Self::Blocked => "blocked",
        }
    }

    /// Returns whether the event is done after such an attempt.
    #[must_use]
    pub const fn is_success(self) -> bool {
        matches!(self, Self::Handled | Self::AlreadyDone)
    }

    /// Returns the outcome that a store has written as a word. A word of a later version is taken
    /// for a failure.
    #[must_use]
    pub fn from_word(word: &str) -> Self {
        Self::ALL.iter().copied().find(|outcome| outcome.as_str() == word).unwrap_or(Self::Failed)
    }
}

impl fmt::Display for AttemptOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The report of a worker about an attempt that it settles.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AttemptReport {
    /// How the attempt ended.
    pub outcome: AttemptOutcome,
    /// The number of the attempt, if the worker knows it. The store counts attempts itself, so this
    /// is only a hint: the first attempt that succeeds is not recorded.
    pub number: Option<u32>,
    /// How long the hook ran; `None` if that is unknown.
    pub duration: Option<Duration>,
    /// The text of the error, at most 4 KiB.
    pub error: Option<String>,
    /// The name of the worker.
    pub worker: Arc<str>,
}

impl AttemptReport {
    /// Reports an attempt by a worker.
    #[must_use]
    pub fn new(outcome: AttemptOutcome, worker: Arc<str>) -> Self {
        Self { outcome, number: None, duration: None, error: None, worker }
    }

    /// Sets the number of the attempt.
    #[must_use]
    pub fn number(self, number: u32) -> Self {
        Self { number: Some(number), ..self }
    }

    /// Sets how long the hook ran.
    #[must_use]
    pub fn duration(self, duration: Duration) -> Self {
        Self { duration: Some(duration), ..self }
    }

    /// Sets the text of the error, which is cut at a character boundary after 4 KiB.
    #[must_use]
    pub fn error(self, error: impl Into<String>) -> Self {
        Self { error: Some(bounded(error.into(), MAX_ERROR_BYTES)), ..self }
    }

    /// Returns whether a store keeps the attempt, the `number`th of its run: every attempt but a
    /// success at the first attempt, about which the event itself says everything.
    #[must_use]
    pub fn is_kept(&self, number: u32) -> bool {
        !self.outcome.is_success() || number > 1
    }
}

/// Cuts a text at a character boundary.
pub(crate) fn bounded(mut text: String, max_bytes: usize) -> String {
    let end = (0..=max_bytes.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    text.truncate(end.unwrap_or(0));
    text
}

/// The record of an attempt.
///
/// Each failed attempt has one, and each success that follows a failed attempt. The first 20 and
/// the last 20 of an event are kept, until the event's data is [pruned](super::Inbox::prune).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AttemptInfo {
    /// The run that the attempt belongs to: 1, and one more for each
    /// [replay](super::Inbox::replay) of the event after it was dead or done.
    pub run: u32,
    /// The number of the attempt, counted from 1. A replay begins at 1 again.
    pub number: u32,
    /// When the attempt began; `None` if it was interrupted before its start was recorded.
    pub started_at: Option<SystemTime>,
    /// How long the hook ran; `None` for an interrupted attempt.
    pub duration: Option<Duration>,
    /// How the attempt ended.
    pub outcome: AttemptOutcome,
    /// The text of the error, at most 4 KiB.
    pub error: Option<String>,
    /// The name of the worker that ran the hook, if it is known.
    pub worker: Option<String>,
}

impl AttemptInfo {
    /// Creates a record. The remaining fields are `None`, to be filled in.
    #[must_use]
    pub fn new(run: u32, number: u32, outcome: AttemptOutcome) -> Self {
        Self { run, number, started_at: None, duration: None, outcome, error: None, worker: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_cut_between_characters() {
        let report = AttemptReport::new(AttemptOutcome::Failed, "w".into());
        let error = report.error("ä".repeat(3000)).error.unwrap_or_default();
        assert_eq!(error, "ä".repeat(MAX_ERROR_BYTES / 2));
        assert_eq!(bounded(format!("x{}", "ä".repeat(3000)), MAX_ERROR_BYTES).len(), MAX_ERROR_BYTES - 1);
    }

    #[test]
    fn outcomes_survive_storage() {
        for outcome in AttemptOutcome::ALL {
            assert_eq!(AttemptOutcome::from_word(outcome.as_str()), *outcome);
        }
        assert_eq!(AttemptOutcome::from_word("of a later version"), AttemptOutcome::Failed);
    }
}
