//! A receiver in which every outcome of a delivery and of an attempt has happened once.

use std::{
    convert::Infallible,
    future::{pending, ready},
    io::{BufRead, BufReader, Read, Write},
    net::{Ipv4Addr, Shutdown, SocketAddr, TcpStream},
    pin::pin,
    sync::mpsc,
    task::{Context, Waker},
    thread,
    time::{Duration, Instant},
};

use axum::{
    Router,
    body::{Body, Bytes},
    http::Request,
    routing::get,
};
use futures_util::stream;
use metrics_exporter_prometheus::PrometheusBuilder;
use panora_hooks::{
    HookError, State, Verifier, Webhooks, hooks,
    inbox::{Decision, MemoryInbox, Settled},
    on,
    testing::Sample,
    transactions::Tx,
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, runtime::Runtime};
use tower::ServiceExt;

use crate::{
    ledger::Ledger,
    staged::{Fault, Staged},
};

/// The time limit of every wait: after it, something hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// The limit of a body in bytes.
const MAX_BODY: usize = 100_000;

#[on("crm.contact.created")]
async fn succeeds() {}

#[on("crm.deal.created")]
async fn fails() -> Result<(), HookError> {
    Err(HookError::permanent("no use"))
}

#[on("crm.note.created", timeout = "50ms")]
async fn blocks() {
    loop {
        thread::park();
    }
}

#[on("crm.stage.pulled")]
async fn enters(_tx: Tx<Ledger>) {}

#[on("crm.task.created")]
async fn panics() {
    panic!("at the disco")
}

#[on("crm.company.created", timeout = "10ms")]
async fn hangs() {
    pending::<()>().await;
}

/// Keeps its body in memory.
#[on("crm.contact.created")]
async fn holds(State(begun): State<mpsc::Sender<()>>) {
    begun.send(()).unwrap();
    pending::<()>().await;
}

/// Returns the page that Prometheus scrapes, after every outcome.
pub(crate) fn page_after_every_outcome() -> String {
    let exporter = PrometheusBuilder::new().install_recorder().unwrap();
    let verifier = || Verifier::new("f1f9a1c6-1c57-4a6b-a5b8-2c1f42f2a1de").unwrap();
    let (inbox, settled) = Staged::new(MemoryInbox::new());
    inbox.on_batch(|batch| {
        Some(if batch[0].wire_type() == "crm.user.pulled" { Fault::Full } else { Fault::Away })
    });
    let webhooks = Webhooks::new(verifier())
        .hooks(hooks![succeeds, fails, blocks, enters, panics, hangs])
        .with_transactions(Ledger::default())
        .max_body_bytes(MAX_BODY)
        .read_timeout(Duration::from_secs(1))
        .with_inbox(inbox.clone())
        .store_timeout(Duration::from_millis(10))
        .lease_time(Duration::from_secs(1));
    let (router, worker) = webhooks.into_parts("/webhook");
    let (sender, begun) = mpsc::channel();
    let without_memory = Webhooks::new(verifier())
        .with_state(sender)
        .hooks(hooks![holds])
        .max_buffered_bytes(MAX_BODY)
        .read_timeout(Duration::from_secs(1));
    let router = router
        .merge(without_memory.into_router("/without-memory"))
        .route("/metrics", get(move || ready(exporter.render())));

    let runtime = Runtime::new().unwrap();
    let receiver = Receiver { verifier: verifier(), address: serve(&runtime, router.clone()) };
    runtime.spawn(worker.run_until(pending()));
    receiver.is_refused();
    let committed = receiver.runs_before_the_answer();
    receiver.has_no_memory(&begun);
    abandon(&runtime, router);
    inbox.on_put(|| None);
    receiver.is_stored(&committed);
    for _ in ["already_done", "handled", "failed", "blocked"] {
        wait_for_settlement(&runtime, &settled);
    }
    let mut page = String::new();
    let mut scrape = receiver.begin(b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    scrape.read_to_string(&mut page).unwrap();
    // Does not wait for the hooks that never end.
    runtime.shutdown_background();
    page.split_once("\r\n\r\n").unwrap().1.to_owned()
}

fn serve(runtime: &Runtime, router: Router) -> SocketAddr {
    let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))).unwrap();
    let address = listener.local_addr().unwrap();
    runtime.spawn(async { axum::serve(listener, router).await });
    address
}

struct Receiver {
    verifier: Verifier,
    address: SocketAddr,
}

impl Receiver {
    fn bytes(&self, sample: &Sample, path: &str) -> Vec<u8> {
        sample.request_bytes(&self.verifier, path)
    }

