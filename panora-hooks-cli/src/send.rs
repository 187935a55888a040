//! Sends deliveries to a receiver, as the sender does.

use std::{
    convert::Infallible,
    fmt,
    net::{SocketAddr, UdpSocket},
    time::{Duration, Instant},
};

use axum::body::Bytes;
use http_body_util::channel::Channel;
use panora_hooks::{
    __cli::{self, HttpClient},
    Verifier,
    inbox::StoredEvent,
    testing::Sample,
};
use reqwest::{
    Method, Url,
    header::{HeaderMap, HeaderName, HeaderValue},
    redirect::Policy,
};

use crate::recording::Recorded;

/// The time limit for an answer. The sender itself waits forever.
pub const TIMEOUT: Duration = Duration::from_mins(1);

/// The time limit for a connection. Some networks do not report that a host does not exist.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The most bytes of an answer that are read.
const MAX_ANSWER_BYTES: usize = 64 * 1024;

/// The number of pieces in which a slow body is written.
const PIECES: u32 = 8;

/// Headers that belong to the connection or the body instead of the delivery.
const NOT_REPEATED: [&str; 9] = [
    FORWARDED_BY,
    "host",
    "content-length",
    "connection",
    "transfer-encoding",
    "keep-alive",
    "te",
    "upgrade",
    "expect",
];

/// The header that names the listeners that have forwarded a delivery.
pub(crate) const FORWARDED_BY: &str = "panora-hooks-forwarded-by";

/// The reason why a delivery could not be sent.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// The text is not an http(s) URL.
    #[error("expected a URL such as `http://127.0.0.1:8000/webhook`")]
    Url,
    /// The URL is the listener's own, and the listener would forward to itself forever.
    #[error("this listener itself has that address: give the URL of the receiver, or take another port")]
    OwnAddress,
    /// TLS cannot be set up, for example because the system has no certificates.
    #[error("the HTTP client cannot be set up")]
    Http(#[source] reqwest::Error),
    /// The receiver is unreachable, or TLS does not trust it.
    #[error("no connection to {origin}: start the receiver, or check the URL")]
    Unreachable {
        /// Scheme, host and port.
        origin: String,
        /// The cause.
        source: reqwest::Error,
    },
    /// The connection was accepted, but no answer came.
    #[error("{origin} gave no answer")]
    NoAnswer {
        /// Scheme, host and port.
        origin: String,
        /// The cause.
        source: reqwest::Error,
    },
    /// The answer takes longer than the time limit.
    #[error("{origin} did not answer within {} seconds", .limit.as_secs())]
    TimedOut {
        /// Scheme, host and port.
        origin: String,
        /// The time limit.
        limit: Duration,
    },
    /// The wait for the answer was given up.
    #[error("{origin} had not answered when this was stopped")]
    GivenUp {
        /// Scheme, host and port.
        origin: String,
    },
}

/// A request and its destination.
#[derive(Clone)]
pub struct Request {
    url: Url,
    method: Method,
    headers: HeaderMap,
    body: Vec<u8>,
    /// The time that it takes to write the body.
    body_takes: Duration,
}

impl Request {
    /// Creates the request of a sample, with the headers and bytes of the sender.
    ///
    /// # Errors
    ///
    /// Returns an error if `url` is not an http(s) URL.
    pub fn of_sample(sample: &Sample, verifier: &Verifier, url: &str) -> Result<Self, SendError> {
        Self::new(url, sample.signature(verifier), sample.body())
    }

    fn new(url: &str, signature: String, body: String) -> Result<Self, SendError> {
        let url = parse(url)?;
        let uri = url.as_str().parse().map_err(|_| SendError::Url)?;
        let headers = __cli::headers(signature, &uri, &body).into_iter().filter_map(|(name, value)| {
            Some((HeaderName::from_bytes(name.as_bytes()).ok()?, HeaderValue::try_from(value).ok()?))
        });
        let (headers, body) = (headers.collect(), body.into_bytes());
        Ok(Self { url, method: Method::POST, headers, body, body_takes: Duration::ZERO })
    }

    /// Creates the request of a stored event, rebuilt as the sender makes it. Returns `None` if the
    /// data of the event is pruned.
    ///
    /// With the original secret, the signature is the original one.
    ///
    /// # Errors
    ///
    /// Returns an error if `url` is not an http(s) URL.
    pub fn of_event(event: &StoredEvent, verifier: &Verifier, url: &str) -> Result<Option<Self>, SendError> {
        let Some(data) = &event.data else { return Ok(None) };
        let body = __cli::body(&event.info.id, data, &event.info.wire_type);
        Self::new(url, verifier.sign(data), body).map(Some)
    }

    /// Creates the request of a recorded delivery: the same body and headers, except for those that
    /// belong to the connection.
    ///
    /// # Errors
    ///
    /// Returns an error if `url` is not an http(s) URL.
    pub fn of_recorded(recorded: &Recorded, url: &str) -> Result<Self, SendError> {
        let mut headers = HeaderMap::new();
        for (name, value) in &recorded.headers {
            let name = HeaderName::from_bytes(name.as_bytes());
            // An invalid header comes from a recording that was edited by hand.
            if let (Ok(name), Ok(value)) = (name, HeaderValue::from_bytes(value))
                && !NOT_REPEATED.contains(&name.as_str())
            {
                headers.append(name, value);
            }
        }
        let method = Method::from_bytes(recorded.method.as_bytes()).unwrap_or(Method::POST);
        let (url, body) = (parse(url)?, recorded.body.clone());
        Ok(Self { url, method, headers, body, body_takes: Duration::ZERO })
    }

    /// Returns scheme, host and port. The rest of the URL may be secret.
    pub(crate) fn origin(&self) -> String {
        self.url.origin().ascii_serialization()
    }

