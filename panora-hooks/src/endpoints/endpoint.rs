//! Endpoints as the API returns them, and endpoints to be created.

use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::Value;

use super::{
    ApiError,
    destination::{is_http, is_same_url},
};
use crate::{
    models::{DateTime, Secret},
    verify::Verifier,
};

/// A webhook endpoint, to which Panora sends the events of a project.
///
/// A field is empty if the API omits it, sends `null` or sends another type, so that one damaged
/// row does not hide the others. [`warnings`](super::warnings) names such endpoints.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Endpoint {
    /// A UUID.
    #[serde(rename = "id_webhook_endpoint", default, deserialize_with = "lenient")]
    pub id: String,
    /// The URL to which deliveries are sent.
    #[serde(default, deserialize_with = "lenient")]
    pub url: String,
    /// The key of the signatures. Every response of the API contains it in clear; `Debug` does not
    /// show it.
    #[serde(default = "no_secret", deserialize_with = "lenient_secret")]
    pub secret: Secret,
    /// Whether the endpoint receives events.
    #[serde(rename = "active", default, deserialize_with = "lenient")]
    pub is_active: bool,
    /// The event types that the endpoint subscribes to, by name. There are no prefixes and no
    /// aliases.
    #[serde(default, deserialize_with = "lenient_names")]
    pub scope: Vec<String>,
    /// A note for people.
    #[serde(rename = "endpoint_description", default, deserialize_with = "lenient")]
    pub description: String,
    /// The project whose events the endpoint receives.
    #[serde(rename = "id_project", default, deserialize_with = "lenient")]
    pub project_id: Option<String>,
    /// The time of its creation.
    #[serde(default, deserialize_with = "lenient")]
    pub created_at: Option<DateTime>,
    /// Always `None`: no release writes it.
    #[serde(default, deserialize_with = "lenient")]
    pub last_update: Option<DateTime>,
}

pub(super) fn lenient<'de, T: DeserializeOwned + Default, D: Deserializer<'de>>(
    json: D,
) -> Result<T, D::Error> {
    Value::deserialize(json).map(|value| serde_json::from_value(value).unwrap_or_default())
}

fn lenient_names<'de, D: Deserializer<'de>>(json: D) -> Result<Vec<String>, D::Error> {
    let names: Vec<Value> = lenient(json)?;
    Ok(names.into_iter().filter_map(|name| name.as_str().map(str::to_owned)).collect())
}

fn lenient_secret<'de, D: Deserializer<'de>>(json: D) -> Result<Secret, D::Error> {
    lenient::<String, D>(json).map(Secret::from)
}

fn no_secret() -> Secret {
    Secret::from("")
}

impl Endpoint {
    /// Returns whether an id is the id of this endpoint. UUIDs are compared without regard to case.
    pub(super) fn has_id(&self, id: &str) -> bool {
        self.id.eq_ignore_ascii_case(id)
    }
}

/// An endpoint to be created. It is active at once.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NewEndpoint {
    /// The URL to which deliveries are sent. The API accepts any text.
    pub url: String,
    /// The event types that the endpoint subscribes to, by name, such as
    /// [`Webhooks::scopes`](crate::Webhooks::scopes). The API accepts any texts.
    pub scope: Vec<String>,
    /// A note for people.
    pub description: String,
}

impl NewEndpoint {
    /// Returns an endpoint at `url` for the event types with these names.
    pub fn new(url: impl Into<String>, scope: impl IntoIterator<Item: Into<String>>) -> Self {
        let scope = scope.into_iter().map(Into::into).collect();
        Self { url: url.into(), scope, description: String::new() }
    }

    /// Refuses endpoints that the API would accept although they would never receive an event.
    pub(super) fn check(&self) -> Result<(), ApiError> {
        match self {
            Self { scope, .. } if scope.is_empty() => Err(ApiError::NoScope),
            Self { url, .. } if !is_http(url) => Err(ApiError::NoUrl),
            _ => Ok(()),
        }
    }

    /// Sets the description.
    #[must_use]
    pub fn description(self, description: impl Into<String>) -> Self {
        Self { description: description.into(), ..self }
    }

    /// Returns the names of the fields in which a created endpoint differs from the request.
    pub(super) fn differences(&self, created: &Endpoint) -> Vec<&'static str> {
        let is_usable = Verifier::new(created.secret.as_str()).is_ok();
        let fields = [
            ("url", is_same_url(&created.url, &self.url)),
            ("scope", is_same_scope(&created.scope, &self.scope)),
            ("active", created.is_active),
            ("secret", is_usable),
            ("endpoint_description", created.description == self.description),
        ];
        fields.into_iter().filter(|(_, is_same)| !is_same).map(|(name, _)| name).collect()
    }
}

/// Returns whether two scopes subscribe to the same names, in any order.
pub(super) fn is_same_scope(a: &[String], b: &[String]) -> bool {
    a.iter().all(|name| b.contains(name)) && b.iter().all(|name| a.contains(name))
}
