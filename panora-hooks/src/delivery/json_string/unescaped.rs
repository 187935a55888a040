//! A copy of an escaped text without its backslashes.

use std::ops::Range;

/// The number of bytes copied at once: one register. For a piece of a few bytes, a call to copy it
/// would take longer than the copy.
const STEP: usize = 16;

/// The pieces of a text between its backslashes, one after the other.
pub(super) struct Unescaped<'t> {
    of: &'t [u8],
    /// Longer than the copied text, so that a full step at its end stays within bounds.
    bytes: Vec<u8>,
    length: usize,
}

impl<'t> Unescaped<'t> {
    pub(super) fn of(text: &'t [u8]) -> Self {
        Self { of: text, bytes: Vec::new(), length: 0 }
    }

    /// Adds a piece.
    pub(super) fn extend(&mut self, piece: Range<usize>) {
        if self.bytes.is_empty() {
            self.bytes = vec![0; self.of.len() + STEP];
        }
        let Range { start, end } = piece;
        for start in (start..end).step_by(STEP) {
            let from = self.of.get(start..).unwrap_or_default();
            let to = self.bytes.get_mut(self.length..).unwrap_or_default();
            if let (Some(from), Some(to)) = (from.first_chunk::<STEP>(), to.first_chunk_mut()) {
                *to = *from;
            } else {
                from.iter().zip(to).for_each(|(from, to)| *to = *from);
            }
            self.length += STEP.min(end - start);
        }
    }

    pub(super) fn into_string(mut self) -> Option<String> {
        self.bytes.truncate(self.length);
        String::from_utf8(self.bytes).ok()
    }
}
