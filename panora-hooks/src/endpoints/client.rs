//! The client of the API, with one method for each call.

use std::{env, fmt};

use reqwest::{
    Method, Url,
    header::{self, HeaderName, HeaderValue},
};
use serde_json::{Value, json};

use super::{
    ApiError, Endpoint, NewEndpoint, SetupError,
    transport::{SuccessBody, Transport},
    warning,
};

/// The production deployment of Panora itself.
const PRODUCTION: &str = "https://api.panora.dev";

/// The API generation of a deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Api {
    /// Since 2024-08-01: `/webhooks`, with the key in `x-api-key`.
    #[default]
    Current,
    /// Before 2024-08-01: `/webhook`, with the key as a Bearer token, which is accepted since
    /// 2024-07-25. Earlier deployments are not supported: they were open, or took a login of the
    /// dashboard, and wanted the project in the body of a new endpoint.
    Older,
}

/// Manages the webhook endpoints of a project, and reads its list of events.
///
/// The key determines the project. The API allows 100 requests a minute. Requests are not repeated,
/// apart from those of [`events`](Self::events), and redirects are not followed. Proxies of the
/// environment are used, except for an API on this machine.
///
/// ```no_run
/// use panora_hooks::endpoints::{Client, NewEndpoint};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let client = Client::from_env("PANORA_API_KEY")?;
/// let endpoint = NewEndpoint::new("https://example.com/webhook", ["crm.contact.created"]);
/// let endpoint = client.create(&endpoint).await?;
/// println!("put this into PANORA_WEBHOOK_SECRET: {}", endpoint.secret.as_str());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Client {
    transport: Transport,
    /// The key for the current API. Both values are marked as sensitive, so that they are never
    /// printed.
    key: HeaderValue,
    /// The key for the older API.
    bearer: HeaderValue,
    api: Api,
}

impl Client {
    /// Returns a client with an API key, such as `sk_prod_…`, for Panora's own deployment.
    ///
    /// # Errors
    ///
    /// Returns an error if the text is not a key or TLS cannot be set up.
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

    /// Returns a client with the API key in an environment variable.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`new`](Self::new), and an error if the variable is not set.
    pub fn from_env(name: &str) -> Result<Self, SetupError> {
        match env::var(name) {
            Ok(key) if !key.trim().is_empty() => Self::new(&key),
            Ok(_) | Err(env::VarError::NotPresent) => Err(SetupError::Unset(name.to_owned())),
            Err(env::VarError::NotUnicode(_)) => Err(SetupError::Key),
        }
    }

    /// Sets the base URL, such as `https://api-sandbox.panora.dev` or your own deployment. A path
    /// is kept.
    ///
    /// # Errors
    ///
    /// Returns an error if the text is not an absolute http(s) URL, or has a user, a query or a
    /// fragment.
    pub fn base_url(mut self, url: &str) -> Result<Self, SetupError> {
        self.transport.base_url = to_base(url)?;
        if self.is_exposed() {
            tracing::warn!(base_url = url, "the API key goes over the network unencrypted: use https");
        }
        Ok(self)
    }

    /// Returns whether the key is sent over the network unencrypted, to a base URL with plain http.
    #[must_use]
    pub fn is_exposed(&self) -> bool {
        warning::is_plain_http(self.transport.base_url.as_str())
    }

    /// Sets the generation of the API. Defaults to [`Api::Current`].
    #[must_use]
    pub fn api(self, api: Api) -> Self {
        Self { api, ..self }
    }

    /// Lists all endpoints of the project, each with its secret, in no particular order.
    ///
    /// A row that cannot be read is an [`Endpoint`] without an id.
    ///
    /// # Errors
    ///
    /// Returns an error if the API is unreachable or refuses the key.
    pub async fn list(&self) -> Result<Vec<Endpoint>, ApiError> {
        match self.call(Method::GET, &[self.collection()], &[], None).await {
            // An unknown key is the only known reason for this answer to a list.
            Err(ApiError::Status { status: 500 }) => Err(ApiError::UnknownKey),
            answer => answer?.endpoints(),
        }
    }

    /// Creates an endpoint with its own secret.
    ///
    /// # Errors
    ///
    /// Returns an error if the endpoint would receive nothing, or the API is unreachable or refuses
    /// the key. After [`ApiError::MayHaveHappened`] the endpoint may exist nevertheless: list the
    /// endpoints before you create it again. After [`ApiError::Different`] it exists, but not as
    /// requested.
    pub async fn create(&self, endpoint: &NewEndpoint) -> Result<Endpoint, ApiError> {
        let NewEndpoint { url, scope, description } = endpoint;
        endpoint.check()?;
        let body = json!({ "url": url, "description": description, "scope": scope });
        let created = match self.call(Method::POST, &[self.collection()], &[], Some(body)).await {
            Ok(answer) => answer.endpoint().and_then(|created| created.ok_or(ApiError::Malformed)),
            Err(ApiError::Status { status: 500 }) if self.is_key_unknown().await => Err(ApiError::UnknownKey),
            Err(error) => Err(error),
        };
        let created = created.map_err(ApiError::of_change)?;
        match endpoint.differences(&created) {
            fields if fields.is_empty() => Ok(created),
            fields => Err(ApiError::Different { id: created.id, fields }),
        }
    }

