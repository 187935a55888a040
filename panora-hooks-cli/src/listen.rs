//! Shows deliveries as they arrive.

use std::{
    fmt, io,
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use axum::{
    Router,
    body::Body,
    extract::Request as HttpRequest,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use jiff::Timestamp;
use panora_hooks::{
    __cli::{Envelope, Refusal, check_method, signature},
    Verifier, VerifyError, Webhooks, catalogue,
    testing::sample,
};
use serde_json::Value;
use tokio::{
    net::TcpListener,
    sync::{mpsc, watch},
    task::JoinSet,
    time,
};

use crate::{
    recording::{Recorded, Recorder},
    redact,
    send::{Answer, Client, FORWARDED_BY, Request, SendError},
};

/// The largest accepted body in bytes, the default of receivers.
const MAX_BODY_BYTES: usize = Webhooks::DEFAULT_MAX_BODY_BYTES;

/// The most deliveries that wait to be reported.
const WAITING: usize = 64;

/// The time that deliveries in flight get once the listener is told to stop.
const GRACE: Duration = Duration::from_secs(2);

/// A receiver that reports the deliveries that it gets.
#[derive(Debug)]
pub struct Listener {
    tcp: TcpListener,
    verifier: Option<Verifier>,
    forward: Option<(Client, String)>,
    recorder: Option<Recorder>,
}

impl Listener {
    /// Listens on this machine. With port 0, the system chooses a port.
    ///
    /// # Errors
    ///
    /// Returns an error if the port is in use, or this user may not listen on it.
    pub async fn bind(port: u16) -> io::Result<Self> {
        let tcp = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        Ok(Self { tcp, verifier: None, forward: None, recorder: None })
    }

    /// Returns the address of the listener.
    ///
    /// # Errors
    ///
    /// Returns an error if the system does not report the address.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.tcp.local_addr()
    }

    /// Verifies deliveries, and refuses those that are not the sender's.
    #[must_use]
    pub fn verify(self, verifier: Verifier) -> Self {
        Self { verifier: Some(verifier), ..self }
    }

    /// Forwards deliveries, verified or not, with their own bytes and signatures, and passes on the
    /// answer with up to 64 KiB of its body.
    ///
    /// # Errors
    ///
    /// Returns an error if `url` is not an http(s) URL, or is the listener's own.
    pub fn forward(self, client: Client, url: &str) -> Result<Self, SendError> {
        let request = Request::of_recorded(&Recorded::new("POST", "/", Vec::new(), Vec::new()), url)?;
        if self.local_addr().is_ok_and(|own| request.is_to_port(own.port())) {
            return Err(SendError::OwnAddress);
        }
        Ok(Self { forward: Some((client, url.to_owned())), ..self })
    }

    /// Records each delivery before it is answered.
    #[must_use]
    pub fn record(self, recorder: Recorder) -> Self {
        Self { recorder: Some(recorder), ..self }
    }

    /// Answers deliveries until `shutdown` resolves, and passes each to `tell`, even if the sender
    /// has stopped waiting for the answer. Deliveries in flight at that time are given up after two
    /// seconds, and reported.
    ///
    /// # Errors
    ///
    /// Returns an error if the system no longer allows the listener to accept connections.
    pub async fn run(
        self,
        shutdown: impl Future<Output = ()> + Send + 'static,
        mut tell: impl FnMut(Heard),
    ) -> io::Result<()> {
        let Self { tcp, verifier, forward, recorder } = self;
        let (heard, mut hear) = mpsc::channel(WAITING);
        let recorder = recorder.map(Mutex::new);
        let (stop, stopped) = watch::channel(());
        let shutdown = async move {
            shutdown.await;
            drop(stop);
        };
        let missed = AtomicU64::new(0);
        let name = HeaderValue::from(fastrand::u64(..));
        let receiver = Arc::new(Receiver { name, verifier, forward, recorder, heard, missed, stopped });
        let router = Router::new().fallback(move |request: HttpRequest| {
            let receiver = Arc::clone(&receiver);
            // Runs in its own task: the connection's task ends when the sender disconnects, and the
            // delivery would not be reported.
            let answer = tokio::spawn(async move { receiver.answer(request).await });
            async { answer.await.unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response()) }
        });
        // Dropped, and so stopped, with this future.
        let mut server = JoinSet::new();
        server.spawn(axum::serve(tcp, router).with_graceful_shutdown(shutdown).into_future());
        // Ends once the server and all deliveries in flight have dropped their senders.
        while let Some(heard) = hear.recv().await {
            tell(heard);
        }
        match server.join_next().await {
            Some(ended) => ended.unwrap_or_else(|error| Err(io::Error::other(error))),
            None => Ok(()),
        }
    }
}

