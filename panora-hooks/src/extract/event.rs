//! [`Event`]: the payload as a typed argument.

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
/// The sender puts the payload into a JSON string inside the JSON body; its documentation shows it
/// as a plain value. Both are accepted. The shape of `T` depends on the event: `*.created` carries
/// one object, `*.pulled` a list of rows, and any payload can be `null`, which `Event<Option<T>>`
/// accepts.
///
/// `T` is any type that is `DeserializeOwned`, or the `AnyEvent` of a vertical, which reads `null`
/// as `Other`. If `T` is one of the [models](crate::models), alone or in a `Vec`, `Option` or
/// `Box`, the compiler checks that the event carries it.
///
/// ```
/// use panora_hooks::{Event, on};
///
/// /// The fields of a deal that this program needs.
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
/// JavaScript strings may hold unpaired surrogates, halves of a character such as `\ud83d`, which
/// Rust text cannot hold. Each becomes U+FFFD, the replacement character, in keys and in values.
/// Keys that differ only in them become equal, and the last one counts. [`RawData`](super::RawData)
/// and the inbox keep the text as it was signed.
///
/// A payload that does not fit is a [`PayloadError`], which names the field and holds no value.
/// With an inbox the event is then dead but kept: it runs once the type is fixed and the event is
/// replayed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Event<T>(pub T);

impl<S, T: FromPayload> FromDelivery<S> for Event<T> {
    fn from_delivery(delivery: &Delivery<'_>, _state: &S) -> Result<Self, HookError> {
        Ok(Self(T::from_payload(delivery)?))
    }
}

/// A payload: any type that can be deserialised, and `AnyEvent`, which depends on the event type.
pub trait FromPayload: Sized {
    /// Decodes the payload.
    ///
    /// # Errors
    ///
    /// Returns an error if the payload is not JSON or does not fit the type.
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

/// Shows the type only, because `#[tracing::instrument]` logs the arguments of its function.
impl<T> fmt::Debug for Event<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Event<{}>(..)", type_name::<T>())
    }
}
