//! The audit: who changed stored events, when, and how many.

use std::time::SystemTime;

/// An action of an operator that is about to be recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AuditRecord {
    /// The name of the operator, as the program knows it; `None` if it does not.
    pub who: Option<String>,
    /// The word for the action, such as `replay` or `drop`.
    pub action: String,
    /// The events, in words.
    pub what: String,
    /// The number of events.
    pub events: u64,
}

impl AuditRecord {
    /// Records an action on a number of events.
    #[must_use]
    pub fn new(who: Option<String>, action: impl Into<String>, what: impl Into<String>, events: u64) -> Self {
        Self { who, action: action.into(), what: what.into(), events }
    }
}

/// A recorded action.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AuditEntry {
    /// The number of the entry. Later entries have larger numbers.
    pub number: u64,
    /// When the action was recorded.
    pub at: SystemTime,
    /// The action.
    pub record: AuditRecord,
}

impl AuditEntry {
    /// Creates an entry.
    #[must_use]
    pub fn new(number: u64, at: SystemTime, record: AuditRecord) -> Self {
        Self { number, at, record }
    }
}