/// A delivery that arrived, with its result.
#[non_exhaustive]
pub struct Heard {
    /// The delivery as it arrived.
    pub recorded: Recorded,
    /// Whether the delivery is the sender's.
    pub verdict: Verdict,
    /// `id_event` of the body, if it can be read. Not authenticated.
    pub id: Option<String>,
    /// `type` of the body, if it can be read. Not authenticated.
    pub wire_type: Option<String>,
    /// The time since the newest object in the payload was changed, if the payload says so. The
    /// delivery itself has no timestamp.
    pub age: Option<Duration>,
    /// The status of the answer.
    pub status: u16,
    /// The answer of the receiver that the delivery was forwarded to, or why there is none.
    pub forwarded: Option<Result<Answer, SendError>>,
    /// Why the delivery was not recorded.
    pub not_recorded: Option<io::Error>,
    /// The number of deliveries since the last report that are not reported, because `tell` was too
    /// slow. They were answered, recorded and forwarded as usual.
    pub missed: u64,
}

/// Omits everything that may be a value.
impl fmt::Debug for Heard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Heard")
            .field("recorded", &self.recorded)
            .field("verdict", &self.verdict)
            .field("id", &self.id)
            .field("wire_type", &self.wire_type)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

/// Whether a delivery is the sender's.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// One of the secrets made the signature.
    Verified,
    /// There is no secret to verify with.
    Unchecked,
    /// A receiver would refuse the delivery, for this reason.
    Refused(String),
}

struct Receiver {
    /// The name of this listener in the header [`FORWARDED_BY`].
    name: HeaderValue,
    verifier: Option<Verifier>,
    forward: Option<(Client, String)>,
    recorder: Option<Mutex<Recorder>>,
    heard: mpsc::Sender<Heard>,
    /// The number of deliveries that were not reported since the last report.
    missed: AtomicU64,
    /// Resolves once the listener is told to stop, because the sender is dropped then.
    stopped: watch::Receiver<()>,
}

impl Receiver {
    async fn answer(&self, request: HttpRequest) -> Response {
        let (parts, body) = request.into_parts();
        let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
        let record = |body| Recorded::new(parts.method.as_str(), target, texts(&parts.headers), body);
        if parts.headers.get_all(FORWARDED_BY).iter().any(|listener| *listener == self.name) {
            let response =
                (StatusCode::LOOP_DETECTED, "Webhook Error: forwarded in a circle").into_response();
            let reason = "this listener has forwarded it before: give --forward the URL of the receiver";
            self.tell(record(Vec::new()), Verdict::Refused(reason.to_owned()), &response, None, None);
            return response;
        }
        let body = tokio::select! {
            body = read(body) => body,
            () = self.over() => Err(Refusal::Incomplete),
        };
        let (recorded, refusal, not_recorded, forwarded) = match body {
            Ok(body) => {
                let recorded = record(body);
                let refusal = self.check(&parts.method, &parts.headers, &recorded.body).err();
                let not_recorded = self.record(&recorded).err();
                let forwarded = self.send_on(&recorded, &parts.headers).await;
                (recorded, refusal, not_recorded, forwarded)
            }
            // An incomplete body is neither recorded nor forwarded.
            Err(refusal) => (record(Vec::new()), Some(refusal), None, None),
        };
        let response = match (&forwarded, &refusal) {
            (Some(Ok(answer)), _) => repeat(answer),
            (Some(Err(_)), _) => StatusCode::BAD_GATEWAY.into_response(),
            (None, Some(refusal)) => refusal.into_response(),
            (None, None) => StatusCode::OK.into_response(),
        };
        let verdict = match (&self.verifier, refusal) {
            (_, Some(refusal)) => Verdict::Refused(refusal.to_string()),
            (Some(_), None) => Verdict::Verified,
            (None, None) => Verdict::Unchecked,
        };
        self.tell(recorded, verdict, &response, forwarded, not_recorded);
        response
    }

    fn tell(
        &self,
        recorded: Recorded,
        verdict: Verdict,
        response: &Response,
        forwarded: Option<Result<Answer, SendError>>,
        not_recorded: Option<io::Error>,
    ) {
        let (id, wire_type, age) = describe(&recorded);
        let status = response.status().as_u16();
        let missed = self.missed.swap(0, Ordering::Relaxed);
        let heard = Heard { recorded, verdict, id, wire_type, age, status, forwarded, not_recorded, missed };
        // The sender does not wait for reports.
        if self.heard.try_send(heard).is_err() {
            self.missed.fetch_add(missed + 1, Ordering::Relaxed);
        }
    }

