//! Secrets, unchanged and as configurations change them.

use std::collections::HashSet;

use hmac::{Hmac, KeyInit, Mac};
use panora_hooks::Verifier;
use sha2::Sha256;

use super::{
    KnownSecret,
    cause::{Cause, SecretChange},
    signature::{self, Notation},
};

/// A key that may have made the signature.
pub(super) struct Key {
    /// The differences from the receiver's secret.
    pub(super) causes: Vec<Cause>,
    mac: Hmac<Sha256>,
}

impl Key {
    /// Returns whether the key is a changed form of a secret.
    pub(super) fn is_changed(&self) -> bool {
        self.causes.iter().any(|cause| matches!(cause, Cause::SecretChanged { .. }))
    }

    /// Returns the notation in which the header contains this key's signature of a text. Compares
    /// in constant time.
    pub(super) fn signs<'n>(&self, text: &[u8], notations: &'n [Notation]) -> Option<&'n Notation> {
        let mac = self.mac.clone().chain_update(text);
        notations.iter().find(|notation| mac.clone().verify_slice(&notation.bytes).is_ok())
    }
}

/// Returns the secrets that the receiver accepts.
pub(super) fn of_receiver(secrets: &[KnownSecret]) -> impl Iterator<Item = &KnownSecret> {
    secrets.iter().take(1).chain(secrets.iter().skip(1).filter(|known| known.is_accepted))
}

/// Returns every key, those with the fewest changes first. Blank secrets are left out.
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
    // An unchanged secret comes before a changed one.
    let is_changed = |cause: &Cause| matches!(cause, Cause::SecretChanged { .. });
    candidates.sort_by_key(|(causes, _)| (causes.len(), causes.iter().any(is_changed)));
    let mut seen = HashSet::new();
    let keys = candidates.into_iter().filter_map(|(causes, secret)| {
        let mac = keyed(&secret)?;
        seen.insert(secret).then_some(Key { causes, mac })
    });
    keys.collect()
}

/// Returns the key of a secret, unless the secret is blank.
fn keyed(secret: &[u8]) -> Option<Hmac<Sha256>> {
    Verifier::new(secret).ok()?;
    Hmac::new_from_slice(secret).ok()
}

/// Returns the name of the secret that a header contains instead of a signature.
pub(super) fn find<'s>(secrets: &'s [KnownSecret], header: &[u8]) -> Option<&'s str> {
    let header = header.trim_ascii();
    let is_header = |known: &&KnownSecret| {
        // Compares MACs in constant time, which a comparison of texts is not.
        keyed(&known.secret).is_some_and(|mac| {
            let expected = mac.clone().chain_update(known.secret.trim_ascii()).finalize();
            mac.chain_update(header).finalize() == expected
        })
    };
    secrets.iter().find(is_header).map(|known| known.name.as_str())
}

/// Returns the changes that a secret goes through between the endpoint and a configuration: white
/// space and quotes that files keep, and the prefix and base64 of Standard Webhooks, which
/// libraries for other senders expect. A script that signs may read a newline.
fn changes(secret: &[u8]) -> Vec<(SecretChange, Vec<u8>)> {
    let change = |code, how| SecretChange { code, how };
    let trimmed = change("secret_trimmed", "without the white space at its ends");
    let mut changes = vec![
        (trimmed, secret.trim_ascii().to_vec()),
        (trimmed, secret.trim_ascii_end().to_vec()),
        (trimmed, secret.trim_ascii_start().to_vec()),
        (change("secret_with_newline", "and a newline behind it"), [secret, b"\n"].concat()),
    ];
    let mut add = |code, how, secret: Option<Vec<u8>>| {
        changes.extend(secret.map(|secret| (change(code, how), secret)));
    };
    let unquoted = match secret {
        [b'"', text @ .., b'"'] | [b'\'', text @ .., b'\''] => Some(text.to_vec()),
        _ => None,
    };
    let unprefixed = secret.strip_prefix(b"whsec_");
    add("secret_unquoted", "without the quotes around it", unquoted);
    add("secret_unprefixed", "without its `whsec_`", unprefixed.map(<[u8]>::to_vec));
    add("secret_from_base64", "decoded from base64", signature::base64(unprefixed.unwrap_or(secret)));
    changes
}
