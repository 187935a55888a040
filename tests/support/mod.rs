//! A server on a real socket, a client that sends arbitrary bytes, and deliveries as the sender
//! makes them.

// Each test is a program that uses a part of this module.
#![allow(dead_code, unreachable_pub)]

pub mod example;
pub mod log;
pub mod staged;
pub mod vectors;

use std::{
    io::{Read, Write},
    net::{Ipv4Addr, Shutdown, SocketAddr, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

use axum::{
    Router,
    extract::State as AxumState,
    http::StatusCode,
    middleware::{self, Next},
    response::Response,
};
use metrics::Key;
use metrics_util::debugging::{DebugValue, DebuggingRecorder, Snapshotter};
use panora_hooks::{State, Verifier, Webhooks, hooks, on};
use tokio::{net::TcpListener, runtime, sync::oneshot};

pub const SECRET: &str = "f1f9a1c6-1c57-4a6b-a5b8-2c1f42f2a1de";

/// Returns whether tests that search at random or for a time should do more of both.
pub fn is_long() -> bool {
    std::env::var_os("PANORA_TEST_LONG").is_some()
}

pub fn verifier() -> Verifier {
    Verifier::new(SECRET).unwrap()
}

/// Counts contacts.
#[on("crm.contact.created")]
pub async fn count_contact(State(count): State<Count>) {
    count.fetch_add(1, Ordering::SeqCst);
}

/// The number of contacts that have arrived.
pub type Count = Arc<AtomicUsize>;

/// Returns webhooks whose only hook counts contacts.
pub fn counting(count: &Count) -> Webhooks<Count> {
    Webhooks::new(verifier()).with_state(Arc::clone(count)).hooks(hooks![count_contact])
}

/// Returns the delivery of a new contact.
pub fn contact() -> Delivery {
    Delivery::encoded("crm.contact.created", r#"{"first_name":"Ada"}"#)
}

/// A delivery as the sender makes it.
#[derive(Clone, Debug)]
pub struct Delivery {
    pub body: Vec<u8>,
    pub signature: String,
}

impl Delivery {
    /// Creates a delivery with the value of `data` as it is in the body.
    pub fn new(event_type: &str, data: &str) -> Self {
        let body = format!(
            r#"{{"id_event":"7197465d-c9d3-4094-a2d2-b9fc4346d636","data":{data},"type":"{event_type}"}}"#
        );
        Self { body: body.into_bytes(), signature: verifier().sign(data) }
    }

    /// Creates a delivery with the payload in a string, as the sender does.
    pub fn encoded(event_type: &str, payload: &str) -> Self {
        Self::new(event_type, &serde_json::to_string(payload).unwrap())
    }

    pub fn request(&self) -> Request {
        Request::post("/webhook").header("Panora-Signature", &self.signature).body(&self.body)
    }
}

/// A request, as bytes.
#[derive(Clone)]
pub struct Request {
    head: Vec<u8>,
    body: Vec<u8>,
    has_length: bool,
}

impl Request {
    pub fn new(method: &str, path: &str) -> Self {
        let head =
            format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n").into_bytes();
        Self { head, body: Vec::new(), has_length: false }
    }

    pub fn post(path: &str) -> Self {
        Self::new("POST", path)
    }

    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.has_length |= matches!(&*name.to_ascii_lowercase(), "content-length" | "transfer-encoding");
        for part in [name.as_bytes(), b": ", value.as_ref(), b"\r\n"] {
            self.head.extend_from_slice(part);
        }
        self
    }

    pub fn body(mut self, body: impl AsRef<[u8]>) -> Self {
        self.body = body.as_ref().to_vec();
        self
    }

    pub fn head(&self) -> Vec<u8> {
        let mut head = self.head.clone();
        if !self.has_length {
            head.extend_from_slice(format!("Content-Length: {}\r\n", self.body.len()).as_bytes());
        }
        head.extend_from_slice(b"\r\n");
        head
    }

    pub fn send(&self, stream: &mut TcpStream) {
        stream.write_all(&[self.head(), self.body.clone()].concat()).unwrap();
    }
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

#[track_caller]
pub fn assert_answer(answer: &Answer, status: u16, body: &str) {
    assert_eq!((answer.status, answer.body.as_str()), (status, body));
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str())
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).unwrap();
        let (head, body) = text.split_once("\r\n\r\n")?;
        let mut lines = head.lines();
        let status = lines.next()?.split(' ').nth(1)?.parse().unwrap();
        let headers = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        Some(Self { status, headers, body: body.to_owned() })
    }
}

