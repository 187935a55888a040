//! Checks of a rule, and their results.

use super::{
    Broken, Harness, Rule,
    check::Stop,
    rules::{
        announcing, attempts, cancellation, concurrent_lanes, duplicates, keys, lane_changes, lanes, leasing,
        operated_lanes, operating, optional, pausing, queues, reading, replaying, restarting, retention,
        selecting, settling, storing, waiting,
    },
    subject::Subject,
};

/// The result of a rule that is not broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// The store keeps the rule.
    Kept,
    /// The rule was not checked, or not to its end, for this reason.
    Skipped(&'static str),
}

macro_rules! define_check {
    ({} $($rule:ident $module:ident::$name:ident $help:literal,)*) => {
        impl Rule {
            /// Checks the rule on a fresh store.
            ///
            /// # Errors
            ///
            /// Returns an error if the store breaks the rule.
            pub async fn check<H: Harness>(self, harness: H) -> Result<Verdict, Broken> {
                let store = Subject::new(harness);
                // Each future is boxed, because together they are large.
                let checked = match self {
                    $(Self::$rule => Box::pin($module::$name(store)).await,)*
                };
                match checked {
                    Ok(()) => Ok(Verdict::Kept),
                    Err(Stop::Skipped(reason)) => Ok(Verdict::Skipped(reason)),
                    Err(Stop::Broken(breach)) => Err(Broken::new(self, breach)),
                }
            }
        }
    };
}

crate::__inbox_contract_rules! { [define_check] {} }

impl Rule {
    /// Checks the rule on a fresh store, for a test. A rule that is skipped passes.
    ///
    /// # Panics
    ///
    /// Panics if the store breaks the rule, with the message of [`Broken`].
    pub async fn assert<H: Harness>(self, harness: H) {
        #[expect(clippy::panic, reason = "the failure of a test")]
        if let Err(broken) = self.check(harness).await {
            panic!("{broken}");
        }
    }
}