    fn begin(&self, bytes: &[u8]) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(bytes).unwrap();
        stream
    }

    fn exchange(&self, bytes: &[u8]) -> u16 {
        status(&self.begin(bytes))
    }

    fn send(&self, event_type: &str, payload: Value) -> u16 {
        self.exchange(&self.bytes(&Sample::new(event_type, payload), "/webhook"))
    }

    fn is_refused(&self) {
        let sample = Sample::new("crm.contact.created", json!({ "first_name": "Grace" }));
        let whole = String::from_utf8(self.bytes(&sample, "/webhook")).unwrap();
        let (head, body) = whole.split_at(whole.find("\r\n\r\n").unwrap() + 4);
        let with_body = |body: &str| {
            let length = |line: &&str| !line.to_ascii_lowercase().starts_with("content-length");
            let head: Vec<_> = head.trim_end().split("\r\n").filter(length).collect();
            format!("{}\r\nContent-Length: {}\r\n\r\n{body}", head.join("\r\n"), body.len())
        };
        for (request, status) in [
            (with_body(&body.replace("Grace", "Eve")), 400),
            (with_body("{"), 400),
            (with_body(&" ".repeat(MAX_BODY + 1)), 413),
            (head.to_owned(), 408),
        ] {
            assert_eq!(self.exchange(request.as_bytes()), status);
        }
        let cut_off = self.begin(&whole.as_bytes()[..whole.len() - 1]);
        cut_off.shutdown(Shutdown::Write).unwrap();
        assert_eq!(status(&cut_off), 400);
    }

    /// The inbox does not accept these events. Returns a delivery whose transaction is committed.
    fn runs_before_the_answer(&self) -> Vec<u8> {
        assert_eq!(self.send("crm.user.pulled", json!([])), 503);
        let transaction = self.bytes(&Sample::new("crm.stage.pulled", json!([])), "/webhook");
        for _ in ["handled", "already_done"] {
            assert_eq!(self.exchange(&transaction), 200);
        }
        assert_eq!(self.send("crm.task.created", json!({})), 503);
        assert_eq!(self.send("crm.company.created", json!({})), 503);
        assert_eq!(self.send("crm.deal.created", json!({})), 503);
        transaction
    }

    /// Hooks hold two bodies. The second one exceeds the limit, because it is the only one that
    /// waits.
    fn has_no_memory(&self, begun: &mpsc::Receiver<()>) {
        let large = |name: &str| {
            let payload = json!({ "first_name": name.repeat(MAX_BODY * 2 / 3) });
            self.bytes(&Sample::new("crm.contact.created", payload), "/without-memory")
        };
        let _held = ["a", "b"].map(|name| {
            let held = self.begin(&large(name));
            begun.recv_timeout(PATIENCE).unwrap();
            held
        });
        assert_eq!(self.exchange(&large("c")), 503);
    }

    fn is_stored(&self, committed: &[u8]) {
        assert_eq!(self.exchange(committed), 200);
        let contact = Sample::new("crm.contact.created", json!({ "first_name": "Ada" }));
        let [first, copy] = [contact.clone(), contact.id("another id")];
        for delivery in [&first, &first, &copy] {
            assert_eq!(self.exchange(&self.bytes(delivery, "/webhook")), 200);
        }
        assert_eq!(self.send("ticketing.tag.pulled", json!([])), 200);
        assert_eq!(self.send("crm.deal.created", json!({ "name": "a deal" })), 200);
        assert_eq!(self.send("crm.note.created", json!({ "content": "a note" })), 200);
    }
}

fn wait_for_settlement(runtime: &Runtime, settled: &mpsc::Receiver<(Decision, Settled)>) {
    let begun = Instant::now();
    while settled.recv_timeout(Duration::from_millis(10)).is_err() {
        assert!(begun.elapsed() < PATIENCE, "no attempt ends");
        // Wakes another thread of the runtime. The blocked one may be the one that waits for
        // timers.
        runtime.spawn(ready(()));
    }
}

/// A server drops the future of a request whose sender has disconnected.
fn abandon(runtime: &Runtime, router: Router) {
    let _guard = runtime.enter();
    let never = Body::from_stream(stream::pending::<Result<Bytes, Infallible>>());
    let request = Request::post("/webhook").header(Verifier::SIGNATURE_HEADER, "0".repeat(64)).body(never);
    let mut answer = pin!(router.oneshot(request.unwrap()));
    assert!(answer.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
}

fn status(stream: &TcpStream) -> u16 {
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).unwrap();
    line.split(' ').nth(1).unwrap_or_else(|| panic!("no answer: {line}")).parse().unwrap()
}
