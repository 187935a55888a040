//! The hook to paste: the source of a hook for an event type that has none.

use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
};

use crate::catalogue::{self, EventType, Shape};

/// The length limit of an event type in `#[on(..)]`, in bytes.
const MAX_BYTES: usize = 128;

/// The number of types outside the catalogue whose hooks a process logs. The sender does not sign
/// types, so a forger can invent any number of them.
const MAX_UNLISTED: usize = 32;

/// Whether the program of a hook has the feature that the model of the payload needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Feature {
    /// The hook takes the model.
    On,
    /// The hook takes JSON, and a comment names the feature and the model.
    Off,
    /// The hook takes the model, and a comment names the feature.
    Unknown,
}

/// The verticals of passthrough requests, and whether this build has their models.
const VERTICALS: [(&str, bool); 9] = [
    ("accounting", cfg!(feature = "accounting")),
    ("ats", cfg!(feature = "ats")),
    ("crm", cfg!(feature = "crm")),
    ("ecommerce", cfg!(feature = "ecommerce")),
    ("filestorage", cfg!(feature = "filestorage")),
    ("hris", cfg!(feature = "hris")),
    ("marketingautomation", cfg!(feature = "marketingautomation")),
    ("productivity", false),
    ("ticketing", cfg!(feature = "ticketing")),
];

impl Feature {
    /// Returns whether this build has the models of a vertical.
    #[must_use]
    pub fn of_this_build(vertical: &str) -> Self {
        if VERTICALS.contains(&(vertical, true)) { Self::On } else { Self::Off }
    }
}

/// Returns the hook to paste for the log, on lines of its own: once per event type and process, and
/// only in builds with debug assertions.
pub(crate) fn hook_to_paste_once(event_type: &str) -> Option<String> {
    static LISTED: Mutex<BTreeSet<&str>> = Mutex::new(BTreeSet::new());
    static UNLISTED: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

    if !cfg!(debug_assertions) {
        return None;
    }
    let listed = catalogue::find(event_type);
    let feature = listed.map_or(Feature::On, |listed| Feature::of_this_build(listed.vertical()));
    let hook = hook_to_paste(event_type, feature)?;
    let is_first = if let Some(listed) = listed {
        LISTED.lock().unwrap_or_else(PoisonError::into_inner).insert(listed.name())
    } else {
        let mut unlisted = UNLISTED.lock().unwrap_or_else(PoisonError::into_inner);
        unlisted.len() < MAX_UNLISTED && unlisted.insert(event_type.to_owned())
    };
    is_first.then(|| format!("\n{hook}\n"))
}

/// Returns the source of a hook for the event type that a text stands for. Returns `None` if
/// `#[on(..)]` does not accept the text as one event type.
#[must_use]
pub fn hook_to_paste(text: &str, feature: Feature) -> Option<String> {
    let listed = catalogue::find(text);
    let event_type = listed.map_or(text, |listed| listed.name());
    if !is_event_type(event_type) {
        return None;
    }
    let (option, Argument { name, payload, shown, note }) = match listed {
        Some(listed) => ("", Argument::listed(listed, feature)),
        None if is_passthrough(event_type) => ("", Argument::passthrough()),
        None => (", unlisted", Argument::unlisted()),
    };
    let allow = match listed {
        Some(listed) if !listed.is_sent() => {
            "#[allow(deprecated, reason = \"no known release of Panora sends this event\")]\n"
        }
        _ => "",
    };
    let function = function_name(event_type);
    // Complete paths compile in every file, whatever it imports.
    Some(format!(
        "// Add `{function}` to `hooks![..]`.
{note}#[panora_hooks::on(\"{event_type}\"{option})]
{allow}async fn {function}(
    panora_hooks::Event({name}): panora_hooks::Event<{payload}>,
) -> Result<(), panora_hooks::HookError> {{
    println!(\"{event_type}: {{:?}}\", {shown});
    Ok(())
}}"
    ))
}

/// The argument of a hook to paste.
struct Argument {
    name: &'static str,
    /// The type of the payload.
    payload: String,
    /// The expression that the hook prints. Other parts of a payload can be confidential.
    shown: String,
    /// The comment about the needs of the type.
    note: String,
}

const NEEDS_SERDE_JSON: &str = "// `serde_json::Value` needs the crate serde_json.\n";

impl Argument {
    fn listed(event_type: &'static EventType, feature: Feature) -> Self {
        let vertical = event_type.vertical();
        let (path, id, needed) = match vertical {
            "connection" => ("panora_hooks::models".to_owned(), "id_connection", None),
            _ => (format!("panora_hooks::models::{vertical}"), "id", Some(vertical)),
        };
        let model = event_type.payload().map(|model| format!("{path}::{model}"));
        let note = match (&model, needed, feature) {
            (None, ..) => NEEDS_SERDE_JSON.to_owned(),
            (Some(model), Some(needed), Feature::Off) => format!(
                "{NEEDS_SERDE_JSON}// With the feature `{needed}` of panora-hooks, write\n// `{model}` instead.\n"
            ),
            (_, Some(needed), Feature::Unknown) => {
                format!("// The payload needs the feature `{needed}` of panora-hooks.\n")
            }
            _ => String::new(),
        };
        let model = model.filter(|_| needed.is_none() || feature != Feature::Off);
        let payload = model.as_deref().unwrap_or("serde_json::Value");
        if event_type.shape() == Shape::List {
            return Self {
                name: "rows",
                payload: format!("Vec<{payload}>"),
                shown: "rows.len()".to_owned(),
                note,
            };
        }
        let name = event_type.name().rsplit('.').nth(1).unwrap_or_default();
        let shown = if model.is_some() { format!("{name}.{id}") } else { format!("{name}[\"{id}\"]") };
        Self { name, payload: payload.to_owned(), shown, note }
    }

    fn passthrough() -> Self {
        Self {
            name: "result",
            payload: "panora_hooks::models::PassthroughRetryResult".to_owned(),
            shown: "result.status".to_owned(),
            note: String::new(),
        }
    }

    fn unlisted() -> Self {
        Self {
            name: "payload",
            payload: "serde_json::Value".to_owned(),
            shown: "payload[\"id\"]".to_owned(),
            note: NEEDS_SERDE_JSON.to_owned(),
        }
    }
}

/// Returns whether `#[on(..)]` accepts a text as an event type, apart from the catalogue.
fn is_event_type(text: &str) -> bool {
    let is_segment = |segment: &str| {
        !segment.is_empty() && segment.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'))
    };
    text.len() <= MAX_BYTES && text.contains('.') && text.split('.').all(is_segment)
}

/// Returns whether `#[on(..)]` accepts an event type without `unlisted`, although the catalogue
/// does not hold it.
fn is_passthrough(event_type: &str) -> bool {
    let segments: Vec<_> = event_type.split('.').collect();
    let is_vertical = |text| VERTICALS.iter().any(|(vertical, _)| *vertical == text);
    matches!(*segments, [vertical, _, "passthrough"] if is_vertical(vertical))
}

/// Returns the name of the function. It holds the vertical, because the verticals share objects.
fn function_name(event_type: &str) -> String {
    let words: Vec<_> = event_type.split(['.', '_']).filter(|word| !word.is_empty()).collect();
    let name = words.join("_");
    // A single word can be a keyword, and an identifier does not begin with a digit.
    if words.len() < 2 || name.starts_with(|first: char| first.is_ascii_digit()) {
        return format!("on_{name}");
    }
    name
}
