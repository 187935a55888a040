//! `serve`: a program that stops at a signal, with requests and hooks in flight.
#![cfg(unix)]

#[path = "../support/mod.rs"]
mod support;

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex, mpsc},
    thread,
    time::{Duration, Instant},
};

use panora_hooks::{
    Webhooks,
    inbox::{EventState, Inbox, MemoryInbox, Query, SqliteInbox},
};
use support::{
    Delivery, Request, SECRET, contact, read_answer,
    staged::{Fault, Staged},
    verifier,
};
use tempfile::TempDir;
use tokio::net::TcpListener;

/// The time limit of every wait: after it, something hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// The program, as a process.
struct Served {
    folder: Arc<TempDir>,
    child: Arc<Mutex<Child>>,
    stdin: ChildStdin,
    /// Ends the watch over the program when it is dropped.
    _watch: mpsc::Sender<()>,
    output: BufReader<ChildStdout>,
    address: SocketAddr,
    /// The line that it logs when it can be reached.
    started: String,
}

impl Served {
    fn start(what: &str) -> Self {
        let folder = Arc::new(TempDir::new().unwrap());
        let mut child = Command::new(env!("CARGO_BIN_EXE_served"))
            .arg(what)
            .current_dir(folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let stdin = child.stdin.take().unwrap();
        let child = Arc::new(Mutex::new(child));
        let watch = kill_after_patience(Arc::clone(&child));
        let started = until(&mut output, "receiving webhooks");
        let address = started.split_once("address=").unwrap().1.split(' ').next().unwrap().parse().unwrap();
        Self { folder, child, stdin, _watch: watch, output, address, started }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    /// Sends a request without reading its answer.
    fn send(&self, request: &Request) -> TcpStream {
        let mut stream = self.connect();
        request.send(&mut stream);
        stream
    }

    /// Sends the head of a delivery, and waits until the server reads its body.
    fn begin(&self, delivery: &Delivery) -> TcpStream {
        let mut stream = self.connect();
        stream.write_all(&delivery.request().header("Expect", "100-continue").head()).unwrap();
        let mut go_on = [0; 25];
        stream.read_exact(&mut go_on).unwrap();
        assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");
        stream
    }

    fn until(&mut self, text: &str) -> String {
        until(&mut self.output, text)
    }

    fn signal(&self, signal: &str) {
        // Uses the shell's built-in `kill`, because the program is not installed everywhere.
        let kill = Command::new("sh")
            .args(["-c", &format!("kill {signal} {}", self.child.lock().unwrap().id())])
            .status();
        assert!(kill.unwrap().success());
    }

    /// Sends a signal, and waits until the program begins to stop.
    fn tell_to_stop(&mut self, signal: &str) {
        self.signal(signal);
        self.until("stopping");
    }

    fn is_refused_after_the_signal(&self) {
        let begun = Instant::now();
        while TcpStream::connect(self.address).is_ok() {
            assert!(begun.elapsed() < PATIENCE, "it still accepts connections");
        }
    }

    fn let_the_hook_end(&mut self) {
        self.stdin.write_all(b"\n").unwrap();
    }

    /// Waits until the program ends. Returns its status, its output and its folder.
    fn ended(mut self) -> (ExitStatus, String, Arc<TempDir>) {
        let mut output = String::new();
        self.output.read_to_string(&mut output).unwrap();
        let mut child = self.child.lock().unwrap();
        child.stderr.take().unwrap().read_to_string(&mut output).unwrap();
        (child.wait().unwrap(), output, Arc::clone(&self.folder))
    }
}

/// A failed test leaves no program behind.
impl Drop for Served {
    fn drop(&mut self) {
        let mut child = self.child.lock().unwrap();
        drop(child.kill());
        drop(child.wait());
    }
}

/// Kills a program that hangs, so that reading its output ends. Stops when the sender is dropped.
fn kill_after_patience(child: Arc<Mutex<Child>>) -> mpsc::Sender<()> {
    let (sender, dropped) = mpsc::channel();
    thread::spawn(move || {
        if dropped.recv_timeout(PATIENCE) == Err(mpsc::RecvTimeoutError::Timeout) {
            drop(child.lock().unwrap().kill());
        }
    });
    sender
}

/// Returns the line that holds a text.
#[track_caller]
fn until(output: &mut impl BufRead, text: &str) -> String {
    loop {
        let mut line = String::new();
        assert_ne!(output.read_line(&mut line).unwrap(), 0, "it ended before it logged `{text}`");
        if line.contains(text) {
            return line;
        }
    }
}

fn other_contact() -> Delivery {
    Delivery::encoded("crm.contact.created", r#"{"first_name":"Grace"}"#)
}

#[test]
fn a_hook_that_runs_at_the_signal_ends_and_a_request_in_flight_is_stored() {
    let mut served = Served::start("inbox");
    assert_eq!(read_answer(served.send(&contact().request())).status, 200);
    served.until("the hook begins");
    let late = other_contact();
    let mut in_flight = served.begin(&late);

    served.tell_to_stop("-TERM");
    served.is_refused_after_the_signal();
    in_flight.write_all(&late.body).unwrap();
    assert_eq!(read_answer(in_flight).status, 200);
    served.let_the_hook_end();
    let (status, output, folder) = served.ended();
    assert!(status.success(), "{output}");
    assert!(output.contains("the hook ends") && output.contains(" served"), "{output}");
    assert!(!output.contains("the hook begins"), "a hook was started after the signal: {output}");

    let inbox = SqliteInbox::attach(folder.path().join("inbox.db")).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let events = runtime.block_on(inbox.list(Query::default())).unwrap().items;
    let mut stored: Vec<_> = events.iter().map(|event| (event.state, event.attempts)).collect();
    stored.sort_by_key(|(_, attempts)| *attempts);
    assert_eq!(stored, [(EventState::Ready, 0), (EventState::Done, 1)]);
}

#[test]
fn without_an_inbox_the_request_of_a_running_hook_is_answered() {
    let mut served = Served::start("webhooks");
    let in_flight = served.send(&contact().request());
    served.until("the hook begins");
    served.tell_to_stop("-TERM");
    served.is_refused_after_the_signal();
    served.let_the_hook_end();
    assert_eq!(read_answer(in_flight).status, 200);
    let (status, output, _) = served.ended();
    assert!(status.success(), "{output}");
    assert!(output.contains("the hook ends") && output.contains(" served"), "{output}");
}

#[test]
fn an_idle_program_stops_at_either_signal() {
    for (what, signal, name) in [("inbox", "-INT", "SIGINT"), ("webhooks", "-TERM", "SIGTERM")] {
        let mut served = Served::start(what);
        served.signal(signal);
        assert!(served.until("stopping").contains(name));
        assert!(served.ended().0.success());
    }
}

#[test]
fn a_second_ctrl_c_cuts_off_the_stop() {
    let mut served = Served::start("inbox");
    assert_eq!(read_answer(served.send(&contact().request())).status, 200);
    served.until("the hook begins");
    let _stuck = served.begin(&other_contact());
    served.tell_to_stop("-INT");
    let told = Instant::now();
    served.signal("-INT");
    let (status, output, _) = served.ended();
    assert_eq!(status.code(), Some(1));
    assert!(output.contains("Ctrl-C"), "{output}");
    assert!(!output.contains("the hook ends"), "{output}");
    assert!(told.elapsed() < Duration::from_secs(20), "it waited for the grace");
}

#[test]
fn a_second_sigterm_cuts_nothing_off() {
    let mut served = Served::start("inbox");
    assert_eq!(read_answer(served.send(&contact().request())).status, 200);
    served.until("the hook begins");
    served.tell_to_stop("-TERM");
    served.signal("-TERM");
    served.let_the_hook_end();
    let (status, output, _) = served.ended();
    assert!(status.success() && output.contains("the hook ends"), "{output}");
}

#[test]
fn the_application_is_served_beside_and_the_log_says_where() {
    let served = Served::start("webhooks");
    let answer = read_answer(served.send(&Request::new("GET", "/")));
    assert_eq!((answer.status, &*answer.body), (200, "an application"));
    let address = served.address;
    let options = "options=\"contact_created(timeout = 300s, attempts = 5, serial_by = /id)\"";
    assert!(
        served.started.ends_with(&format!("address={address} path=\"/webhook\" hooks=1 {options}\n")),
        "{}",
        served.started
    );
    served.signal("-TERM");
    let (_, output, _) = served.ended();
    assert!(!output.contains(SECRET) && output.contains("stopping"), "{output}");
}

#[tokio::test]
async fn a_worker_that_panics_stops_the_receiver() {
    let (inbox, _settled) = Staged::new(MemoryInbox::new());
    inbox.on_lease(|| Some(Fault::Panics));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = Webhooks::new(verifier()).with_inbox(inbox).serve("/webhook", listener);
    let error = tokio::time::timeout(PATIENCE, serving).await.unwrap().unwrap_err();
    assert!(error.to_string().contains("the worker panicked"), "{error}");
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
}
