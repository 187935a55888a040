//! The checks of a request that come before its body is read.

use axum::http::{HeaderMap, HeaderValue, Method};

use super::refusal::Refusal;
use crate::verify::Verifier;

/// Accepts POST only.
///
/// # Errors
///
/// If it is another method.
pub fn check_method(method: &Method) -> Result<(), Refusal> {
    if method == Method::POST { Ok(()) } else { Err(Refusal::Method) }
}

/// Returns the value of the signature header, whatever it is.
///
/// # Errors
///
/// If the header is missing, or stands there more than once.
pub fn signature(headers: &HeaderMap) -> Result<&HeaderValue, Refusal> {
    let mut values = headers.get_all(Verifier::SIGNATURE_HEADER).iter();
    let value = values.next().ok_or(Refusal::NoSignature)?;
    if values.next().is_some() { Err(Refusal::TwoSignatures) } else { Ok(value) }
}
