//! Unpaired surrogates: halves of UTF-16 pairs, which JavaScript strings may hold and Rust text may
//! not.
//!
//! `JSON.stringify` writes them as escapes such as `\ud83d`, so the text around them is valid
//! UTF-8.

use serde::de::DeserializeOwned;

/// The length of an escape with four digits, and of its replacement.
const ESCAPE: usize = r"\ufffd".len();

/// Returns the positions of the escapes of unpaired surrogates in a JSON text.
pub(crate) fn unpaired(text: &str) -> impl Iterator<Item = usize> {
    let bytes = text.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            let escape = at + bytes.get(at..)?.iter().position(|byte| *byte == b'\\')?;
            at = escape + ESCAPE;
            match unit(bytes, escape) {
                Some(0xd800..=0xdbff) if matches!(unit(bytes, at), Some(0xdc00..=0xdfff)) => at += ESCAPE,
                Some(0xd800..=0xdfff) => return Some(escape),
                Some(_) => {}
                // The byte after the backslash may be another backslash, which then escapes
                // nothing.
                None => at = escape + 2,
            }
        }
    })
}

/// Replaces unpaired surrogates with U+FFFD. The replacement is an escape, too, so that everything
/// else keeps its position.
///
/// Returns `None` if there are none.
pub(crate) fn replace_unpaired(text: &str) -> Option<String> {
    let mut replaced = String::new();
    let mut end = 0;
    for escape in unpaired(text) {
        replaced.push_str(text.get(end..escape)?);
        replaced.push_str(r"\ufffd");
        end = escape + ESCAPE;
    }
    replaced.push_str(text.get(end..)?);
    (end > 0).then_some(replaced)
}

/// Decodes JSON, with U+FFFD for unpaired surrogates.
///
/// # Errors
///
/// Returns an error if the text is not JSON or does not fit `T`.
pub fn from_str<T: DeserializeOwned>(text: &str) -> serde_json::Result<T> {
    serde_json::from_str(text).or_else(|error| match replace_unpaired(text) {
        Some(replaced) => serde_json::from_str(&replaced),
        None => Err(error),
    })
}

/// Reads the UTF-16 code unit of an escape such as `\ud83d`.
fn unit(bytes: &[u8], at: usize) -> Option<u16> {
    let digits = bytes.get(at..at + ESCAPE)?.strip_prefix(br"\u")?;
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    digits.iter().try_fold(0, |unit, byte| Some(unit << 4 | u16::try_from(digit(byte)?).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_unpaired_surrogates_are_replaced() {
        for (text, replaced) in [
            (r#""\ud83d""#, Some(r#""\ufffd""#)),
            (r#""\uDE00é""#, Some(r#""\ufffdé""#)),
            (r#""\ude00\ud83d""#, Some(r#""\ufffd\ufffd""#)),
            (r#""\ud83d\ud83d\ude00""#, Some(r#""\ufffd\ud83d\ude00""#)),
            (r#""\ud83d\ude00\ude00""#, Some(r#""\ud83d\ude00\ufffd""#)),
            (r#""\ud83d \ude00""#, Some(r#""\ufffd \ufffd""#)),
            (r#""\ud83d\u0041""#, Some(r#""\ufffd\u0041""#)),
            (r#""\ud83d\n""#, Some(r#""\ufffd\n""#)),
            (r#""\\\ud83d""#, Some(r#""\\\ufffd""#)),
            (r#"{"\ud800":["\udfff"]}"#, Some(r#"{"\ufffd":["\ufffd"]}"#)),
            (r#""\\ud83d""#, None),
            (r#""\ud83d\ude00""#, None),
            (r#""\ufffd\ue000\ud7ff""#, None),
            (r"\ud83", None),
            (r"\u+83d", None),
            (r"\é\", None),
            ("", None),
        ] {
            assert_eq!(replace_unpaired(text).as_deref(), replaced, "{text}");
        }
    }
}
