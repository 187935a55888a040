//! Templates of deliveries: one event type, and a new event in each delivery.

use std::fmt;

use fastrand::Rng;
use panora_hooks::{
    __cli::{self, Json, JsonError, Text},
    catalogue,
    testing::{Sample, sample},
};
use uuid::Builder;

use crate::find;

/// The reason why there is nothing to send. Contains nothing of the payload.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TemplateError {
    /// The catalogue does not contain the event type, so its payload is unknown.
    #[error("unknown event type `{event_type}`{}; it can still be sent with a payload of your own", meant(*.nearest))]
    Unknown {
        /// The event type that was asked for.
        event_type: String,
        /// The name that was probably meant.
        nearest: Option<&'static str>,
    },
    /// Panora published this name by mistake, and never sends it.
    #[error("`{event_type}` is a misspelling: write `{name}`")]
    Misspelling {
        /// The name that was asked for.
        event_type: String,
        /// The correct name.
        name: &'static str,
    },
    /// The payload is not JSON, is nested deeper than 127, or has a number that JavaScript cannot
    /// represent.
    #[error("the payload is not JSON: {0}")]
    Payload(String),
    /// The assignment has no `=`.
    #[error("`{0}` sets nothing: expected a path and a value, such as `name=Acme` or `lines[0].quantity=2`")]
    Assignment(String),
    /// The path does not exist in the payload.
    #[error("`{path}` leads nowhere: {problem}")]
    Path {
        /// The path.
        path: String,
        /// The part that does not exist.
        problem: String,
    },
    /// The value begins like JSON but is not JSON.
    #[error("the value for `{path}` is not JSON: {problem}; write a text in quotes")]
    Value {
        /// The path.
        path: String,
        /// The position of the error.
        problem: String,
    },
    /// A payload that is a text would look like JSON in a string.
    #[error(
        "a payload that is a text cannot be sent as it is: nobody could tell it from a payload in a string"
    )]
    TextAsObject,
}

fn meant(nearest: Option<&str>) -> String {
    nearest.map(|name| format!(", perhaps `{name}`")).unwrap_or_default()
}

/// Creates deliveries of one event type.
#[derive(Clone)]
pub struct Template {
    event_type: String,
    payload: Json,
    is_object: bool,
    /// The field of the payload that differs between deliveries.
    varied: Option<&'static str>,
    retyped: Vec<Retyped>,
    seed: u64,
}

/// A value of the payload whose JSON type [`Template::set`] has changed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Retyped {
    /// The path of the value.
    pub path: String,
    /// The type before, such as `a number`.
    pub before: &'static str,
    /// The type now.
    pub now: &'static str,
}

impl Template {
    /// Creates a template from the sample payload of an event type of the [catalogue]. Each
    /// delivery has another `id`, because an inbox parks an object that it has seen in another
    /// event.
    ///
    /// # Errors
    ///
    /// Returns an error if the catalogue does not contain the event type, or contains it as a
    /// misspelling.
    pub fn new(event_type: &str) -> Result<Self, TemplateError> {
        let Some(known) = catalogue::find(event_type) else {
            let nearest = find::nearest(event_type);
            return Err(TemplateError::Unknown { event_type: event_type.to_owned(), nearest });
        };
        check_spelling(event_type)?;
        let payload = Json::parse(&sample(known.name()).payload())
            .map_err(|error| TemplateError::Payload(error.to_string()))?;
        let varied = match &payload {
            Json::Object(members) => ["id", "id_connection"]
                .into_iter()
                .find(|id| members.iter().any(|(key, value)| *key == **id && matches!(value, Json::Text(_)))),
            _ => None,
        };
        Ok(Self {
            event_type: known.name().to_owned(),
            payload,
            is_object: false,
            varied,
            retyped: Vec::new(),
            seed: fastrand::u64(..),
        })
    }

    /// Creates a template with a payload that is the same in each delivery. Any event type is
    /// allowed.
    ///
    /// # Errors
    ///
    /// Returns an error if the payload is not JSON, or the event type is a misspelling.
    pub fn with_payload(event_type: &str, payload: &[u8]) -> Result<Self, TemplateError> {
        check_spelling(event_type)?;
        let payload = str::from_utf8(payload)
            .map_err(|_| TemplateError::Payload("it is not UTF-8".to_owned()))
            .and_then(|text| Json::parse(text).map_err(|error| TemplateError::Payload(error.to_string())))?;
        let event_type = catalogue::find(event_type)
            .map_or_else(|| event_type.to_owned(), |known| known.name().to_owned());
        Ok(Self {
            event_type,
            payload,
            is_object: false,
            varied: None,
            retyped: Vec::new(),
            seed: fastrand::u64(..),
        })
    }

