//! What of a body is signed.

use panora_hooks::{
    __cli::{self, Envelope},
    VerifyError,
};
use serde::Deserialize;
use serde_json::{Value, value::RawValue};

/// Why there is nothing to sign. It holds nothing of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BodyError {
    /// The body is not what the sender sends.
    #[error(transparent)]
    Body(#[from] VerifyError),
    /// The text is not one value of JSON in UTF-8.
    #[error("it is not JSON")]
    NotJson,
}

/// The JSON text of `data` in a body, which is what is signed.
///
/// # Errors
///
/// If the body is not the JSON object that the sender sends.
pub fn data(body: &[u8]) -> Result<&str, BodyError> {
    let body = std::str::from_utf8(body).map_err(|_| VerifyError::Malformed)?;
    Ok(Envelope::parse(body)?.data)
}

/// Returns the `id_event` of a body, if the body is JSON. Not authenticated.
#[must_use]
pub fn id(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Id {
        id_event: Value,
    }

    let Id { id_event } = __cli::from_str(str::from_utf8(body).ok()?).ok()?;
    id_event.as_str().map(str::to_owned)
}

/// The JSON text that is all of a file, without the white space around it, such as the newline that editors add.
///
/// # Errors
///
/// If it is not JSON.
pub fn json_text(text: &[u8]) -> Result<&str, BodyError> {
    let value: &RawValue = serde_json::from_slice(text).map_err(|_| BodyError::NotJson)?;
    Ok(value.get())
}
