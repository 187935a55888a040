//! Decoding the payload.

use std::{borrow::Cow, fmt};

use serde::de::DeserializeOwned;
use serde_json::error::Category;
use serde_path_to_error::{Path, Segment};

use super::json_string;
use crate::printable::Printable;

/// The error of a payload that does not fit the type that a hook takes.
///
/// It names the place, and holds no value of the payload.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the payload of `{event_type}` (event {id}) {problem}")]
pub struct PayloadError {
    id: String,
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
    Mismatch { target: &'static str, path: String, missing: Option<String> },
}

impl PayloadError {
    pub(super) fn new(id: &str, event_type: &str, problem: Problem) -> Self {
        Self { id: Printable(id).to_string(), event_type: Printable(event_type).to_string(), problem }
    }

    /// Returns the path of the field that does not fit, such as `email_addresses[1].email_address`;
    /// `.` for the payload itself. Returns `None` if the payload is not JSON at all.
    ///
    /// A key that is not an identifier becomes `?`, because in a map it may be somebody's data.
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
            Self::Mismatch { target, path, missing: None } => {
                write!(f, "does not fit `{target}` at `{path}`")
            }
            Self::Mismatch { target, path, missing: Some(field) } => {
                write!(f, "does not fit `{target}` at `{path}`: field `{field}` is missing")
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

/// Decodes JSON. `serde_json` rejects unpaired surrogates wherever a string is expected. They are
/// searched for only in a text that cannot be decoded as it is, so other texts do not pay for it.
fn decode_text<T: DeserializeOwned>(text: &str) -> Result<T, Problem> {
    serde_json::from_str(text).or_else(|error| match json_string::replace_unpaired(text) {
        Some(replaced) => serde_json::from_str(&replaced).map_err(|error| explain::<T>(&replaced, &error)),
        None => Err(explain::<T>(text, &error)),
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
    Problem::Mismatch { target: std::any::type_name::<T>(), path, missing: missing_field(error) }
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

/// Returns the name in "missing field `name`", which comes from the type and not from the payload.
fn missing_field(error: &serde_json::Error) -> Option<String> {
    let message = error.to_string();
    let (name, _position) = message.strip_prefix("missing field `")?.split_once("` at line ")?;
    is_name(name).then(|| name.to_owned())
}

/// Returns whether a text could be the name of a field.
#[must_use]
pub fn is_name(text: &str) -> bool {
    matches!(text.len(), 1..=64)
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '$'))
}
