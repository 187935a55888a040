//! The fast path for the envelope as the sender writes it: three keys, three strings.

use crate::delivery::json_string;

pub(super) const ID: &str = "id_event";
pub(super) const TYPE: &str = "type";
pub(super) const DATA: &str = "data";

/// The parts of a body without escapes.
pub(super) struct PlainEnvelope<'b> {
    pub(super) id: &'b str,
    pub(super) wire_type: &'b str,
    pub(super) data: &'b str,
}

/// Parses a body that has the three keys once each, in any order and with any white space, where
/// `data` is a string, and the keys, the id and the type have no escapes.
///
/// `None` means only that `serde_json` has to decide.
pub(super) fn parse(body: &str) -> Option<PlainEnvelope<'_>> {
    let mut input = Input { body, position: 0 };
    let (mut id, mut wire_type, mut data) = (None, None, None);
    input.skip(b'{')?;
    for separator in *b",,}" {
        let key = input.text()?;
        input.skip(b':')?;
        let (value, taken) = match key {
            ID => (input.text()?, &mut id),
            TYPE => (input.text()?, &mut wire_type),
            DATA => (input.string()?, &mut data),
            _ => return None,
        };
        // If a key appears twice, another one is missing.
        *taken = Some(value).filter(|value| !value.is_empty());
        input.skip(separator)?;
    }
    input.skip_white_space();
    let is_whole = input.position == body.len();
    let plain = PlainEnvelope { id: id?, wire_type: wire_type?, data: data? };
    is_whole.then_some(plain)
}

struct Input<'b> {
    body: &'b str,
    position: usize,
}

impl<'b> Input<'b> {
    fn rest(&self) -> &'b [u8] {
        self.body.as_bytes().get(self.position..).unwrap_or_default()
    }

    fn skip_white_space(&mut self) {
        let is_other = |byte: &u8| !matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
        self.position += self.rest().iter().position(is_other).unwrap_or(self.rest().len());
    }

    /// Skips white space and then this byte.
    fn skip(&mut self, byte: u8) -> Option<()> {
        self.skip_white_space();
        (*self.rest().first()? == byte).then(|| self.position += 1)
    }

    /// Returns the content of a short string without escapes.
    fn text(&mut self) -> Option<&'b str> {
        self.skip(b'"')?;
        let start = self.position;
        let end = start + self.rest().iter().position(|byte| matches!(byte, b'"' | b'\\' | 0x00..0x20))?;
        self.position = end;
        // `skip` would accept a line break inside the string.
        (*self.rest().first()? == b'"').then(|| self.position += 1)?;
        self.body.get(start..end)
    }

    /// Returns a long string with its quotes, undecoded.
    fn string(&mut self) -> Option<&'b str> {
        self.skip(b'"')?;
        let start = self.position - 1;
        self.position += json_string::end_of_plain(self.rest())? + 1;
        self.body.get(start..self.position)
    }
}
