//! Compares the catalogue with the facts from which it was written.
//!
//! `facts/events.json` lists every event type in Panora's source and documentation; its `meta`
//! explains the fields.

use std::{
    collections::{HashMap, HashSet},
    fs,
};

use panora_hooks::catalogue::{self, EventType, Sender, Shape};
use serde::Deserialize;

#[derive(Deserialize)]
struct Facts {
    events: Vec<Fact>,
}

#[derive(Deserialize)]
struct Fact {
    r#type: String,
    vertical: String,
    action: String,
    status: String,
    data_model: Option<String>,
    data_shape: Option<String>,
    wire_type: String,
    subscribe_as: String,
    alias_of: Option<String>,
}

fn facts() -> Vec<Fact> {
    let facts: Facts = serde_json::from_slice(&fs::read("facts/events.json").unwrap()).unwrap();
    facts.events
}

impl Fact {
    /// Whether hooks may use the name: it is not a spelling for bodies only, and not one of the
    /// many passthrough types, which are covered by a rule.
    fn is_name(&self) -> bool {
        match self.status.as_str() {
            "delivered" | "delivered_as_other_type" | "historical" | "listed_only" => self.action != "push",
            "unreachable" => self.action != "push" && self.action != "passthrough",
            _ => false,
        }
    }

    /// Whether the text is another spelling of a named event type.
    fn is_spelling(&self) -> bool {
        matches!(self.status.as_str(), "wire_only" | "misspelling")
            || (self.action == "push" && matches!(self.status.as_str(), "historical" | "unreachable"))
    }

    /// The name of the model in this library, without vertical, prefix and suffix of Panora.
    fn payload(&self) -> Option<String> {
        let model = self.data_model.as_deref()?;
        if model == "Connection" {
            return Some(model.to_lowercase());
        }
        let model = model.to_lowercase();
        let model =
            model.strip_prefix("unified").and_then(|model| model.strip_suffix("output")).unwrap_or(&model);
        Some(model.strip_prefix(&self.vertical).unwrap().to_owned())
    }
}

fn find(text: &str) -> &'static EventType {
    catalogue::find(text).unwrap_or_else(|| panic!("`{text}` is not in the catalogue"))
}

#[test]
fn the_catalogue_contains_exactly_the_names_of_the_facts() {
    let names: Vec<_> = facts().into_iter().filter(Fact::is_name).map(|fact| fact.r#type).collect();
    let mut missing: Vec<_> = names.iter().filter(|name| catalogue::find(name).is_none()).collect();
    missing.sort();
    assert_eq!(missing, [] as [&String; 0]);
    let held: HashSet<_> = catalogue::all().iter().map(EventType::name).collect();
    assert_eq!(held.len(), catalogue::all().len(), "a name is there twice");
    assert_eq!(held.len(), names.len());
}

#[test]
fn each_event_type_agrees_with_the_facts() {
    for fact in facts().into_iter().filter(Fact::is_name) {
        let name = &fact.r#type;
        let event_type = find(name);
        assert_eq!(event_type.name(), name);
        assert_eq!(event_type.name(), fact.subscribe_as);
        assert_eq!(event_type.wire_names().next(), Some(&*fact.wire_type));
        assert_eq!(event_type.vertical(), fact.vertical);
        assert_eq!(event_type.payload().map(str::to_lowercase), fact.payload(), "{name}");
        let shape = match fact.data_shape.as_deref() {
            Some("object") => Shape::Object,
            Some("array") => Shape::List,
            shape => panic!("{name}: {shape:?}"),
        };
        assert_eq!(event_type.shape(), shape, "{name}");
        let sender = match fact.status.as_str() {
            "delivered" | "delivered_as_other_type" => Sender::Current,
            "historical" => Sender::Past,
            "unreachable" => Sender::Unreachable,
            "listed_only" => Sender::Listed,
            status => panic!("{name}: {status}"),
        };
        assert_eq!(event_type.sender(), sender, "{name}");
        assert_eq!(event_type.is_sent(), matches!(sender, Sender::Current | Sender::Past));
        if let Some(canonical) = fact.alias_of {
            assert!(find(&canonical).wire_names().any(|text| text == name), "{name} of {canonical}");
        }
    }
}

#[test]
fn each_spelling_leads_to_its_event_type() {
    for fact in facts().into_iter().filter(Fact::is_spelling) {
        let canonical = fact.alias_of.as_deref().unwrap();
        let event_type = find(&fact.r#type);
        assert_eq!(event_type.name(), canonical);
        assert_eq!(fact.subscribe_as, canonical);
        let is_misspelling = fact.status == "misspelling";
        assert_eq!(event_type.misspelling() == Some(&*fact.r#type), is_misspelling, "{}", fact.r#type);
        assert_eq!(event_type.wire_names().any(|text| text == fact.r#type), !is_misspelling);
    }
}

#[test]
fn every_spelling_of_the_catalogue_is_in_the_facts() {
    let facts: HashMap<_, _> = facts().into_iter().map(|fact| (fact.r#type.clone(), fact)).collect();
    let stands_for = |text: &str| {
        let fact = facts.get(text).unwrap_or_else(|| panic!("`{text}` is not in the facts"));
        fact.alias_of.clone().unwrap_or_else(|| fact.r#type.clone())
    };
    for event_type in catalogue::all() {
        for text in event_type.wire_names().chain(event_type.misspelling()) {
            assert_eq!(stands_for(text), stands_for(event_type.name()), "{text}");
        }
    }
}

#[test]
fn the_catalogue_contains_no_type_that_is_never_delivered() {
    for fact in facts() {
        if fact.status == "audit_only" || fact.action == "passthrough" {
            assert_eq!(catalogue::find(&fact.r#type), None, "{}", fact.r#type);
        }
    }
}
