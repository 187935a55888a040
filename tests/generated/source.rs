//! Writes Rust.

use std::{collections::BTreeMap, fmt::Write as _};

use panora_hooks::catalogue::{self, EventType, Sender, Shape};

use crate::{
    facts::Kind,
    plan::{Field, Model, Module, OpenEnum, Presence, Type, camel_case, camel_words},
};

const HEADER: &str = "\
// Written by `cargo test -p panora-hooks-tests --test generated` from `tests/facts/models.json` and the
// catalogue. To change it, change these.

";

const WIDTH: usize = 110;

/// A module of models.
pub fn module(module: &Module) -> String {
    let events = Events::of(&module.name);
    let mut body = String::new();
    for open_enum in &module.enums {
        body += &self::open_enum(open_enum);
    }
    for model in &module.models {
        body += &self::model(model, &module.name, &events);
    }
    let is_vertical = !matches!(module.name.as_str(), "connection" | "passthrough");
    if is_vertical {
        body += &any_event(&module.name, &events);
    }
    let mut text = HEADER.to_owned();
    text += &module_doc(module, &events, is_vertical);
    text += &imports(&body);
    text + body.trim_end() + "\n"
}

/// The event types of a module, as the catalogue has them, by what they carry.
struct Events {
    of: Vec<&'static EventType>,
}

impl Events {
    fn of(vertical: &str) -> Self {
        Self { of: catalogue::all().iter().filter(|event| event.vertical() == vertical).collect() }
    }

    fn carrying(&self, model: &str) -> impl Iterator<Item = &'static EventType> {
        self.of.iter().copied().filter(move |event| event.payload() == Some(model))
    }
}

fn module_doc(module: &Module, events: &Events, is_vertical: bool) -> String {
    let title = match module.name.as_str() {
        "connection" => "`Connection`: what `connection.created` carries.",
        "passthrough" => "`PassthroughRetryResult`: what the events of passthrough requests carry.",
        "crm" => "Customer relationship management.",
        "ticketing" => "Tickets of a help desk or an issue tracker.",
        "filestorage" => "File storage.",
        "ecommerce" => "E-commerce.",
        "accounting" => "Accounting.",
        "ats" => "Applicant tracking.",
        "hris" => "Human resources.",
        "marketingautomation" => "Marketing automation.",
        other => panic!("{other} has no title"),
    };
    let mut doc = format!("//! {title}\n");
    let is_empty = module.models.iter().all(|model| model.fields.is_empty());
    let is_sent_by = |sender| events.of.iter().any(|event| event.sender() == sender);
    let (has_past, has_current) = (is_sent_by(Sender::Past), is_sent_by(Sender::Current));
    if is_vertical && is_empty {
        doc += "//!\n//! Panora declares these objects without fields, and no event carries one.\n";
    } else if is_vertical && has_past && !has_current {
        doc += "//!\n//! Panora removed this vertical in November 2024: only older deployments send its events.\n";
    } else if is_vertical && !has_current {
        doc += "//!\n//! No known release sends these events.\n";
    }
    doc + "\n"
}

/// `use` of whatever a text names.
fn imports(body: &str) -> String {
    let mut items = Vec::new();
    for item in ["DateTime", "Expandable", "FieldMappings", "Secret"] {
        if [",", ">", "<"].iter().any(|end| body.contains(&format!("<{item}{end}"))) {
            items.push(item.to_owned());
        }
    }
    for (call, import) in [
        ("any_event! {", "any_event::any_event"),
        ("model! {", "model::model"),
        ("open_enum! {", "open_enum::open_enum"),
    ] {
        if body.contains(call) {
            items.push(import.to_owned());
        }
    }
    items.sort();
    let json = if body.contains("<Value>") { "use serde_json::Value;\n\n" } else { "" };
    let line = match &*items {
        [item] => format!("use super::{item};\n"),
        items => format!("use super::{{{}}};\n", items.join(", ")),
    };
    let is_long = line.trim_end().len() > WIDTH;
    let line = if is_long { format!("use super::{{\n    {},\n}};\n", items.join(", ")) } else { line };
    format!("{json}{line}\n")
}

