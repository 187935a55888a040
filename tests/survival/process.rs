//! Receivers as processes, their senders, and the results.

use std::{
    collections::{HashMap, HashSet},
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use panora_hooks::inbox::{EventInfo, EventState, Inbox};

use crate::support::verifier;

/// The longest wait of a test. Past this, something hangs.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// A receiver in its own process.
pub struct Receiver {
    child: Child,
    pub address: SocketAddr,
}

impl Receiver {
    /// Starts the receiver, and waits until it listens. Returns `None` if it ends before.
    pub fn start(store: &str, ledger: &Path, incarnation: usize) -> Option<Self> {
        let mut child = Command::new(env!("CARGO_BIN_EXE_receiver"))
            .args([store, ledger.to_str().unwrap(), &incarnation.to_string()])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        if let Ok(address) = line.trim().parse() {
            return Some(Self { child, address });
        }
        child.wait().unwrap();
        None
    }

    pub fn signal(&self, signal: &str) {
        // The `kill` of the shell, because not every system has the program.
        let kill = Command::new("sh").args(["-c", &format!("kill {signal} {}", self.child.id())]).status();
        assert!(kill.unwrap().success());
    }

    /// Kills the process with SIGKILL, which it cannot handle.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The expected result of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    Handled,
    Dead,
    Parked,
}

/// Returns the delivery with a number, which is the same on each call.
pub fn delivery(number: u64) -> (String, Vec<u8>, Fate) {
    let (event_type, payload, fate) = match number % 16 {
        0 => ("crm.deal.push", format!(r#"{{"number":{number},"amount":"a lot"}}"#), Fate::Dead),
        1 => ("crm.invoice.created", format!(r#"{{"number":{number}}}"#), Fate::Parked),
        2 | 3 => ("crm.contact.pulled", format!(r#"[{{"number":{number}}}]"#), Fate::Handled),
        kind => {
            let how = match kind {
                4 => "fails",
                5 => "panics",
                _ => "succeeds",
            };
            let filler = "x".repeat(usize::try_from(number % 7 * 300).unwrap());
            let payload = format!(r#"{{"number":{number},"how":"{how}","filler":"{filler}"}}"#);
            ("crm.contact.created", payload, Fate::Handled)
        }
    };
    let id = format!("event-{number}");
    (id.clone(), request(&id, event_type, &payload), fate)
}

pub fn request(id: &str, event_type: &str, payload: &str) -> Vec<u8> {
    let data = serde_json::to_string(payload).unwrap();
    let body = format!(r#"{{"id_event":"{id}","data":{data},"type":"{event_type}"}}"#);
    let (length, signature) = (body.len(), verifier().sign(&data));
    format!(
        "POST /webhook HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\nPanora-Signature: {signature}\r\n\r\n{body}"
    )
    .into_bytes()
}

/// A connection that stays open between deliveries.
pub struct Connection(BufReader<TcpStream>);

impl Connection {
    pub fn open(address: SocketAddr) -> std::io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(60)))?;
        Ok(Self(BufReader::new(stream)))
    }

    /// Sends a request and reads the status of the answer, whose body is empty or short.
    pub fn send(&mut self, request: &[u8]) -> std::io::Result<u16> {
        self.0.get_mut().write_all(request)?;
        let mut status = None;
        let mut length = 0;
        loop {
            let mut line = String::new();
            if self.0.read_line(&mut line)? == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            let line = line.trim_end().to_ascii_lowercase();
            if let Some(rest) = line.strip_prefix("http/1.1 ") {
                status = rest.get(..3).and_then(|status| status.parse().ok());
            } else if let Some(rest) = line.strip_prefix("content-length: ") {
                length = rest.parse().unwrap();
            } else if line.is_empty() {
                break;
            }
        }
        self.0.read_exact(&mut vec![0; length])?;
        status.ok_or_else(|| std::io::ErrorKind::InvalidData.into())
    }
}

/// Senders that send deliveries with new numbers, one after the other on each of several
/// connections, until they are told to stop. After a refused connection, a sender continues with
/// the next number.
pub struct Senders {
    pub next: AtomicU64,
    address: Mutex<SocketAddr>,
    is_over: AtomicBool,
    answers: Mutex<HashMap<u64, u16>>,
}

impl Senders {
    pub fn new(address: SocketAddr) -> Self {
        Self {
            next: AtomicU64::new(0),
            address: Mutex::new(address),
            is_over: AtomicBool::new(false),
            answers: Mutex::default(),
        }
    }

    /// Sets the current address of the receiver.
    pub fn moved(&self, address: SocketAddr) {
        *self.address.lock().unwrap() = address;
    }

    /// Waits until `answers` more deliveries are answered.
    pub fn wait_for(&self, answers: usize) {
        let answered = || self.answers.lock().unwrap().len();
        let (until, deadline) = (answered() + answers, Instant::now() + PATIENCE);
        while answered() < until {
            assert!(Instant::now() < deadline, "nothing is answered any more");
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Sends while `work` runs, and stops even if `work` panics.
    pub fn send_while<T>(&self, senders: usize, work: impl FnOnce() -> T) -> T {
        struct Stop<'s>(&'s Senders);
        impl Drop for Stop<'_> {
            fn drop(&mut self) {
                self.0.is_over.store(true, Ordering::SeqCst);
            }
        }
        std::thread::scope(|scope| {
            for _ in 0..senders {
                scope.spawn(|| self.send());
            }
            let _stop = Stop(self);
            work()
        })
    }

    /// Returns the answer to each number.
    pub fn answers(&self) -> HashMap<u64, u16> {
        self.answers.lock().unwrap().clone()
    }

    pub fn acknowledged(&self) -> HashSet<u64> {
        self.answers().into_iter().filter(|(_, status)| *status == 200).map(|(number, _)| number).collect()
    }

    /// Runs one sender.
    fn send(&self) {
        let mut connection = None;
        while !self.is_over.load(Ordering::SeqCst) {
            if connection.is_none() {
                connection = Connection::open(*self.address.lock().unwrap()).ok();
            }
            let Some(open) = &mut connection else {
                std::thread::yield_now();
                continue;
            };
            let number = self.next.fetch_add(1, Ordering::SeqCst);
            match open.send(&delivery(number).1) {
                Ok(status) => drop(self.answers.lock().unwrap().insert(number, status)),
                Err(_) => connection = None,
            }
        }
    }
}

/// Returns the entries of hooks: the incarnation of the receiver, and what it recorded.
pub fn ledger(path: &Path) -> Vec<(usize, String)> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let line = |line: &str| {
        let (incarnation, id) = line.split_once(' ').unwrap();
        (incarnation.parse().unwrap(), id.to_owned())
    };
    text.lines().map(line).collect()
}

/// Waits until no event is due or running.
pub async fn quiet(inbox: &impl Inbox) {
    let wait = async {
        loop {
            let depth = inbox.depth().await.unwrap();
            if depth.is_idle() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.expect("events are still to run");
}

/// The figures of a run.
#[derive(Debug, Default)]
pub struct Figures {
    #[allow(dead_code, reason = "shown")]
    pub acknowledged: usize,
    pub handled: usize,
    pub dead: usize,
    pub parked: usize,
    /// The number of repeated runs.
    pub again: usize,
}

/// The kind of failure, which determines the events that may run again.
#[derive(Clone, Copy, PartialEq)]
pub enum Lost {
    /// The receiver was killed this many times. The events in flight may run again, up to the
    /// default concurrency each time.
    Processes(usize),
    /// The database server was killed. The last completions may not have been written.
    Server,
    /// No work in flight was lost.
    Nothing,
}

/// Checks that every acknowledged event had its expected result, and that none ran again without a
/// reason.
pub fn check(
    acknowledged: &HashSet<u64>,
    effects: &[(usize, String)],
    contents: &HashMap<String, EventInfo>,
    lost: Lost,
) -> Figures {
    let mut figures = Figures { acknowledged: acknowledged.len(), ..Figures::default() };
    let mut handled: HashMap<&str, HashSet<usize>> = HashMap::new();
    for (incarnation, id) in effects {
        let is_first = handled.entry(id).or_default().insert(*incarnation);
        assert!(is_first || lost == Lost::Server, "{id} was handled twice in incarnation {incarnation}");
    }
    for number in acknowledged {
        let (id, _, fate) = delivery(*number);
        let info = contents.get(&id);
        let state = info.map(|info| info.state);
        match fate {
            // An event that could not be stored has run before the answer.
            Fate::Handled => {
                assert!(handled.contains_key(&*id), "{id} was acknowledged and not handled: {info:?}");
                assert!(state.is_none_or(|state| state == EventState::Done), "{info:?}");
                figures.handled += 1;
            }
            Fate::Dead => {
                assert_eq!(state, Some(EventState::Dead), "{id} was acknowledged: {info:?}");
                figures.dead += 1;
            }
            Fate::Parked => {
                assert_eq!(state, Some(EventState::Parked), "{id} was acknowledged: {info:?}");
                figures.parked += 1;
            }
        }
    }
    figures.again = effects.len() - handled.len();
    let most = match lost {
        Lost::Processes(times) => times * 64,
        Lost::Server => usize::MAX,
        Lost::Nothing => 0,
    };
    assert!(figures.again <= most, "{} were handled again", figures.again);
    figures
}

pub fn ledger_in(folder: &Path) -> PathBuf {
    folder.join("ledger")
}