    /// Adds the listeners that have forwarded the delivery.
    pub(crate) fn forwarded_by(mut self, passed: impl IntoIterator<Item = HeaderValue>) -> Self {
        for listener in passed {
            self.headers.append(FORWARDED_BY, listener);
        }
        self
    }

    /// Returns whether the request goes to a port of this machine, under any name.
    pub(crate) fn is_to_port(&self, port: u16) -> bool {
        let is_here = |address: SocketAddr| {
            // A socket can only be bound to addresses of this machine.
            let ip = address.ip();
            ip.is_loopback() || ip.is_unspecified() || UdpSocket::bind((ip, 0)).is_ok()
        };
        self.url.port_or_known_default() == Some(port)
            && self.url.socket_addrs(|| None).is_ok_and(|addresses| addresses.into_iter().any(is_here))
    }

    /// Writes the body in pieces, which takes this long.
    #[must_use]
    pub fn body_takes(self, body_takes: Duration) -> Self {
        Self { body_takes, ..self }
    }

    /// Replaces the signature.
    #[must_use]
    pub fn signed(mut self, signature: &str) -> Self {
        if let Ok(signature) = HeaderValue::from_str(signature) {
            self.headers.insert(Verifier::SIGNATURE_HEADER, signature);
        }
        self
    }
}

/// Omits headers and body, and all of the URL but its origin.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("origin", &self.origin())
            .field("method", &self.method)
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

pub(crate) fn parse(url: &str) -> Result<Url, SendError> {
    let parsed = Url::parse(url).ok();
    parsed.filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host()).ok_or(SendError::Url)
}

/// The answer of a receiver.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Answer {
    /// The status. The sender treats anything but 2xx as a failed delivery.
    pub status: u16,
    /// The time from the request to the head of the answer.
    pub latency: Duration,
    /// The target of a redirect. The sender follows with a GET, which loses the event, or sends the
    /// event there.
    pub location: Option<String>,
    /// The value of `Content-Type`.
    pub content_type: Option<Vec<u8>>,
    /// The value of `Content-Encoding`. The body is not decoded.
    pub content_encoding: Option<Vec<u8>>,
    /// The body, up to a limit.
    pub body: Vec<u8>,
}

impl Answer {
    /// Returns whether the sender considers the event delivered.
    #[must_use]
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

/// Sends deliveries. Redirects are not followed. Proxies from the environment are used, as by the
/// sender, but not for this machine itself.
#[derive(Debug, Clone)]
pub struct Client {
    http: HttpClient,
    timeout: Duration,
}

impl Client {
    /// Creates a client that keeps connections open, as the sender does.
    ///
    /// # Errors
    ///
    /// Returns an error if TLS cannot be set up.
    pub fn new() -> Result<Self, SendError> {
        Self::with_timeout(TIMEOUT)
    }

    /// Creates a client with another time limit for an answer.
    ///
    /// # Errors
    ///
    /// Returns an error if TLS cannot be set up.
    pub fn with_timeout(timeout: Duration) -> Result<Self, SendError> {
        let builder = move || {
            reqwest::Client::builder()
                .http1_only()
                .http1_title_case_headers()
                .redirect(Policy::none())
                .referer(false)
                .connect_timeout(CONNECT_TIMEOUT)
                .timeout(timeout)
        };
        let http = HttpClient::new(builder).map_err(SendError::Http)?;
        Ok(Self { http, timeout })
    }

    /// Sends a request once.
    ///
    /// # Errors
    ///
    /// Returns an error if there is no answer. An answer with any status is not an error.
    pub async fn send(&self, request: Request) -> Result<Answer, SendError> {
        let origin = request.origin();
        let Request { url, method, headers, body, body_takes } = request;
        let failed = |source: reqwest::Error| {
            let (origin, source) = (origin.clone(), source.without_url());
            match source {
                _ if source.is_connect() => SendError::Unreachable { origin, source },
                _ if source.is_timeout() => SendError::TimedOut { origin, limit: self.timeout },
                _ => SendError::NoAnswer { origin, source },
            }
        };
        let body = if body_takes.is_zero() { body.into() } else { in_pieces(body, body_takes) };
        let request = self.http.request(method, url).headers(headers).body(body);
        let start = Instant::now();
        let mut response = request.send().await.map_err(failed)?;
        let latency = start.elapsed();
        let header = |name: &str| response.headers().get(name).map(|value| value.as_bytes().to_vec());
        let location = header("location").map(|location| String::from_utf8_lossy(&location).into_owned());
        let (content_type, content_encoding) = (header("content-type"), header("content-encoding"));
        let status = response.status().as_u16();
        let mut body = Vec::new();
        while body.len() < MAX_ANSWER_BYTES
            && let Some(chunk) = response.chunk().await.map_err(failed)?
        {
            body.extend_from_slice(&chunk);
        }
        body.truncate(MAX_ANSWER_BYTES);
        Ok(Answer { status, latency, location, content_type, content_encoding, body })
    }
}

/// Returns a body that is written in pieces. Its length comes from the `Content-Length` of the
/// request.
fn in_pieces(body: Vec<u8>, takes: Duration) -> reqwest::Body {
    let (mut sender, channel) = Channel::<Bytes, Infallible>::new(1);
    tokio::spawn(async move {
        let pieces = body.chunks(body.len().div_ceil(PIECES as usize).max(1));
        for piece in pieces {
            tokio::time::sleep(takes / PIECES).await;
            if sender.send_data(Bytes::copy_from_slice(piece)).await.is_err() {
                // The connection is gone.
                return;
            }
        }
    });
    reqwest::Body::wrap(channel)
}