fn open_enum(open_enum: &OpenEnum) -> String {
    let fields: Vec<_> = open_enum.fields.iter().map(|field| format!("[`{field}`]")).collect();
    let mut text = "open_enum! {\n".to_owned();
    text += &doc(&format!("The values of {}.", list(&fields, "and")), 4);
    writeln!(text, "    pub enum {} {{", open_enum.name).unwrap();
    for value in &open_enum.values {
        writeln!(text, "        {} = {value:?},", camel_case(value)).unwrap();
    }
    text + "    }\n}\n\n"
}

fn model(model: &Model, vertical: &str, events: &Events) -> String {
    let mut text = "model! {\n".to_owned();
    text += &doc(&model_doc(model, events), 4);
    writeln!(text, "    pub struct {} in {vertical:?} {{", model.name).unwrap();
    for field in &model.fields {
        text += &doc(&field_doc(field), 8);
        let name = match field.name.as_str() {
            "type" => "r#type".to_owned(),
            name if name.chars().any(|c| c.is_ascii_uppercase()) => {
                let snake: String = name
                    .chars()
                    .flat_map(|c| {
                        let underscore = c.is_ascii_uppercase().then_some('_');
                        underscore.into_iter().chain([c.to_ascii_lowercase()])
                    })
                    .collect();
                format!("{snake} = {name:?}")
            }
            name => name.to_owned(),
        };
        let ty = if field.is_id { "String".to_owned() } else { format!("Option<{}>", rust(&field.ty)) };
        writeln!(text, "        pub {name}: {ty},").unwrap();
    }
    text + "    }\n}\n\n"
}

fn rust(ty: &Type) -> String {
    match ty {
        Type::Text => "String".to_owned(),
        Type::DateTime => "DateTime".to_owned(),
        Type::Integer => "i64".to_owned(),
        Type::Number => "f64".to_owned(),
        Type::Bool => "bool".to_owned(),
        Type::Json => "Value".to_owned(),
        Type::FieldMappings => "FieldMappings".to_owned(),
        Type::Secret => "Secret".to_owned(),
        Type::Enum(name) | Type::Model(name) => name.clone(),
        Type::Expandable(ty) => format!("Expandable<{}>", rust(ty)),
        Type::List(ty) => format!("Vec<{}>", rust(ty)),
        Type::Nullable(ty) => format!("Option<{}>", rust(ty)),
    }
}

/// "`a`", "`a` and `b`", "`a`, `b` and `c`".
fn list(items: &[String], and: &str) -> String {
    match items {
        [] => String::new(),
        [item] => item.clone(),
        [items @ .., last] => format!("{} {and} {last}", items.join(", ")),
    }
}

/// What an object is called in a sentence: "a score card".
fn noun(model: &str) -> String {
    let words: Vec<_> = camel_words(model).iter().map(|word| word.to_lowercase()).collect();
    let words = words.join(" ");
    let article = if words.starts_with(['a', 'e', 'i', 'o']) { "an" } else { "a" };
    format!("{article} {words}")
}

