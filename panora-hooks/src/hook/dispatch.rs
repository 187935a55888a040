//! Dispatch: finds the hook for an event type.

use std::collections::HashMap;

use super::registry::{RegisteredHook, Registry};
use crate::catalogue;

/// The dispatch table of a router, built once.
pub(crate) struct Dispatch<S> {
    hooks: Vec<RegisteredHook<S>>,
    /// Keyed by wire type: each pattern that is an event type, and every text of the catalogue that
    /// a pattern matches.
    routes: HashMap<&'static str, Route>,
    /// For types that the catalogue does not hold.
    prefixes: Prefixes,
}

#[derive(Clone, Copy)]
struct Route {
    event_type: &'static str,
    hook: usize,
}

/// The prefixes before the `*` of patterns, longest first.
struct Prefixes(Vec<(&'static str, usize)>);

impl<S> Dispatch<S> {
    pub(crate) fn new(registry: Registry<S>) -> Self {
        let (hooks, claims) = registry.into_parts();
        let mut routes = HashMap::new();
        let mut prefixes = Vec::new();
        for (pattern, hook) in claims {
            match pattern.strip_suffix('*') {
                Some(prefix) => prefixes.push((prefix, hook)),
                None => drop(routes.insert(pattern, Route { event_type: pattern, hook })),
            }
        }
        prefixes.sort_by_key(|(prefix, _)| std::cmp::Reverse(prefix.len()));
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
            if let Some(hook) = prefixes.find(event_type) {
                routes.entry(text).or_insert(Route { event_type, hook });
            }
        }
        Self { hooks, routes, prefixes }
    }

    /// Returns the hook for a wire type, and the event type under which that hook receives it.
    pub(crate) fn find(&self, wire_type: &str) -> Option<(&RegisteredHook<S>, Option<&'static str>)> {
        let (hook, event_type) = match self.routes.get(wire_type) {
            Some(route) => (route.hook, Some(route.event_type)),
            None => (self.prefixes.find(wire_type)?, None),
        };
        Some((self.hooks.get(hook)?, event_type))
    }
}

impl Prefixes {
    fn find(&self, event_type: &str) -> Option<usize> {
        self.0.iter().find(|(prefix, _)| event_type.starts_with(prefix)).map(|(_, hook)| *hook)
    }
}
