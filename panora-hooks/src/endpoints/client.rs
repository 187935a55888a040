//! `Client`.

use std::{env, fmt};

use reqwest::{
    Method, Url,
    header::{self, HeaderName, HeaderValue},
};
use serde_json::{Value, json};

use super::{
    ApiError, Endpoint, NewEndpoint, SetupError,
    transport::{Answer, Transport},
    warning,
};

/// Panora's own deployment for production.
const PRODUCTION: &str = "https://api.panora.dev";

/// Which generation of the API a deployment has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Api {
    /// Since 2024-08-01: `/webhooks`, with the key in `x-api-key`.
    #[default]
    Current,
    /// Before 2024-08-01: `/webhook`, with the key as Bearer, which it takes since 2024-07-25. Before that it was open,
    /// or took a login of the dashboard, and wanted the project in the body of a new endpoint: not supported.
    Older,
}

/// Manages the webhook endpoints of a project.
///
/// The project is that of the key. The API takes 100 requests a minute. Nothing is asked twice by itself, and no
/// redirect is followed.
///
/// ```no_run
/// use panora_hooks::endpoints::{Client, NewEndpoint};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let client = Client::from_env("PANORA_API_KEY")?;
/// let endpoint = client.create(&NewEndpoint::new("https://example.com/webhook", ["crm.contact.created"])).await?;
/// println!("put this into PANORA_WEBHOOK_SECRET: {}", endpoint.secret.as_str());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Client {
    transport: Transport,
    /// As the current API takes it. Marked as sensitive, as the other: nothing prints them.
    key: HeaderValue,
    /// As the older API takes it.
    bearer: HeaderValue,
    api: Api,
}

impl Client {
    /// A client with an API key, such as `sk_prod_..`, for Panora's own deployment.
    ///
    /// # Errors
    ///
    /// If the key is not one, or TLS cannot be set up.
    pub fn new(key: &str) -> Result<Self, SetupError> {
        if key.is_empty() || !key.chars().all(|c| c.is_ascii_graphic()) {
            return Err(SetupError::Key);
        }
        let header = |text: &str| {
            let mut value = HeaderValue::from_str(text).map_err(|_| SetupError::Key)?;
            value.set_sensitive(true);
            Ok(value)
        };
        Ok(Self {
            transport: Transport::new(to_base(PRODUCTION)?)?,
            key: header(key)?,
            bearer: header(&format!("Bearer {key}"))?,
            api: Api::Current,
        })
    }

    /// A client with the API key in an environment variable.
    ///
    /// # Errors
    ///
    /// As for [`new`](Self::new), or if the variable is not set.
    pub fn from_env(name: &str) -> Result<Self, SetupError> {
        match env::var(name) {
            Ok(key) if !key.trim().is_empty() => Self::new(&key),
            Ok(_) | Err(env::VarError::NotPresent) => Err(SetupError::Unset(name.to_owned())),
            Err(env::VarError::NotUnicode(_)) => Err(SetupError::Key),
        }
    }

    /// Sets where the API is, such as `https://api-sandbox.panora.dev` or a deployment of one's own. A path is kept.
    ///
    /// # Errors
    ///
    /// If it is not an absolute http(s) URL, or has a user, a query or a fragment.
    pub fn base_url(mut self, url: &str) -> Result<Self, SetupError> {
        self.transport.base_url = to_base(url)?;
        if self.is_exposed() {
            tracing::warn!(base_url = url, "the API key goes over the network unencrypted: use https");
        }
        Ok(self)
    }

    /// Whether the key goes over the network unencrypted, to a base URL with plain http.
    #[must_use]
    pub fn is_exposed(&self) -> bool {
        warning::is_plain_http(self.transport.base_url.as_str())
    }

    /// Sets the generation of the API, by default [`Api::Current`].
    #[must_use]
    pub fn api(self, api: Api) -> Self {
        Self { api, ..self }
    }

    /// All endpoints of the project, each with its secret, in no particular order.
    ///
    /// # Errors
    ///
    /// If the API cannot be reached or refuses the key.
    pub async fn list(&self) -> Result<Vec<Endpoint>, ApiError> {
        let listed = self.call(Method::GET, None, None).await;
        listed.map_err(unknown_key)?.json()
    }

