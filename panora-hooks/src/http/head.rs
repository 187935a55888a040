//! Checks of a request that precede its body.

use axum::http::{HeaderMap, HeaderValue, Method};

use super::refusal::Refusal;
use crate::verify::Verifier;

/// Accepts POST only.
///
/// # Errors
///
/// Returns [`Refusal::Method`] for any other method.
pub fn check_method(method: &Method) -> Result<(), Refusal> {
    if method == Method::POST { Ok(()) } else { Err(Refusal::Method) }
}

/// Returns the value of the signature header, whatever its form.
///
/// # Errors
///
/// Returns an error if the header is missing or appears more than once.
pub fn signature(headers: &HeaderMap) -> Result<&HeaderValue, Refusal> {
    let mut values = headers.get_all(Verifier::SIGNATURE_HEADER).iter();
    let value = values.next().ok_or(Refusal::NoSignature)?;
    if values.next().is_some() { Err(Refusal::TwoSignatures) } else { Ok(value) }
}
