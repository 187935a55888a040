//! Verification of signatures: bytes and secrets, no HTTP.

pub(crate) mod envelope;
mod secret;
mod signature;

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

pub use self::envelope::Envelope;
pub use self::secret::SecretError;
pub(crate) use self::signature::Signature;
use crate::delivery::Delivery;

/// Verifies deliveries with the secret of an endpoint.
///
/// Panora signs the JSON text of `data` and nothing else. The signature is the lower-case hex of
/// HMAC-SHA256 over the exact bytes after `"data":` in the body, with the bytes of the secret as
/// the key. `type` and `id_event` are not covered, and there is no timestamp.
///
/// ```
/// use panora_hooks::Verifier;
///
/// let verifier = Verifier::new("f1f9a1c6-1c57-4a6b-a5b8-2c1f42f2a1de")?;
/// let data = r#""{\"first_name\":\"Ada\"}""#;
/// let body = format!(r#"{{"id_event":"7197465d","data":{data},"type":"crm.contact.created"}}"#);
///
/// let delivery = verifier.verify(body.as_bytes(), verifier.sign(data))?;
/// assert_eq!(delivery.event_type(), "crm.contact.created");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Verifier {
    /// Keyed once; each verification starts from a copy. The first key is the one that signs.
    keys: Vec<Hmac<Sha256>>,
}

/// The reason why a delivery cannot be verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// The signature is not 64 lower-case hex digits. Deployments before July 2024 send the secret
    /// itself, which is refused like any other text.
    #[error("the signature is not 64 lower-case hex digits")]
    SignatureFormat,
    /// Other data was signed, or another secret was used.
    #[error("the signature does not match: other data was signed, or another secret was used")]
    SignatureMismatch,
    /// The body is not the JSON object that Panora sends.
    #[error("the body is not a JSON object with the texts `id_event` and `type`")]
    Malformed,
    /// The body lacks this key.
    #[error("the body has no `{0}`")]
    MissingKey(&'static str),
    /// The body has this key more than once. Two parsers might choose different values.
    #[error("the body has more than one `{0}`")]
    DuplicateKey(&'static str),
}

impl Verifier {
    /// The name of the header that carries the signature.
    pub const SIGNATURE_HEADER: &str = "Panora-Signature";

    /// Returns a verifier for an endpoint's secret. The secret is used as it is, neither trimmed
    /// nor decoded.
    ///
    /// # Errors
    ///
    /// Returns an error if the secret is empty or consists of white space, since anyone could forge
    /// signatures with it.
    pub fn new(secret: impl AsRef<[u8]>) -> Result<Self, SecretError> {
        Ok(Self { keys: vec![keyed(secret.as_ref())?] })
    }

    /// Returns a verifier for the secret in an environment variable.
    ///
    /// # Errors
    ///
    /// Returns an error if the variable is not set, is not Unicode, is blank, or begins or ends
    /// with white space. Such white space, usually a newline that was pasted or written by `echo`,
    /// is not part of the secret.
    pub fn from_env(name: &str) -> Result<Self, SecretError> {
        Self::new(secret::read(name)?)
    }

    /// Also accepts deliveries signed with another secret.
    ///
    /// To rotate a secret, create a second endpoint, accept both secrets, and then remove the first
    /// endpoint. An inbox identifies data by its signature, so an event that arrives again with the
    /// other secret counts as another event.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`Verifier::new`].
    pub fn also_accept(mut self, previous: impl AsRef<[u8]>) -> Result<Self, SecretError> {
        self.keys.push(keyed(previous.as_ref())?);
        Ok(self)
    }

    /// Also accepts deliveries signed with the secret in an environment variable.
    ///
    /// If the variable exists only during a rotation, check for it first:
    ///
    /// ```no_run
    /// # use panora_hooks::{SecretError, Verifier};
    /// # fn verifier() -> Result<Verifier, SecretError> {
    /// let mut verifier = Verifier::from_env("PANORA_WEBHOOK_SECRET")?;
    /// if std::env::var_os("PANORA_WEBHOOK_SECRET_PREVIOUS").is_some() {
    ///     verifier = verifier.also_accept_env("PANORA_WEBHOOK_SECRET_PREVIOUS")?;
    /// }
    /// # Ok(verifier)
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Returns the errors of [`Verifier::from_env`], also if the variable is not set.
    pub fn also_accept_env(self, name: &str) -> Result<Self, SecretError> {
        self.also_accept(secret::read(name)?)
    }

    /// Verifies a body against the value of its `Panora-Signature` header.
    ///
    /// # Errors
    ///
    /// Returns an error if the signature or the body does not have the sender's form, or if the
    /// signature does not match. The errors contain no part of either.
    pub fn verify<'b>(
        &self,
        body: &'b [u8],
        signature: impl AsRef<[u8]>,
    ) -> Result<Delivery<'b>, VerifyError> {
        let signature = Signature::parse(signature.as_ref()).ok_or(VerifyError::SignatureFormat)?;
        let body = simdutf8::basic::from_utf8(body).map_err(|_| VerifyError::Malformed)?;
        self.verify_text(body, &signature)
    }

    /// [`verify`](Self::verify) for a body and a signature that are parsed already.
    pub(crate) fn verify_text<'b>(
        &self,
        body: &'b str,
        signature: &Signature,
    ) -> Result<Delivery<'b>, VerifyError> {
        let Envelope { id, wire_type, data } = Envelope::parse(body)?;
        if !self.is_signed(data, signature) {
            return Err(VerifyError::SignatureMismatch);
        }
        Ok(Delivery::new(*signature.as_bytes(), id, wire_type, data))
    }

    /// Returns the signature of `data`, the JSON text after `"data":`, including quotes and
    /// escapes.
    #[must_use]
    pub fn sign(&self, data: &str) -> String {
        let mac = self.keys.first().map(|key| key.clone().chain_update(data).finalize());
        mac.map(|mac| Signature::from_bytes(mac.into_bytes().into()).to_string()).unwrap_or_default()
    }

    /// Returns whether a secret is among the accepted ones.
    #[cfg(feature = "endpoints")]
    pub(crate) fn accepts(&self, secret: &str) -> bool {
        // A key does not reveal its secret. Two secrets are equal if they sign the same text, here
        // the empty one, in the same way.
        Self::new(secret).is_ok_and(|other| {
            Signature::parse(other.sign("").as_bytes())
                .is_some_and(|signature| self.is_signed("", &signature))
        })
    }

    /// Compares with every secret, even after a match, so that the time does not reveal which one
    /// matched.
    fn is_signed(&self, data: &str, signature: &Signature) -> bool {
        self.keys.iter().fold(false, |is_signed, key| is_signed | is_signed_with(key, data, signature))
    }
}

