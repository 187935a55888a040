//! Line breaks and byte order marks that come and go.

use super::cause::Cause;

/// A change of a text, from what arrived to what was signed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Edge {
    AddNewline,
    RemoveNewline,
    AddMark,
    RemoveMark,
    ToCrLf,
    ToLf,
}

const MARK: &[u8] = "\u{feff}".as_bytes();

impl Edge {
    pub(super) const ALL: [Self; 6] =
        [Self::AddNewline, Self::RemoveNewline, Self::AddMark, Self::RemoveMark, Self::ToCrLf, Self::ToLf];

    /// What happened on the way if this undoes it.
    pub(super) fn cause(self) -> Cause {
        match self {
            Self::AddNewline => Cause::NewlineLost,
            Self::RemoveNewline => Cause::NewlineAdded,
            Self::AddMark => Cause::MarkLost,
            Self::RemoveMark => Cause::MarkAdded,
            Self::ToCrLf | Self::ToLf => Cause::LineBreaks,
        }
    }

    /// The text as it was signed, unless it would be the same.
    pub(super) fn undo(self, text: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::AddNewline => Some([text, b"\n"].concat()),
            Self::RemoveNewline => {
                text.strip_suffix(b"\r\n").or_else(|| text.strip_suffix(b"\n")).map(<[u8]>::to_vec)
            }
            Self::AddMark => Some([MARK, text].concat()),
            Self::RemoveMark => text.strip_prefix(MARK).map(<[u8]>::to_vec),
            Self::ToCrLf => {
                let text = Self::ToLf.undo(text).unwrap_or_else(|| text.to_vec());
                text.contains(&b'\n')
                    .then(|| text.split(|byte| *byte == b'\n').collect::<Vec<_>>().join(&b"\r\n"[..]))
            }
            Self::ToLf => {
                let mut bytes = text.iter().copied().peekable();
                let mut lines = Vec::with_capacity(text.len());
                while let Some(byte) = bytes.next() {
                    if byte != b'\r' || bytes.peek() != Some(&b'\n') {
                        lines.push(byte);
                    }
                }
                (lines.len() < text.len()).then_some(lines)
            }
        }
    }
}
