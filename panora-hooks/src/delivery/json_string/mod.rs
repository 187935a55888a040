//! JSON strings in their written form, with quotes and escapes.
//!
//! The sender's strings are long and full of escapes, because they hold JSON. Byte by byte, finding
//! the end of one takes longer than hashing it.

mod block;
mod surrogates;
mod unescaped;

use std::borrow::Cow;

pub use self::surrogates::from_str;
pub(crate) use self::surrogates::replace_unpaired;
#[cfg(feature = "testing")]
pub(crate) use self::surrogates::unpaired;
use self::{block::Block, unescaped::Unescaped};

/// Finds the end of the string whose opening quote stands before `text`. Returns the position of
/// its closing quote.
///
/// Returns `None` if the string does not end, and also if it needs a closer look: if it has a
/// control character, or an escape other than `\"` and `\\`. JSON in a JSON string needs no other
/// escapes.
pub(crate) fn end_of_plain(text: &[u8]) -> Option<usize> {
    let mut is_escaped = false;
    for (start, block) in blocks(text) {
        let escaped = block.escaped(&mut is_escaped);
        let ends = block.quotes & !escaped;
        let unusual = escaped & !(block.quotes | block.backslashes);
        if ends | unusual == 0 && !block.has_control {
            continue;
        }
        let end = ends.trailing_zeros();
        let inside = 1_u64.checked_shl(end).unwrap_or_default().wrapping_sub(1);
        let is_control = |byte: &u8| *byte < b' ';
        if unusual & inside != 0 || text.iter().skip(start).take(end as usize).any(is_control) {
            return None;
        }
        if ends != 0 {
            return Some(start + end as usize);
        }
    }
    None
}

/// Returns the content of a string, given the text between its quotes. The string must be known to
/// be JSON.
///
/// Returns `None` if it has an escape that JSON in a JSON string does not need, such as `\u00e9`.
pub(crate) fn unescape(text: &str) -> Option<Cow<'_, str>> {
    let bytes = text.as_bytes();
    let mut unescaped = Unescaped::of(bytes);
    let mut position = 0;
    let mut is_escaped = false;
    for (start, block) in blocks(bytes) {
        let escaped = block.escaped(&mut is_escaped);
        let mut backslashes = block.backslashes & !escaped;
        while backslashes != 0 {
            let escape = start + backslashes.trailing_zeros() as usize;
            backslashes &= backslashes - 1;
            unescaped.extend(position..escape);
            // The escaped character stands for itself, and begins the next piece.
            position = escape + 1;
            if !matches!(bytes.get(position), Some(b'"' | b'\\' | b'/')) {
                return None;
            }
        }
    }
    if position == 0 {
        return Some(Cow::Borrowed(text));
    }
    unescaped.extend(position..bytes.len());
    unescaped.into_string().map(Cow::Owned)
}

/// Splits a text into blocks, and returns each with its start. The last one is padded with spaces.
fn blocks(text: &[u8]) -> impl Iterator<Item = (usize, Block)> {
    let (whole, rest) = text.as_chunks();
    let mut last = [b' '; Block::BYTES];
    last[..rest.len()].copy_from_slice(rest);
    let whole = whole.iter().enumerate().map(|(index, bytes)| (index * Block::BYTES, Block::read(bytes)));
    whole.chain(std::iter::once_with(move || (text.len() - rest.len(), Block::read(&last))))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The reference implementation, byte by byte.
    fn expected(text: &[u8]) -> Option<usize> {
        let mut bytes = text.iter().enumerate();
        while let Some((at, byte)) = bytes.next() {
            match byte {
                b'"' => return Some(at),
                b'\\' => drop(bytes.next().filter(|(_, escaped)| matches!(escaped, b'"' | b'\\'))?),
                0x00..0x20 => return None,
                _ => {}
            }
        }
        None
    }

    /// Texts of the bytes that matter, at every position of two blocks.
    #[test]
    fn the_end_is_where_it_is_byte_by_byte() {
        let pieces: [&[u8]; 9] =
            [b"\"", b"\\", b"\\\\", b"\\\"", b"\\n", b"\n", b"\x1f", b"\xff\x80", b" end"];
        let mut found = 0;
        for before in 0..130 {
            for first in pieces {
                for second in pieces {
                    for between in [0, 1, 62, 63, 64] {
                        let (plain, gap) = (vec![b'a'; before], vec![b'b'; between]);
                        let text = [&*plain, first, &gap, second, b"\"}"].concat();
                        assert_eq!(
                            end_of_plain(&text),
                            expected(&text),
                            "{:?}",
                            text.escape_ascii().to_string()
                        );
                        found += usize::from(expected(&text).is_some());
                    }
                }
            }
        }
        assert!(found > 1000, "{found} of the texts ended");
    }

    #[test]
    fn runs_of_backslashes_of_any_length() {
        for before in 0..66 {
            for backslashes in 0..200 {
                let text = [&*vec![b'a'; before], &*vec![b'\\'; backslashes], br#""x"#, br#""}"#].concat();
                assert_eq!(end_of_plain(&text), expected(&text), "{before} before {backslashes}");
            }
        }
    }

    #[test]
    fn what_stands_behind_the_end_does_not_matter() {
        for behind in ["\n", "\\n", "\\", "\u{1}", "\"", ""] {
            assert_eq!(end_of_plain(format!("text\"{behind}").as_bytes()), Some(4), "{behind:?}");
        }
    }

    #[test]
    fn what_a_string_says_is_what_serde_json_reads() {
        let pieces =
            [r#"\""#, r"\\", r"\/", r"\\n", "plain", "é", "0123456789abcdefghijkl", r"\n", r"\u00e9", ""];
        let mut read = 0;
        for before in 0..70 {
            for first in pieces {
                for second in pieces {
                    for third in pieces {
                        let text = ["a".repeat(before).as_str(), first, second, third].concat();
                        let expected: String = serde_json::from_str(&format!("\"{text}\"")).unwrap();
                        if let Some(unescaped) = unescape(&text) {
                            assert_eq!(unescaped, expected, "{text}");
                            read += 1;
                        }
                        let is_rare =
                            [first, second, third].iter().any(|piece| [r"\n", r"\u00e9"].contains(piece));
                        assert_eq!(unescape(&text).is_none(), is_rare, "{text}");
                    }
                }
            }
        }
        assert!(read > 10_000, "{read} texts were read");
        assert_eq!(unescape(r"cut off \"), None);
        assert_eq!(unescape(r"\x"), None);
    }

    #[test]
    fn what_has_no_escape_is_not_copied() {
        assert!(matches!(unescape("[]"), Some(Cow::Borrowed("[]"))));
    }
}
