//! The filter of a list, as the query of a URL.

use std::fmt::{self, Write};

use form_urlencoded::{Serializer, parse};
use panora_hooks::inbox::{Count, EventKey, EventState, Filter};

use crate::{format, text::visible};

/// The most bytes of a type that a link contains. Longer ones are not types of any program.
const MAX_TYPE_BYTES: usize = 512;

/// A filter, and a text that the errors must contain.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct EventFilter {
    pub(crate) filter: Filter,
    pub(crate) text: Option<String>,
}

/// The place in a list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Cursor {
    #[default]
    Newest,
    /// Events older than this one.
    Older(EventKey),
    /// Events newer than this one.
    Newer(EventKey),
}

/// A parameter of a URL that cannot be parsed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the parameter “{name}” is not valid: {expected}")]
pub(crate) struct InvalidParameter {
    name: &'static str,
    expected: &'static str,
}

impl InvalidParameter {
    pub(crate) fn new(name: &'static str, expected: &'static str) -> Self {
        Self { name, expected }
    }
}

/// Returns the value of a parameter. An empty value counts as absent, because a form sends every
/// field.
pub(crate) fn parameter(query: &str, name: &str) -> Option<String> {
    parse(query.as_bytes())
        .find_map(|(key, value)| (key == name && !value.trim().is_empty()).then(|| value.trim().to_owned()))
}

impl EventFilter {
    pub(crate) fn parse(query: &str) -> Result<Self, InvalidParameter> {
        let time = |name| match parameter(query, name) {
            Some(text) => match format::parse_parameter(&text) {
                Some(time) => Ok(Some(time)),
                None => Err(InvalidParameter::new(name, "give a time such as 2026-11-27T09:30, in UTC")),
            },
            None => Ok(None),
        };
        let mut filter = Filter::new();
        filter.state = parse_state(query)?;
        filter.event_type = parameter(query, "type").map(|name| canonical(&name));
        filter.received_from = time("from")?;
        filter.received_before = time("until")?;
        filter.id = parameter(query, "id");
        filter.lane = match parameter(query, "lane") {
            Some(text) => {
                let lane = text.parse().map_err(|_| InvalidParameter::new("lane", "give 32 hex digits"))?;
                Some(lane)
            }
            None => None,
        };
        filter.error_group = match parameter(query, "group") {
            Some(text) => {
                let group = text.parse().map_err(|_| InvalidParameter::new("group", "give 16 hex digits"))?;
                Some(group)
            }
            None => None,
        };
        if filter.error_group.is_some() {
            // Only dead events have an error group. An action wants a state.
            filter.state = filter.state.or(Some(EventState::Dead));
        }
        Ok(Self { filter, text: parameter(query, "text") })
    }

    pub(crate) fn of(filter: Filter) -> Self {
        Self { filter, text: None }
    }

    /// Returns the names and values of the parameters.
    pub(crate) fn parameters(&self) -> Vec<(&'static str, String)> {
        let Self { filter, text } = self;
        let parameters = [
            ("state", filter.state.map(|state| state.as_str().to_owned())),
            ("type", filter.event_type.clone()),
            ("from", filter.received_from.map(format::parameter)),
            ("until", filter.received_before.map(format::parameter)),
            ("id", filter.id.clone()),
            ("lane", filter.lane.map(|lane| lane.to_string())),
            ("group", filter.error_group.map(|group| group.to_string())),
            ("text", text.clone()),
        ];
        parameters.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }

    /// Returns `page` with the filter and further parameters as its query.
    pub(crate) fn url(&self, page: &str, further: &[(&str, &str)]) -> String {
        let mut query = Serializer::new(String::new());
        query.extend_pairs(further).extend_pairs(self.parameters());
        let query = query.finish();
        if query.is_empty() { page.to_owned() } else { format!("{page}?{query}") }
    }
}

/// The filter in words, such as `dead events of type crm.contact.created`.
impl fmt::Display for EventFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.describe(f, "events")
    }
}

