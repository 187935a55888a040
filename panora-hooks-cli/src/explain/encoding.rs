//! The encodings in which a body may have arrived.

use std::borrow::Cow;

use panora_hooks::__cli::Envelope;

use super::cause::Cause;

/// A body, decoded in one of several ways.
pub(super) struct Reading<'b> {
    /// The change on the way that this reading undoes; `None` for the body as it arrived.
    pub(super) cause: Option<Cause>,
    body: &'b [u8],
    /// The bytes before the change.
    bytes: Cow<'b, [u8]>,
}

/// A part of a body that may have been signed.
pub(super) struct Part<'r> {
    /// The bytes as they arrived, and their position in the body.
    pub(super) arrived: &'r [u8],
    pub(super) offset: usize,
    /// The bytes after decoding.
    pub(super) bytes: &'r [u8],
    /// The text: the content of a string, or the part itself.
    pub(super) text: Option<Cow<'r, str>>,
    /// Whether the text stands in a string.
    pub(super) is_string: bool,
    /// Whether the part is the whole body.
    pub(super) is_body: bool,
    /// The event type on the wire, if known.
    pub(super) wire_type: Option<Cow<'r, str>>,
}

const MARK: &[u8] = "\u{feff}".as_bytes();

impl<'b> Reading<'b> {
    /// Returns the ways to read a body, beginning with the body as it is.
    pub(super) fn all(body: &'b [u8]) -> Vec<Self> {
        let mut readings = vec![Self { cause: None, body, bytes: body.into() }];
        let mut add = |cause, bytes| readings.push(Self { cause: Some(cause), body, bytes });
        if let Some(rest) = body.strip_prefix(MARK) {
            add(Cause::ByteOrderMark, rest.into());
        }
        match str::from_utf8(body) {
            Ok(text) => {
                if let Some(bytes) = to_latin1(text) {
                    add(Cause::EncodedTwice, bytes.into());
                }
            }
            Err(_) => add(Cause::Latin1, from_latin1(body).into_bytes().into()),
        }
        readings
    }

    /// Returns the whole body, and the data if it can be found.
    pub(super) fn parts(&self) -> impl Iterator<Item = Part<'_>> {
        let text = str::from_utf8(&self.bytes).ok();
        let whole = Part {
            arrived: self.body,
            offset: 0,
            bytes: &self.bytes,
            text: text.map(Cow::Borrowed),
            is_string: false,
            is_body: true,
            wire_type: None,
        };
        std::iter::once(whole).chain(text.and_then(|text| self.data(text)))
    }

    fn data<'r>(&'r self, text: &'r str) -> Option<Part<'r>> {
        let Envelope { data, wire_type, .. } = Envelope::parse(text).ok()?;
        let start = data.as_ptr().addr().checked_sub(text.as_ptr().addr())?;
        let (from, until) = (self.locate(start)?, self.locate(start + data.len())?);
        let is_string = data.starts_with('"');
        Some(Part {
            arrived: self.body.get(from..until)?,
            offset: from,
            bytes: data.as_bytes(),
            // A string with an unpaired surrogate cannot be decoded into text.
            text: if is_string { serde_json::from_str(data).ok().map(Cow::Owned) } else { Some(data.into()) },
            is_string,
            is_body: false,
            wire_type: Some(wire_type),
        })
    }

    /// Converts a position in the decoded text into one in the body.
    fn locate(&self, place: usize) -> Option<usize> {
        match self.cause {
            None => Some(place),
            // Each byte of the body was read as one character.
            Some(Cause::Latin1) => {
                str::from_utf8(self.bytes.get(..place)?).ok().map(|text| text.chars().count())
            }
            // Each byte of the text was read as one character.
            Some(Cause::EncodedTwice) => {
                str::from_utf8(self.body).ok()?.char_indices().nth(place).map(|(offset, _)| offset)
            }
            Some(_) => Some(place + MARK.len()),
        }
    }
}

impl Part<'_> {
    /// Returns the position in the body of the first byte that differs from a text.
    pub(super) fn first_difference(&self, text: &[u8]) -> Option<usize> {
        let common = self.arrived.iter().zip(text).take_while(|(arrived, signed)| arrived == signed).count();
        (common < self.arrived.len().max(text.len())).then_some(self.offset + common)
    }
}

/// The characters of Windows-1252 from 0x80 to 0x9F. Unassigned bytes stand for themselves.
const WINDOWS: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}',
    '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

fn from_latin1(bytes: &[u8]) -> String {
    let read = |byte: u8| match byte {
        0x80..=0x9f => WINDOWS[usize::from(byte - 0x80)],
        _ => char::from(byte),
    };
    bytes.iter().copied().map(read).collect()
}

/// Returns the bytes of a text in Windows-1252, if they are UTF-8 themselves and the text is not
/// ASCII.
fn to_latin1(text: &str) -> Option<Vec<u8>> {
    if text.is_ascii() {
        return None;
    }
    let byte = |c: char| match u8::try_from(c) {
        Ok(byte) => Some(byte),
        Err(_) => WINDOWS.iter().zip(0x80..).find(|(known, _)| **known == c).map(|(_, byte)| byte),
    };
    let bytes: Vec<u8> = text.chars().map(byte).collect::<Option<_>>()?;
    str::from_utf8(&bytes).is_ok().then_some(bytes)
}
