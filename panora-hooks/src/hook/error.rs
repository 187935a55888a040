//! The result of a hook.

use std::{
    error::Error,
    fmt::{self, Display},
};

use crate::delivery::PayloadError;

/// An error of any type. `anyhow::Error`, `String` and `&str` convert into it, too.
pub(crate) type BoxError = Box<dyn Error + Send + Sync>;

/// Why a hook failed.
///
/// A hook returns `Result<(), E>` for any `E` that turns into this: every [`std::error::Error`],
/// `anyhow::Error`, `String`. So `?` works on all of them:
///
/// ```
/// use panora_hooks::{HookError, Metadata, on};
///
/// #[on("crm.contact.created")]
/// async fn contact_created(meta: Metadata) -> Result<(), HookError> {
///     let table = std::fs::read_to_string("prices.txt")?;             // try again
///     let id: u32 = meta.id.parse().map_err(HookError::permanent)?;   // do not
///     Ok(())
/// }
/// ```
///
/// Like `anyhow::Error`, it is no [`std::error::Error`] itself, which is what lets everything else turn
/// into it.
#[derive(Debug)]
#[non_exhaustive]
pub enum HookError {
    /// Trying again may help. What any error becomes.
    Retry(BoxError),
    /// Trying again is no use. Made by [`HookError::permanent`].
    Permanent(BoxError),
    /// The payload is not what the hook takes. Trying again is no use.
    Payload(PayloadError),
}

impl HookError {
    /// Says that trying again is no use.
    ///
    /// Without an inbox there is nothing that would try again, and the router answers 500 either way: the
    /// sender records the failure, and for one event (`connection.created` of e-commerce) makes one more
    /// attempt whatever it is told.
    pub fn permanent(error: impl Into<BoxError>) -> Self {
        Self::Permanent(error.into())
    }

    /// Whether trying again may help.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Retry(_))
    }

    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Retry(error) | Self::Permanent(error) => error.source(),
            Self::Payload(_) => None,
        }
    }
}

impl<E: Into<BoxError>> From<E> for HookError {
    fn from(error: E) -> Self {
        match error.into().downcast() {
            Ok(error) => Self::Payload(*error),
            Err(error) => Self::Retry(error),
        }
    }
}

/// The error and all that caused it, on one line. With `{:#}` or without.
impl Display for HookError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Retry(error) | Self::Permanent(error) => Display::fmt(error, f)?,
            Self::Payload(error) => Display::fmt(error, f)?,
        }
        let mut source = self.source();
        while let Some(error) = source {
            write!(f, ": {error}")?;
            source = error.source();
        }
        Ok(())
    }
}

/// The types that a hook may return.
#[diagnostic::on_unimplemented(
    message = "a hook cannot return `{Self}`",
    label = "expected `()` or `Result<(), E>`",
    note = "the router answers; return `Err` to ask for a retry"
)]
pub trait IntoOutcome {
    /// Success, or why not.
    ///
    /// # Errors
    ///
    /// If the hook failed.
    fn into_outcome(self) -> Result<(), HookError>;
}

impl IntoOutcome for () {
    fn into_outcome(self) -> Result<(), HookError> {
        Ok(())
    }
}

impl<E: IntoHookError> IntoOutcome for Result<(), E> {
    fn into_outcome(self) -> Result<(), HookError> {
        self.map_err(IntoHookError::into_hook_error)
    }
}

/// `Into<HookError>`, with a message of its own.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot become a `HookError`",
    label = "not an error that a hook can return",
    note = "implement `std::error::Error` for `{Self}`"
)]
pub trait IntoHookError {
    /// The conversion.
    fn into_hook_error(self) -> HookError;
}

#[diagnostic::do_not_recommend]
impl<E: Into<HookError>> IntoHookError for E {
    fn into_hook_error(self) -> HookError {
        self.into()
    }
}
