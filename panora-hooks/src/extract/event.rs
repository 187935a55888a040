//! `Event<T>`.

use std::{
    any::type_name,
    fmt,
    ops::{Deref, DerefMut},
};

use serde::de::DeserializeOwned;

use super::FromDelivery;
use crate::{
    delivery::{Delivery, PayloadError},
    hook::HookError,
};

/// The payload of the event, as a `T`.
///
/// The sender puts the payload into a JSON string inside the JSON body, its documentation puts it there
/// as it is; both are the same here. What `T` has to take depends on the event: `*.created` carries one
/// object, `*.pulled` a list of rows, and any of them can be `null`, which `Event<Option<T>>` takes.
///
/// `T` is any type that is `DeserializeOwned`, or the `AnyEvent` of a vertical, to which `null` is `Other`. One of the
/// [models](crate::models), alone or in a `Vec`, `Option` or `Box`, is checked to be what the event carries.
///
/// ```
/// use panora_hooks::{Event, on};
///
/// /// As much of a deal as this program needs.
/// #[derive(serde::Deserialize)]
/// struct Deal {
///     name: Option<String>,
/// }
///
/// #[on("crm.deal.created")]
/// async fn deal_created(Event(deal): Event<Deal>) {
///     println!("a deal: {}", deal.name.unwrap_or_default());
/// }
///
/// #[on("crm.deal.pulled")]
/// async fn deals_pulled(deals: Event<Vec<Deal>>) {
///     println!("{} deals", deals.len());
/// }
/// ```
///
/// Strings of JavaScript may hold unpaired surrogates, halves of a character such as `\ud83d`, which Rust text cannot
/// hold. Each becomes U+FFFD, the replacement character, in keys and in values; keys that differ in nothing else
/// become one, of which the last counts. [`RawData`](super::RawData) and the inbox keep the text as it was signed.
///
/// A payload that does not fit is a [`PayloadError`], which says at which field and holds no value. With an inbox the event is
/// dead then, and kept: it runs once the type is mended and the event replayed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Event<T>(pub T);

impl<S, T: FromPayload> FromDelivery<S> for Event<T> {
    fn from_delivery(delivery: &Delivery<'_>, _state: &S) -> Result<Self, HookError> {
        Ok(Self(T::from_payload(delivery)?))
    }
}

/// A payload: whatever can be deserialised, and `AnyEvent`, which depends on the event's type.
pub trait FromPayload: Sized {
    /// Decodes the payload.
    ///
    /// # Errors
    ///
    /// If it is not JSON, or does not fit.
    fn from_payload(delivery: &Delivery<'_>) -> Result<Self, PayloadError>;
}

impl<T: DeserializeOwned> FromPayload for T {
    fn from_payload(delivery: &Delivery<'_>) -> Result<Self, PayloadError> {
        delivery.payload()
    }
}

impl<T> Deref for Event<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for Event<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

/// The type alone: `#[tracing::instrument]` logs the arguments of the function that it stands on.
impl<T> fmt::Debug for Event<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Event<{}>(..)", type_name::<T>())
    }
}
