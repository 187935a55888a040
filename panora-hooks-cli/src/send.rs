//! Deliveries to a receiver, as the sender makes them.

use std::{
    fmt,
    net::{SocketAddr, UdpSocket},
    time::{Duration, Instant},
};

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

/// How long an answer may take. The sender itself would wait for ever.
pub const TIMEOUT: Duration = Duration::from_mins(1);

/// How long a connection may take. Some networks say nothing of a host that is not there.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// As much of an answer as is read, in bytes.
const MAX_ANSWER_BYTES: usize = 64 * 1024;

/// Headers that belong to a connection or to a body, and not to a delivery.
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

/// The header that names the listeners that a delivery has passed.
pub(crate) const FORWARDED_BY: &str = "panora-hooks-forwarded-by";

/// Why something could not be sent.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// There is no http(s) URL.
    #[error("expected a URL such as `http://127.0.0.1:8000/webhook`")]
    Url,
    /// The URL is the listener's own, which would forward to itself without end.
    #[error("this listener itself has that address: give the URL of the receiver, or take another port")]
    OwnAddress,
    /// TLS cannot be set up, such as where the system has no certificates.
    #[error("the HTTP client cannot be set up")]
    Http(#[source] reqwest::Error),
    /// Nobody listens there, or nobody whom TLS trusts.
    #[error("no connection to {origin}: start the receiver, or check the URL")]
    Unreachable {
        /// Scheme, host and port.
        origin: String,
        /// The cause.
        source: reqwest::Error,
    },
    /// Somebody took the connection, and gave no answer.
    #[error("{origin} gave no answer")]
    NoAnswer {
        /// Scheme, host and port.
        origin: String,
        /// The cause.
        source: reqwest::Error,
    },
    /// The answer takes longer than [`TIMEOUT`].
    #[error("{origin} did not answer within {} seconds", TIMEOUT.as_secs())]
    TimedOut {
        /// Scheme, host and port.
        origin: String,
    },
    /// Nobody waited for the answer any longer.
    #[error("{origin} had not answered when this was stopped")]
    GivenUp {
        /// Scheme, host and port.
        origin: String,
    },
}

