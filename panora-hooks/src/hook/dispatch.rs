//! Dispatch: finds the hook for an event type.

use std::{
    cmp::Reverse,
    collections::{BTreeSet, HashMap},
    sync::Arc,
    time::Duration,
};

use super::{
    Call, Definition, InTransaction,
    registry::{RegisteredHook, Registry},
};
use crate::{catalogue, delivery::Delivery};

/// The dispatch table of a router, built once.
pub(crate) struct Dispatch<S> {
    hooks: Vec<RegisteredHook<S>>,
    /// Keyed by wire type: each pattern that is an event type, and every text of the catalogue that
    /// a pattern matches.
    routes: HashMap<&'static str, Route>,
    /// For types that the catalogue does not hold.
    prefixes: Prefixes,
    /// Begins the transactions of hooks that take one.
    transactions: Option<Arc<dyn InTransaction>>,
}

#[derive(Clone, Copy)]
struct Route {
    event_type: &'static str,
    hook: usize,
}

/// The patterns that end with `*`, longest first.
struct Prefixes(Vec<(&'static str, usize)>);

/// The hook for a wire type.
pub(crate) struct Match<'d, S> {
    pub(crate) hook: &'d RegisteredHook<S>,
    /// The event type under which the hook receives the event.
    pub(crate) event_type: Option<&'static str>,
    /// The queue of the event: the event type or, if the catalogue does not hold that and no hook
    /// names it, the pattern.
    pub(crate) queue: &'static str,
}

impl<S> Dispatch<S> {
    pub(crate) fn new(registry: Registry<S>, transactions: Option<Arc<dyn InTransaction>>) -> Self {
        let (hooks, claims) = registry.into_parts();
        let mut routes = HashMap::new();
        let mut prefixes = Vec::new();
        for (pattern, hook) in claims {
            if pattern.ends_with('*') {
                prefixes.push((pattern, hook));
            } else {
                routes.insert(pattern, Route { event_type: pattern, hook });
            }
        }
        prefixes.sort_by_key(|(pattern, _)| Reverse(pattern.len()));
        let prefixes = Prefixes(prefixes);

        // A hook that names the text itself has precedence, then a hook that names the event type
        // the text stands for, then prefixes of that event type's name.
        for event_type in catalogue::all() {
            if let Some(&route) = routes.get(event_type.name()) {
                for text in event_type.texts() {
                    routes.entry(text).or_insert(route);
                }
            }
        }
        for (text, event_type) in catalogue::texts() {
            let event_type = event_type.name();
            if let Some((_, hook)) = prefixes.find(event_type) {
                routes.entry(text).or_insert(Route { event_type, hook });
            }
        }
        Self { hooks, routes, prefixes, transactions }
    }

    /// Returns the hook for a wire type.
    pub(crate) fn find(&self, wire_type: &str) -> Option<Match<'_, S>> {
        let (hook, event_type, queue) = if let Some(&Route { event_type, hook }) = self.routes.get(wire_type)
        {
            (hook, Some(event_type), event_type)
        } else {
            let (pattern, hook) = self.prefixes.find(wire_type)?;
            (hook, None, pattern)
        };
        Some(Match { hook: self.hooks.get(hook)?, event_type, queue })
    }

    /// Calls a hook. It is cancelled after `limit`, which begins now.
    pub(crate) fn call(
        &self,
        hook: &RegisteredHook<S>,
        delivery: Delivery<'static>,
        state: S,
        limit: Option<Duration>,
    ) -> Call
    where
        S: Send + 'static,
    {
        Call::new(hook, self.transactions.as_ref(), delivery, state, limit)
    }

    /// Finds out whether an earlier attempt has committed the transaction of a hook.
    pub(crate) fn look(
        &self,
        hook: &RegisteredHook<S>,
        delivery: Delivery<'static>,
        limit: Duration,
    ) -> Call {
        Call::look(hook, self.transactions.as_ref(), delivery, limit)
    }

    /// Returns the transactions of hooks, if there are any.
    pub(crate) fn transactions(&self) -> Option<&Arc<dyn InTransaction>> {
        self.transactions.as_ref()
    }

    /// Returns each hook, with the queues of its events.
    pub(crate) fn queues(&self) -> Vec<(Definition, BTreeSet<&'static str>)> {
        let mut hooks: Vec<_> = self.hooks.iter().map(|hook| (hook.definition, BTreeSet::new())).collect();
        let of_routes = self.routes.values().map(|route| (route.event_type, route.hook));
        for (queue, hook) in of_routes.chain(self.prefixes.0.iter().copied()) {
            if let Some((_, queues)) = hooks.get_mut(hook) {
                queues.insert(queue);
            }
        }
        hooks
    }
}

impl Prefixes {
    /// Returns the longest pattern that an event type matches, and its hook.
    fn find(&self, event_type: &str) -> Option<(&'static str, usize)> {
        let is_match = |(pattern, _): &&(&str, _)| event_type.starts_with(pattern.trim_end_matches('*'));
        self.0.iter().find(is_match).copied()
    }
}
