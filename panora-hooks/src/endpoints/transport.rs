//! Requests and answers.

use std::time::Duration;

use reqwest::{
    Method, Response, StatusCode, Url,
    header::{self, HeaderMap, HeaderValue},
    redirect::Policy,
};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{ApiError, SetupError};
use crate::printable::Printable;

/// How long a call may take.
const TIMEOUT: Duration = Duration::from_secs(30);

/// How long a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The largest answer that is read, in bytes: thousands of endpoints.
const MAX_ANSWER_BYTES: usize = 16 * 1024 * 1024;

/// Sends requests with the key, and tells what comes back.
#[derive(Clone)]
pub(super) struct Transport {
    http: reqwest::Client,
    pub(super) base_url: Url,
}

/// The body of a 2xx.
pub(super) struct Answer(Vec<u8>);

impl Transport {
    pub(super) fn new(base_url: Url) -> Result<Self, SetupError> {
        let http = reqwest::Client::builder()
            .user_agent(concat!("panora-hooks/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(TIMEOUT)
            // The key would go along.
            .redirect(Policy::none())
            .referer(false)
            .build()
            .map_err(SetupError::Http)?;
        Ok(Self { http, base_url })
    }

    /// Asks once: what creates must not be asked twice, and nothing else needs to be.
    pub(super) async fn call(
        &self,
        method: Method,
        path: &[&str],
        (name, key): (header::HeaderName, HeaderValue),
        body: Option<Value>,
    ) -> Result<Answer, ApiError> {
        let mut url = self.base_url.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        let mut request = self.http.request(method, url.clone()).header(name, key);
        if let Some(body) = body {
            request = request.header(header::CONTENT_TYPE, "application/json").body(body.to_string());
        }
        let response = request.send().await.map_err(not_answered)?;
        let status = response.status();
        match status {
            _ if status.is_success() => read(response).await.map(Answer),
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

impl Answer {
    pub(super) fn json<T: DeserializeOwned>(&self) -> Result<T, ApiError> {
        // serde's words quote what they do not like, which may be a secret.
        serde_json::from_slice(&self.0).map_err(|_| ApiError::Malformed)
    }

    /// The same where there need not be a body.
    pub(super) fn json_if_any<T: DeserializeOwned>(&self) -> Result<Option<T>, ApiError> {
        if self.0.trim_ascii().is_empty() { Ok(None) } else { self.json().map(Some) }
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
    if error.is_timeout() && !error.is_connect() {
        ApiError::TimedOut(TIMEOUT)
    } else {
        ApiError::Unreachable(error.without_url())
    }
}

fn redirect(status: StatusCode, headers: &HeaderMap, from: &Url) -> ApiError {
    let location = headers.get(header::LOCATION).and_then(|location| location.to_str().ok());
    let to = location.and_then(|location| from.join(location).ok());
    // Without what may be secret in it.
    let to = to.map(|to| Printable(&to.origin().ascii_serialization()).to_string());
    ApiError::Redirect { status: status.as_u16(), to }
}
