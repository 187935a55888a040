//! Hooks as a trait object, whatever their state.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use crate::{
    delivery::Delivery,
    hook::{Call, Definition, Dispatch, InTransaction, Match},
};

/// Calls the hook of an event.
pub(crate) trait Runner: Send + Sync {
    /// Returns each hook, with the queues of its events.
    fn queues(&self) -> Vec<(Definition, BTreeSet<&'static str>)>;

    /// Returns the hook that a wire type is dispatched to: its place among all hooks, and its
    /// definition. Returns `None` if no hook names the type.
    fn hook(&self, wire_type: &str) -> Option<(usize, Definition)>;

    /// Calls the hook of the delivery, under the name that the hook uses for the event type. The
    /// hook is cancelled after `timeout`. Returns `None` if no hook names the type.
    fn call(&self, delivery: Delivery<'static>, timeout: Duration) -> Option<Call>;

    /// Finds out whether an earlier attempt has committed the transaction of the hook, without
    /// calling the hook. Returns `None` if no hook names the type.
    fn look(&self, delivery: Delivery<'static>, timeout: Duration) -> Option<Call>;

    /// Returns the transactions of hooks, if there are any.
    fn transactions(&self) -> Option<&Arc<dyn InTransaction>>;
}

/// The hooks of a router, with their state.
pub(crate) struct Hooks<S> {
    pub(crate) dispatch: Arc<Dispatch<S>>,
    pub(crate) state: S,
}

impl<S: Clone + Send + Sync + 'static> Runner for Hooks<S> {
    fn queues(&self) -> Vec<(Definition, BTreeSet<&'static str>)> {
        self.dispatch.queues()
    }

    fn hook(&self, wire_type: &str) -> Option<(usize, Definition)> {
        self.dispatch.find(wire_type).map(|found| (found.hook.place, found.hook.definition))
    }

    fn call(&self, delivery: Delivery<'static>, timeout: Duration) -> Option<Call> {
        let Match { hook, event_type, .. } = self.dispatch.find(delivery.wire_type())?;
        let (delivery, state) = (delivery.with_event_type(event_type), self.state.clone());
        Some(self.dispatch.call(hook, delivery, state, Some(timeout)))
    }

    fn look(&self, delivery: Delivery<'static>, timeout: Duration) -> Option<Call> {
        let Match { hook, .. } = self.dispatch.find(delivery.wire_type())?;
        Some(self.dispatch.look(hook, delivery, timeout))
    }

    fn transactions(&self) -> Option<&Arc<dyn InTransaction>> {
        self.dispatch.transactions()
    }
}
