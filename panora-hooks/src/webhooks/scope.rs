//! The event types that an endpoint must subscribe to for the hooks to run.

use crate::{catalogue, hook::Definition};

/// Returns the names that a pattern stands for: the pattern itself or, for a prefix, every event
/// type below it that is sent.
pub fn names(pattern: &str) -> impl Iterator<Item = &str> {
    let prefix = pattern.strip_suffix('*');
    let exact = prefix.is_none().then_some(pattern);
    let below = prefix.into_iter().flat_map(|prefix| {
        let sent = catalogue::all().iter().filter(|event_type| event_type.is_sent());
        sent.map(|event_type| -> &str { event_type.name() }).filter(move |name| name.starts_with(prefix))
    });
    exact.into_iter().chain(below)
}

/// Warns if a hook cannot run because nothing sends its events. The compiler reports this for event
/// types. This warning also covers prefixes, and reaches the person who runs the program.
pub(crate) fn warn_if_never_sent(hook: Definition) {
    // A type outside the catalogue is that of a passthrough request, which no release sends.
    let is_sent = |name| catalogue::find(name).is_some_and(catalogue::EventType::is_sent);
    // `unlisted` allows types that the catalogue does not hold, because Panora may add types.
    if !hook.is_unlisted && !hook.patterns.iter().any(|pattern| names(pattern).any(is_sent)) {
        tracing::warn!(
            hook = hook.path(),
            file = hook.file,
            line = hook.line,
            "no known release of Panora sends an event for this hook"
        );
    }
}
