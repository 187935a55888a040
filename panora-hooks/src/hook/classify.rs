//! Errors that say which of them are permanent.

/// An error type that says which of its errors are permanent.
///
/// If a hook returns `Result<(), E>` for such an `E`, a [permanent](ErrorClass::Permanent) error
/// becomes [`HookError::Permanent`](crate::HookError::Permanent). Any other error is retried.
///
/// ```
/// use panora_hooks::{Classify, ErrorClass, Metadata, on};
///
/// #[derive(Debug, thiserror::Error)]
/// enum AppError {
///     #[error("the database is unreachable")]
///     Database(#[from] std::io::Error),
///     #[error("the event has no number")]
///     Number(#[from] std::num::ParseIntError),
/// }
///
/// impl Classify for AppError {
///     fn classify(&self) -> ErrorClass {
///         match self {
///             Self::Database(_) => ErrorClass::Retryable,
///             Self::Number(_) => ErrorClass::Permanent,
///         }
///     }
/// }
///
/// #[on("crm.contact.created")]
/// async fn contact_created(meta: Metadata) -> Result<(), AppError> {
///     let table = std::fs::read_to_string("prices.txt")?;     // retried
///     let id: u32 = meta.id.parse()?;                         // permanent
///     Ok(())
/// }
/// ```
///
/// The type has to be the one that the hook declares, under its own name or through an alias of
/// `Result`. `?` into [`HookError`](crate::HookError) or `anyhow::Error` loses the type;
/// [`HookError::classify`](crate::HookError::classify) keeps the class. `Box<AppError>` is another
/// type, for which `Classify` can be implemented as well.
pub trait Classify {
    /// Returns whether this error may be retried.
    fn classify(&self) -> ErrorClass;
}

/// The answer of [`Classify`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorClass {
    /// A retry may help.
    Retryable,
    /// A retry cannot help.
    Permanent,
}
