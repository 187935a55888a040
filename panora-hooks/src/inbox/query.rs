//! Choosing events.

use std::time::SystemTime;

use super::{EventInfo, EventKey, EventState};
use crate::catalogue;

/// What events have in common. What is `None` does not matter.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filter {
    /// Events in this state.
    pub state: Option<EventState>,
    /// Events of this type, by the name that hooks use or as on the wire.
    pub event_type: Option<String>,
    /// Events that arrived before this.
    pub received_before: Option<SystemTime>,
}

impl Filter {
    /// Events in a state.
    #[must_use]
    pub fn state(state: EventState) -> Self {
        Self { state: Some(state), ..Self::default() }
    }

    /// What `type` may be in the body of the events meant, if it matters: `crm.company.created` is
    /// `crm.company.push` on the wire.
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

/// A page of events, oldest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// Which events.
    pub filter: Filter,
    /// Events after this one: [`Page::next`] of the page before.
    pub after: Option<EventKey>,
    /// At most so many, by default 100.
    pub limit: u32,
}

impl Default for Query {
    fn default() -> Self {
        Self { filter: Filter::default(), after: None, limit: 100 }
    }
}

/// A part of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// What is on it.
    pub items: Vec<T>,
    /// Where the next page begins, for [`Query::after`]; `None` if this is the last.
    pub next: Option<EventKey>,
}

impl Page<EventInfo> {
    /// The first `limit` of `items`, which were looked for one more than that.
    #[must_use]
    pub fn new(mut items: Vec<EventInfo>, limit: u32) -> Self {
        let limit = limit as usize;
        let is_last = items.len() <= limit;
        items.truncate(limit);
        let next = if is_last { None } else { items.last().map(|info| info.key) };
        Self { items, next }
    }
}

/// Which events an operation is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Select {
    /// These.
    Keys(Vec<EventKey>),
    /// All that the filter lets through.
    All(Filter),
}
