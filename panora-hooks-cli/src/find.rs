//! Finds event types by parts of their names.

use panora_hooks::{
    __cli::{self, printable},
    catalogue::{self, EventType},
};
use strsim::damerau_levenshtein;

/// The most typing errors for which a name is suggested.
const MAX_ERRORS: usize = 2;

/// Returns the event types that match a pattern, in the order of the [catalogue].
///
/// `*` stands for any text, as in `crm.*` and `*.pulled`. A pattern without `*` matches any part of
/// a name or of a wire type, such as `contact`.
pub fn events(pattern: &str) -> impl Iterator<Item = &'static EventType> {
    catalogue::all().iter().filter(move |event_type| {
        let names = [event_type.name()].into_iter().chain(event_type.wire_names());
        let mut texts = names.chain(event_type.misspelling());
        texts.any(|text| if pattern.contains('*') { is_match(pattern, text) } else { text.contains(pattern) })
    })
}

/// The reason why an endpoint cannot subscribe to a name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ScopeError {
    /// Nothing is sent under this name, or below this prefix.
    #[error("nothing is sent under the name `{}`{}", printable(.name), or(*.instead))]
    NeverSent {
        /// The name or prefix.
        name: String,
        /// The name to subscribe to instead, if one is known or likely.
        instead: Option<&'static str>,
    },
    /// A `*` stands in another place than at the end.
    #[error("`{}` is not a pattern: only a prefix may have a `*`, at its end", printable(.0))]
    Pattern(String),
}

fn or(instead: Option<&str>) -> String {
    instead.map(|name| format!(": subscribe to `{name}`")).unwrap_or_default()
}

/// Returns the names that an endpoint has to subscribe to for the pattern of a hook. An event type
/// stands for itself, and a prefix with a final `*` for all names below it that a known release
/// sends.
///
/// # Errors
///
/// Returns an error if the text is not a pattern, or nothing is sent under it.
pub fn scope(pattern: &str) -> Result<Vec<String>, ScopeError> {
    if pattern.strip_suffix('*').unwrap_or(pattern).contains('*') {
        return Err(ScopeError::Pattern(pattern.to_owned()));
    }
    let known = catalogue::find(pattern);
    let is_sent = |name: &str| known.is_some_and(|known| known.is_sent() && known.name() == name);
    let names: Vec<_> = __cli::names(pattern).map(str::to_owned).collect();
    if names.is_empty() || !pattern.ends_with('*') && !is_sent(pattern) {
        let meant = known.filter(|known| known.is_sent()).map(EventType::name);
        return Err(ScopeError::NeverSent {
            name: pattern.to_owned(),
            instead: meant.or_else(|| nearest_sent(pattern)),
        });
    }
    Ok(names)
}

fn nearest_sent(text: &str) -> Option<&'static str> {
    nearest(text).filter(|name| *name != text && catalogue::find(name).is_some_and(EventType::is_sent))
}

fn is_match(pattern: &str, text: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut text) = text.strip_prefix(first) else { return false };
    let (between, last) = rest.rsplit_once('*').unwrap_or(("", rest));
    // For every part but the last, the first match leaves the most room. The last part must be at
    // the end.
    for part in between.split('*') {
        let Some(at) = text.find(part) else { return false };
        text = &text[at + part.len()..];
    }
    text.ends_with(last)
}

/// Returns the event type whose name is closest to a misspelled one, if one is close.
#[must_use]
pub fn nearest(text: &str) -> Option<&'static str> {
    closest(&text.to_lowercase(), catalogue::all().iter().map(EventType::name))
}

/// Returns the closest of `candidates` if it is at most two typing errors away, or one if the
/// candidate is short.
///
/// The macro crate contains the same function, because it can export nothing but macros.
fn closest<'c>(name: &str, candidates: impl Iterator<Item = &'c str>) -> Option<&'c str> {
    let errors = |candidate| (damerau_levenshtein(name, candidate), candidate);
    let is_close =
        |(errors, candidate): &(usize, &str)| *errors <= (candidate.len() / 3).clamp(1, MAX_ERRORS);
    candidates.map(errors).filter(is_close).min_by_key(|(errors, _)| *errors).map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(pattern: &str) -> Vec<&'static str> {
        events(pattern).map(EventType::name).collect()
    }

    #[test]
    fn a_pattern_is_a_part_of_a_name_or_has_stars() {
        assert_eq!(names("connection"), ["connection.created"]);
        assert_eq!(names("crm.contact.created"), ["crm.contact.created"]);
        assert_eq!(names("crm.company.push"), ["crm.company.created"]);
        assert_eq!(names("*").len(), catalogue::all().len());
        assert_eq!(names("").len(), catalogue::all().len());
        assert!(names("crm.*").iter().all(|name| name.starts_with("crm.")));
        assert!(names("*.contact.p*d").contains(&"crm.contact.pulled"));
        assert_eq!(names("*contact*contact*"), [] as [&str; 0]);
        assert_eq!(names("crm.contact.created*created"), [] as [&str; 0]);
    }

    #[test]
    fn a_misspelled_name_is_matched_to_the_closest_event_type() {
        assert_eq!(nearest("crm.contct.created"), Some("crm.contact.created"));
        assert_eq!(nearest("CRM.Contact.Created"), Some("crm.contact.created"));
        assert_eq!(nearest("weather"), None);
    }
}
