//! The event types that an endpoint must subscribe to for the hooks to run.

use crate::{catalogue, hook::Definition};

/// The names that a pattern stands for: itself, or for a prefix whatever is sent below it.
pub fn names(pattern: &str) -> impl Iterator<Item = &str> {
    let prefix = pattern.strip_suffix('*');
    let exact = prefix.is_none().then_some(pattern);
    let below = prefix.into_iter().flat_map(|prefix| {
        let sent = catalogue::all().iter().filter(|event_type| event_type.is_sent());
        sent.map(|event_type| -> &str { event_type.name() }).filter(move |name| name.starts_with(prefix))
    });
    exact.into_iter().chain(below)
}

/// Says that a hook cannot run, if so. The compiler has said it for event types that nothing sends; here it
/// is said for prefixes, too, and to whoever runs the program.
pub(crate) fn warn_if_never_sent(hook: Definition) {
    // A type outside the catalogue is the answer of a provider, which no release sends.
    let is_sent = |name| catalogue::find(name).is_some_and(catalogue::EventType::is_sent);
    // With `unlisted` the program knows better.
    if !hook.is_unlisted && !hook.patterns.iter().any(|pattern| names(pattern).any(is_sent)) {
        tracing::warn!(
            hook = hook.path(),
            file = hook.file,
            line = hook.line,
            "no known release of Panora sends an event for this hook"
        );
    }
}