impl EventFilter {
    /// Returns a number of events and the filter, such as `1 dead event`.
    pub(crate) fn count_in_words(&self, count: Count) -> String {
        let noun = if count == 1 { "event" } else { "events" };
        let mut words = format!("{} ", format::count(count));
        // Cannot fail: the buffer grows.
        let _ = self.describe(&mut words, noun);
        words
    }

    fn describe(&self, f: &mut impl Write, noun: &str) -> fmt::Result {
        let Self { filter, text } = self;
        match filter.state {
            Some(state) => write!(f, "{state} {noun}")?,
            None => write!(f, "{noun} in any state")?,
        }
        if let Some(event_type) = &filter.event_type {
            write!(f, " of type {}", visible(event_type))?;
        }
        if let Some(id) = &filter.id {
            write!(f, " with id {}", visible(id))?;
        }
        if let Some(lane) = filter.lane {
            write!(f, " of lane {lane}")?;
        }
        if let Some(group) = filter.error_group {
            write!(f, " with an error of group {group}")?;
        }
        let format = "%Y-%m-%d %H:%M:%S UTC";
        if let Some(from) = filter.received_from {
            write!(f, " that arrived at {} or later", format::strftime(from, format))?;
        }
        if let Some(until) = filter.received_before {
            let and = if filter.received_from.is_some() { " and" } else { " that arrived" };
            write!(f, "{and} before {}", format::strftime(until, format))?;
        }
        if let Some(text) = text {
            write!(f, " whose error contains “{}”", visible(text))?;
        }
        Ok(())
    }
}

impl Cursor {
    pub(crate) fn parse(query: &str) -> Result<Self, InvalidParameter> {
        let key = |name| match parameter(query, name) {
            Some(text) => match text.parse() {
                Ok(key) => Ok(Some(key)),
                Err(_) => Err(InvalidParameter::new(name, "give the number of an event")),
            },
            None => Ok(None),
        };
        Ok(match (key("older")?, key("newer")?) {
            (Some(key), _) => Self::Older(key),
            (None, Some(key)) => Self::Newer(key),
            (None, None) => Self::Newest,
        })
    }
}

/// Returns the filter of an event type, if a link can hold it.
pub(crate) fn of_type(event_type: &str) -> Option<Filter> {
    // An empty parameter counts as absent.
    let fits = (1..=MAX_TYPE_BYTES).contains(&event_type.len()) && event_type.trim() == event_type;
    fits.then(|| Filter::new().event_type(canonical(event_type)))
}

/// Returns the name that hooks use, so that equal filters are recognised as equal.
fn canonical(event_type: &str) -> String {
    panora_hooks::catalogue::find(event_type).map_or(event_type, |known| known.name()).to_owned()
}

/// Reads the parameter `state`.
pub(crate) fn parse_state(query: &str) -> Result<Option<EventState>, InvalidParameter> {
    let Some(word) = parameter(query, "state") else { return Ok(None) };
    let state = EventState::ALL.iter().find(|state| state.as_str() == word);
    let expected = "give ready, waiting, delayed, leased, parked, dead or done";
    state.copied().map(Some).ok_or_else(|| InvalidParameter::new("state", expected))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_printable_and_visible() {
        let filter = EventFilter::of(Filter::new().event_type("a\n\u{202e}b").id("é".repeat(1000)));
        let expected = format!(r"events in any state of type a\n\u{{202e}}b with id {}…", "é".repeat(128));
        assert_eq!(filter.to_string(), expected);
    }

    #[test]
    fn a_filter_survives_a_url() {
        let query = "state=dead&type=a+b%26&from=2026-11-27T09%3A30%3A00\
                     &lane=000000000000000000000000000000ab&group=00000000000000ff&text=%3C";
        let filter = EventFilter::parse(query).unwrap();
        assert_eq!(filter.url("events", &[]), format!("events?{query}"));
    }
}