fn model_doc(model: &Model, events: &Events) -> String {
    let sent = |event: &&EventType| event.is_sent();
    let names = |events: Vec<&EventType>| -> Vec<String> {
        events.iter().map(|event| format!("`{}`", event.name())).collect()
    };
    let carriers: Vec<_> = events.carrying(&model.name).filter(sent).collect();
    let unsent: Vec<_> = events.carrying(&model.name).filter(|event| !sent(event)).collect();
    let capital = |text: String| {
        let mut letters = text.chars();
        letters
            .next()
            .map(|first| first.to_uppercase().chain(letters).collect::<String>())
            .unwrap_or_default()
    };
    let thing = match &model.table {
        Some(table) if model.kind == Kind::DbRow => {
            let object = capital(noun(model.name.strip_suffix("Row").unwrap()));
            format!("{object}, as a row of Panora's table `{table}`.")
        }
        _ => match (&*model.name, &*model.parents) {
            ("Connection", _) => "A user's connection to a provider, with its credentials.".to_owned(),
            ("PassthroughRetryResult", _) => {
                "What a provider answered to a request that had been rate-limited at first.".to_owned()
            }
            (name, []) => format!("{}.", capital(noun(name))),
            (name, _) if model.kind == Kind::Unified => format!("{}.", capital(noun(name))),
            (name, parents) => {
                let parents: Vec<_> = parents.iter().map(|parent| format!("[`{parent}`]")).collect();
                format!("{}: part of {}.", capital(noun(name)), list(&parents, "and"))
            }
        },
    };
    let mut paragraphs = vec![thing];
    let verb = |events: &[&EventType]| match (events.len(), model.kind) {
        (1, Kind::DbRow) => "carries a list of these",
        (1, _) => "carries one",
        (_, Kind::DbRow) => "carry a list of these",
        (_, _) => "carry one",
    };
    if !carriers.is_empty() {
        let verb = verb(&carriers);
        paragraphs.push(format!("{} {verb}.", list(&names(carriers), "and")));
    }
    if !unsent.is_empty() {
        let verb = verb(&unsent);
        let names = list(&names(unsent), "and");
        paragraphs.push(format!("{names} {verb}, but no known release sends that."));
    }
    if model.kind == Kind::DbRow && !model.parents.is_empty() {
        let parents: Vec<_> = model.parents.iter().map(|parent| format!("[`{parent}`]")).collect();
        paragraphs.push(format!("Part of {}, too.", list(&parents, "and")));
    }
    if model.kind == Kind::Unified && events.carrying(&model.name).next().is_none() {
        paragraphs.push("Panora's API has it; no event carries it.".to_owned());
    }
    if model.name == "PassthroughRetryResult" {
        paragraphs.push(
            "The type of its event is `<vertical>.<provider>.passthrough`. In the last release, nothing gets \
             as far as sending it."
                .to_owned(),
        );
    }
    paragraphs.join("\n\n")
}

/// What the type of a field does not say.
fn field_doc(field: &Field) -> String {
    let fact = &field.fact;
    let note = fact.note.as_deref().unwrap_or_default();
    let format = fact.json.format.as_deref();
    let mut sentences: Vec<String> = Vec::new();
    if let Some(inline) = fact.json.items.as_ref().and_then(|items| items.inline.as_ref()) {
        sentences.push(format!(
            "Each `{}`.",
            inline.trim_end_matches("; }").trim_end_matches(" }").to_owned() + " }"
        ));
    }
    match field.ty.innermost() {
        Type::Secret if matches!(&*field.name, "access_token" | "refresh_token") => {
            sentences.push("The provider's, encrypted by Panora.".to_owned());
        }
        Type::Secret if field.name == "connection_token" => {
            sentences.push("What requests to Panora's API name the connection with.".to_owned());
        }
        Type::Integer if note.contains("string null") => {
            sentences
                .push("Arrives as digits in a string, or as the text `null`, which is `None`.".to_owned());
        }
        Type::Integer if format == Some("bigint-decimal") => {
            sentences.push("Arrives as digits in a string.".to_owned());
        }
        Type::Integer if note.contains("never null") => {
            sentences.push("0 where nothing is known.".to_owned());
        }
        Type::Integer if note.contains("2^53") => {
            sentences.push("Beyond 2^53 JavaScript has rounded it.".to_owned());
        }
        Type::DateTime if format == Some("js-date-string") => {
            sentences.push(
                "Arrives as JavaScript's text of a date, or as the text `null`, which is `None`.".to_owned(),
            );
        }
        Type::DateTime if note.starts_with("date-only") => {
            sentences.push("A date: its time is midnight.".to_owned());
        }
        Type::Json if fact.json.one_of.is_some() => sentences.push("A string or a number.".to_owned()),
        _ => {}
    }
    if field.name == "remote_data" {
        sentences
            .push("What the provider has of it, where the call that created it asked for that.".to_owned());
    } else if field.presence == Presence::Sometimes {
        sentences.push("Only there where it is set.".to_owned());
    } else if field.presence == Presence::Never {
        sentences.push("In Panora's API; no event carries it.".to_owned());
    }
    sentences.join(" ")
}

