//! Messages built at compile time, where `format!` is not available.

/// A compile error message.
pub(super) struct Message {
    bytes: [u8; 512],
    len: usize,
}

impl Message {
    pub(super) const fn new(text: &str) -> Self {
        Self { bytes: [0; 512], len: 0 }.with(text)
    }

    /// Appends a text. Text beyond the capacity is cut.
    pub(super) const fn with(mut self, text: &str) -> Self {
        let text = text.as_bytes();
        let mut index = 0;
        while index < text.len() && self.len < self.bytes.len() {
            self.bytes[self.len] = text[index];
            self.len += 1;
            index += 1;
        }
        self
    }

    pub(super) const fn text(&self) -> &str {
        match core::str::from_utf8(self.bytes.split_at(self.len).0) {
            Ok(text) => text,
            // The text was cut inside a character. No compiler accepts a path this long.
            Err(_) => "a name is too long to be shown",
        }
    }
}
