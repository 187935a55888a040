//! Requests to the API and its responses.

use std::time::Duration;

use reqwest::{
    Method, Response, StatusCode, Url,
    header::{self, HeaderMap, HeaderValue},
    redirect::Policy,
};
use serde_json::{Value, value::RawValue};

use super::{ApiError, Endpoint, EventRow, SetupError, this_machine::HttpClient};
use crate::printable::Printable;

/// The time limit of a call.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The time limit for establishing a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The largest response that is read, in bytes: thousands of endpoints.
const MAX_ANSWER_BYTES: usize = 16 * 1024 * 1024;

/// Sends requests with the key, and returns the bodies of successful responses.
#[derive(Clone)]
pub(super) struct Transport {
    http: HttpClient,
    pub(super) base_url: Url,
}

/// The body of a response with status 2xx.
pub(super) struct SuccessBody(Vec<u8>);

impl Transport {
    pub(super) fn new(base_url: Url) -> Result<Self, SetupError> {
        let builder = || {
            reqwest::Client::builder()
                .user_agent(concat!("panora-hooks/", env!("CARGO_PKG_VERSION")))
                .connect_timeout(CONNECT_TIMEOUT)
                .timeout(TIMEOUT)
                // A redirect would carry the key to another host.
                .redirect(Policy::none())
                .referer(false)
        };
        Ok(Self { http: HttpClient::new(builder).map_err(SetupError::Http)?, base_url })
    }

    /// Sends a request once. A repeated `POST` would create a second endpoint.
    pub(super) async fn call(
        &self,
        method: Method,
        path: &[&str],
        query: &[(&str, u64)],
        (name, key): (header::HeaderName, HeaderValue),
        body: Option<Value>,
    ) -> Result<SuccessBody, ApiError> {
        let mut url = self.base_url.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        if !query.is_empty() {
            let pairs = query.iter().map(|(name, value)| (name, value.to_string()));
            url.query_pairs_mut().extend_pairs(pairs);
        }
        let mut request = self.http.request(method, url.clone()).header(name, key);
        if let Some(body) = body {
            request = request.header(header::CONTENT_TYPE, "application/json").body(body.to_string());
        }
        let response = request.send().await.map_err(not_answered)?;
        let status = response.status();
        match status {
            _ if status.is_success() => read(response).await.map(SuccessBody),
            _ if status.is_redirection() => Err(redirect(status, response.headers(), &url)),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                Err(ApiError::Refused { status: status.as_u16() })
            }
            StatusCode::NOT_FOUND => Err(ApiError::NotFound { path: url.path().to_owned() }),
            StatusCode::TOO_MANY_REQUESTS => Err(ApiError::TooManyRequests),
            _ => Err(ApiError::Status { status: status.as_u16() }),
        }
    }
}

impl SuccessBody {
    /// Returns the endpoint, if there is a body.
    pub(super) fn endpoint(&self) -> Result<Option<Endpoint>, ApiError> {
        if self.0.trim_ascii().is_empty() {
            return Ok(None);
        }
        // serde's messages quote the value, which may be a secret.
        let endpoint: Endpoint = serde_json::from_slice(&self.0).map_err(|_| ApiError::Malformed)?;
        if endpoint.id.is_empty() { Err(ApiError::Malformed) } else { Ok(Some(endpoint)) }
    }

    /// Returns the endpoints of a list. A row that cannot be read is an endpoint without an id.
    pub(super) fn endpoints(&self) -> Result<Vec<Endpoint>, ApiError> {
        let text = String::from_utf8_lossy(&self.0);
        let rows: Vec<&RawValue> = serde_json::from_str(&text).map_err(|_| ApiError::Malformed)?;
        let read = |row: &&RawValue| serde_json::from_str(row.get()).or_else(|_| serde_json::from_str("{}"));
        let endpoints: Result<Vec<Endpoint>, _> = rows.iter().map(read).collect();
        let endpoints = endpoints.map_err(|_| ApiError::Malformed)?;
        // A list of other objects comes from another API.
        let is_foreign = !endpoints.is_empty() && endpoints.iter().all(|endpoint| endpoint.id.is_empty());
        if is_foreign { Err(ApiError::Malformed) } else { Ok(endpoints) }
    }

    /// Returns the rows of a page of events. A row that cannot be read could be that of a missing
    /// event, so it is an error.
    pub(super) fn event_rows(&self) -> Result<Vec<EventRow>, ApiError> {
        let rows: Vec<&RawValue> = serde_json::from_slice(&self.0).map_err(|_| ApiError::Malformed)?;
        let read = |row: &&RawValue| serde_json::from_str(row.get());
        let rows: Result<_, _> = rows.iter().map(read).collect();
        rows.map_err(|_| ApiError::EventList("a row lacks its id, its type or its time"))
    }
}

async fn read(mut response: Response) -> Result<Vec<u8>, ApiError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(not_answered)? {
        body.extend_from_slice(&chunk);
        if body.len() > MAX_ANSWER_BYTES {
            return Err(ApiError::TooLarge { limit: MAX_ANSWER_BYTES });
        }
    }
    Ok(body)
}

fn not_answered(error: reqwest::Error) -> ApiError {
    match error.without_url() {
        error if error.is_connect() => ApiError::Unreachable(error),
        error if error.is_timeout() => ApiError::TimedOut(TIMEOUT),
        error => ApiError::NoAnswer(error),
    }
}

fn redirect(status: StatusCode, headers: &HeaderMap, from: &Url) -> ApiError {
    let location = headers.get(header::LOCATION).and_then(|location| location.to_str().ok());
    let to = location.and_then(|location| from.join(location).ok());
    // The path and the query may hold secrets.
    let to = to.map(|to| Printable(&to.origin().ascii_serialization()).to_string());
    ApiError::Redirect { status: status.as_u16(), to }
}
