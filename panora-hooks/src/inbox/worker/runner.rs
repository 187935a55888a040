//! Hooks as a trait object, whatever their state.

use std::{sync::Arc, time::Duration};

use crate::{
    delivery::Delivery,
    hook::{Call, Definition, Dispatch},
};

/// Calls the hook of an event.
pub(crate) trait Runner: Send + Sync {
    /// Returns the definition of the hook that a wire type is dispatched to, if there is one.
    fn definition(&self, wire_type: &str) -> Option<Definition>;

    /// Calls the hook of the delivery, under the name that the hook uses for the event type. The
    /// hook is cancelled after `timeout`. Returns `None` if no hook names the type.
    fn call(&self, delivery: Delivery<'static>, timeout: Duration) -> Option<Call>;
}

/// The hooks of a router, with their state.
pub(crate) struct Hooks<S> {
    pub(crate) dispatch: Arc<Dispatch<S>>,
    pub(crate) state: S,
}

impl<S: Clone + Send + Sync> Runner for Hooks<S> {
    fn definition(&self, wire_type: &str) -> Option<Definition> {
        self.dispatch.find(wire_type).map(|(entry, _)| entry.definition)
    }

    fn call(&self, delivery: Delivery<'static>, timeout: Duration) -> Option<Call> {
        let (entry, event_type) = self.dispatch.find(delivery.wire_type())?;
        let (delivery, state) = (delivery.with_event_type(event_type), self.state.clone());
        Some(Call::new(entry, delivery, state, Some(timeout)))
    }
}
