//! Validation of endpoint secrets.

use std::env::{self, VarError};

/// The reason why a text cannot be the secret of an endpoint. The error never contains the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SecretError {
    /// The secret is empty.
    #[error("the webhook secret is empty, so anyone could sign deliveries")]
    Empty,
    /// The secret consists of white space.
    #[error("the webhook secret consists of white space")]
    Blank,
    /// The environment variable does not exist.
    #[error("the environment variable `{0}` is not set: set it to the `secret` of the webhook endpoint")]
    Unset(String),
    /// The environment variable is empty or consists of white space.
    #[error("the environment variable `{0}` is blank: set it to the `secret` of the webhook endpoint")]
    BlankVariable(String),
    /// The environment variable begins or ends with white space.
    #[error(
        "the environment variable `{0}` begins or ends with white space, perhaps a pasted newline: remove it"
    )]
    PaddedVariable(String),
    /// The environment variable is not valid Unicode, so it cannot be a secret.
    #[error("the environment variable `{0}` is not valid Unicode")]
    NotUnicode(String),
}

pub(super) fn check(secret: &[u8]) -> Result<(), SecretError> {
    if secret.is_empty() {
        return Err(SecretError::Empty);
    }
    match std::str::from_utf8(secret) {
        Ok(text) if text.trim().is_empty() => Err(SecretError::Blank),
        _ => Ok(()),
    }
}

pub(super) fn read(name: &str) -> Result<String, SecretError> {
    let secret = env::var(name).map_err(|error| match error {
        VarError::NotPresent => SecretError::Unset(name.to_owned()),
        VarError::NotUnicode(_) => SecretError::NotUnicode(name.to_owned()),
    })?;
    let trimmed = secret.trim();
    if trimmed.is_empty() {
        Err(SecretError::BlankVariable(name.to_owned()))
    } else if trimmed.len() < secret.len() {
        Err(SecretError::PaddedVariable(name.to_owned()))
    } else {
        Ok(secret)
    }
}