/// What is to be sent, and where to.
#[derive(Clone)]
pub struct Request {
    url: Url,
    method: Method,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Request {
    /// A sample, with the headers and bytes of the sender.
    ///
    /// # Errors
    ///
    /// If `url` is not an http(s) URL.
    pub fn of_sample(sample: &Sample, verifier: &Verifier, url: &str) -> Result<Self, SendError> {
        Self::new(url, sample.signature(verifier), sample.body())
    }

    fn new(url: &str, signature: String, body: String) -> Result<Self, SendError> {
        let url = parse(url)?;
        let uri = url.as_str().parse().map_err(|_| SendError::Url)?;
        let headers = __cli::headers(signature, &uri, &body).into_iter().filter_map(|(name, value)| {
            Some((HeaderName::from_bytes(name.as_bytes()).ok()?, HeaderValue::try_from(value).ok()?))
        });
        Ok(Self { url, method: Method::POST, headers: headers.collect(), body: body.into_bytes() })
    }

    /// An event of an inbox, made up again as the sender makes it; `None` if its data is pruned.
    ///
    /// With the secret that it was signed with, the signature is the one that it came with.
    ///
    /// # Errors
    ///
    /// If `url` is not an http(s) URL.
    pub fn of_event(event: &StoredEvent, verifier: &Verifier, url: &str) -> Result<Option<Self>, SendError> {
        let Some(data) = &event.data else { return Ok(None) };
        let body = __cli::body(&event.info.id, data, &event.info.wire_type);
        Self::new(url, verifier.sign(data), body).map(Some)
    }

    /// What was recorded, as it was: the same body and headers, but for those that belong to the connection.
    ///
    /// # Errors
    ///
    /// If `url` is not an http(s) URL.
    pub fn of_recorded(recorded: &Recorded, url: &str) -> Result<Self, SendError> {
        let mut headers = HeaderMap::new();
        for (name, value) in &recorded.headers {
            let name = HeaderName::from_bytes(name.as_bytes());
            // Where one is no header, a recording was written by hand.
            if let (Ok(name), Ok(value)) = (name, HeaderValue::from_bytes(value))
                && !NOT_REPEATED.contains(&name.as_str())
            {
                headers.append(name, value);
            }
        }
        let method = Method::from_bytes(recorded.method.as_bytes()).unwrap_or(Method::POST);
        Ok(Self { url: parse(url)?, method, headers, body: recorded.body.clone() })
    }

    /// Scheme, host and port: what else the URL may hold is nobody's business.
    pub(crate) fn origin(&self) -> String {
        self.url.origin().ascii_serialization()
    }

    /// Adds a listener to those that the delivery has passed.
    pub(crate) fn forwarded_by(mut self, passed: impl IntoIterator<Item = HeaderValue>) -> Self {
        for listener in passed {
            self.headers.append(FORWARDED_BY, listener);
        }
        self
    }

    /// Whether it goes to a port of this machine, by whatever name.
    pub(crate) fn is_to_port(&self, port: u16) -> bool {
        let is_here = |address: SocketAddr| {
            // A socket can be bound to the addresses of this machine only.
            let ip = address.ip();
            ip.is_loopback() || ip.is_unspecified() || UdpSocket::bind((ip, 0)).is_ok()
        };
        self.url.port_or_known_default() == Some(port)
            && self.url.socket_addrs(|| None).is_ok_and(|addresses| addresses.into_iter().any(is_here))
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

/// Neither headers nor body, nor what the URL may hold besides its origin.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("origin", &self.origin())
            .field("method", &self.method)
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

fn parse(url: &str) -> Result<Url, SendError> {
    let parsed = Url::parse(url).ok();
    parsed.filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host()).ok_or(SendError::Url)
}

/// What came back.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Answer {
    /// The status. Anything but 2xx is a failed delivery for the sender.
    pub status: u16,
    /// How long it took from the request to the head of the answer.
    pub latency: Duration,
    /// Where it redirects to, if it does. The sender follows with a GET and the event is lost, or sends it elsewhere.
    pub location: Option<String>,
    /// The value of `Content-Type`.
    pub content_type: Option<Vec<u8>>,
    /// The value of `Content-Encoding`: the body is not decoded.
    pub content_encoding: Option<Vec<u8>>,
    /// The beginning of the body.
    pub body: Vec<u8>,
}

impl Answer {
    /// Whether the sender takes the event for delivered.
    #[must_use]
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

/// Sends deliveries. No redirect is followed. Proxies of the environment are used, as the sender does, but not to this
/// machine itself.
#[derive(Debug, Clone)]
pub struct Client(HttpClient);

impl Client {
    /// A client that keeps connections open, as the sender does.
    ///
    /// # Errors
    ///
    /// If TLS cannot be set up.
    pub fn new() -> Result<Self, SendError> {
        let builder = || {
            reqwest::Client::builder()
                .http1_only()
                .http1_title_case_headers()
                .redirect(Policy::none())
                .referer(false)
                .connect_timeout(CONNECT_TIMEOUT)
                .timeout(TIMEOUT)
        };
        HttpClient::new(builder).map(Self).map_err(SendError::Http)
    }

    /// Sends once.
    ///
    /// # Errors
    ///
    /// If there is no answer. An answer that is not a success is no error.
    pub async fn send(&self, request: Request) -> Result<Answer, SendError> {
        let origin = request.origin();
        let Request { url, method, headers, body } = request;
        let failed = |source: reqwest::Error| {
            let (origin, source) = (origin.clone(), source.without_url());
            match source {
                _ if source.is_connect() => SendError::Unreachable { origin, source },
                _ if source.is_timeout() => SendError::TimedOut { origin },
                _ => SendError::NoAnswer { origin, source },
            }
        };
        let request = self.0.request(method, url).headers(headers).body(body);
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
