//! Refusals: why a request is not a delivery, and how it is answered.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

use super::budget::Exhausted;
use crate::verify::{Verifier, VerifyError};

/// The reason for refusing a request. The message is for the log; `reason` is for the sender.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The method is not POST.
    #[error("the method is not POST")]
    Method,
    /// The header is missing.
    #[error("the header `{}` is missing", Verifier::SIGNATURE_HEADER)]
    NoSignature,
    /// The header appears more than once.
    #[error("there is more than one header `{}`", Verifier::SIGNATURE_HEADER)]
    TwoSignatures,
    /// The signature or the body does not come from the sender.
    #[error(transparent)]
    Unverified(VerifyError),
    /// The body is larger than the limit of the router.
    #[error("the body is larger than {limit} bytes, the limit set by `Webhooks::max_body_bytes`")]
    TooLarge {
        /// The limit, in bytes.
        limit: usize,
    },
    /// The body is larger than the limit of a layer.
    #[error("a layer around the router stopped the body as too large: raise the limit of that layer")]
    TooLargeForLayer,
    /// The body did not arrive in time.
    #[error("the body did not arrive in time")]
    TooSlow,
    /// The body ended early.
    #[error("the body ended early: the connection was cut, or a layer around the router stopped it")]
    Incomplete,
    /// The memory limit for bodies is reached.
    #[error("too many large bodies at once, and none completed in time: see `Webhooks::max_buffered_bytes`")]
    Exhausted,
}

impl From<Exhausted> for Refusal {
    fn from(Exhausted: Exhausted) -> Self {
        Self::Exhausted
    }
}

impl Refusal {
    fn status(&self) -> StatusCode {
        match self {
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooLarge { .. } | Self::TooLargeForLayer => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::Exhausted => StatusCode::SERVICE_UNAVAILABLE,
            Self::NoSignature | Self::TwoSignatures | Self::Unverified(_) | Self::Incomplete => {
                StatusCode::BAD_REQUEST
            }
        }
    }

    /// Returns the text of the response, one of a fixed set. All errors of a signature share one
    /// text.
    fn reason(&self) -> &'static str {
        match self {
            Self::Method => "Webhook Error: only POST is allowed",
            Self::NoSignature
            | Self::TwoSignatures
            | Self::Unverified(VerifyError::SignatureFormat | VerifyError::SignatureMismatch) => {
                "Webhook Error: missing or invalid signature"
            }
            Self::Unverified(VerifyError::MissingKey(_)) => "Webhook Error: missing key in body",
            Self::Unverified(VerifyError::DuplicateKey(_)) => "Webhook Error: duplicate key in body",
            Self::Unverified(VerifyError::Malformed) => "Webhook Error: malformed body",
            Self::TooLarge { .. } | Self::TooLargeForLayer => "Webhook Error: body too large",
            Self::TooSlow => "Webhook Error: body not received in time",
            Self::Incomplete => "Webhook Error: body not received whole",
            Self::Exhausted => "Webhook Error: too many large bodies at once",
        }
    }

    /// Returns the outcome that is counted.
    pub(crate) fn label(&self) -> &'static str {
        match self {
            Self::Method => "method_not_allowed",
            Self::NoSignature
            | Self::TwoSignatures
            | Self::Unverified(VerifyError::SignatureFormat | VerifyError::SignatureMismatch) => {
                "invalid_signature"
            }
            Self::Unverified(_) => "malformed_body",
            Self::TooLarge { .. } | Self::TooLargeForLayer => "body_too_large",
            Self::TooSlow => "body_too_slow",
            Self::Incomplete => "body_incomplete",
            Self::Exhausted => "memory_exhausted",
        }
    }
}

impl IntoResponse for &Refusal {
    fn into_response(self) -> Response {
        let mut response = (self.status(), self.reason()).into_response();
        if matches!(self, Refusal::Method) {
            response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST"));
        }
        response
    }
}
