//! Finds hooks whose payload type is a model of this crate but not the model of their event, at
//! compile time.

use core::marker::PhantomData;

use super::{
    message::Message,
    text::{same, starts_with},
};
use crate::{
    catalogue::{self, EVENT_TYPES, EventType},
    extract::Event,
};

/// The model that a type of this crate stands for.
#[derive(Debug, Clone, Copy)]
pub struct Carried {
    /// The module of its models.
    pub vertical: &'static str,
    /// The name of the model.
    pub model: &'static str,
    /// How many of the model: one or a list.
    pub shape: Shape,
    /// The JSON names of the fields of the model.
    pub fields: &'static [&'static str],
}

/// How an event carries a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// One object.
    Object,
    /// A list of objects.
    List,
    /// A list of lists, which no event carries.
    Lists,
    /// Anything that the events of the vertical carry.
    Any,
}

/// A payload type for certain events. A user's own type fits any event.
pub trait Payload {
    /// The model that the type stands for.
    const CARRIED: Carried;
}

/// Also accepts `null`.
impl<P: Payload> Payload for Option<P> {
    const CARRIED: Carried = P::CARRIED;
}

impl<P: Payload> Payload for Box<P> {
    const CARRIED: Carried = P::CARRIED;
}

impl<P: Payload> Payload for Vec<P> {
    const CARRIED: Carried = Carried {
        shape: match P::CARRIED.shape {
            Shape::Object => Shape::List,
            Shape::List | Shape::Lists => Shape::Lists,
            // No event is a list of events; serde reports that.
            Shape::Any => Shape::Any,
        },
        ..P::CARRIED
    };
}

/// Resolves the type of an argument to the payload that it takes.
#[derive(Debug)]
pub struct Argument<A>(PhantomData<A>);

impl<P: Payload> Argument<Event<P>> {
    /// The model that the argument takes. An inherent constant has precedence over the constant of
    /// a trait.
    pub const __PANORA_HOOKS_CARRIED: Option<Carried> = Some(P::CARRIED);
}

/// The fallback for any other argument, which fits any event.
pub trait FitsAny {
    /// `None`: the argument fits any event.
    const __PANORA_HOOKS_CARRIED: Option<Carried> = None;
}

impl<A> FitsAny for Argument<A> {}

