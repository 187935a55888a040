//! Verification: bytes and secrets, no HTTP.

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
/// Panora signs the JSON text of `data` and nothing else: the signature is the lower-case hex of
/// HMAC-SHA256 over the very bytes that stand after `"data":` in the body, with the bytes of the secret as
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
    /// Keyed once: a verification starts from a copy. The first is the one that signs.
    keys: Vec<Hmac<Sha256>>,
}

/// Why a delivery is not what the sender sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// The signature is not 64 lower-case hex digits. Deployments before July 2024 put the secret itself
    /// there, which is refused like anything else.
    #[error("the signature is not 64 lower-case hex digits")]
    SignatureFormat,
    /// The signature is of other data, or made with another secret.
    #[error("the signature does not match: other data was signed, or another secret was used")]
    SignatureMismatch,
    /// The body is not the JSON object that Panora sends.
    #[error("the body is not a JSON object with the texts `id_event` and `type`")]
    Malformed,
    /// The body lacks this key.
    #[error("the body has no `{0}`")]
    MissingKey(&'static str),
    /// The body has this key twice. Two parsers might choose differently.
    #[error("the body has more than one `{0}`")]
    DuplicateKey(&'static str),
}

impl Verifier {
    /// The name of the header that carries the signature.
    pub const SIGNATURE_HEADER: &str = "Panora-Signature";

    /// A verifier for an endpoint's secret, which is used as it is: neither trimmed nor decoded.
    ///
    /// # Errors
    ///
    /// If the secret is empty or nothing but white space: everybody could sign.
    pub fn new(secret: impl AsRef<[u8]>) -> Result<Self, SecretError> {
        Ok(Self { keys: vec![keyed(secret.as_ref())?] })
    }

    /// A verifier for the secret in an environment variable.
    ///
    /// # Errors
    ///
    /// If the variable is not set, is not Unicode, is blank, or begins or ends with white space: a newline
    /// at the end was pasted or written by `echo`, and is not part of the secret.
    pub fn from_env(name: &str) -> Result<Self, SecretError> {
        Self::new(secret::read(name)?)
    }

    /// Also accepts deliveries that another secret signed.
    ///
    /// To rotate a secret, create a second endpoint, accept both, and then remove the first. What identifies data in an
    /// inbox is its signature: an event that comes again with the other secret is another event.
    ///
    /// # Errors
    ///
    /// As for [`Verifier::new`].
    pub fn also_accept(mut self, previous: impl AsRef<[u8]>) -> Result<Self, SecretError> {
        self.keys.push(keyed(previous.as_ref())?);
        Ok(self)
    }

    /// Also accepts deliveries that the secret in an environment variable signed.
    ///
    /// A variable that is there only while a secret is rotated is looked for first:
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
    /// As for [`Verifier::from_env`]: also if it is not set.
    pub fn also_accept_env(self, name: &str) -> Result<Self, SecretError> {
        self.also_accept(secret::read(name)?)
    }

    /// Verifies a body against the value of its `Panora-Signature` header.
    ///
    /// # Errors
    ///
    /// If the signature or the body is not as the sender makes them. The errors hold nothing of either.
    pub fn verify<'b>(
        &self,
        body: &'b [u8],
        signature: impl AsRef<[u8]>,
    ) -> Result<Delivery<'b>, VerifyError> {
        let signature = Signature::parse(signature.as_ref()).ok_or(VerifyError::SignatureFormat)?;
        let body = simdutf8::basic::from_utf8(body).map_err(|_| VerifyError::Malformed)?;
        self.verify_text(body, &signature)
    }

    /// [`verify`](Self::verify), for parts that are checked already.
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

    /// The signature of `data`: the JSON text that stands after `"data":`, quotes and escapes included.
    #[must_use]
    pub fn sign(&self, data: &str) -> String {
        let mac = self.keys.first().map(|key| key.clone().chain_update(data).finalize());
        mac.map(|mac| Signature::from_bytes(mac.into_bytes().into()).to_string()).unwrap_or_default()
    }

    /// Whether a secret is among those that are accepted.
    #[cfg(feature = "endpoints")]
    pub(crate) fn accepts(&self, secret: &str) -> bool {
        // Keys do not show what they were made of. Any text serves, if both sign it the same way.
        Self::new(secret).is_ok_and(|other| {
            Signature::parse(other.sign("").as_bytes())
                .is_some_and(|signature| self.is_signed("", &signature))
        })
    }

    /// Compares with every secret, whether or not an earlier one matches, so that the time does not
    /// tell which one it was.
    fn is_signed(&self, data: &str, signature: &Signature) -> bool {
        self.keys.iter().fold(false, |is_signed, key| is_signed | is_signed_with(key, data, signature))
    }
}

/// Compares in constant time, as the `hmac` crate does it. A signature is compared nowhere else.
fn is_signed_with(key: &Hmac<Sha256>, data: &str, signature: &Signature) -> bool {
    #[cfg(test)]
    tests::COMPARISONS.with(|comparisons| comparisons.set(comparisons.get() + 1));
    key.clone().chain_update(data).verify(signature.as_bytes().into()).is_ok()
}

/// A key, if the secret is one.
fn keyed(secret: &[u8]) -> Result<Hmac<Sha256>, SecretError> {
    secret::check(secret)?;
    #[expect(clippy::expect_used, reason = "not an outcome: HMAC takes keys of any length")]
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
        /// How many signatures this thread has compared.
        pub(super) static COMPARISONS: Cell<u32> = const { Cell::new(0) };
    }

    /// Verifies a signature by one of three secrets, and counts the comparisons.
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
