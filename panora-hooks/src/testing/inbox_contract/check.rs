//! Checks that report their expectation when they fail.

use std::fmt::{Debug, Display};

use crate::inbox::InboxError;

/// The reason for stopping the check of a rule.
pub(super) enum Stop {
    /// The store or the harness lacks something that the rule needs.
    Skipped(&'static str),
    /// The store breaks the rule.
    Broken(Breach),
}

/// The call that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Breach {
    pub(super) when: String,
    pub(super) expected: String,
    pub(super) found: String,
}

pub(super) type Checked<T = ()> = Result<T, Stop>;

/// Checks that a value is the expected one.
#[expect(clippy::needless_pass_by_value, reason = "literals and fresh values need no `&`")]
pub(super) fn same<T: PartialEq + Debug>(when: impl Display, expected: T, found: T) -> Checked {
    if expected == found { Ok(()) } else { Err(broken(when, format!("{expected:?}"), found)) }
}

/// Checks a condition on a value.
pub(super) fn holds(when: impl Display, holds: bool, expected: impl Display, found: impl Debug) -> Checked {
    if holds { Ok(()) } else { Err(broken(when, expected, found)) }
}

/// Reports a value that is not the expected one.
pub(super) fn broken(when: impl Display, expected: impl Display, found: impl Debug) -> Stop {
    let (when, expected, found) = (when.to_string(), expected.to_string(), format!("{found:?}"));
    Stop::Broken(Breach { when, expected, found })
}

/// Unwraps the result of a call that has to succeed.
pub(super) fn succeeds<T>(call: impl Display, answer: Result<T, InboxError>) -> Checked<T> {
    answer.map_err(|error| {
        let (when, expected) = (format!("the rule calls {call}"), "the call succeeds".to_owned());
        Stop::Broken(Breach { when, expected, found: format!("the error \"{error}\": {error:?}") })
    })
}