/// Compares in constant time, through the `hmac` crate. No other code compares signatures.
fn is_signed_with(key: &Hmac<Sha256>, data: &str, signature: &Signature) -> bool {
    #[cfg(test)]
    tests::COMPARISONS.with(|comparisons| comparisons.set(comparisons.get() + 1));
    key.clone().chain_update(data).verify(signature.as_bytes().into()).is_ok()
}

/// Returns the key of a valid secret.
fn keyed(secret: &[u8]) -> Result<Hmac<Sha256>, SecretError> {
    secret::check(secret)?;
    #[expect(clippy::expect_used, reason = "cannot fail, because HMAC takes keys of any length")]
    Ok(Hmac::new_from_slice(secret).expect("HMAC takes keys of any length"))
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier").field("secrets", &self.keys.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    thread_local! {
        /// The number of signatures that this thread has compared.
        pub(super) static COMPARISONS: Cell<u32> = const { Cell::new(0) };
    }

    /// Verifies a signature by `signer` against three secrets, and counts the comparisons.
    fn comparisons(signer: &str) -> (bool, u32) {
        let verifier = Verifier::new("first").unwrap().also_accept("second").unwrap();
        let verifier = verifier.also_accept("third").unwrap();
        let body = br#"{"id_event":"1","data":"{}","type":"crm.contact.created"}"#;
        let signature = Verifier::new(signer).unwrap().sign(r#""{}""#);
        COMPARISONS.set(0);
        (verifier.verify(body, signature).is_ok(), COMPARISONS.get())
    }

    #[test]
    fn a_signature_is_compared_with_every_secret_whichever_matches() {
        for secret in ["first", "second", "third"] {
            assert_eq!(comparisons(secret), (true, 3), "{secret}");
        }
        assert_eq!(comparisons("another"), (false, 3));
    }
}
