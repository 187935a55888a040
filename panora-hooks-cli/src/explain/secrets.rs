//! Secrets as they are, and as they are mistaken.

use std::collections::HashSet;

use hmac::{Hmac, KeyInit, Mac};
use panora_hooks::Verifier;
use sha2::Sha256;
use uuid::{Uuid, fmt::Simple};

use super::{
    KnownSecret,
    cause::{Cause, SecretChange},
    notation::{self, Notation},
};

/// A key that may have made the signature.
pub(super) struct Key {
    /// How it differs from the receiver's secret.
    pub(super) causes: Vec<Cause>,
    mac: Hmac<Sha256>,
}

impl Key {
    /// The notation that means this key's signature of a text. Compares in constant time.
    pub(super) fn signs<'n>(
        &self,
        text: &[u8],
        mut notations: impl Iterator<Item = &'n Notation>,
    ) -> Option<&'n Notation> {
        let mac = self.mac.clone().chain_update(text);
        notations.find(|notation| mac.clone().verify_truncated_left(&notation.bytes).is_ok())
    }
}

/// The secrets that the receiver accepts.
pub(super) fn of_receiver(secrets: &[KnownSecret]) -> impl Iterator<Item = &KnownSecret> {
    secrets.iter().take(1).chain(secrets.iter().skip(1).filter(|known| known.is_accepted))
}

/// Every key, those with the fewest changes first. A blank secret is none.
pub(super) fn keys(secrets: &[KnownSecret]) -> Vec<Key> {
    let known = secrets.iter().enumerate().filter(|(_, known)| keyed(&known.secret).is_some());
    let candidates = known.flat_map(|(index, KnownSecret { name, secret, is_accepted })| {
        let other = (index > 0 && !is_accepted).then(|| Cause::OtherSecret { name: name.clone() });
        let changed = changes(secret).into_iter().map(|(change, secret)| {
            let change = Cause::SecretChanged { name: name.clone(), change };
            (Some(change), secret)
        });
        std::iter::once((None, secret.clone()))
            .chain(changed)
            .map(move |(change, secret)| (other.clone().into_iter().chain(change).collect(), secret))
    });
    let mut candidates: Vec<(Vec<Cause>, Vec<u8>)> = candidates.collect();
    // A secret as it is comes before one that would have to be changed.
    let is_changed = |cause: &Cause| matches!(cause, Cause::SecretChanged { .. });
    candidates.sort_by_key(|(causes, _)| (causes.len(), causes.iter().any(is_changed)));
    let mut seen = HashSet::new();
    let keys = candidates.into_iter().filter_map(|(causes, secret)| {
        let mac = keyed(&secret)?;
        seen.insert(secret).then_some(Key { causes, mac })
    });
    keys.collect()
}

/// The key of a secret, unless it is blank.
fn keyed(secret: &[u8]) -> Option<Hmac<Sha256>> {
    Verifier::new(secret).ok()?;
    Hmac::new_from_slice(secret).ok()
}

/// The name of the secret that a header holds instead of a signature.
pub(super) fn find<'s>(secrets: &'s [KnownSecret], header: &[u8]) -> Option<&'s str> {
    let header = header.trim_ascii();
    let is_header = |known: &&KnownSecret| {
        // MACs are compared in constant time, texts are not.
        keyed(&known.secret).is_some_and(|mac| {
            let expected = mac.clone().chain_update(known.secret.trim_ascii()).finalize();
            mac.chain_update(header).finalize() == expected
        })
    };
    secrets.iter().find(is_header).map(|known| known.name.as_str())
}

/// What is done to secrets on the way from the endpoint to a configuration.
fn changes(secret: &[u8]) -> Vec<(SecretChange, Vec<u8>)> {
    use SecretChange as Change;

    const PREFIX: &[u8] = b"whsec_";
    let unprefixed = secret.strip_prefix(PREFIX);
    let unquoted = match secret {
        [b'"', text @ .., b'"'] | [b'\'', text @ .., b'\''] => Some(text.to_vec()),
        _ => None,
    };
    let mut changes = vec![
        (Change::Trimmed, secret.trim_ascii().to_vec()),
        (Change::Trimmed, secret.trim_ascii_end().to_vec()),
        (Change::Trimmed, secret.trim_ascii_start().to_vec()),
        (Change::Newline, [secret, b"\n"].concat()),
        (Change::Newline, [secret, b"\r\n"].concat()),
        (Change::Space, [secret, b" "].concat()),
        (Change::Space, [b" ", secret].concat()),
        (Change::Quoted, [b"\"", secret, b"\""].concat()),
        (Change::Quoted, [b"'", secret, b"'"].concat()),
        (Change::Prefixed, [PREFIX, secret].concat()),
        (Change::LowerCase, secret.to_ascii_lowercase()),
        (Change::UpperCase, secret.to_ascii_uppercase()),
    ];
    changes.extend(unquoted.map(|secret| (Change::Unquoted, secret)));
    changes.extend(unprefixed.map(|secret| (Change::Unprefixed, secret.to_vec())));

    let digits: Vec<u8> = secret.iter().copied().filter(|byte| *byte != b'-').collect();
    let hyphenated = uuid(&digits).map(|secret| (Change::Hyphenated, secret));
    let from_hex = notation::hex(&digits).map(|key| (Change::FromHex, key));
    let from_base64 = notation::base64(unprefixed.unwrap_or(secret)).map(|key| (Change::FromBase64, key));
    changes.push((Change::Unhyphenated, digits));
    changes.extend(hyphenated.into_iter().chain(from_hex).chain(from_base64));
    changes
}

/// The digits of a UUID with its hyphens.
fn uuid(digits: &[u8]) -> Option<Vec<u8>> {
    let uuid = Uuid::try_parse_ascii(digits).ok().filter(|_| digits.len() == Simple::LENGTH)?;
    Some(uuid.hyphenated().to_string().into_bytes())
}
