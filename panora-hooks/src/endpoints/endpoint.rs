//! What the API says of an endpoint, and is told of a new one.

use serde::{Deserialize, Deserializer};

use super::{ApiError, warning};
use crate::models::{DateTime, Secret};

/// A webhook endpoint: where Panora sends the events of a project.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Endpoint {
    /// A UUID.
    #[serde(rename = "id_webhook_endpoint")]
    pub id: String,
    /// Where deliveries go.
    pub url: String,
    /// What deliveries are signed with. Every answer of the API holds it in clear; `Debug` does not show it.
    pub secret: Secret,
    /// Whether it gets events.
    #[serde(rename = "active")]
    pub is_active: bool,
    /// The names of the events that it subscribes to. There are no prefixes and no aliases.
    #[serde(default, deserialize_with = "null_is_default")]
    pub scope: Vec<String>,
    /// Empty if none was given.
    #[serde(rename = "endpoint_description", default, deserialize_with = "null_is_default")]
    pub description: String,
    /// The project whose events it gets.
    #[serde(rename = "id_project", default)]
    pub project_id: Option<String>,
    /// When it was created.
    #[serde(default)]
    pub created_at: Option<DateTime>,
    /// Always `None`: no release writes it.
    #[serde(default)]
    pub last_update: Option<DateTime>,
}

/// The API's schema lets nearly everything be `null`.
fn null_is_default<'de, T: Deserialize<'de> + Default, D: Deserializer<'de>>(json: D) -> Result<T, D::Error> {
    Option::deserialize(json).map(Option::unwrap_or_default)
}

/// An endpoint that is to be created. It is active at once.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NewEndpoint {
    /// Where deliveries go. The API takes any text.
    pub url: String,
    /// The names of the events that it subscribes to, such as [`Webhooks::scopes`](crate::Webhooks::scopes).
    /// The API takes any texts.
    pub scope: Vec<String>,
    /// For people.
    pub description: String,
}

impl NewEndpoint {
    /// An endpoint at `url` for the events with these names.
    pub fn new(url: impl Into<String>, scope: impl IntoIterator<Item: Into<String>>) -> Self {
        let scope = scope.into_iter().map(Into::into).collect();
        Self { url: url.into(), scope, description: String::new() }
    }

    /// Refuses what the API would take although nothing could come of it.
    pub(super) fn check(&self) -> Result<(), ApiError> {
        match self {
            Self { scope, .. } if scope.is_empty() => Err(ApiError::NoScope),
            Self { url, .. } if !warning::is_http(url) => Err(ApiError::NoUrl),
            _ => Ok(()),
        }
    }

    /// Describes it.
    #[must_use]
    pub fn description(self, description: impl Into<String>) -> Self {
        Self { description: description.into(), ..self }
    }
}