    /// Sets a value in the payload, such as `name=Acme`. A value that is not JSON is a text. A
    /// number or a boolean in place of a text is a text as well: `id=42` sets `"42"`. A key in
    /// quotes may contain any character, as in `"a.b"=1`.
    ///
    /// # Errors
    ///
    /// Returns an error if there is no `=`, the path does not exist, or the value begins like JSON
    /// but is not JSON.
    pub fn set(mut self, assignment: &str) -> Result<Self, TemplateError> {
        let mut splits =
            assignment.match_indices('=').map(|(at, _)| (&assignment[..at], &assignment[at + 1..]));
        let first = splits.next().ok_or_else(|| TemplateError::Assignment(assignment.to_owned()))?;
        // A key in quotes may contain `=`.
        let (path, value) = if __cli::is_path(first.0) {
            first
        } else {
            splits.find(|(path, _)| __cli::is_path(path)).unwrap_or(first)
        };
        let before = __cli::get(&self.payload, path);
        let is_json = value.trim_ascii_start().starts_with(['"', '[', '{']);
        let parsed = Json::parse(value);
        let is_text = match &parsed {
            Ok(Json::Number(_) | Json::Bool(_)) | Err(JsonError::Number) => {
                matches!(before, Some(Json::Text(_)))
            }
            Err(JsonError::Syntax { .. }) => true,
            _ => false,
        };
        let value = if is_text && !is_json {
            Json::Text(value.to_owned().into())
        } else {
            parsed
                .map_err(|error| TemplateError::Value { path: path.to_owned(), problem: error.to_string() })?
        };
        if let (Some(before), Some(now)) = (before.and_then(kind), kind(&value))
            && before != now
        {
            self.retyped.push(Retyped { path: path.to_owned(), before, now });
        }
        if let Err(problem) = __cli::set(&mut self.payload, path, value) {
            return Err(TemplateError::Path { path: path.to_owned(), problem });
        }
        let is_set = |varied: &str| {
            path == "." || path == varied || Text::parse(path).is_some_and(|key| *varied == *key)
        };
        self.varied = self.varied.filter(|varied| !is_set(varied));
        Ok(self)
    }

    /// Puts the payload into the body as JSON instead of in a string, as the sender's documentation
    /// shows it.
    ///
    /// # Errors
    ///
    /// Returns an error if the payload is a text.
    pub fn as_object(self) -> Result<Self, TemplateError> {
        match self.payload {
            Json::Text(_) => Err(TemplateError::TextAsObject),
            _ => Ok(Self { is_object: true, ..self }),
        }
    }

    /// Sets the seed of the ids, which is random by default.
    #[must_use]
    pub fn seeded(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// Returns the delivery with a number. It is the same on each call, and differs from those with
    /// other numbers.
    #[must_use]
    pub fn delivery(&self, number: u64) -> Sample {
        let (mut random, id) = self.begin(number);
        let mut payload = self.payload.clone();
        if let (Some(varied), Json::Object(members)) = (self.varied, &mut payload)
            && let Some((_, value)) = members.iter_mut().find(|(key, _)| *key == *varied)
        {
            *value = Json::Text(uuid(&mut random).into());
        }
        let sample = __cli::sample(&self.event_type, payload).id(id);
        if self.is_object { sample.as_object() } else { sample }
    }

    /// Returns the `id_event` of the delivery with a number.
    #[must_use]
    pub fn id(&self, number: u64) -> String {
        self.begin(number).1
    }

    /// Returns the random numbers of a delivery, and its id, which is drawn first.
    fn begin(&self, number: u64) -> (Rng, String) {
        let mut random = Rng::with_seed(self.seed.wrapping_add(number));
        let id = uuid(&mut random);
        (random, id)
    }

    /// Returns whether payloads differ. An inbox parks an object that it has seen in another event.
    #[must_use]
    pub fn is_varied(&self) -> bool {
        self.varied.is_some() || !matches!(self.payload, Json::Object(_))
    }

    /// Returns the values that have another JSON type than before, which the payload type of a hook
    /// may not accept.
    #[must_use]
    pub fn retyped(&self) -> &[Retyped] {
        &self.retyped
    }

    /// Returns the subscribed name, such as `crm.company.created`.
    #[must_use]
    pub fn event_type(&self) -> &str {
        &self.event_type
    }
}

/// Returns the JSON type of a value; `None` for null, which fits wherever a value may be missing.
fn kind(value: &Json) -> Option<&'static str> {
    match value {
        Json::Null => None,
        Json::Bool(_) => Some("a boolean"),
        Json::Number(_) => Some("a number"),
        Json::Text(_) => Some("a text"),
        Json::List(_) => Some("a list"),
        Json::Object(_) => Some("an object"),
    }
}

fn check_spelling(event_type: &str) -> Result<(), TemplateError> {
    match catalogue::find(event_type) {
        Some(known) if known.misspelling() == Some(event_type) => {
            Err(TemplateError::Misspelling { event_type: event_type.to_owned(), name: known.name() })
        }
        _ => Ok(()),
    }
}

/// Returns a random UUID of version 4.
fn uuid(random: &mut Rng) -> String {
    Builder::from_random_bytes(random.u128(..).to_be_bytes()).into_uuid().to_string()
}

/// Omits the payload.
impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Template")
            .field("event_type", &self.event_type)
            .field("is_object", &self.is_object)
            .field("varied", &self.varied)
            .finish_non_exhaustive()
    }
}
