//! The object as the sender writes it, and as anybody would: three keys, three strings.

use std::borrow::Cow;

use super::{DATA, Envelope, ID, TYPE};
use crate::delivery::json_string;

/// Parses a body that has the three keys once each, in any order and with any white space, and nothing unusual in
/// them: `data` is a string, and neither the keys nor the id nor the type have escapes.
///
/// `None` says nothing of the body but that `serde_json` is to judge it.
pub(super) fn parse(body: &str) -> Option<Envelope<'_>> {
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
        // A key that comes twice leaves another one out.
        *taken = Some(value).filter(|value| !value.is_empty());
        input.skip(separator)?;
    }
    input.skip_white_space();
    let is_whole = input.position == body.len();
    let (id, wire_type, data) = (Cow::Borrowed(id?), Cow::Borrowed(wire_type?), data?);
    is_whole.then_some(Envelope { id, wire_type, data })
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

    /// Passes over a byte, and white space before it.
    fn skip(&mut self, byte: u8) -> Option<()> {
        self.skip_white_space();
        (*self.rest().first()? == byte).then(|| self.position += 1)
    }

    /// What stands in a short string without escapes.
    fn text(&mut self) -> Option<&'b str> {
        self.skip(b'"')?;
        let start = self.position;
        let end = start + self.rest().iter().position(|byte| matches!(byte, b'"' | b'\\' | 0x00..0x20))?;
        self.position = end;
        // Not `skip`, which would pass over a line break in the string.
        (*self.rest().first()? == b'"').then(|| self.position += 1)?;
        self.body.get(start..end)
    }

    /// A long string, as it stands there.
    fn string(&mut self) -> Option<&'b str> {
        self.skip(b'"')?;
        let start = self.position - 1;
        self.position += json_string::end_of_plain(self.rest())? + 1;
        self.body.get(start..self.position)
    }
}