    /// Creates an endpoint, with a secret of its own.
    ///
    /// # Errors
    ///
    /// If the endpoint would get nothing, or the API cannot be reached or refuses the key. Where no answer of
    /// the API came, or another than a refusal, the endpoint may be there all the same: list before creating it again.
    pub async fn create(&self, endpoint: &NewEndpoint) -> Result<Endpoint, ApiError> {
        let NewEndpoint { url, scope, description } = endpoint;
        endpoint.check()?;
        let body = json!({ "url": url, "description": description, "scope": scope });
        let created = self.call(Method::POST, None, Some(body)).await;
        created.map_err(unknown_key)?.json()
    }

    /// Lets an endpoint get events again.
    ///
    /// # Errors
    ///
    /// If there is no such endpoint, or the API cannot be reached or refuses the key.
    pub async fn enable(&self, id: &str) -> Result<(), ApiError> {
        self.set_active(id, true).await
    }

    /// Stops an endpoint from getting events. Those that wait in the sender's queue for it are dropped.
    ///
    /// # Errors
    ///
    /// As for [`enable`](Self::enable).
    pub async fn disable(&self, id: &str) -> Result<(), ApiError> {
        self.set_active(id, false).await
    }

    /// Deletes an endpoint that never got an event.
    ///
    /// # Errors
    ///
    /// [`ApiError::InUse`] if deliveries are recorded for it, which is so for each that was ever used:
    /// [`disable`](Self::disable) it. Else as for [`enable`](Self::enable).
    pub async fn delete(&self, id: &str) -> Result<(), ApiError> {
        match self.call(Method::DELETE, Some(id), None).await {
            Ok(answer) => answer.json_if_any::<Endpoint>().map(drop),
            Err(error) => Err(self.diagnose(id, error).await.unwrap_or_else(|status| match status {
                ApiError::Status { status: 500 } => ApiError::InUse { id: id.to_owned() },
                other => other,
            })),
        }
    }

    async fn set_active(&self, id: &str, is_active: bool) -> Result<(), ApiError> {
        let body = json!({ "active": is_active });
        let answer = match self.call(Method::PUT, Some(id), Some(body)).await {
            Ok(answer) => answer,
            Err(error) => return Err(self.diagnose(id, error).await.unwrap_or_else(|error| error)),
        };
        match answer.json_if_any::<Endpoint>()? {
            Some(endpoint) if endpoint.is_active != is_active => {
                Err(ApiError::Unchanged { id: id.to_owned() })
            }
            // The documentation promises no body.
            _ => Ok(()),
        }
    }

    /// What is behind a 500 for an endpoint: a key or an endpoint that the API does not know, if either; else the
    /// error as it was.
    async fn diagnose(&self, id: &str, error: ApiError) -> Result<ApiError, ApiError> {
        if !matches!(error, ApiError::Status { status: 500 }) {
            return Err(error);
        }
        match self.list().await {
            Ok(endpoints) if endpoints.iter().any(|endpoint| endpoint.id == id) => Err(error),
            Ok(_) => Ok(ApiError::UnknownEndpoint { id: id.to_owned() }),
            Err(error) => Ok(error),
        }
    }

    async fn call(&self, method: Method, id: Option<&str>, body: Option<Value>) -> Result<Answer, ApiError> {
        // Others are unknown to the API, too, and some, such as `..`, would change the path.
        if let Some(id) = id
            && (id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'))
        {
            return Err(ApiError::UnknownEndpoint { id: id.to_owned() });
        }
        let (collection, key) = match self.api {
            Api::Current => ("webhooks", (HeaderName::from_static("x-api-key"), self.key.clone())),
            Api::Older => ("webhook", (header::AUTHORIZATION, self.bearer.clone())),
        };
        let path: Vec<_> = [collection].into_iter().chain(id).collect();
        self.transport.call(method, &path, key, body).await
    }
}

/// Nothing else is known to make these calls fail so.
fn unknown_key(error: ApiError) -> ApiError {
    match error {
        ApiError::Status { status: 500 } => ApiError::UnknownKey,
        other => other,
    }
}

fn to_base(text: &str) -> Result<Url, SetupError> {
    let url = Url::parse(text).ok().filter(|url| {
        matches!(url.scheme(), "http" | "https")
            && url.host().is_some()
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none()
    });
    url.ok_or(SetupError::BaseUrl)
}

/// Without the key.
impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("base_url", &self.transport.base_url.as_str())
            .field("api", &self.api)
            .finish_non_exhaustive()
    }
}