/// A server that stops on drop, and checks then that it has counted one outcome per request.
pub struct Server {
    pub address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
    metrics: Snapshotter,
    requests: Arc<AtomicUsize>,
    counted: AtomicU64,
}

impl Server {
    /// Serves on a free port, from a thread with its own runtime and metrics recorder.
    pub fn start(router: Router) -> Self {
        let requests = Arc::<AtomicUsize>::default();
        let router = router.layer(middleware::from_fn_with_state(Arc::clone(&requests), count_request));
        let recorder = DebuggingRecorder::new();
        let metrics = recorder.snapshotter();
        let (stop, stopped) = oneshot::channel::<()>();
        let (started, address) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            let _recording = metrics::set_default_local_recorder(&recorder);
            let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
                started.send(listener.local_addr().unwrap()).unwrap();
                let serve = axum::serve(listener, router).with_graceful_shutdown(async {
                    drop(stopped.await);
                });
                serve.await.unwrap();
            });
        });
        Self {
            address: address.recv().unwrap(),
            stop: Some(stop),
            thread: Some(thread),
            metrics,
            requests,
            counted: AtomicU64::new(0),
        }
    }

    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        // The longest wait of a test. Past this, something hangs.
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        stream
    }

    /// Sends a request and waits for its answer.
    pub fn send(&self, request: &Request) -> Answer {
        let mut stream = self.connect();
        request.send(&mut stream);
        read_answer(stream)
    }

    /// Returns the counters since the last call.
    pub fn counters(&self) -> Vec<(Key, u64)> {
        let counters = counters(&self.metrics);
        let sum: u64 = counters.iter().map(|(_, count)| count).sum();
        self.counted.fetch_add(sum, Ordering::SeqCst);
        counters
    }

    /// Tells the server to stop once it has finished the requests in flight.
    pub fn stop(&mut self) {
        drop(self.stop.take());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
        let Some(Ok(())) = self.thread.take().map(JoinHandle::join) else {
            assert!(std::thread::panicking(), "the server panicked");
            return;
        };
        self.counters();
        if !std::thread::panicking() {
            let requests = self.requests.load(Ordering::SeqCst);
            assert_eq!(self.counted.load(Ordering::SeqCst), requests as u64, "outcomes and requests");
        }
    }
}

/// Returns the counters that are not zero, and resets them.
pub fn counters(metrics: &Snapshotter) -> Vec<(Key, u64)> {
    let counters = metrics.snapshot().into_vec().into_iter();
    let counters = counters.map(|(key, _, _, value)| match value {
        DebugValue::Counter(count) => (key.key().clone(), count),
        value => panic!("{value:?}"),
    });
    counters.filter(|(_, count)| *count > 0).collect()
}

/// Marks the answer of a route that does not belong to the webhooks.
#[derive(Clone)]
pub struct NotOurs;

/// Counts the requests of a route.
async fn count_request(
    AxumState(requests): AxumState<Arc<AtomicUsize>>,
    request: axum::extract::Request,
    next: Next,
) -> Response {
    requests.fetch_add(1, Ordering::SeqCst);
    let response = next.run(request).await;
    let is_ours = response.extensions().get::<NotOurs>().is_none();
    if response.status() == StatusCode::NOT_FOUND || !is_ours {
        requests.fetch_sub(1, Ordering::SeqCst);
    }
    response
}

/// Reads until the connection is closed.
pub fn read_answer(mut stream: TcpStream) -> Answer {
    let mut bytes = Vec::new();
    let read = stream.read_to_end(&mut bytes);
    drop(stream.shutdown(Shutdown::Both));
    Answer::parse(&bytes).unwrap_or_else(|| panic!("no answer: {read:?}"))
}
