//! Checks `serial` and `serial_by` against each other and against the events of the hook.

use proc_macro2::TokenStream;
use syn::LitStr;

use super::options::parse_literal;
use crate::{
    catalogue::{self, Meaning},
    diagnostics::Diagnostics,
    on::{
        attribute::Attribute,
        pattern::EventPattern,
        pointer::{self, PointerError},
    },
};

/// The events of a hook that run one at a time.
pub(crate) enum Serial {
    /// All of them.
    All,
    /// Those with the same value at this place of their data.
    By(Pointer),
}

/// A valid JSON pointer.
pub(crate) struct Pointer {
    pub(crate) literal: LitStr,
    /// The segments, without their escapes.
    pub(crate) segments: Vec<String>,
}

pub(super) fn check(
    attribute: &Attribute,
    patterns: &[LitStr],
    diagnostics: &mut Diagnostics,
) -> Option<Serial> {
    match (&attribute.serial, &attribute.serial_by) {
        (None, None) => None,
        (Some(_), None) => Some(Serial::All),
        (None, Some(value)) => check_pointer(value, patterns, diagnostics).map(Serial::By),
        (Some(_), Some(value)) => {
            diagnostics.error_with_help(
                value,
                "a hook takes `serial` or `serial_by`, not both",
                "write `serial` for all events of the hook, `serial_by` for those with the same value",
            );
            None
        }
    }
}

fn check_pointer(value: &TokenStream, patterns: &[LitStr], diagnostics: &mut Diagnostics) -> Option<Pointer> {
    let expected = r#"expected a JSON pointer, as in `serial_by = "/id"`"#;
    let literal: LitStr = parse_literal(value, expected, diagnostics)?;
    if !literal.suffix().is_empty() {
        diagnostics.error(value, expected);
        return None;
    }
    let text = literal.value();
    let segments = match pointer::parse(&text) {
        Ok(segments) => segments,
        Err(PointerError { message, help: Some(help) }) => {
            diagnostics.error_with_help(value, message, help);
            return None;
        }
        Err(PointerError { message, help: None }) => {
            diagnostics.error(value, message);
            return None;
        }
    };
    let events = Events::of(patterns);
    let begins_with_index = segments.first().is_some_and(|first| pointer::is_index(first));
    match (events.object, events.list) {
        (Some(object), Some(list)) => diagnostics.error_with_help(
            value,
            format_args!("`{object}` carries an object and `{list}` a list: no pointer fits both"),
            "write `serial`, or a hook for each",
        ),
        (None, Some(list)) if !begins_with_index => diagnostics.error_with_help(
            value,
            format_args!("`{list}` carries a list, so the pointer begins with the index of an element"),
            format_args!("write `serial_by = {:?}` or `serial`", pointer::in_first_element(&text)),
        ),
        _ => return Some(Pointer { literal, segments }),
    }
    None
}

/// Examples of the events that patterns match, as far as the catalogue holds them.
#[derive(Default)]
struct Events {
    /// An event that carries an object.
    object: Option<String>,
    /// An event that carries a list.
    list: Option<String>,
}

impl Events {
    fn of(patterns: &[LitStr]) -> Self {
        let mut events = Self::default();
        for text in patterns.iter().map(LitStr::value) {
            match EventPattern::parse(&text) {
                Ok(EventPattern::Exact(name)) => match catalogue::find(name) {
                    Some(Meaning::Event(event)) => events.add(name, event.payload.is_list()),
                    Some(Meaning::Passthrough) => events.add(name, false),
                    _ => {}
                },
                Ok(EventPattern::Prefix(_) | EventPattern::Any) => {
                    for event in catalogue::sent_below(text.trim_end_matches('*')) {
                        events.add(event.name, event.payload.is_list());
                    }
                }
                Err(_) => {}
            }
        }
        events
    }

    fn add(&mut self, name: &str, is_list: bool) {
        let place = if is_list { &mut self.list } else { &mut self.object };
        place.get_or_insert_with(|| name.to_owned());
    }
}
