//! The ways in which signatures are written.

use base64::{
    Engine,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use uuid::{Uuid, fmt::Hyphenated};

use super::cause::Cause;

/// A meaning of a value of the header.
#[derive(Debug, PartialEq)]
pub(super) struct Notation {
    /// How it is written otherwise than the sender writes it.
    pub(super) causes: Vec<Cause>,
    /// The first bytes of a signature, or all.
    pub(super) bytes: Vec<u8>,
}

/// As many bytes as a signature has.
pub(super) const LENGTH: usize = 32;

/// With fewer bytes than these a text could match by chance.
const MIN_LENGTH: usize = 4;

/// The meanings of a value of the header, those with the fewest changes first.
pub(super) fn read(header: &[u8]) -> Vec<Notation> {
    let trimmed = header.trim_ascii();
    let padding = (trimmed.len() < header.len()).then_some(Cause::SignaturePadded);
    let with_prefix = without_prefix(trimmed).map(|rest| (Some(Cause::SignaturePrefixed), rest));
    let mut notations = Vec::new();
    for (prefix, text) in std::iter::once((None, trimmed)).chain(with_prefix) {
        for (causes, bytes) in read_bare(text) {
            let causes = padding.iter().chain(&prefix).chain(&causes).cloned().collect();
            notations.push(Notation { causes, bytes });
        }
    }
    notations.sort_by_key(|notation| notation.causes.len());
    notations
}

/// Whether a text is a UUID, as every secret is that the sender makes.
pub(super) fn is_uuid(text: &[u8]) -> bool {
    text.len() == Hyphenated::LENGTH && Uuid::try_parse_ascii(text).is_ok()
}

/// The text behind the last `=`, `:`, `,` or space, or behind `0x`.
fn without_prefix(text: &[u8]) -> Option<&[u8]> {
    if let Some(rest) = text.strip_prefix(b"0x") {
        return Some(rest);
    }
    // Base64 may end with `=`.
    let end = text.iter().rposition(|byte| *byte != b'=')?;
    let separator = text[..end].iter().rposition(|byte| matches!(byte, b'=' | b':' | b',' | b' '))?;
    text.get(separator + 1..)
}

fn read_bare(text: &[u8]) -> impl Iterator<Item = (Vec<Cause>, Vec<u8>)> {
    let (digits, rest) = text.split_at_checked(2 * LENGTH).unwrap_or((text, b""));
    let from_hex = hex(digits).map(|bytes| {
        let causes = [
            (bytes.len() < LENGTH).then_some(Cause::SignatureTruncated),
            (!rest.is_empty()).then_some(Cause::SignatureExtended),
            digits.iter().any(u8::is_ascii_uppercase).then_some(Cause::SignatureUpperCase),
        ];
        (causes.into_iter().flatten().collect(), bytes)
    });
    let from_base64 = base64(text).and_then(|bytes| match bytes.len() {
        LENGTH => Some(bytes),
        // Of the digits.
        64 => hex(&bytes),
        _ => None,
    });
    let from_base64 = from_base64.map(|bytes| (vec![Cause::SignatureBase64], bytes));
    from_hex.into_iter().chain(from_base64).filter(|(_, bytes)| bytes.len() >= MIN_LENGTH)
}

/// The bytes that hex digits of either case stand for. A digit without a second one is dropped.
pub(super) fn hex(digits: &[u8]) -> Option<Vec<u8>> {
    let (pairs, single) = digits.as_chunks::<2>();
    single.iter().all(u8::is_ascii_hexdigit).then(|| hex::decode(pairs.as_flattened()).ok())?
}

/// The bytes of a text in base64 of either alphabet, padded or not.
pub(super) fn base64(text: &[u8]) -> Option<Vec<u8>> {
    let config = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let standard = text.iter().map(|byte| match byte {
        b'-' => b'+',
        b'_' => b'/',
        byte => *byte,
    });
    GeneralPurpose::new(&STANDARD, config).decode(standard.collect::<Vec<_>>()).ok()
}
