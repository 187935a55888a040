//! Decoding the payload.

use std::{borrow::Cow, fmt};

use serde::de::DeserializeOwned;
use serde_json::error::Category;
use serde_path_to_error::{Path, Segment};

use super::json_string;
use crate::printable::Printable;

/// The error of a payload that does not fit the type that a hook takes.
///
/// It names the place, the expected and the found type, and holds no value of the payload.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the payload of `{event_type}` {problem}")]
pub struct PayloadError {
    event_type: String,
    problem: Problem,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Problem {
    /// The text is not JSON from this position on.
    NotJson { line: usize, column: usize },
    /// A number at this position is larger than `f64` holds.
    Number { line: usize, column: usize },
    /// The nesting exceeds the limit that protects the stack.
    TooDeep,
    /// The JSON does not fit the type.
    Mismatch { target: String, path: String, difference: Option<Difference> },
}

/// The difference between a type and a value, without the value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Difference {
    /// The value lacks a field.
    Missing { field: String },
    /// The value has another type.
    Type { expected: String, found: &'static str },
}

impl PayloadError {
    pub(super) fn new(event_type: &str, problem: Problem) -> Self {
        Self { event_type: Printable(event_type).to_string(), problem }
    }

    /// Returns the path of the field that does not fit, such as `email_addresses[1].email_address`;
    /// `.` for the payload itself. Returns `None` if no field is to blame: the payload is not JSON,
    /// has a number that is too large for `f64`, or is nested too deep.
    ///
    /// A key that does not look like the name of a field becomes `?`, because in a map it may be
    /// somebody's data, such as a number. A key of a map that does look like a name is shown.
    #[must_use]
    pub fn path(&self) -> Option<&str> {
        match &self.problem {
            Problem::Mismatch { path, .. } => Some(path),
            _ => None,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotJson { line, column } => write!(f, "is not JSON (line {line}, column {column})"),
            Self::Number { line, column } => {
                write!(f, "has a number that is too large for `f64` (line {line}, column {column})")
            }
            Self::TooDeep => f.write_str("is nested too deep"),
            Self::Mismatch { target, path, difference } => {
                write!(f, "does not fit `{target}` at `{path}`")?;
                match difference {
                    Some(Difference::Missing { field }) => write!(f, ": field `{field}` is missing"),
                    Some(Difference::Type { expected, found }) => {
                        write!(f, ": expected {expected}, found {found}")
                    }
                    None => Ok(()),
                }
            }
        }
    }
}

/// Decodes `data`: the JSON in it if it is a string, otherwise `data` itself.
pub(super) fn decode<T: DeserializeOwned>(data: &str) -> Result<T, Problem> {
    decode_text(&text(data)?)
}

/// Returns the JSON of the payload.
fn text(data: &str) -> Result<Cow<'_, str>, Problem> {
    let Some(inside) = data.strip_prefix('"').and_then(|data| data.strip_suffix('"')) else {
        return Ok(Cow::Borrowed(data));
    };
    match json_string::unescape(inside) {
        Some(text) => Ok(text),
        None => decode_text(data).map(Cow::Owned),
    }
}

/// Reads a part of the payload of `data`.
pub(super) fn read<T>(data: &str, read: impl Fn(&str) -> serde_json::Result<T>) -> Option<T> {
    read_text(&text(data).ok()?, read).ok()
}

/// Decodes JSON.
fn decode_text<T: DeserializeOwned>(text: &str) -> Result<T, Problem> {
    read_text(text, |text| serde_json::from_str(text)).map_err(|(text, error)| explain::<T>(&text, &error))
}

/// Reads JSON. Returns an error with the text that it is about.
///
/// `serde_json` rejects unpaired surrogates wherever a string is expected. They are searched for
/// only in a text that cannot be read as it is, so other texts do not pay for it.
fn read_text<T>(
    text: &str,
    read: impl Fn(&str) -> serde_json::Result<T>,
) -> Result<T, (Cow<'_, str>, serde_json::Error)> {
    read(text).or_else(|error| match json_string::replace_unpaired(text) {
        Some(replaced) => read(&replaced).map_err(|error| (Cow::Owned(replaced), error)),
        None => Err((Cow::Borrowed(text), error)),
    })
}

/// Describes the mistake without serde's own words, which quote values.
///
/// The path costs a second pass, but only for a payload that does not fit.
fn explain<T: DeserializeOwned>(text: &str, error: &serde_json::Error) -> Problem {
    if error.classify() != Category::Data {
        let (line, column) = (error.line(), error.column());
        return match error.to_string() {
            text if text.starts_with("recursion limit exceeded") => Problem::TooDeep,
            text if text.starts_with("number out of range") => Problem::Number { line, column },
            _ => Problem::NotJson { line, column },
        };
    }
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let path = match serde_path_to_error::deserialize::<_, T>(&mut deserializer) {
        Ok(_) => ".".to_owned(),
        Err(error) => shown(error.path()),
    };
    let target = without_modules(std::any::type_name::<T>());
    Problem::Mismatch { target, path, difference: difference(&error.to_string()) }
}

/// Returns the path, with `?` for every key that is not a name.
fn shown(path: &Path) -> String {
    let segments = path.iter().map(|segment| match segment {
        Segment::Seq { index } => format!("[{index}]"),
        Segment::Map { key: name } | Segment::Enum { variant: name } if is_name(name) => format!(".{name}"),
        _ => ".?".to_owned(),
    });
    let shown: String = segments.collect();
    match shown.strip_prefix('.') {
        Some(name) => name.to_owned(),
        None if shown.is_empty() => ".".to_owned(),
        None => shown,
    }
}

/// Returns the name of a type without the paths of its parts, such as `Vec<Contact>`.
fn without_modules(name: &str) -> String {
    let is_path = |c: char| c.is_alphanumeric() || matches!(c, '_' | ':');
    let mut short = String::new();
    let mut rest = name;
    while let Some(next) = rest.chars().next() {
        let end = rest.find(|c| is_path(c) != is_path(next)).unwrap_or(rest.len());
        let (part, after) = rest.split_at(end);
        short.push_str(part.rsplit("::").next().unwrap_or_default());
        rest = after;
    }
    short
}

/// Reads the difference from serde's message. Of the parts of a message only these come from the
/// type: the name of a missing field, and the expectation, which follows the value.
fn difference(message: &str) -> Option<Difference> {
    let (message, _position) = message.rsplit_once(" at line ")?;
    if let Some(name) = message.strip_prefix("missing field `") {
        let field = name.strip_suffix('`').filter(|name| is_name(name))?;
        return Some(Difference::Missing { field: field.to_owned() });
    }
    let (found, expected) = message.strip_prefix("invalid type: ")?.rsplit_once(", expected ")?;
    // The words of `serde::de::Unexpected`, in terms of JSON.
    let found = match found.split(' ').next()? {
        "null" => "null",
        "boolean" => "a boolean",
        "integer" | "floating" | "number" => "a number",
        "string" | "character" => "a string",
        "sequence" => "a list",
        "map" => "an object",
        _ => return None,
    };
    let expected = match expected {
        "a sequence" => "a list",
        "a map" => "an object",
        expected => expected,
    };
    Some(Difference::Type { expected: Printable(expected).to_string(), found })
}

/// Returns whether a text could be the name of a field.
#[must_use]
pub fn is_name(text: &str) -> bool {
    matches!(text.len(), 1..=64)
        && !text.starts_with(|c: char| c.is_ascii_digit() || c == '-')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '$'))
}
