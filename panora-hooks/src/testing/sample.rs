//! [`Sample`]: a delivery for tests, as the sender makes it.

use std::{
    fmt,
    sync::{
        LazyLock,
        atomic::{AtomicU64, Ordering},
    },
};

use axum::{
    Router,
    body::Body,
    extract::Request,
    http::{Method, Uri},
    response::Response,
};
use bytestring::ByteString;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{
    Outcome, fixtures,
    json::{self, Json},
    path, run,
};
use crate::{
    catalogue,
    delivery::Delivery,
    hook::{Definition, Dispatch, Registry},
    verify::Verifier,
    webhooks::Webhooks,
};

/// A delivery as the sender makes it, for tests.
///
/// See the [module](crate::testing) for its uses.
#[derive(Clone, PartialEq)]
pub struct Sample {
    id: String,
    wire_type: String,
    payload: Json,
    is_object: bool,
    attempt: u32,
}

/// Returns a delivery of an event type, with a made-up payload.
///
/// ```
/// use panora_hooks::testing::sample;
///
/// let company = sample("crm.company.created").set("name", "Acme");
/// assert!(company.body().ends_with(r#""type":"crm.company.push"}"#));
/// ```
///
/// # Panics
///
/// Panics if the [catalogue](crate::catalogue) does not hold the event type, or holds it as a
/// misspelling. [`Sample::new`] accepts any.
#[must_use]
#[track_caller]
pub fn sample(event_type: &str) -> Sample {
    #[expect(clippy::panic, reason = "a mistake in a test")]
    let Some(known) = catalogue::find(event_type) else {
        panic!("there is no event type `{event_type}` in the catalogue; `Sample::new` takes any")
    };
    let is_misspelling = known.misspelling() == Some(event_type);
    assert!(!is_misspelling, "`{event_type}` is a misspelling of `{}`", known.name());
    Sample::of(known.name(), fixtures::find(known))
}

impl Sample {
    /// Returns a delivery of an event type with this payload.
    ///
    /// An event type of the [catalogue](crate::catalogue) gets the wire type that the last release
    /// sends: `crm.company.created` becomes `crm.company.push`. Any other is sent unchanged.
    ///
    /// # Panics
    ///
    /// Panics if the payload does not serialise, or is nested deeper than 127.
    #[must_use]
    #[track_caller]
    pub fn new(event_type: &str, payload: impl Serialize) -> Self {
        Self::of(event_type, to_json(payload))
    }

    pub(crate) fn of(event_type: &str, payload: Json) -> Self {
        let known = catalogue::find(event_type).filter(|known| known.name() == event_type);
        let wire_type = known.and_then(|known| known.wire_names().next()).unwrap_or(event_type);
        Self { id: new_id(), wire_type: wire_type.to_owned(), payload, is_object: false, attempt: 1 }
    }

    /// Sets a value in the payload, at a path such as `email_addresses[0].email_address`.
    ///
    /// Missing fields are added, and so is an element one past the last. `.` is the payload itself.
    ///
    /// # Panics
    ///
    /// Panics if the path leads nowhere, or if the value does not serialise or is nested deeper
    /// than 127.
    #[must_use]
    #[track_caller]
    pub fn set(mut self, path: &str, value: impl Serialize) -> Self {
        let value = to_json(value);
        assert_path(path, path::set(&mut self.payload, path, value));
        self
    }

    /// Removes a field or an element from the payload.
    ///
    /// # Panics
    ///
    /// Panics if the path leads nowhere.
    #[must_use]
    #[track_caller]
    pub fn remove(mut self, path: &str) -> Self {
        assert_path(path, path::remove(&mut self.payload, path));
        self
    }

    /// Sets `id_event`. Defaults to a UUID that no other sample of the process has.
    #[must_use]
    pub fn id(self, id: impl Into<String>) -> Self {
        Self { id: id.into(), ..self }
    }

    /// Sets the `type` in the body, such as one that only older releases send.
    #[must_use]
    pub fn wire_type(self, wire_type: impl Into<String>) -> Self {
        Self { wire_type: wire_type.into(), ..self }
    }

    /// Puts the payload into the body as a plain value, as the sender's documentation shows it,
    /// instead of a string.
    ///
    /// Do not use it for a payload that is a text, which cannot be told from a payload in a string.
    #[must_use]
    pub fn as_object(self) -> Self {
        Self { is_object: true, ..self }
    }

    /// Sets the number of the attempt, for [`run`](Self::run). Defaults to 1.
    #[must_use]
    pub fn attempt(self, attempt: u32) -> Self {
        Self { attempt, ..self }
    }

    /// Returns the JSON text of the payload.
    #[must_use]
    pub fn payload(&self) -> String {
        self.payload.stringify()
    }

