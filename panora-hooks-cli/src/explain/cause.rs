//! The causes of a signature that does not match.

use panora_hooks::VerifyError;

/// Why a signature does not match, or that it does.
///
/// It never holds a secret, a signature or anything of the payload.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cause {
    /// Nothing is the matter: the receiver's secret signed the data as it arrived.
    Match,
    /// No header arrived.
    NoSignature,
    /// More than one header arrived.
    TwoSignatures,
    /// Every secret is blank.
    NoSecret,
    /// The header holds the secret itself.
    SecretAsSignature {
        /// The name of the secret.
        name: String,
    },
    /// The header holds a UUID, as secrets are, but not one of the known secrets.
    UnknownSecretAsSignature,
    /// The header holds nothing that could be a signature.
    NotASignature,
    /// The signature is written with upper-case digits.
    SignatureUpperCase,
    /// The signature has white space around it.
    SignaturePadded,
    /// The signature stands behind something such as `sha256=`.
    SignaturePrefixed,
    /// The signature is written in base64.
    SignatureBase64,
    /// Another of the known secrets made the signature.
    OtherSecret {
        /// The name of the secret.
        name: String,
    },
    /// A known secret made the signature, in another form.
    SecretChanged {
        /// The name of the secret.
        name: String,
        /// The other form.
        change: SecretChange,
    },
    /// The whole body was signed.
    WholeBody,
    /// The text in the string was signed without the string.
    DataEncoded,
    /// The data was signed as text in a string and arrived as JSON.
    DataDecoded,
    /// The same JSON was signed, written in another way.
    Rewritten {
        /// The program that writes it as it was signed, such as "`JSON.stringify`".
        writing: &'static str,
    },
    /// The same JSON was signed, with its keys in another order.
    Reordered,
    /// The signed text has a newline at its end that has not arrived.
    NewlineLost,
    /// The text that arrived has a newline at its end that was not signed.
    NewlineAdded,
    /// The body begins with a byte order mark.
    ByteOrderMark,
    /// The body is written in Latin-1.
    Latin1,
    /// The body was read as Latin-1 and written as UTF-8.
    EncodedTwice,
    /// The body arrived compressed.
    Compressed {
        /// With what, such as "gzip".
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
    /// The JSON of the body lacks its end.
    BodyTruncated,
    /// The body is not what Panora sends.
    Body(VerifyError),
    /// Nothing that was tried explains the signature.
    Unexplained {
        /// Whether everything was tried: with a large body or many secrets it would take too long.
        is_complete: bool,
    },
}

/// A change of a secret before the signature was made with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SecretChange {
    /// A short name for programs, such as `secret_trimmed`.
    pub(super) code: &'static str,
    /// Completes "made with the secret ..".
    pub(super) how: &'static str,
}

impl Cause {
    /// A short name for programs, such as `other_secret`.
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