/// A doc comment, its lines broken.
fn doc(text: &str, indent: usize) -> String {
    let indent = " ".repeat(indent);
    let mut comment = String::new();
    for (index, paragraph) in text.split("\n\n").enumerate() {
        if paragraph.is_empty() {
            continue;
        }
        if index > 0 {
            writeln!(comment, "{indent}///").unwrap();
        }
        let mut line = format!("{indent}///");
        for word in paragraph.split(' ') {
            if line.len() + 1 + word.len() > WIDTH {
                writeln!(comment, "{line}").unwrap();
                line = format!("{indent}///");
            }
            line += " ";
            line += word;
        }
        writeln!(comment, "{line}").unwrap();
    }
    comment
}

/// `ContactCreated`, `ContactPulled`.
fn variant(event: &EventType) -> Option<String> {
    let model = event.payload()?;
    let object = model.strip_suffix("Row").unwrap_or(model);
    let action = match event.name().rsplit('.').next().unwrap() {
        // What `pulled` was called before.
        "synced" => "pulled",
        action => action,
    };
    Some(format!("{object}{}", camel_case(action)))
}

/// The Rust type of what an event carries.
fn payload(event: &EventType) -> Option<String> {
    let model = event.payload()?;
    Some(match event.shape() {
        Shape::Object => model.to_owned(),
        Shape::List => format!("Vec<{model}>"),
    })
}

fn any_event(vertical: &str, events: &Events) -> String {
    let mut variants: BTreeMap<String, (String, Vec<&EventType>)> = BTreeMap::new();
    for event in &events.of {
        if let (Some(variant), Some(payload)) = (variant(event), payload(event)) {
            let entry = variants.entry(variant).or_insert_with(|| (payload.clone(), Vec::new()));
            assert_eq!(entry.0, payload);
            entry.1.push(event);
        }
    }
    let mut text = "any_event! {\n".to_owned();
    text += &doc(&format!("Any event of this vertical, for a hook on `{vertical}.*` or another prefix."), 4);
    writeln!(text, "    pub enum AnyEvent in {vertical:?} {{").unwrap();
    for (variant, (payload, events)) in variants {
        let names: Vec<_> = events.iter().map(|event| format!("`{}`", event.name())).collect();
        let names = list(&names, "or");
        let is_sent = events.iter().any(|event| event.is_sent());
        let unsent = if is_sent { "" } else { ", which no known release sends" };
        text += &doc(&format!("{names}{unsent}."), 8);
        let literals: Vec<_> = events.iter().map(|event| format!("{:?}", event.name())).collect();
        writeln!(text, "        {variant}({payload}): {},", literals.join(" | ")).unwrap();
    }
    text + "    }\n}\n"
}

/// A hook for each event type, with the type that it carries.
pub fn every_event() -> String {
    let mut text = HEADER.to_owned();
    text += "//! A hook for every event type that has a model, with the payload that the catalogue says it has.\n\n";
    text += "// Events that nothing sends are warnings.\n#![allow(deprecated, clippy::too_many_lines)]\n\n";
    text += "use panora_hooks::{Event, Metadata, Registry, State, hooks, models::*, on};\n\n";
    text += "use super::Seen;\n\n";
    let mut names = Vec::new();
    for event in catalogue::all() {
        let Some(payload) = payload(event) else { continue };
        let name = event.name().replace('.', "_");
        let path = match event.vertical() {
            "connection" => payload,
            vertical => match payload.strip_prefix("Vec<") {
                Some(row) => format!("Vec<{vertical}::{row}"),
                None => format!("{vertical}::{payload}"),
            },
        };
        writeln!(
            text,
            "#[on({:?})]\nasync fn {name}(event: Event<{path}>, meta: Metadata, seen: State<Seen>) {{\n    \
             seen.see(&meta, &event.0);\n}}\n",
            event.name()
        )
        .unwrap();
        names.push(name);
    }
    text += "pub fn hooks(registry: &mut Registry<Seen>) {\n    registry.hooks(hooks![\n";
    for name in names {
        writeln!(text, "        {name},").unwrap();
    }
    text + "    ]);\n}\n"
}
