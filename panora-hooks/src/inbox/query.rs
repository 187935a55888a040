//! Filters, queries and selections of events.

use std::time::SystemTime;

use super::{EventInfo, EventKey, EventState, Fingerprint, Lane};
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
    /// Accepts events that arrived at this time or later.
    pub received_from: Option<SystemTime>,
    /// Accepts events with this `id_event`.
    pub id: Option<String>,
    /// Accepts events of this lane.
    pub lane: Option<Lane>,
    /// Accepts dead events whose error has this fingerprint.
    pub error_group: Option<Fingerprint>,
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
    ///
    /// A store may look for these events only among those that it stored up to an hour after that
    /// time. An event is missing then if the clock of its receiver was behind by more, or if it was
    /// stored more than an hour after it arrived.
    #[must_use]
    pub fn received_before(self, time: SystemTime) -> Self {
        Self { received_before: Some(time), ..self }
    }

    /// Accepts only events that arrived at a time or later.
    ///
    /// A store may look for these events only among those that it stored from an hour before that
    /// time on. An event is missing then if the clock of its receiver was ahead by more.
    #[must_use]
    pub fn received_from(self, time: SystemTime) -> Self {
        Self { received_from: Some(time), ..self }
    }

    /// Accepts only events with an `id_event`. There are several if an id arrived with different
    /// types or data.
    #[must_use]
    pub fn id(self, id: impl Into<String>) -> Self {
        Self { id: Some(id.into()), ..self }
    }

    /// Accepts only events of a lane.
    #[must_use]
    pub fn lane(self, lane: Lane) -> Self {
        Self { lane: Some(lane), ..self }
    }

    /// Accepts only dead events whose error has a fingerprint.
    #[must_use]
    pub fn error_group(self, fingerprint: Fingerprint) -> Self {
        Self { error_group: Some(fingerprint), ..self }
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

/// A request for one page of events, oldest first unless [`newest_first`](Self::newest_first) is
/// set.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Query {
    /// The events to list.
    pub filter: Filter,
    /// Lists events after this one, in the order of the list: [`Page::next`] of the previous page.
    pub after: Option<EventKey>,
    /// Whether the list begins with the event that was stored last.
    pub newest_first: bool,
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

    /// Lists the event that was stored last first. A following page has older events.
    #[must_use]
    pub fn newest_first(self) -> Self {
        Self { newest_first: true, ..self }
    }

    /// Sets the most events on the page.
    #[must_use]
    pub fn limit(self, limit: u32) -> Self {
        Self { limit, ..self }
    }
}

impl Default for Query {
    fn default() -> Self {
        Self { filter: Filter::default(), after: None, newest_first: false, limit: 100 }
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
