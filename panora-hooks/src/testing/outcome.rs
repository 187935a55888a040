//! [`Outcome`]: how an event ended that a test ran.

use crate::hook::HookError;

/// The outcome of an event that a test ran.
#[derive(Debug)]
#[must_use = "a hook may have failed"]
#[non_exhaustive]
pub enum Outcome {
    /// A hook ran and succeeded.
    Handled {
        /// The path of the hook inside its crate, such as `crm::contact_created`. It leaves out the
        /// type of an `impl` block.
        hook: &'static str,
    },
    /// The hook did not run, because the same sample has run before, and its
    /// [transaction](crate::transactions) was committed.
    AlreadyDone {
        /// The path of the hook inside its crate.
        hook: &'static str,
    },
    /// No hook names the event's type.
    Unhandled,
    /// A hook failed, or its arguments could not be extracted.
    Failed {
        /// The path of the hook inside its crate.
        hook: &'static str,
        /// The error.
        error: HookError,
    },
    /// A hook panicked.
    Panicked {
        /// The path of the hook inside its crate.
        hook: &'static str,
    },
}

impl Outcome {
    /// Returns whether a hook ran and succeeded.
    #[must_use]
    pub fn is_handled(&self) -> bool {
        matches!(self, Self::Handled { .. })
    }

    /// Returns the path of the hook that the event was dispatched to, inside its crate.
    #[must_use]
    pub fn hook(&self) -> Option<&'static str> {
        match self {
            Self::Handled { hook }
            | Self::AlreadyDone { hook }
            | Self::Failed { hook, .. }
            | Self::Panicked { hook } => Some(hook),
            Self::Unhandled => None,
        }
    }

    /// Returns the error of a hook that failed.
    #[must_use]
    pub fn error(&self) -> Option<&HookError> {
        match self {
            Self::Failed { error, .. } => Some(error),
            _ => None,
        }
    }
}
