//! The causes of a signature that does not match.

use panora_hooks::VerifyError;

/// The reason why a signature does not match, or [`Cause::Match`].
///
/// Contains no secret, no signature and nothing of the payload.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cause {
    /// The signature matches: the receiver's secret signed the data as it arrived.
    Match,
    /// The header is missing.
    NoSignature,
    /// The header arrived more than once.
    TwoSignatures,
    /// Every secret is blank.
    NoSecret,
    /// The header contains the secret itself.
    SecretAsSignature {
        /// The name of the secret.
        name: String,
    },
    /// The header contains a UUID, like a secret, but not one of the known secrets.
    UnknownSecretAsSignature,
    /// The header contains nothing that could be a signature.
    NotASignature,
    /// The signature is written with upper-case digits.
    SignatureUpperCase,
    /// The signature has white space around it.
    SignaturePadded,
    /// The signature follows a prefix such as `sha256=`.
    SignaturePrefixed,
    /// The signature is written in base64.
    SignatureBase64,
    /// Another of the known secrets made the signature.
    OtherSecret {
        /// The name of the secret.
        name: String,
    },
    /// A known secret made the signature, after a change.
    SecretChanged {
        /// The name of the secret.
        name: String,
        /// The change.
        change: SecretChange,
    },
    /// The whole body was signed.
    WholeBody,
    /// The text inside the string was signed without the string.
    DataEncoded,
    /// The data was signed as text in a string and arrived as JSON.
    DataDecoded,
    /// The same JSON was signed in another notation.
    Rewritten {
        /// The program that writes JSON as it was signed, such as "`JSON.stringify`".
        writing: &'static str,
    },
    /// The same JSON was signed, with its keys in another order.
    Reordered,
    /// The signed text ends with a newline that did not arrive.
    NewlineLost,
    /// The text that arrived has a newline at its end that was not signed.
    NewlineAdded,
    /// The body begins with a byte order mark.
    ByteOrderMark,
    /// The body is written in Latin-1.
    Latin1,
    /// The body was read as Latin-1 and encoded as UTF-8 again.
    EncodedTwice,
    /// The body arrived compressed.
    Compressed {
        /// The encoding, such as "gzip".
        encoding: &'static str,
    },
    /// The body arrived in base64.
    Base64,
    /// The body arrived inside a larger JSON object or list, such as the event object of a gateway.
    Wrapped,
    /// The body arrived as a JSON string.
    BodyAsString,
    /// The body arrived as a form.
    FormEncoded,
    /// The body arrived as UTF-16.
    Utf16,
    /// The body is empty.
    EmptyBody,
    /// The body is not UTF-8.
    NotUtf8,
    /// The JSON of the body is cut off.
    BodyTruncated,
    /// The body does not have the sender's format.
    Body(VerifyError),
    /// No change that was tried explains the signature.
    Unexplained {
        /// Whether everything was tried. With a large body or many secrets, that would take too
        /// long.
        is_complete: bool,
    },
}

/// A change of the secret before it made the signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SecretChange {
    /// An identifier for programs, such as `secret_trimmed`.
    pub(super) code: &'static str,
    /// The end of the sentence "made with the secret …".
    pub(super) how: &'static str,
}

impl Cause {
    /// Returns an identifier for programs, such as `other_secret`.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Match => "match",
            Self::NoSignature => "no_signature",
            Self::TwoSignatures => "two_signatures",
            Self::NoSecret => "no_secret",
            Self::SecretAsSignature { .. } => "secret_as_signature",
            Self::UnknownSecretAsSignature => "unknown_secret_as_signature",
            Self::NotASignature => "not_a_signature",
            Self::SignatureUpperCase => "signature_upper_case",
            Self::SignaturePadded => "signature_padded",
            Self::SignaturePrefixed => "signature_prefixed",
            Self::SignatureBase64 => "signature_base64",
            Self::OtherSecret { .. } => "other_secret",
            Self::SecretChanged { change, .. } => change.code,
            Self::WholeBody => "whole_body",
            Self::DataEncoded => "data_encoded",
            Self::DataDecoded => "data_decoded",
            Self::Rewritten { .. } => "rewritten",
            Self::Reordered => "reordered",
            Self::NewlineLost => "newline_lost",
            Self::NewlineAdded => "newline_added",
            Self::ByteOrderMark => "byte_order_mark",
            Self::Latin1 => "latin1",
            Self::EncodedTwice => "encoded_twice",
            Self::Compressed { .. } => "compressed",
            Self::Base64 => "base64",
            Self::Wrapped => "wrapped",
            Self::BodyAsString => "body_as_string",
            Self::FormEncoded => "form_encoded",
            Self::Utf16 => "utf16",
            Self::EmptyBody => "empty_body",
            Self::NotUtf8 => "not_utf8",
            Self::BodyTruncated => "body_truncated",
            Self::Body(VerifyError::MissingKey(_)) => "missing_key",
            Self::Body(VerifyError::DuplicateKey(_)) => "duplicate_key",
            Self::Body(_) => "malformed_body",
            Self::Unexplained { .. } => "unexplained",
        }
    }
}
