//! Explains why a signature does not match.
//!
//! A mismatch alone does not tell the reason: the secret may be a different one, or a program on
//! the way may have parsed the body and written it again. [`explain`] tries the changes that
//! gateways, frameworks, serializers, and configurations are known to make, until one of them
//! yields the signature.
//!
//! ```
//! use panora_hooks::{Verifier, testing::sample};
//! use panora_hooks_cli::explain::{KnownSecret, explain};
//!
//! let sample = sample("crm.contact.created");
//! // The newline does not belong to the secret.
//! let (signature, secret) = (sample.signature(&Verifier::new("f1f9a1c6")?), "f1f9a1c6\n");
//!
//! let secrets = [KnownSecret::new("PANORA_WEBHOOK_SECRET", secret)];
//! let explanation = explain(sample.body().as_bytes(), [signature.as_bytes()], &secrets);
//! assert_eq!(explanation.cause().as_str(), "secret_trimmed");
//! assert!(explanation.to_string().contains("without the white space at its ends"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod candidates;
mod cause;
mod encoding;
mod key_order;
mod search;
mod secrets;
mod sentence;
mod serializers;
mod signature;
mod wrapping;

use std::fmt;

use panora_hooks::{__cli::Envelope, Verifier};
use serde::de::IgnoredAny;

pub use self::cause::{Cause, SecretChange};
use self::search::{Found, OutOfWork};
use crate::recording::Recorded;

/// A secret and the name under which explanations mention it.
///
/// The bytes are used unchanged. A blank secret is ignored.
#[derive(Clone)]
pub struct KnownSecret {
    name: String,
    secret: Vec<u8>,
    /// Whether the receiver accepts the secret although it is not the first.
    is_accepted: bool,
}

/// The explanation of a signature that does not match, or that it does match.
///
/// `Display` writes one sentence: the difference between the signed and the received bytes, and the
/// remedy. It contains the names of secrets, and nothing else of the input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    cause: Cause,
    further: Vec<Cause>,
    offset: Option<usize>,
}

/// Explains why a signature does not match a body.
///
/// `body` is the body as it arrived, and `signatures` are the values of its `Panora-Signature`
/// headers, which should be one. The first of the secrets is the receiver's, as are those that it
/// [also accepts](KnownSecret::also_accepted); the others are tried, too.
///
/// The time is limited in proportion to the length of the body. With a large body or many secrets,
/// changes by a program on the way are tried first, and other changes while there is time left.
#[must_use]
#[expect(single_use_lifetimes, reason = "`impl IntoIterator<Item = &[u8]>` is unstable")]
pub fn explain<'s>(
    body: &[u8],
    signatures: impl IntoIterator<Item = &'s [u8]>,
    secrets: &[KnownSecret],
) -> Explanation {
    let mut signatures = signatures.into_iter();
    let Some(signature) = signatures.next() else { return Explanation::new(Cause::NoSignature, None) };
    if signatures.next().is_some() {
        return Explanation::new(Cause::TwoSignatures, None);
    }
    let keys = secrets::keys(secrets);
    if keys.is_empty() {
        return Explanation::new(Cause::NoSecret, None);
    }
    let mut receivers = secrets::of_receiver(secrets).filter_map(|known| Verifier::new(&known.secret).ok());
    if receivers.any(|verifier| verifier.verify(body, signature).is_ok()) {
        return Explanation::new(Cause::Match, None);
    }
    if let Some(name) = secrets::find(secrets, signature) {
        return Explanation::new(Cause::SecretAsSignature { name: name.to_owned() }, None);
    }
    if signature::is_uuid(signature.trim_ascii()) {
        return Explanation::new(Cause::UnknownSecretAsSignature, None);
    }
    let notations = signature::read(signature);
    if notations.is_empty() {
        return Explanation::new(Cause::NotASignature, None);
    }
    if let Some(encoding) = wrapping::compression(body, None) {
        return Explanation::new(Cause::Compressed { encoding }, None);
    }
    if let Some((cause, inside)) = wrapping::unwrap(body) {
        let mut further: Vec<_> = explain(&inside, [signature], secrets).causes().cloned().collect();
        further.retain(|cause| *cause != Cause::Match);
        return Explanation { cause, further, offset: None };
    }
    let is_complete = match search::search(body, &keys, &notations) {
        Ok(Some(Found { causes, offset })) => {
            let mut causes = causes.into_iter();
            let cause = causes.next().unwrap_or(Cause::Match);
            return Explanation { cause, further: causes.collect(), offset };
        }
        Ok(None) => true,
        Err(OutOfWork) => false,
    };
    refused(body).unwrap_or(Explanation::new(Cause::Unexplained { is_complete }, None))
}

