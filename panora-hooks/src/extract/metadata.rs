//! `Metadata`.

use std::time::SystemTime;

use super::FromDelivery;
use crate::{delivery::Delivery, hook::HookError};

/// The facts about an event besides its payload.
///
/// The signature covers neither the id nor the type. Never grant anything on the type alone, and write both with `{:?}`: they
/// may hold anything. Unpaired surrogates in them are U+FFFD.
///
/// The id is the same at each attempt, which makes it the key of what a hook has done:
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
    /// `id_event` of the body: a UUID, the same if the sender repeats the event.
    pub id: String,
    /// The type under the name that hooks and endpoints use, such as `crm.company.created`.
    pub event_type: String,
    /// The type that the body carries, such as `crm.company.push`.
    pub wire_type: String,
    /// How often the event has been tried, this time included: 1 on the first.
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