    fn record(&self, recorded: &Recorded) -> io::Result<()> {
        let Some(file) = &self.recorder else { return Ok(()) };
        file.lock().unwrap_or_else(PoisonError::into_inner).record(recorded)
    }

    async fn send_on(&self, recorded: &Recorded, headers: &HeaderMap) -> Option<Result<Answer, SendError>> {
        let (client, url) = self.forward.as_ref()?;
        let passed = headers.get_all(FORWARDED_BY).iter().chain([&self.name]).cloned();
        let request = match Request::of_recorded(recorded, url) {
            Ok(request) => request.forwarded_by(passed),
            Err(error) => return Some(Err(error)),
        };
        let origin = request.origin();
        Some(tokio::select! {
            answer = client.send(request) => answer,
            () = self.over() => Err(SendError::GivenUp { origin }),
        })
    }

    /// Resolves once the deliveries in flight have used up their time.
    async fn over(&self) {
        // Resolves with an error, because nothing is ever sent.
        let _ = self.stopped.clone().changed().await;
        time::sleep(GRACE).await;
    }

    /// Checks a delivery as a receiver does, without its time limits.
    fn check(&self, method: &Method, headers: &HeaderMap, body: &[u8]) -> Result<(), Refusal> {
        check_method(method)?;
        if let Some(verifier) = &self.verifier {
            verifier.verify(body, signature(headers)?).map_err(Refusal::Unverified)?;
        }
        Ok(())
    }
}

async fn read(body: Body) -> Result<Vec<u8>, Refusal> {
    match Limited::new(body, MAX_BODY_BYTES).collect().await {
        Ok(body) => Ok(body.to_bytes().to_vec()),
        Err(error) if error.is::<LengthLimitError>() => Err(Refusal::TooLarge { limit: MAX_BODY_BYTES }),
        Err(_) => Err(Refusal::Incomplete),
    }
}

fn texts(headers: &HeaderMap) -> Vec<(String, Vec<u8>)> {
    let text = |(name, value): (&header::HeaderName, &HeaderValue)| {
        (name.as_str().to_owned(), value.as_bytes().to_vec())
    };
    headers.iter().map(text).collect()
}

/// Passes on the answer to a forwarded delivery, including redirects, so that the sender sees the
/// same behaviour as without this listener.
fn repeat(answer: &Answer) -> Response {
    let mut response = Response::new(Body::from(answer.body.clone()));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::BAD_GATEWAY);
    let headers = [
        (header::CONTENT_TYPE, answer.content_type.clone()),
        (header::CONTENT_ENCODING, answer.content_encoding.clone()),
        (header::LOCATION, answer.location.clone().map(String::into_bytes)),
    ];
    for (name, value) in headers {
        if let Some(value) = value.and_then(|value| HeaderValue::from_bytes(&value).ok()) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// Reads id, type and age from a body, verified or not.
fn describe(recorded: &Recorded) -> (Option<String>, Option<String>, Option<Duration>) {
    let body = std::str::from_utf8(&recorded.body).map_err(|_| VerifyError::Malformed);
    let Ok(Envelope { id, wire_type, data }) = body.and_then(Envelope::parse) else {
        return (None, None, None);
    };
    let age = age(&wire_type, &redact::payload(data), recorded.received_at);
    (Some(id.into_owned()), Some(wire_type.into_owned()), age)
}

/// Returns the time since the newest object of a payload was changed. A payload with the times of
/// the sample for its type has no age.
fn age(wire_type: &str, payload: &Value, now: SystemTime) -> Option<Duration> {
    let newest = newest(payload)?;
    let of_sample = catalogue::find(wire_type)
        .and_then(|known| self::newest(&redact::payload(&sample(known.name()).payload())));
    if of_sample == Some(newest) {
        return None;
    }
    Some(now.duration_since(SystemTime::try_from(newest).ok()?).unwrap_or_default())
}

fn newest(payload: &Value) -> Option<Timestamp> {
    let changed = |object: &Value| {
        let time = |key: &str| object.get(key)?.as_str()?.parse::<Timestamp>().ok();
        time("modified_at").or_else(|| time("created_at"))
    };
    match payload {
        Value::Array(rows) => rows.iter().filter_map(changed).max(),
        object => changed(object),
    }
}