/// Explains why the signature of a recorded delivery does not match, as [`explain`] does, and takes
/// the header `Content-Encoding` into account.
#[must_use]
pub fn explain_recorded(recorded: &Recorded, secrets: &[KnownSecret]) -> Explanation {
    let explanation = explain(&recorded.body, recorded.signatures(), secrets);
    let is_body = matches!(
        explanation.cause,
        Cause::NotUtf8 | Cause::BodyTruncated | Cause::Unexplained { .. } | Cause::Body(_)
    );
    match wrapping::compression(&recorded.body, recorded.header("content-encoding")) {
        Some(encoding) if is_body => Explanation::new(Cause::Compressed { encoding }, None),
        _ => explanation,
    }
}

/// Returns the reason why the sender never sends such a body, regardless of the signature.
fn refused(body: &[u8]) -> Option<Explanation> {
    let refused = |cause, offset| Some(Explanation::new(cause, offset));
    if body.trim_ascii().is_empty() {
        return refused(Cause::EmptyBody, None);
    }
    let text = match str::from_utf8(body) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => return refused(Cause::BodyTruncated, Some(body.len())),
        Err(error) => return refused(Cause::NotUtf8, Some(error.valid_up_to())),
    };
    if text.starts_with('\u{feff}') {
        return refused(Cause::ByteOrderMark, Some(0));
    }
    if serde_json::from_str::<IgnoredAny>(text).is_err_and(|error| error.is_eof()) {
        return refused(Cause::BodyTruncated, Some(body.len()));
    }
    Envelope::parse(text).err().and_then(|error| refused(Cause::Body(error), None))
}

impl KnownSecret {
    /// Creates a secret with a name that may be shown, such as the name of its variable.
    #[must_use]
    pub fn new(name: impl Into<String>, secret: impl Into<Vec<u8>>) -> Self {
        Self { name: name.into(), secret: secret.into(), is_accepted: false }
    }

    /// Marks the secret as also accepted by the receiver, for example with
    /// [`Verifier::also_accept`].
    #[must_use]
    pub fn also_accepted(self) -> Self {
        Self { is_accepted: true, ..self }
    }
}

/// Shows only the name.
impl fmt::Debug for KnownSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KnownSecret").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Explanation {
    fn new(cause: Cause, offset: Option<usize>) -> Self {
        Self { cause, further: Vec::new(), offset }
    }

    /// Returns the cause, or the first of several: changes of the body come before changes of the
    /// secret, and these before the notation of the signature.
    #[must_use]
    pub fn cause(&self) -> &Cause {
        &self.cause
    }

    /// Returns all causes, if it takes several to explain the signature.
    pub fn causes(&self) -> impl Iterator<Item = &Cause> {
        std::iter::once(&self.cause).chain(&self.further)
    }

    /// Returns the position in the body of the first byte that differs from the signed text: 0 if
    /// the whole body was signed, the length of the body if its end is missing.
    #[must_use]
    pub fn offset(&self) -> Option<usize> {
        self.offset
    }

    /// Returns whether the receiver accepts the delivery.
    #[must_use]
    pub fn is_match(&self) -> bool {
        self.cause == Cause::Match
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let problems: Vec<_> = self.causes().map(Cause::problem).collect();
        f.write_str(&sentence::join(&problems))?;
        let mut helps: Vec<_> = self.causes().filter_map(Cause::help).collect();
        helps.dedup();
        if !helps.is_empty() {
            write!(f, ": {}", sentence::join(&helps))?;
        }
        match self.offset {
            Some(offset) => write!(f, "; the first difference is at byte {offset} of the body"),
            None => Ok(()),
        }
    }
}
