//! The arguments of hooks.

mod event;
mod metadata;
mod raw_data;
mod state;

pub use self::{
    event::{Event, FromPayload},
    metadata::Metadata,
    raw_data::RawData,
    state::HasPart,
};
use crate::{delivery::Delivery, hook::HookError};

/// An argument of a hook: a type that can be extracted from a delivery and the state `S`.
///
/// [`Event`], [`Metadata`], [`RawData`], [`State`](crate::State) and
/// [`Tx`](crate::transactions::Tx) implement it. Your own types can be arguments, too:
///
/// ```
/// use panora_hooks::{Delivery, FromDelivery, HookError, on};
///
/// /// The customer that an event belongs to.
/// struct Tenant(String);
///
/// impl<S> FromDelivery<S> for Tenant {
///     fn from_delivery(delivery: &Delivery<'_>, _state: &S) -> Result<Self, HookError> {
///         #[derive(serde::Deserialize)]
///         struct Owned {
///             remote_tenant: Option<String>,
///         }
///         let Owned { remote_tenant } = delivery.payload()?;
///         remote_tenant.map(Tenant).ok_or_else(|| HookError::permanent("the event has no tenant"))
///     }
/// }
///
/// #[on("crm.contact.created")]
/// async fn contact_created(tenant: Tenant) { /* .. */ }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be used as a hook argument",
    label = "cannot be taken from a delivery when the state is `{S}`",
    note = "hook arguments are `Event<T>`, `Metadata`, `RawData`, `State<T>`, `Tx` and types that implement `FromDelivery`",
    note = "to receive the payload write `Event<{Self}>`",
    note = "the body is verified before the hook runs; use `Event<T>` where axum has `Json<T>`"
)]
pub trait FromDelivery<S>: Sized {
    /// Extracts the argument from a delivery.
    ///
    /// # Errors
    ///
    /// Returns an error if the argument cannot be extracted. The hook then does not run and counts
    /// as failed.
    fn from_delivery(delivery: &Delivery<'_>, state: &S) -> Result<Self, HookError>;
}

/// [`FromDelivery`] for a type named `Json<T>`, so that the message for axum's names `T`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be used as a hook argument",
    label = "cannot be taken from a delivery when the state is `{S}`",
    note = "the body is verified before the hook runs; to receive the payload write `Event<{T}>`"
)]
#[doc(hidden)]
pub trait FromDeliveryNotJson<S, T>: FromDelivery<S> {}

#[diagnostic::do_not_recommend]
impl<A: FromDelivery<S>, S, T> FromDeliveryNotJson<S, T> for A {}

/// Extracts an argument. Generated code calls it for each argument, so that it names only the type.
#[doc(hidden)]
pub fn extract<T: FromDelivery<S>, S>(delivery: &Delivery<'_>, state: &S) -> Result<T, HookError> {
    T::from_delivery(delivery, state)
}
