//! Texts of the body in the log.

use std::fmt::{self, Write};

/// A text that the signature does not cover, such as the event's type: no longer than a name, and without
/// the line breaks and control characters with which it could pass for other lines of the log.
#[derive(Clone, Copy)]
pub(crate) struct Printable<'t>(pub(crate) &'t str);

const MAX_CHARS: usize = 128;

impl fmt::Display for Printable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut chars = self.0.chars();
        for c in chars.by_ref().take(MAX_CHARS) {
            write!(f, "{}", c.escape_debug())?;
        }
        if chars.next().is_some() {
            f.write_char('…')?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_as_they_are_and_others_cannot_forge_a_line() {
        assert_eq!(Printable("crm.contact.created").to_string(), "crm.contact.created");
        assert_eq!(Printable("x\n2026 ERROR \u{1b}[31m").to_string(), r"x\n2026 ERROR \u{1b}[31m");
        assert_eq!(Printable(&"é".repeat(200)).to_string(), "é".repeat(128) + "…");
    }
}
