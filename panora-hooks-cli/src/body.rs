//! The signed part of a body.

use panora_hooks::{
    __cli::{self, Envelope},
    VerifyError,
};
use serde::Deserialize;
use serde_json::{Value, value::RawValue};

/// The reason why there is nothing to sign. Contains nothing of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BodyError {
    /// The body does not have the sender's format.
    #[error(transparent)]
    Body(#[from] VerifyError),
    /// The text is not one JSON value in UTF-8.
    #[error("it is not JSON")]
    NotJson,
}

/// Returns the JSON text of `data` in a body, which is the signed text.
///
/// # Errors
///
/// Returns an error if the body is not a JSON object as the sender sends it.
pub fn data(body: &[u8]) -> Result<&str, BodyError> {
    let body = std::str::from_utf8(body).map_err(|_| VerifyError::Malformed)?;
    Ok(Envelope::parse(body)?.data)
}

/// Returns the `id_event` of a body if the body is JSON. The value is not authenticated.
#[must_use]
pub fn id(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Id {
        id_event: Value,
    }

    let Id { id_event } = __cli::from_str(str::from_utf8(body).ok()?).ok()?;
    id_event.as_str().map(str::to_owned)
}

/// Returns a JSON text without the white space around it, such as the newline that editors add.
///
/// # Errors
///
/// Returns an error if the text is not JSON.
pub fn json_text(text: &[u8]) -> Result<&str, BodyError> {
    let value: &RawValue = serde_json::from_slice(text).map_err(|_| BodyError::NotJson)?;
    Ok(value.get())
}
