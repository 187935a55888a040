//! The sentences for causes.

use panora_hooks::{__cli::printable, VerifyError};

use super::{cause::Cause, serializers::JAVASCRIPT};

const AS_IT_ARRIVES: &str =
    "verify the bytes as they arrive instead of JSON that was parsed and written again";
const AS_IT_IS_SENT: &str =
    "have the bytes behind `\"data\":` in the body signed with their quotes and escapes";
const AS_HEX: &str = "have it written as 64 lower-case hex digits and nothing else";
const AS_IT_IS: &str = "use the endpoint's `secret` as it is on both sides";
const AS_UTF_8: &str = "have every program on the way pass on the body as bytes instead of text";

/// Joins clauses into one, such as "a, b, and c".
pub(super) fn join(clauses: &[impl AsRef<str>]) -> String {
    let mut joined = String::new();
    for (index, clause) in clauses.iter().enumerate() {
        match index {
            0 => {}
            _ if index + 1 == clauses.len() => joined.push_str(", and "),
            _ => joined.push_str(", "),
        }
        joined.push_str(clause.as_ref());
    }
    joined
}

impl Cause {
    /// Returns the problem as a clause.
    pub(super) fn problem(&self) -> String {
        let problem = match self {
            Self::SecretAsSignature { name } => {
                return format!("the signature is the secret `{}` itself", printable(name));
            }
            Self::OtherSecret { name } => {
                return format!(
                    "the signature was made with the secret `{}` instead of the receiver's",
                    printable(name)
                );
            }
            Self::SecretChanged { name, change } => {
                let (name, how) = (printable(name), change.how);
                return format!("the signature was made with the secret `{name}` {how}");
            }
            Self::Rewritten { writing } => {
                return format!("JSON was signed as {writing} writes it but arrived in another notation");
            }
            Self::Compressed { encoding } => return format!("the body arrived compressed with {encoding}"),
            Self::Body(error) => return error.to_string(),
            Self::Match => "the signature matches: the receiver's secret signed `data` as it arrived",
            Self::NoSignature => "the header `Panora-Signature` is missing",
            Self::TwoSignatures => "there is more than one header `Panora-Signature`",
            Self::NoSecret => "there is no secret to verify with",
            Self::UnknownSecretAsSignature => {
                "the header `Panora-Signature` holds a UUID, perhaps the secret itself, but none of the known secrets"
            }
            Self::NotASignature => "the header `Panora-Signature` holds nothing like 64 hex digits",
            Self::SignatureUpperCase => "the signature is written with upper-case hex digits",
            Self::SignaturePadded => "the signature has white space around it",
            Self::SignaturePrefixed => "the signature follows a prefix",
            Self::SignatureBase64 => "the signature is written in base64",
            Self::WholeBody => "the whole body was signed instead of the value of `data`",
            Self::DataEncoded => "the text in `data` was signed but arrived in a string",
            Self::DataDecoded => "`data` was signed as a string but arrived decoded",
            Self::Reordered => "JSON was signed with its keys in another order than they arrived in",
            Self::NewlineLost => "the signed text ends with a newline that has not arrived",
            Self::NewlineAdded => "the signed text lacks the newline at the end of the text that arrived",
            Self::ByteOrderMark => "the body begins with a byte order mark, which was not sent",
            Self::Latin1 => "the body was sent as UTF-8 but arrived as Latin-1",
            Self::EncodedTwice => "the body was read as Latin-1 on the way and encoded as UTF-8 once more",
            Self::Base64 => "the body arrived in base64",
            Self::Wrapped => "the body arrived inside another JSON object or list",
            Self::BodyAsString => "the body arrived as a JSON string",
            Self::FormEncoded => "the body arrived as a form",
            Self::Utf16 => "the body arrived as UTF-16",
            Self::EmptyBody => "the body is empty",
            Self::NotUtf8 => "the body is not UTF-8",
            Self::BodyTruncated => "the body ends in the middle of its JSON",
            Self::Unexplained { is_complete: true } => {
                "no known change explains the signature: another secret was used, or the data was changed"
            }
            Self::Unexplained { is_complete: false } => {
                "none of the changes that there was time for explains the signature"
            }
        };
        problem.to_owned()
    }

    /// Returns the remedy as a clause.
    pub(super) fn help(&self) -> Option<&'static str> {
        match self {
            Self::Match => None,
            Self::NoSignature => {
                Some("look for a proxy that drops it or upgrade a deployment from before December 2023")
            }
            Self::TwoSignatures => Some("look for a program on the way that adds one"),
            Self::NoSecret => Some("give the `secret` of the webhook endpoint"),
            Self::SecretAsSignature { .. } => {
                Some("refuse it and upgrade the deployment, which is from before July 2024")
            }
            Self::UnknownSecretAsSignature => Some(
                "upgrade the deployment if it is from before July 2024, and compare the secret with the endpoint's",
            ),
            Self::NotASignature => Some("look for a program on the way that sets the header"),
            Self::SignatureUpperCase
            | Self::SignaturePadded
            | Self::SignaturePrefixed
            | Self::SignatureBase64 => Some(AS_HEX),
            Self::OtherSecret { .. } => {
                Some("give the receiver this secret or accept both with `Verifier::also_accept`")
            }
            Self::SecretChanged { .. } => Some(AS_IT_IS),
            Self::WholeBody | Self::DataEncoded => Some(AS_IT_IS_SENT),
            // Panora always writes JSON as JavaScript does, so another notation was signed by
            // another program.
            Self::Rewritten { writing } if *writing != JAVASCRIPT.name => Some(AS_IT_IS_SENT),
            Self::Rewritten { .. }
            | Self::DataDecoded
            | Self::Reordered
            | Self::NewlineLost
            | Self::NewlineAdded => Some(AS_IT_ARRIVES),
            Self::ByteOrderMark | Self::Latin1 | Self::EncodedTwice | Self::NotUtf8 | Self::Utf16 => {
                Some(AS_UTF_8)
            }
            Self::Compressed { .. } => {
                Some("have it passed on as it was sent, or decompress it before it is verified")
            }
            Self::Base64 => Some("decode it before it is verified, or have it passed on as binary data"),
            Self::Wrapped => Some("verify the text inside, decoded once, instead of its wrapping"),
            Self::BodyAsString => Some("verify the text in the string instead of the string"),
            Self::FormEncoded => Some("have it passed on as it was sent, with the type `application/json`"),
            Self::EmptyBody => Some("look for code that reads it before the receiver does"),
            Self::BodyTruncated => Some("look for a limit to the size of bodies on the way"),
            Self::Body(VerifyError::MissingKey("type")) => {
                Some("upgrade the deployment if it is from before September 2024, when some bodies had none")
            }
            Self::Body(_) => Some("compare it with a body from `panora_hooks::testing::sample`"),
            Self::Unexplained { is_complete: false } => Some(
                "try again with the one secret of the endpoint, and then compare the body with what was sent",
            ),
            Self::Unexplained { is_complete: true } => Some(
                "compare the secret with those of all endpoints that have this URL, and then the body with what was sent",
            ),
        }
    }
}
