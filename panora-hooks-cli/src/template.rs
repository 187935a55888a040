//! Deliveries of one event type, of which each is an event of its own.

use std::fmt;

use fastrand::Rng;
use panora_hooks::{
    __cli::{self, Json, JsonError, Text},
    catalogue,
    testing::{Sample, sample},
};
use uuid::Builder;

use crate::find;

/// Why there is nothing to send. It holds nothing of the payload.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TemplateError {
    /// The catalogue does not hold the event type, so that nobody knows its payload.
    #[error("unknown event type `{event_type}`{}; with a payload of yours it is sent all the same", meant(*.nearest))]
    Unknown {
        /// What was asked for.
        event_type: String,
        /// What was meant, perhaps.
        nearest: Option<&'static str>,
    },
    /// Panora has published this name by mistake, and never sends it.
    #[error("`{event_type}` is a misspelling: write `{name}`")]
    Misspelling {
        /// What was asked for.
        event_type: String,
        /// The right name.
        name: &'static str,
    },
    /// The payload is not JSON, nested deeper than 127, or has a number that JavaScript cannot hold.
    #[error("the payload is not JSON: {0}")]
    Payload(String),
    /// What is to be set has no `=`.
    #[error("`{0}` sets nothing: expected a path and a value, such as `name=Acme` or `lines[0].quantity=2`")]
    Assignment(String),
    /// A path leads to nothing in the payload.
    #[error("`{path}` leads nowhere: {problem}")]
    Path {
        /// The path.
        path: String,
        /// What is not there.
        problem: String,
    },
    /// A value that is to be set begins as JSON and is not.
    #[error("the value for `{path}` is not JSON: {problem}; write a text in quotes")]
    Value {
        /// The path.
        path: String,
        /// Where it is wrong.
        problem: String,
    },
    /// A payload that is a text cannot be told from one in a string.
    #[error(
        "a payload that is a text cannot be sent as it is: nobody could tell it from a payload in a string"
    )]
    TextAsObject,
}

fn meant(nearest: Option<&str>) -> String {
    nearest.map(|name| format!(", perhaps `{name}`")).unwrap_or_default()
}

/// Makes deliveries of one event type.
#[derive(Clone)]
pub struct Template {
    event_type: String,
    payload: Json,
    is_object: bool,
    /// The field of the payload that is another one in each delivery.
    varied: Option<&'static str>,
    seed: u64,
}

impl Template {
    /// The sample payload of an event type of the [catalogue], with another `id` in each delivery: an inbox parks an
    /// object that it has seen in another event.
    ///
    /// # Errors
    ///
    /// If the catalogue does not hold the event type, or holds it as a misspelling.
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
            seed: fastrand::u64(..),
        })
    }

    /// A payload, which is the same in each delivery. The event type may be any.
    ///
    /// # Errors
    ///
    /// If the payload is not JSON, or the event type is a misspelling.
    pub fn with_payload(event_type: &str, payload: &[u8]) -> Result<Self, TemplateError> {
        check_spelling(event_type)?;
        let payload = str::from_utf8(payload)
            .map_err(|_| TemplateError::Payload("it is not UTF-8".to_owned()))
            .and_then(|text| Json::parse(text).map_err(|error| TemplateError::Payload(error.to_string())))?;
        let event_type = catalogue::find(event_type)
            .map_or_else(|| event_type.to_owned(), |known| known.name().to_owned());
        Ok(Self { event_type, payload, is_object: false, varied: None, seed: fastrand::u64(..) })
    }

    /// Sets a value in the payload, such as `name=Acme`. The value is JSON, or a text if it is not. A key in quotes may hold
    /// any character, as in `"a.b"=1`.
    ///
    /// # Errors
    ///
    /// If there is no `=`, the path leads nowhere, or the value begins as JSON and is not.
    pub fn set(mut self, assignment: &str) -> Result<Self, TemplateError> {
        let mut splits =
            assignment.match_indices('=').map(|(at, _)| (&assignment[..at], &assignment[at + 1..]));
        let first = splits.next().ok_or_else(|| TemplateError::Assignment(assignment.to_owned()))?;
        // A key in quotes may hold the character.
        let (path, value) = if __cli::is_path(first.0) {
            first
        } else {
            splits.find(|(path, _)| __cli::is_path(path)).unwrap_or(first)
        };
        let value = match Json::parse(value) {
            Err(JsonError::Syntax { .. }) if !value.trim_ascii_start().starts_with(['"', '[', '{']) => {
                Json::Text(value.to_owned().into())
            }
            parsed => parsed.map_err(|error| TemplateError::Value {
                path: path.to_owned(),
                problem: error.to_string(),
            })?,
        };
        if let Err(problem) = __cli::set(&mut self.payload, path, value) {
            return Err(TemplateError::Path { path: path.to_owned(), problem });
        }
        let is_set = |varied: &str| {
            path == "." || path == varied || Text::parse(path).is_some_and(|key| *varied == *key)
        };
        self.varied = self.varied.filter(|varied| !is_set(varied));
        Ok(self)
    }

    /// Puts the payload into the body as it is, as the sender's documentation has it.
    ///
    /// # Errors
    ///
    /// If it is a text.
    pub fn as_object(self) -> Result<Self, TemplateError> {
        match self.payload {
            Json::Text(_) => Err(TemplateError::TextAsObject),
            _ => Ok(Self { is_object: true, ..self }),
        }
    }

    /// The delivery with a number: the same each time, and another than those with other numbers.
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

    /// The `id_event` of the delivery with a number.
    #[must_use]
    pub fn id(&self, number: u64) -> String {
        self.begin(number).1
    }

    /// Chance for a delivery, from which its id is drawn first.
    fn begin(&self, number: u64) -> (Rng, String) {
        let mut random = Rng::with_seed(self.seed.wrapping_add(number));
        let id = uuid(&mut random);
        (random, id)
    }

    /// Whether payloads differ. An inbox parks an object that it has seen in another event.
    #[must_use]
    pub fn is_varied(&self) -> bool {
        self.varied.is_some() || !matches!(self.payload, Json::Object(_))
    }

    /// What is subscribed to, such as `crm.company.created`.
    #[must_use]
    pub fn event_type(&self) -> &str {
        &self.event_type
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

/// A UUID of version 4.
fn uuid(random: &mut Rng) -> String {
    Builder::from_random_bytes(random.u128(..).to_be_bytes()).into_uuid().to_string()
}

/// Everything but the payload.
impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Template")
            .field("event_type", &self.event_type)
            .field("is_object", &self.is_object)
            .field("varied", &self.varied)
            .finish_non_exhaustive()
    }
}
