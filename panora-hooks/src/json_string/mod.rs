//! JSON strings, as they are written: quotes, escapes and all.
//!
//! The sender's are long and dense of escapes, since they hold JSON. Byte by byte, finding the end of one takes longer
//! than hashing it.

mod block;

use std::ops::ControlFlow;

use self::block::Block;

/// Where the string ends whose opening quote stands before `text`: the position of its closing quote.
///
/// `None` if it does not end, and also where it has what takes a closer look: a control character, or an escape
/// that is neither `\"` nor `\\`, which are all that JSON in a JSON string needs.
pub(crate) fn end_of_plain(text: &[u8]) -> Option<usize> {
    let mut is_escaped = false;
    let mut read = |start: usize, bytes: &[u8; Block::BYTES]| {
        let block = Block::read(bytes);
        let escaped = block.escaped(&mut is_escaped);
        let ends = block.quotes & !escaped;
        let unusual = escaped & !(block.quotes | block.backslashes);
        if ends | unusual == 0 && !block.has_control {
            return ControlFlow::Continue(());
        }
        let end = ends.trailing_zeros();
        let inside = 1_u64.checked_shl(end).unwrap_or_default().wrapping_sub(1);
        let end = end as usize;
        if unusual & inside != 0 || bytes.iter().take(end).any(|byte| *byte < b' ') {
            ControlFlow::Break(None)
        } else if ends != 0 {
            ControlFlow::Break(Some(start + end))
        } else {
            ControlFlow::Continue(())
        }
    };
    let (blocks, rest) = text.as_chunks();
    for (index, bytes) in blocks.iter().enumerate() {
        if let ControlFlow::Break(found) = read(index * Block::BYTES, bytes) {
            return found;
        }
    }
    // Filled up with what ends nothing.
    let mut bytes = [b' '; Block::BYTES];
    bytes[..rest.len()].copy_from_slice(rest);
    read(text.len() - rest.len(), &bytes).break_value()?
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same, byte by byte.
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
}
