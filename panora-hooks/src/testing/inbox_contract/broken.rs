//! [`Broken`]: the report about a rule that a store breaks.

use std::{error::Error, fmt};

use super::{Rule, check::Breach};

/// A rule that a store breaks. `Display` shows the expectation, the finding, and a fix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    rule: Rule,
    breach: Breach,
}

impl Broken {
    pub(super) fn new(rule: Rule, breach: Breach) -> Self {
        Self { rule, breach }
    }

    /// Returns the rule.
    #[must_use]
    pub fn rule(&self) -> Rule {
        self.rule
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rule, breach: Breach { when, expected, found } } = self;
        writeln!(f, "the store breaks the rule `{rule}`")?;
        writeln!(f, "  when:     {when}")?;
        writeln!(f, "  expected: {expected}")?;
        writeln!(f, "  found:    {found}")?;
        write!(f, "  help:     {}", rule.help())
    }
}

impl Error for Broken {}
