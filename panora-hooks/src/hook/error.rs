//! The result of a hook.

use std::{
    error::Error,
    fmt::{self, Display},
    time::Duration,
};

use super::{Classify, ErrorClass};
use crate::delivery::PayloadError;

/// An error of any type. `anyhow::Error`, `String` and `&str` also convert into it.
pub(crate) type BoxError = Box<dyn Error + Send + Sync>;

/// The error of a hook.
///
/// A hook returns `Result<(), E>` for any `E` that converts into this type: every
/// [`std::error::Error`], `anyhow::Error`, `String`. So `?` works on all of them:
///
/// ```
/// use panora_hooks::{HookError, Metadata, on};
///
/// #[on("crm.contact.created")]
/// async fn contact_created(meta: Metadata) -> Result<(), HookError> {
///     let table = std::fs::read_to_string("prices.txt")?;             // retried
///     let id: u32 = meta.id.parse().map_err(HookError::permanent)?;   // not retried
///     Ok(())
/// }
/// ```
///
/// Like `anyhow::Error`, it does not implement [`std::error::Error`]; that makes the blanket `From`
/// implementation possible.
#[derive(Debug)]
#[non_exhaustive]
pub enum HookError {
    /// Another attempt may help. Other errors convert into this variant.
    Retry(BoxError),
    /// Another attempt may help after this time. Created by [`HookError::retry_after`].
    RetryAfter(Duration, BoxError),
    /// Another attempt cannot help. Created by [`HookError::permanent`], and from an error whose
    /// [`Classify`] implementation returns [`ErrorClass::Permanent`].
    Permanent(BoxError),
    /// The payload does not fit the type that the hook takes. Another attempt cannot help.
    Payload(PayloadError),
}

impl HookError {
    /// Creates a permanent error: another attempt cannot help.
    ///
    /// Without an inbox there are no further attempts, and the router answers 500 either way. The
    /// sender records the failure. For one event (`connection.created` of e-commerce) it makes one
    /// more attempt after any failure.
    pub fn permanent(error: impl Into<BoxError>) -> Self {
        Self::Permanent(error.into())
    }

    /// Creates an error that asks for the next attempt after `delay`, such as the `Retry-After` of
    /// a provider that limits requests.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # enum Answer { Done, TooManyRequests { retry_after: Duration } }
    /// # async fn ask_provider() -> Answer { Answer::Done }
    /// use panora_hooks::{HookError, on};
    ///
    /// #[on("crm.contact.created")]
    /// async fn contact_created() -> Result<(), HookError> {
    ///     match ask_provider().await {
    ///         Answer::Done => Ok(()),
    ///         Answer::TooManyRequests { retry_after } => {
    ///             Err(HookError::retry_after(retry_after, "the provider limits requests"))
    ///         }
    ///     }
    /// }
    /// ```
    ///
    /// The attempt counts, so the event is dead if this was its last one. The next attempt comes no
    /// earlier than `delay` after this one, instead of the [`backoff`]. A worker with a free slot
    /// begins it within 250 ms of that time, also after a restart, if the store can tell when the
    /// next event is due ([`Inbox::next_due`]), as the stores of this crate can. The longest delay
    /// is that for which the data of done events is kept ([`retention`], 7 days by default), or the
    /// longest backoff if that is longer. A longer one is shortened, and logged as an error.
    ///
    /// Without an inbox there are no further attempts, and the router answers 500.
    ///
    /// [`Inbox::next_due`]: crate::inbox::Inbox::next_due
    /// [`backoff`]: crate::WebhooksWithInbox::backoff
    /// [`retention`]: crate::WebhooksWithInbox::retention
    pub fn retry_after(delay: Duration, error: impl Into<BoxError>) -> Self {
        Self::RetryAfter(delay, error.into())
    }

    /// Converts an error by its [`ErrorClass`].
    ///
    /// A hook whose declared error type implements [`Classify`] does not need this. Where `?`
    /// converts an error into `HookError`, its type is lost, and the error is retried:
    ///
    /// ```
    /// # use panora_hooks::{Classify, ErrorClass};
    /// # #[derive(Debug, thiserror::Error)] #[error("no address")] struct AppError;
    /// # impl Classify for AppError { fn classify(&self) -> ErrorClass { ErrorClass::Permanent } }
    /// # fn welcome() -> Result<(), AppError> { Err(AppError) }
    /// use panora_hooks::{HookError, on};
    ///
    /// #[on("crm.contact.created")]
    /// async fn contact_created() -> Result<(), HookError> {
    ///     welcome().map_err(HookError::classify)?;
    ///     Ok(())
    /// }
    /// ```
    pub fn classify(error: impl Classify + Into<BoxError>) -> Self {
        let class = error.classify();
        Self::from(error).with_class(class)
    }

    /// Makes a retryable error permanent if its class is. Other errors stay as they are: a hook
    /// that names a delay expects another attempt to help.
    fn with_class(self, class: ErrorClass) -> Self {
        match (self, class) {
            (Self::Retry(error), ErrorClass::Permanent) => Self::Permanent(error),
            (error, ErrorClass::Retryable | ErrorClass::Permanent) => error,
        }
    }

    /// Returns whether another attempt may help.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Retry(_) | Self::RetryAfter(..))
    }

    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Retry(error) | Self::RetryAfter(_, error) | Self::Permanent(error) => error.source(),
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

/// Writes the error and its causes on one line, with `{:#}` or without.
impl Display for HookError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Retry(error) | Self::RetryAfter(_, error) | Self::Permanent(error) => {
                Display::fmt(error, f)?;
            }
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

/// Applies the class that [`Classify`] returned for an error. Generated code calls this for the
/// result of each hook.
///
/// # Errors
///
/// Returns the error of a hook that failed.
pub fn with_class(result: Result<(), HookError>, class: Option<ErrorClass>) -> Result<(), HookError> {
    result.map_err(|error| match class {
        Some(class) => error.with_class(class),
        None => error,
    })
}

/// The types that a hook may return.
#[diagnostic::on_unimplemented(
    message = "a hook cannot return `{Self}`",
    label = "expected `()` or `Result<(), E>`",
    note = "the router answers; return `Err` to ask for a retry"
)]
pub trait IntoOutcome {
    /// Returns `Ok` on success and the error otherwise.
    ///
    /// # Errors
    ///
    /// Returns the error of a hook that failed.
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

/// `Into<HookError>`, with its own compile error.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot become a `HookError`",
    label = "not an error that a hook can return",
    note = "implement `std::error::Error` for `{Self}`"
)]
pub trait IntoHookError {
    /// Converts the error.
    fn into_hook_error(self) -> HookError;
}

#[diagnostic::do_not_recommend]
impl<E: Into<HookError>> IntoHookError for E {
    fn into_hook_error(self) -> HookError {
        self.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_does_not_change_the_delay() {
        let delay = Duration::from_secs(30);
        for class in [None, Some(ErrorClass::Retryable), Some(ErrorClass::Permanent)] {
            let error = with_class(Err(HookError::retry_after(delay, "no")), class).unwrap_err();
            assert!(matches!(&error, HookError::RetryAfter(kept, _) if *kept == delay), "{error:?}");
            assert!(error.is_retryable());
            assert_eq!(error.to_string(), "no");
        }
    }
}
