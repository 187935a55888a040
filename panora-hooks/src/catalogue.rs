//! Panora's event types: what endpoints subscribe to, what bodies carry, and whether anything sends it.
//!
//! Written from Panora's source at its last commit (`c6741e9e`, 2024-12-27) and its history. The macros
//! check event types against the same table.
//!
//! ```
//! use panora_hooks::catalogue::{self, Shape};
//!
//! let event_type = catalogue::find("crm.company.push").unwrap();
//! assert_eq!(event_type.name(), "crm.company.created");
//! assert_eq!(event_type.payload(), Some("Company"));
//! assert_eq!(event_type.shape(), Shape::Object);
//! assert!(event_type.is_sent());
//! ```

use std::{collections::HashMap, sync::LazyLock};

/// One event type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventType {
    name: &'static str,
    wire_name: &'static str,
    variant: Option<&'static str>,
    misspelling: Option<&'static str>,
    payload: Option<&'static str>,
    shape: Shape,
    sender: Sender,
}

/// Whether an event carries one object or a list of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Shape {
    /// One object.
    Object,
    /// A list of database rows, often empty and often megabytes long.
    List,
}

/// The sender of an event type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Sender {
    /// The last release of Panora.
    Current,
    /// Only older releases.
    Past,
    /// Nobody: Panora's source has code for it, but nothing reaches that code.
    Unreachable,
    /// Nobody: only a document or a list names it.
    Listed,
}

/// Every event type, for code that runs in the compiler.
pub(crate) static EVENT_TYPES: &[EventType] = &panora_hooks_macros::catalogue!();

/// Every text that means an event type. A name wins over the same text as a variant of another.
static BY_TEXT: LazyLock<HashMap<&'static str, &'static EventType>> = LazyLock::new(|| {
    let mut by_text = HashMap::with_capacity(2 * EVENT_TYPES.len());
    by_text.extend(EVENT_TYPES.iter().map(|event_type| (event_type.name, event_type)));
    for event_type in EVENT_TYPES {
        for text in event_type.texts() {
            by_text.entry(text).or_insert(event_type);
        }
    }
    by_text
});

/// Every event type, in the order of the verticals.
#[must_use]
pub fn all() -> &'static [EventType] {
    EVENT_TYPES
}

/// The event type that a text means: its name, what bodies carry, or a misspelling that Panora published.
///
/// `None` is no error: Panora may add types, and the types of passthrough requests
/// (`<vertical>.<provider>.passthrough`) are not listed one by one.
#[must_use]
pub fn find(text: &str) -> Option<&'static EventType> {
    BY_TEXT.get(text).copied()
}

/// Every text that means an event type, with that type.
pub(crate) fn texts() -> impl Iterator<Item = (&'static str, &'static EventType)> {
    BY_TEXT.iter().map(|(text, event_type)| (*text, *event_type))
}

impl EventType {
    /// The name that hooks use and endpoints subscribe to (`scope`), such as `crm.company.created`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The texts that bodies carry as `type`: first what the last release sends, such as
    /// `crm.company.push`, then another spelling that the sources hold, such as an older name.
    pub fn wire_names(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.wire_name).chain(self.variant)
    }

    /// A wrong name that Panora published for this type. Nothing sends it; subscribing to it gets nothing.
    #[must_use]
    pub const fn misspelling(&self) -> Option<&'static str> {
        self.misspelling
    }

    /// The vertical, such as `crm`; `connection` for `connection.created`.
    #[must_use]
    pub const fn vertical(&self) -> &'static str {
        let name = self.name.as_bytes();
        let mut end = 0;
        while end < name.len() && name[end] != b'.' {
            end += 1;
        }
        self.name.split_at(end).0
    }

    /// The model of the object, or of each row of the list, such as `Company` and `CompanyRow`; `None`
    /// where the sources do not say.
    #[must_use]
    pub const fn payload(&self) -> Option<&'static str> {
        self.payload
    }

    /// Whether the data is one object or a list.
    #[must_use]
    pub const fn shape(&self) -> Shape {
        self.shape
    }

    /// The sender of the event type.
    #[must_use]
    pub const fn sender(&self) -> Sender {
        self.sender
    }

    /// Whether any known release sends it.
    #[must_use]
    pub const fn is_sent(&self) -> bool {
        matches!(self.sender, Sender::Current | Sender::Past)
    }

    /// Every text, other than the name, that means this type.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &'static str> {
        self.wire_names().chain(self.misspelling)
    }
}
