//! Hooks as a trait object, whatever their state.

use crate::{
    delivery::Delivery,
    hook::{Call, Dispatch},
};
use std::sync::Arc;

/// Calls the hook of an event.
pub(crate) trait Runner: Send + Sync {
    /// Calls the hook of the delivery, under the name that the hook uses for the event type.
    /// Returns `None` if no hook names the type.
    fn call(&self, delivery: Delivery<'static>) -> Option<Call>;
}

/// The hooks of a router, with their state.
pub(crate) struct Hooks<S> {
    pub(crate) dispatch: Arc<Dispatch<S>>,
    pub(crate) state: S,
}

impl<S: Clone + Send + Sync> Runner for Hooks<S> {
    fn call(&self, delivery: Delivery<'static>) -> Option<Call> {
        let (entry, event_type) = self.dispatch.find(delivery.wire_type())?;
        Some(Call::new(entry, delivery.with_event_type(event_type), self.state.clone()))
    }
}
