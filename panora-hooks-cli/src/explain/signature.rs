//! The notations of signatures.

use base64::{
    Engine,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use uuid::{Uuid, fmt::Hyphenated};

use super::cause::Cause;

/// A possible meaning of the value of the header.
#[derive(Debug, PartialEq)]
pub(super) struct Notation {
    /// The differences from the sender's notation.
    pub(super) causes: Vec<Cause>,
    pub(super) bytes: Vec<u8>,
}

/// The length of a signature in bytes.
pub(super) const LENGTH: usize = 32;

/// Returns the possible meanings of the value of the header, those with the fewest changes first.
pub(super) fn read(header: &[u8]) -> Vec<Notation> {
    let trimmed = header.trim_ascii();
    let padding = (trimmed.len() < header.len()).then_some(Cause::SignaturePadded);
    let with_prefix = without_prefix(trimmed).map(|rest| (Some(Cause::SignaturePrefixed), rest));
    let mut notations = Vec::new();
    for (prefix, text) in std::iter::once((None, trimmed)).chain(with_prefix) {
        for (writing, bytes) in read_bare(text) {
            let causes = [&padding, &prefix, &writing].into_iter().flatten().cloned().collect();
            notations.push(Notation { causes, bytes });
        }
    }
    notations.sort_by_key(|notation| notation.causes.len());
    notations
}

/// Returns whether a text is a UUID, as is every secret that the sender generates.
pub(super) fn is_uuid(text: &[u8]) -> bool {
    text.len() == Hyphenated::LENGTH && Uuid::try_parse_ascii(text).is_ok()
}

/// Returns the text after the last `=`, `:`, `,` or space, or after `0x`.
fn without_prefix(text: &[u8]) -> Option<&[u8]> {
    if let Some(rest) = text.strip_prefix(b"0x") {
        return Some(rest);
    }
    // Base64 may end with `=`.
    let end = text.iter().rposition(|byte| *byte != b'=')?;
    let separator = text[..end].iter().rposition(|byte| matches!(byte, b'=' | b':' | b',' | b' '))?;
    text.get(separator + 1..)
}

fn read_bare(text: &[u8]) -> impl Iterator<Item = (Option<Cause>, Vec<u8>)> {
    let from_hex = hex::decode(text).ok().map(|bytes| {
        let is_upper_case = text.iter().any(u8::is_ascii_uppercase);
        (is_upper_case.then_some(Cause::SignatureUpperCase), bytes)
    });
    let from_base64 = base64(text).map(|bytes| {
        // Base64 of the digits, or of the bytes.
        let bytes = hex::decode(&bytes).unwrap_or(bytes);
        (Some(Cause::SignatureBase64), bytes)
    });
    from_hex.into_iter().chain(from_base64).filter(|(_, bytes)| bytes.len() == LENGTH)
}

/// Decodes base64 of either alphabet, with or without padding.
pub(super) fn base64(text: &[u8]) -> Option<Vec<u8>> {
    let config = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let standard = text.iter().map(|byte| match byte {
        b'-' => b'+',
        b'_' => b'/',
        byte => *byte,
    });
    GeneralPurpose::new(&STANDARD, config).decode(standard.collect::<Vec<_>>()).ok()
}