    /// Returns the JSON text of `data`, which is signed: the payload in a string, unless it is sent
    /// [as an object](Self::as_object).
    #[must_use]
    pub fn data(&self) -> String {
        let payload = self.payload();
        if self.is_object { payload } else { json::quote(&payload) }
    }

    /// Returns the body.
    #[must_use]
    pub fn body(&self) -> String {
        body(&self.id, &self.data(), &self.wire_type)
    }

    /// Returns the value of the `Panora-Signature` header for the secret of a verifier.
    #[must_use]
    pub fn signature(&self, verifier: &Verifier) -> String {
        verifier.sign(&self.data())
    }

    /// Returns the request, a POST with the headers of the sender.
    ///
    /// # Panics
    ///
    /// Panics if `uri` is not a URI such as `/webhook` or `http://127.0.0.1:8000/webhook`.
    #[must_use]
    #[track_caller]
    pub fn request(&self, verifier: &Verifier, uri: &str) -> Request {
        let (uri, body) = (to_uri(uri), self.body());
        let headers = headers(self.signature(verifier), &uri, &body);
        let request = headers
            .into_iter()
            .fold(Request::builder().method(Method::POST).uri(uri), |request, (name, value)| {
                request.header(name, value)
            })
            .body(Body::from(body));
        #[expect(clippy::expect_used, reason = "the URI is parsed, and the headers are written here")]
        request.expect("a request")
    }

    /// Returns the request as bytes, for a socket: HTTP/1.1, with the sender's headers in their
    /// order.
    ///
    /// # Panics
    ///
    /// Panics if `uri` is not a URI such as `/webhook` or `http://127.0.0.1:8000/webhook`.
    #[must_use]
    #[track_caller]
    pub fn request_bytes(&self, verifier: &Verifier, uri: &str) -> Vec<u8> {
        let (uri, body) = (to_uri(uri), self.body());
        let target = uri.path_and_query().map_or("/", |target| target.as_str());
        let headers = headers(self.signature(verifier), &uri, &body)
            .map(|(name, value)| format!("{name}: {value}\r\n"));
        format!("POST {target} HTTP/1.1\r\n{}\r\n{body}", headers.concat()).into_bytes()
    }

    /// Sends the delivery to a router, and waits for the response.
    ///
    /// # Panics
    ///
    /// Panics if `path` does not begin with `/`.
    #[track_caller]
    pub fn send(
        &self,
        router: Router,
        verifier: &Verifier,
        path: &str,
    ) -> impl Future<Output = Response> + use<> {
        assert!(path.starts_with('/'), "expected a path such as `/webhook`, found `{path}`");
        let request = self.request(verifier, path);
        let mut router = router;
        async move {
            match tower_service::Service::call(&mut router, request).await {
                Ok(response) => response,
            }
        }
    }

    /// Runs the hook for this event, without HTTP and without a signature.
    ///
    /// `state` is the value for [`Webhooks::with_state`], or `()` without state. `list` is
    /// `hooks![..]`, or a list function such as `fn register(hooks: &mut Registry<App>)`.
    ///
    /// # Panics
    ///
    /// Panics if two hooks name the same pattern, or if the hook takes a
    /// [transaction](crate::transactions). A hook that panics yields an [`Outcome`].
    #[track_caller]
    pub fn run<S: Send + 'static, L: FnOnce(&mut Registry<S>)>(
        &self,
        state: S,
        list: L,
    ) -> impl Future<Output = Outcome> + use<S, L> {
        let mut registry = Registry::new();
        registry.hooks(list);
        let dispatch = Dispatch::new(registry, None);
        if let Some(found) = dispatch.find(&self.wire_type) {
            let Definition { name, transaction, .. } = found.hook.definition;
            assert!(
                transaction.is_none(),
                "the hook `{name}` takes a `Tx`: use `run_on` with webhooks `.with_transactions(..)`"
            );
        }
        run::run(self.delivery(), state, dispatch)
    }

    /// Runs the hook for this event, with the state and the hooks of an application's own builder.
    ///
    /// Without HTTP and without a signature, as [`run`](Self::run): the verifier and the limits of
    /// `webhooks` do not matter.
    ///
    /// ```
    /// use panora_hooks::{SecretError, State, Verifier, Webhooks, hooks, on, testing::sample};
    ///
    /// #[derive(Clone)]
    /// struct App;
    ///
    /// #[on("crm.contact.created")]
    /// async fn contact_created(State(app): State<App>) {}
    ///
    /// /// The receiver that `main` serves.
    /// fn webhooks(verifier: Verifier) -> Webhooks<App> {
    ///     Webhooks::new(verifier).with_state(App).hooks(hooks![contact_created])
    /// }
    ///
    /// # fn main() -> Result<(), SecretError> {
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let webhooks = webhooks(Verifier::new("a secret")?);
    /// assert!(sample("crm.contact.created").run_on(webhooks).await.is_handled());
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    ///
    /// A hook that takes a [transaction](crate::transactions) gets one, which is committed. It does
    /// not run again for the same sample in this process.
    ///
    /// # Panics
    ///
    /// Panics if a hook takes a transaction that
    /// [`with_transactions`](Webhooks::with_transactions) does not provide.
    #[track_caller]
    pub fn run_on<S: Clone + Send + Sync + 'static>(
        &self,
        webhooks: Webhooks<S>,
    ) -> impl Future<Output = Outcome> + use<S> {
        let (state, dispatch) = webhooks.into_hooks();
        run::run(self.delivery(), state, dispatch)
    }

    /// Returns the delivery, as if the body had been verified.
    fn delivery(&self) -> Delivery<'static> {
        // Markers in the database of the tests outlive the process.
        static NONCE: LazyLock<u128> = LazyLock::new(|| fastrand::u128(..));
        let data = ByteString::from(self.data());
        let content = Sha256::new().chain_update(NONCE.to_le_bytes()).chain_update(&*data).finalize();
        let delivery = Delivery::new(content.into(), (&*self.id).into(), (&*self.wire_type).into(), &data)
            .into_shared(&data);
        delivery.with_attempt(self.attempt)
    }
}

