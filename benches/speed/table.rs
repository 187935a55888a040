//! Measured ratios and their targets.

use std::fmt;

/// A ratio.
pub(crate) struct Row {
    what: String,
    ratio: f64,
    target: Target,
}

enum Target {
    AtMost(f64),
    AtLeast(f64),
    /// Another implementation, for comparison.
    Peer,
}

impl Row {
    pub(crate) fn at_most(what: String, ratio: f64, most: f64) -> Self {
        Self { what, ratio, target: Target::AtMost(most) }
    }

    pub(crate) fn at_least(what: String, ratio: f64, least: f64) -> Self {
        Self { what, ratio, target: Target::AtLeast(least) }
    }

    pub(crate) fn peer(what: String, ratio: f64) -> Self {
        Self { what, ratio, target: Target::Peer }
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, ratio, target } = self;
        write!(f, "{what:<48} {ratio:>8.2}  ")?;
        match target {
            Target::AtMost(most) => write!(f, "at most {most}{}", missed(ratio <= most)),
            Target::AtLeast(least) => write!(f, "at least {least}{}", missed(ratio >= least)),
            Target::Peer => f.write_str("(for comparison)"),
        }
    }
}

fn missed(is_met: bool) -> &'static str {
    if is_met { "" } else { ", missed" }
}
