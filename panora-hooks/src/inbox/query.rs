//! Filters, queries and selections of events.

use std::time::SystemTime;

use super::{EventInfo, EventKey, EventState};
use crate::catalogue;

/// A condition on events. A field that is `None` accepts every event.
///
/// ```
/// use panora_hooks::inbox::{EventState, Filter};
///
/// let dead = Filter::new().state(EventState::Dead).event_type("crm.contact.created");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Filter {
    /// Accepts events in this state.
    pub state: Option<EventState>,
    /// Accepts events of this type, by the name that hooks use or as on the wire.
    pub event_type: Option<String>,
    /// Accepts events that arrived before this time.
    pub received_before: Option<SystemTime>,
}

impl Filter {
    /// Accepts every event.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Accepts only events in a state.
    #[must_use]
    pub fn state(self, state: EventState) -> Self {
        Self { state: Some(state), ..self }
    }

    /// Accepts only events of a type, by the name that hooks use or as on the wire.
    #[must_use]
    pub fn event_type(self, event_type: impl Into<String>) -> Self {
        Self { event_type: Some(event_type.into()), ..self }
    }

    /// Accepts only events that arrived before a time.
    #[must_use]
    pub fn received_before(self, time: SystemTime) -> Self {
        Self { received_before: Some(time), ..self }
    }

    /// Returns every wire type that an accepted event may have, or `None` if any type is accepted.
    /// For example, `crm.company.created` is `crm.company.push` on the wire.
    #[must_use]
    pub fn wire_types(&self) -> Option<Vec<&str>> {
        let event_type = self.event_type.as_deref()?;
        let mut texts = vec![event_type];
        if let Some(known) = catalogue::find(event_type) {
            texts.push(known.name());
            texts.extend(known.texts().map(|text| -> &str { text }));
            texts.sort_unstable();
            texts.dedup();
        }
        Some(texts)
    }
}

/// A request for one page of events, oldest first.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Query {
    /// The events to list.
    pub filter: Filter,
    /// Lists events after this one: [`Page::next`] of the previous page.
    pub after: Option<EventKey>,
    /// The most events on the page. Defaults to 100.
    pub limit: u32,
}

impl Query {
    /// Lists the events that a filter accepts.
    #[must_use]
    pub fn new(filter: Filter) -> Self {
        Self { filter, ..Self::default() }
    }

    /// Starts after this event, or at the first one if it is `None`.
    #[must_use]
    pub fn after(self, after: impl Into<Option<EventKey>>) -> Self {
        Self { after: after.into(), ..self }
    }

    /// Sets the most events on the page.
    #[must_use]
    pub fn limit(self, limit: u32) -> Self {
        Self { limit, ..self }
    }
}

impl Default for Query {
    fn default() -> Self {
        Self { filter: Filter::default(), after: None, limit: 100 }
    }
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Page<T> {
    /// The items on the page.
    pub items: Vec<T>,
    /// The value for [`Query::after`] that gives the next page; `None` on the last page.
    pub next: Option<EventKey>,
}

impl Page<EventInfo> {
    /// Returns the page of the first `limit` of `items`. Ask the database for one more than
    /// `limit`, so that the last page is known to be the last.
    #[must_use]
    pub fn new(mut items: Vec<EventInfo>, limit: u32) -> Self {
        let limit = limit as usize;
        let is_last = items.len() <= limit;
        items.truncate(limit);
        let next = if is_last { None } else { items.last().map(|info| info.key) };
        Self { items, next }
    }
}

/// The events that an operation applies to.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Select {
    /// The events with these keys.
    Keys(Vec<EventKey>),
    /// All events that the filter accepts.
    All(Filter),
}

impl Select {
    /// Returns whether [`discard`](super::Inbox::discard) drops a selected event in this state, for
    /// a store.
    ///
    /// A selection by keys, or by a filter that names a state, drops events in any state but done.
    /// Another filter does not drop events that are still to run.
    #[must_use]
    pub fn discards(&self, state: EventState) -> bool {
        match (state, self) {
            (EventState::Done, _) => false,
            (EventState::Parked | EventState::Dead, _) | (_, Self::Keys(_)) => true,
            (_, Self::All(filter)) => filter.state.is_some(),
        }
    }
}
