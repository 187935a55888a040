//! Panora's event types: the names that endpoints subscribe to, the types in bodies, and whether
//! any release sends them.
//!
//! Based on Panora's source at its last commit (`c6741e9e`, 2024-12-27) and its history. The
//! macros check event types against the same table.
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

/// An event type.
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
    /// No release: Panora's source has code for it, but no path reaches that code.
    Unreachable,
    /// No release: only a document or a list names it.
    Listed,
}

/// All event types, for code that runs in the compiler.
pub(crate) static EVENT_TYPES: &[EventType] = &panora_hooks_macros::catalogue!();

/// Maps every text that stands for an event type to that type. A name has precedence over the same
/// text as a variant of another type.
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

/// Returns all event types, in the order of the verticals.
#[must_use]
pub fn all() -> &'static [EventType] {
    EVENT_TYPES
}

/// Returns the event type that a text stands for. The text is a name, a wire type, or a misspelling
/// that Panora published.
///
/// `None` is not an error: Panora may add types, and the types of passthrough requests
/// (`<vertical>.<provider>.passthrough`) are not listed one by one.
#[must_use]
pub fn find(text: &str) -> Option<&'static EventType> {
    BY_TEXT.get(text).copied()
}

/// Returns every text that stands for an event type, with that type.
pub(crate) fn texts() -> impl Iterator<Item = (&'static str, &'static EventType)> {
    BY_TEXT.iter().map(|(text, event_type)| (*text, *event_type))
}

impl EventType {
    /// Returns the name that hooks use and endpoints subscribe to (`scope`), such as
    /// `crm.company.created`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Returns the wire types: first the one that the last release sends, such as
    /// `crm.company.push`, then another spelling in the sources, such as an older name.
    pub fn wire_names(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.wire_name).chain(self.variant)
    }

    /// Returns a wrong name that Panora published for this type. No release sends it; an endpoint
    /// that subscribes to it receives nothing.
    #[must_use]
    pub const fn misspelling(&self) -> Option<&'static str> {
        self.misspelling
    }

    /// Returns the vertical, such as `crm`; `connection` for `connection.created`.
    #[must_use]
    pub const fn vertical(&self) -> &'static str {
        let name = self.name.as_bytes();
        let mut end = 0;
        while end < name.len() && name[end] != b'.' {
            end += 1;
        }
        self.name.split_at(end).0
    }

    /// Returns the model of the object, or of each row of the list, such as `Company` and
    /// `CompanyRow`. `None` if the sources do not define it.
    #[must_use]
    pub const fn payload(&self) -> Option<&'static str> {
        self.payload
    }

    /// Returns whether the data is one object or a list.
    #[must_use]
    pub const fn shape(&self) -> Shape {
        self.shape
    }

    /// Returns the sender of the event type.
    #[must_use]
    pub const fn sender(&self) -> Sender {
        self.sender
    }

    /// Returns whether any known release sends it.
    #[must_use]
    pub const fn is_sent(&self) -> bool {
        matches!(self.sender, Sender::Current | Sender::Past)
    }

    /// Returns every text other than the name that stands for this type.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &'static str> {
        self.wire_names().chain(self.misspelling)
    }
}