/// A pattern of `#[on(..)]`, resolved against the catalogue.
#[derive(Debug, Clone, Copy)]
pub enum Pattern {
    /// The event type at this index of the catalogue.
    Event(usize),
    /// All event types that are sent below a prefix, which is empty or ends with a dot.
    Prefix(&'static str),
    /// An event type of passthrough requests.
    Passthrough(&'static str),
}

/// Stops the build if a hook for `patterns` takes a payload that one of their events does not
/// carry.
///
/// # Panics
///
/// Panics in that case; the message names the payload of the event and the fix.
#[track_caller]
pub const fn assert_carried(taken: Option<Carried>, patterns: &[Pattern]) {
    let Some(taken) = taken else { return };
    let mut meant = Meant::of(patterns);
    while let Some(expected) = meant.next() {
        assert!(expected.is_met_by(taken, meant.last()), "{}", message(expected, taken, patterns).text());
    }
}

const fn message(expected: Expected, taken: Carried, patterns: &[Pattern]) -> Message {
    let is_list_for_object = expected.is_list && matches!(taken.shape, Shape::Object | Shape::Any);
    let message = Message::new("`").with(expected.event_type).with("` carries ");
    let message = match expected.model {
        _ if is_list_for_object => message.with("a list of rows"),
        None => message.with("a list of rows that have no model"),
        Some(_) if expected.is_list => expected.named(message.with("a list of "), taken),
        Some(model) => expected.named(message.with(article(model)), taken),
    };
    let message = taken.named(message.with(", this hook takes "), expected);
    let message = message.with("\nhelp: ");
    if !expected.is_all_of(patterns) {
        return match (patterns, expected.vertical) {
            ([Pattern::Prefix(prefix)], vertical) if !prefix.is_empty() => {
                message.with("use `models::").with(vertical).with("::AnyEvent` or a hook for each")
            }
            ([.., Pattern::Prefix(_)], _) => message.with("use `serde_json::Value` or a hook for each"),
            _ => message.with("use `serde_json::Value` or two hooks"),
        };
    }
    let message = message.with("write `Event<");
    match (expected.model, expected.is_list) {
        (None, _) => message.with("Vec<serde_json::Value>"),
        (Some(_), false) => expected.qualified(message, taken),
        (Some(_), true) => expected.qualified(message.with("Vec<"), taken).with(">"),
    }
    .with(">`")
}

/// The model that an event carries.
#[derive(Clone, Copy)]
struct Expected {
    event_type: &'static str,
    vertical: &'static str,
    /// `None` for rows that have no model.
    model: Option<&'static str>,
    is_list: bool,
}

impl Expected {
    const fn of(event_type: &'static EventType) -> Self {
        Self {
            event_type: event_type.name(),
            vertical: event_type.vertical(),
            model: event_type.payload(),
            is_list: matches!(event_type.shape(), catalogue::Shape::List),
        }
    }

    const fn is_met_by(self, taken: Carried, pattern: Pattern) -> bool {
        let is_shape = match taken.shape {
            // A hook for `*` also receives events of other verticals, as raw data.
            Shape::Any => return starts_with(self.event_type, taken.vertical) || is_everything(pattern),
            Shape::Object => !self.is_list,
            Shape::List => self.is_list,
            Shape::Lists => false,
        };
        let is_model = match self.model {
            Some(model) => same(model, taken.model) && same(self.vertical, taken.vertical),
            None => false,
        };
        is_shape && is_model
    }

    /// Returns whether all events of the patterns carry this model.
    const fn is_all_of(self, patterns: &[Pattern]) -> bool {
        let mut meant = Meant::of(patterns);
        while let Some(other) = meant.next() {
            let is_same = match (self.model, other.model) {
                (Some(model), Some(other_model)) => same(model, other_model),
                (None, None) => true,
                _ => false,
            };
            if !is_same || !same(self.vertical, other.vertical) || self.is_list != other.is_list {
                return false;
            }
        }
        true
    }

    const fn named(self, message: Message, taken: Carried) -> Message {
        self.qualified(message.with("`"), taken).with("`")
    }

    /// Appends the model, with its module unless that is the module of the type that the hook
    /// takes.
    const fn qualified(self, message: Message, taken: Carried) -> Message {
        let Some(model) = self.model else { return message };
        let message = if self.is_elsewhere(taken) { message.with(self.vertical).with("::") } else { message };
        message.with(model)
    }

    /// Returns whether the model is in another module than the type that the hook takes.
    const fn is_elsewhere(self, taken: Carried) -> bool {
        is_module(self.vertical) && is_module(taken.vertical) && !same(self.vertical, taken.vertical)
    }
}

/// Returns whether the models of a vertical are in a module of its name.
const fn is_module(vertical: &str) -> bool {
    !same(vertical, "connection") && !same(vertical, "passthrough")
}

const fn is_everything(pattern: Pattern) -> bool {
    matches!(pattern, Pattern::Prefix(prefix) if prefix.is_empty())
}

impl Carried {
    const fn named(self, message: Message, expected: Expected) -> Message {
        let message = match self.shape {
            Shape::Object => message.with(article(self.model)),
            Shape::List => message.with("a list of "),
            Shape::Lists => message.with("a list of lists of "),
            Shape::Any => message.with("a "),
        };
        let message = message.with("`");
        let is_qualified = expected.is_elsewhere(self) || matches!(self.shape, Shape::Any);
        let message = if is_qualified { message.with(self.vertical).with("::") } else { message };
        message.with(self.model).with("`")
    }
}

const fn article(model: &str) -> &'static str {
    match model.as_bytes() {
        [b'A' | b'E' | b'I' | b'O', ..] => "an ",
        _ => "a ",
    }
}

/// An iterator over the events that patterns stand for.
struct Meant<'p> {
    patterns: &'p [Pattern],
    /// The index of the next pattern.
    index: usize,
    /// The index of the next event type, if that pattern is a prefix.
    event: usize,
}

impl<'p> Meant<'p> {
    const fn of(patterns: &'p [Pattern]) -> Self {
        Self { patterns, index: 0, event: 0 }
    }

    /// Returns the pattern of the last event.
    const fn last(&self) -> Pattern {
        self.patterns[if self.event > 0 { self.index } else { self.index - 1 }]
    }

    const fn next(&mut self) -> Option<Expected> {
        while self.index < self.patterns.len() {
            match self.patterns[self.index] {
                Pattern::Event(event) => {
                    self.index += 1;
                    return Some(Expected::of(&EVENT_TYPES[event]));
                }
                Pattern::Passthrough(event_type) => {
                    self.index += 1;
                    return Some(Expected {
                        event_type,
                        vertical: "passthrough",
                        model: Some("PassthroughRetryResult"),
                        is_list: false,
                    });
                }
                Pattern::Prefix(prefix) => {
                    while self.event < EVENT_TYPES.len() {
                        let event_type = &EVENT_TYPES[self.event];
                        self.event += 1;
                        // An event type that no release sends does not arrive.
                        if event_type.is_sent() && starts_with(event_type.name(), prefix) {
                            return Some(Expected::of(event_type));
                        }
                    }
                    self.index += 1;
                    self.event = 0;
                }
            }
        }
        None
    }
}
