//! The program `transactional` as a process, and its senders.

use std::{
    collections::BTreeSet,
    env,
    io::{BufRead, BufReader, Write},
    net::{SocketAddr, TcpStream},
    process::{Child, Command, Stdio},
    sync::Mutex,
    time::{Duration, Instant},
};

use panora_hooks::testing::Sample;
use serde_json::json;

use crate::application::{Database, PATIENCE, verifier};

/// A receiver in its own process.
pub struct Process {
    child: Child,
    address: SocketAddr,
}

impl Process {
    /// Starts the program, and waits until it listens. Returns `None` if it ends before.
    pub fn start(store: &str, database: &Database, name: &str, variables: &[(&str, &str)]) -> Option<Self> {
        let target = format!("{}#{}", env::var("PANORA_TEST_POSTGRES").unwrap(), database.schema);
        let mut child = Command::new(env!("CARGO_BIN_EXE_transactional"))
            .args([store, &target, name])
            .envs(variables.iter().copied())
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
        let kill = Command::new("sh").args(["-c", &format!("kill {signal} {}", self.child.id())]).status();
        assert!(kill.unwrap().success());
    }

    /// Kills the process with SIGKILL, unless it has ended.
    pub fn kill(&mut self) {
        drop(self.child.kill());
        self.child.wait().unwrap();
    }

    /// Waits until the process ends by itself. Returns whether it has ended within `time`.
    pub fn ends_within(&mut self, time: Duration) -> bool {
        let deadline = Instant::now() + time;
        while self.child.try_wait().unwrap().is_none() {
            if Instant::now() > deadline {
                return false;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        true
    }

    /// Returns a sender to the process.
    pub fn sender(&self) -> Sender {
        Sender(self.address)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A sender of deliveries to a process.
pub struct Sender(SocketAddr);

impl Sender {
    /// Delivers an event. Returns the status of the answer, or an error if the process has ended.
    pub fn deliver(&self, sample: &Sample) -> std::io::Result<u16> {
        let mut stream = TcpStream::connect(self.0)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.write_all(&sample.request_bytes(&verifier(), &format!("http://{}/webhook", self.0)))?;
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line)?;
        let status = line.split(' ').nth(1).and_then(|status| status.parse().ok());
        status.ok_or_else(|| std::io::ErrorKind::UnexpectedEof.into())
    }
}

/// Returns an event whose hook does as `how` says.
pub fn event(id: &str, how: &str) -> Sample {
    Sample::new("crm.contact.created", json!({ "how": how, "id": id })).id(id)
}

/// The event with a number.
pub fn numbered(number: u64) -> Sample {
    let how = match number % 8 {
        0 => "dies",
        1 => "fails",
        _ => "succeeds",
    };
    event(&id(number), how)
}

pub fn id(number: u64) -> String {
    format!("event-{number}")
}

/// Returns whether the first attempt of an event fails.
pub fn fails_at_first(number: u64) -> bool {
    number % 8 <= 1
}

/// Returns whether the first run of an event is dead.
pub fn is_dead_at_first(number: u64) -> bool {
    number.is_multiple_of(8)
}

/// The deliveries of all senders.
#[derive(Default)]
pub struct Deliveries {
    next: u64,
    pub acknowledged: BTreeSet<u64>,
    /// Whether they were received is unknown.
    pub unanswered: BTreeSet<u64>,
}

/// Sends up to `count` events, until the process ends. A receiver without an inbox gets the
/// deliveries without an answer again, and answers that a hook has failed.
pub fn send(sender: &Sender, deliveries: &Mutex<Deliveries>, count: usize, is_without_inbox: bool) {
    let next = || {
        let mut deliveries = deliveries.lock().unwrap();
        if is_without_inbox && let Some(number) = deliveries.unanswered.pop_first() {
            return number;
        }
        deliveries.next += 1;
        deliveries.next
    };
    for _ in 0..count {
        let number = next();
        let answer = sender.deliver(&numbered(number));
        let mut deliveries = deliveries.lock().unwrap();
        match answer {
            Ok(200) => drop(deliveries.acknowledged.insert(number)),
            Ok(status) => assert!(is_without_inbox && fails_at_first(number), "event {number}: {status}"),
            Err(_) => {
                deliveries.unanswered.insert(number);
                return;
            }
        }
    }
}
