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

/// An argument of a hook: something that can be had from a delivery and the state `S`.
///
/// [`Event`], [`Metadata`], [`RawData`] and [`State`](crate::State) are there already. A type of your own
/// can be an argument, too:
///
/// ```
/// use panora_hooks::{Delivery, FromDelivery, HookError, on};
///
/// /// The customer that an event is about.
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
    note = "hook arguments are `Event<T>`, `Metadata`, `RawData`, `State<T>` and what implements `FromDelivery`",
    note = "to receive the payload write `Event<{Self}>`",
    note = "the body is verified before the hook runs; use `Event<T>` where axum has `Json<T>`"
)]
pub trait FromDelivery<S>: Sized {
    /// Takes the argument out of a delivery.
    ///
    /// # Errors
    ///
    /// If it is not there. The hook does not run then, and has failed.
    fn from_delivery(delivery: &Delivery<'_>, state: &S) -> Result<Self, HookError>;
}

/// Extracts an argument. Generated code calls it for each argument and needs to name the type only.
#[doc(hidden)]
pub fn extract<T: FromDelivery<S>, S>(delivery: &Delivery<'_>, state: &S) -> Result<T, HookError> {
    T::from_delivery(delivery, state)
}
