//! [`Metadata`]: the facts about an event besides its payload.

use std::time::SystemTime;

use super::FromDelivery;
use crate::{delivery::Delivery, hook::HookError};

/// The facts about an event besides its payload.
///
/// The signature covers neither the id nor the type. Never grant anything on the type alone, and
/// format both with `{:?}`, because they may hold any text. Unpaired surrogates in them become
/// U+FFFD.
///
/// The id is the same in every attempt, so a hook can use it as the key for work that it has done:
///
/// ```
/// use panora_hooks::{Metadata, State, on};
/// # use std::{collections::HashSet, sync::{Arc, Mutex}};
/// # #[derive(Clone)] struct Done(Arc<Mutex<HashSet<String>>>);
/// # impl Done {
/// #     fn contains(&self, id: &str) -> bool { self.0.lock().unwrap().contains(id) }
/// #     fn insert(&self, id: String) { self.0.lock().unwrap().insert(id); }
/// # }
///
/// #[on("crm.contact.created")]
/// async fn contact_created(meta: Metadata, State(done): State<Done>) {
///     if !done.contains(&meta.id) {
///         println!("attempt {}: hello", meta.attempt);
///         done.insert(meta.id);
///     }
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Metadata {
    /// `id_event` of the body, a UUID. It stays the same if the sender repeats the event.
    pub id: String,
    /// The event type, the name that hooks and endpoints use, such as `crm.company.created`.
    pub event_type: String,
    /// The wire type, the `type` in the body, such as `crm.company.push`.
    pub wire_type: String,
    /// The number of this attempt: 1 for the first.
    pub attempt: u32,
    /// When the delivery arrived.
    pub received_at: SystemTime,
}

impl<S> FromDelivery<S> for Metadata {
    fn from_delivery(delivery: &Delivery<'_>, _state: &S) -> Result<Self, HookError> {
        Ok(Self {
            id: delivery.id().to_owned(),
            event_type: delivery.event_type().to_owned(),
            wire_type: delivery.wire_type().to_owned(),
            attempt: delivery.attempt(),
            received_at: delivery.received_at(),
        })
    }
}