/// Shows the same as [`Delivery`]: everything but the payload.
impl fmt::Debug for Sample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sample")
            .field("id", &self.id)
            .field("wire_type", &self.wire_type)
            .field("is_object", &self.is_object)
            .field("attempt", &self.attempt)
            .finish_non_exhaustive()
    }
}

/// Returns a body with the keys in the sender's order.
#[must_use]
pub fn body(id: &str, data: &str, wire_type: &str) -> String {
    let (id, wire_type) = (json::quote(id), json::quote(wire_type));
    format!(r#"{{"id_event":{id},"data":{data},"type":{wire_type}}}"#)
}

/// Returns the headers that `axios` 1.6.8 sends on Node 20.
#[must_use]
pub fn headers(signature: String, uri: &Uri, body: &str) -> [(&'static str, String); 8] {
    [
        ("Accept", "application/json, text/plain, */*".to_owned()),
        ("Content-Type", "application/json".to_owned()),
        (Verifier::SIGNATURE_HEADER, signature),
        ("User-Agent", "axios/1.6.8".to_owned()),
        ("Content-Length", body.len().to_string()),
        ("Accept-Encoding", "gzip, compress, deflate, br".to_owned()),
        ("Host", host(uri)),
        ("Connection", "keep-alive".to_owned()),
    ]
}

#[track_caller]
fn to_json(value: impl Serialize) -> Json {
    // Not in a closure, because a closure would panic at its own line instead of the test's.
    #[expect(clippy::panic, reason = "a mistake in a test")]
    match serde_json::to_string(&value).map(|text| Json::parse(&text)) {
        Ok(Ok(json)) => json,
        Ok(Err(error)) => panic!("the value is not JSON that can be sent: {error}"),
        Err(error) => panic!("the value does not serialise: {error}"),
    }
}

#[track_caller]
fn to_uri(uri: &str) -> Uri {
    #[expect(clippy::panic, reason = "a mistake in a test")]
    match uri.parse::<Uri>() {
        // The parser reads a bare name as a host.
        Ok(parsed) if parsed.scheme().is_some() || uri.starts_with('/') => parsed,
        _ => panic!("expected `/webhook` or `http://localhost:8000/webhook`, found `{uri}`"),
    }
}

/// Returns the `Host` header as clients write it: with the port unless it is the default one, and
/// without user and password.
fn host(uri: &Uri) -> String {
    let host = uri.host().unwrap_or("localhost");
    match (uri.scheme_str(), uri.port_u16()) {
        (_, None) | (Some("http"), Some(80)) | (Some("https"), Some(443)) => host.to_owned(),
        (_, Some(port)) => format!("{host}:{port}"),
    }
}

#[track_caller]
fn assert_path(path: &str, result: Result<(), String>) {
    #[expect(clippy::panic, reason = "a mistake in a test")]
    if let Err(problem) = result {
        panic!("`{path}` leads nowhere: {problem}");
    }
}

/// Returns a UUID of version 4 that contains a counter.
fn new_id() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let next = NEXT.fetch_add(1, Ordering::Relaxed);
    format!("7e57ab1e-0000-4000-8000-{next:012x}")
}