    /// Enables an endpoint, so that it receives events again.
    ///
    /// # Errors
    ///
    /// Returns an error if the endpoint does not exist, or the API is unreachable or refuses the
    /// key. After [`ApiError::MayHaveHappened`] the endpoint may be changed nevertheless.
    pub async fn enable(&self, id: &str) -> Result<(), ApiError> {
        self.set_active(id, true).await
    }

    /// Disables an endpoint. Events that wait in the sender's queue for it are dropped.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`enable`](Self::enable).
    pub async fn disable(&self, id: &str) -> Result<(), ApiError> {
        self.set_active(id, false).await
    }

    /// Deletes an endpoint that never received an event.
    ///
    /// # Errors
    ///
    /// Returns [`ApiError::InUse`] if deliveries are recorded for the endpoint, as they are for
    /// every endpoint that was ever used: [`disable`](Self::disable) it instead. Other errors are
    /// those of [`enable`](Self::enable).
    pub async fn delete(&self, id: &str) -> Result<(), ApiError> {
        let id = self.spelled(id).await?;
        let deleted = match self.call(Method::DELETE, &[self.collection(), &id], &[], None).await {
            Ok(answer) => answer.endpoint().map(drop),
            Err(ApiError::Status { status: 500 }) => {
                self.find(&id).await?;
                return Err(ApiError::InUse { id });
            }
            Err(error) => Err(error),
        };
        deleted.map_err(ApiError::of_change)
    }

    async fn set_active(&self, id: &str, is_active: bool) -> Result<(), ApiError> {
        let id = self.spelled(id).await?;
        let body = json!({ "active": is_active });
        let changed = match self.call(Method::PUT, &[self.collection(), &id], &[], Some(body)).await {
            Ok(answer) => match answer.endpoint() {
                Ok(Some(endpoint)) if endpoint.has_id(&id) => Ok(endpoint),
                Ok(Some(_)) => Err(ApiError::Malformed),
                // The documentation does not promise a body.
                Ok(None) => self.find(&id).await,
                Err(error) => Err(error),
            },
            Err(error @ ApiError::Status { status: 500 }) => self.find(&id).await.and(Err(error)),
            Err(error) => Err(error),
        };
        match changed.map_err(ApiError::of_change)? {
            endpoint if endpoint.is_active == is_active => Ok(()),
            _ => Err(ApiError::Unchanged { id }),
        }
    }

    /// Looks up an endpoint in the list. The API answers 500 both for an unknown endpoint and for
    /// an unknown key.
    async fn find(&self, id: &str) -> Result<Endpoint, ApiError> {
        let found = self.list().await?.into_iter().find(|endpoint| endpoint.has_id(id));
        found.ok_or_else(|| ApiError::UnknownEndpoint { id: id.to_owned() })
    }

    async fn is_key_unknown(&self) -> bool {
        matches!(self.list().await, Err(ApiError::UnknownKey))
    }

    /// Returns an id in the API's own spelling, which is usually lower case.
    async fn spelled(&self, id: &str) -> Result<String, ApiError> {
        // The API does not know other texts, and some, such as `..`, would change the path.
        if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
            return Err(ApiError::UnknownEndpoint { id: id.to_owned() });
        }
        if id.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return self.find(id).await.map(|endpoint| endpoint.id);
        }
        Ok(id.to_owned())
    }

    /// Returns the first segment of the path of endpoints.
    fn collection(&self) -> &'static str {
        match self.api {
            Api::Current => "webhooks",
            Api::Older => "webhook",
        }
    }

    pub(super) async fn call(
        &self,
        method: Method,
        path: &[&str],
        query: &[(&str, u64)],
        body: Option<Value>,
    ) -> Result<SuccessBody, ApiError> {
        let key = match self.api {
            Api::Current => (HeaderName::from_static("x-api-key"), self.key.clone()),
            Api::Older => (header::AUTHORIZATION, self.bearer.clone()),
        };
        self.transport.call(method, path, query, key, body).await
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

/// Omits the key.
impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("base_url", &self.transport.base_url.as_str())
            .field("api", &self.api)
            .finish_non_exhaustive()
    }
}
