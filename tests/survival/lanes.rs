//! The events of a lane run one at a time and in order while receivers are killed.

mod check;

use std::{
    collections::HashSet,
    fmt::{self, Display},
    fs::OpenOptions,
    io::Write,
    net::SocketAddr,
    path::Path,
    sync::Mutex,
    thread::{self, ScopedJoinHandle},
    time::{Duration, Instant},
};

use check::{LaneFigures, check};
use panora_hooks::inbox::{Inbox, SqliteInbox};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::{
    postgres::Schema,
    process::{Connection, PATIENCE, Receiver, ledger, ledger_in, quiet, request},
    say,
    support::is_long,
};

const SENDERS: usize = 16;

fn lanes() -> usize {
    if is_long() { 2000 } else { 20 }
}

/// Returns the number of events that are sent in a lane. The first lane has half of all.
fn events(lane: usize) -> usize {
    let half = if is_long() { 100_000 } else { 1000 };
    if lane == 0 { half } else { half / (lanes() - 1) }
}

/// Returns the lanes of a sender. The first sender has only the first lane.
fn share(sender: usize) -> Vec<usize> {
    if sender == 0 { vec![0] } else { (sender..lanes()).step_by(SENDERS - 1).collect() }
}

/// An event of a lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct LaneEvent {
    lane: usize,
    /// The position in the order of sending.
    number: usize,
}

impl LaneEvent {
    fn request(self) -> Vec<u8> {
        let Self { lane, number } = self;
        let how = if number % 8 == 3 { "fails" } else { "succeeds" };
        let payload = format!(r#"{{"ticket_id":"{lane}","number":{number},"how":"{how}"}}"#);
        request(&self.to_string(), "ticketing.comment.created", &payload)
    }

    fn parse(id: &str) -> Self {
        let (lane, number) = id.split_once('-').unwrap();
        Self { lane: lane.parse().unwrap(), number: number.parse().unwrap() }
    }
}

impl Display for LaneEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.lane, self.number)
    }
}

/// The connections of a sender to all receivers.
struct Connections<'r> {
    addresses: &'r [Mutex<SocketAddr>],
    /// `None` after a connection broke.
    open: Vec<Option<Connection>>,
    last: usize,
}

impl<'r> Connections<'r> {
    fn new(addresses: &'r [Mutex<SocketAddr>]) -> Self {
        Self { addresses, open: addresses.iter().map(|_| None).collect(), last: 0 }
    }

    /// Sends a request to the next receiver that listens.
    fn send(&mut self, request: &[u8]) -> std::io::Result<u16> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            self.last = (self.last + 1) % self.addresses.len();
            let connection = &mut self.open[self.last];
            if connection.is_none() {
                *connection = Connection::open(*self.addresses[self.last].lock().unwrap()).ok();
            }
            let Some(open) = connection else {
                assert!(Instant::now() < deadline, "no receiver listens any more");
                thread::yield_now();
                continue;
            };
            let answer = open.send(request);
            if answer.is_err() {
                *connection = None;
            }
            return answer;
        }
    }
}

/// Sends the events of some lanes, each after the answer to the one before, and returns the
/// acknowledged ones. An event whose connection breaks is not sent again.
fn send(lanes: &[usize], addresses: &[Mutex<SocketAddr>]) -> Vec<LaneEvent> {
    let mut connections = Connections::new(addresses);
    let most = lanes.iter().map(|lane| events(*lane)).max().unwrap_or_default();
    (0..most)
        .flat_map(|number| lanes.iter().map(move |lane| LaneEvent { lane: *lane, number }))
        .filter(|event| connections.send(&event.request()).is_ok_and(|status| status == 200))
        .collect()
}

/// A process that is killed and started again.
struct Process {
    receiver: Receiver,
    incarnation: usize,
}

impl Process {
    fn start(store: &str, ledger_path: &Path, incarnation: usize) -> Self {
        Self { receiver: Receiver::start(store, ledger_path, incarnation).unwrap(), incarnation }
    }

    /// Kills the receiver, and notes this in the ledger once the process is gone.
    fn kill(&mut self, ledger_path: &Path) {
        self.receiver.kill();
        let mut file = OpenOptions::new().append(true).open(ledger_path).unwrap();
        file.write_all(format!("{} killed\n", self.incarnation).as_bytes()).unwrap();
    }
}

/// Waits until hooks have done some work: in the long form about as much as all lanes together do
/// in a second. Returns `false` if no event is left to run.
fn wait_for_work(ledger_path: &Path, is_over: impl Fn() -> bool) -> bool {
    let bytes = fastrand::u64(if is_long() { 12_000..20_000 } else { 3_000..12_000 });
    let written = || std::fs::metadata(ledger_path).unwrap().len();
    let (until, deadline) = (written() + bytes, Instant::now() + PATIENCE);
    while written() < until {
        if is_over() {
            return false;
        }
        assert!(Instant::now() < deadline, "the hooks do nothing any more");
        thread::sleep(Duration::from_millis(50));
    }
    true
}

/// Kills receivers in turn while events arrive and run. In the long form, that goes on until no
/// event is left to run.
fn run<I: Inbox>(store: &str, receivers: usize, folder: &Path, open: impl AsyncFn() -> I) -> LaneFigures {
    let ledger_path = ledger_in(folder);
    let mut processes: Vec<_> =
        (0..receivers).map(|incarnation| Process::start(store, &ledger_path, incarnation)).collect();
    let addresses: Vec<_> = processes.iter().map(|process| Mutex::new(process.receiver.address)).collect();
    let addresses = &*addresses;
    let runtime = Runtime::new().unwrap();
    let inbox = runtime.block_on(open());
    let acknowledged: HashSet<_> = thread::scope(|scope| {
        let senders: Vec<_> =
            (0..SENDERS).map(|sender| scope.spawn(move || send(&share(sender), addresses))).collect();
        let is_over = || {
            senders.iter().all(ScopedJoinHandle::is_finished)
                && runtime.block_on(inbox.depth()).unwrap().is_idle()
        };
        let kills = if is_long() { usize::MAX } else { 4 };
        for kill in 0..kills {
            if !wait_for_work(&ledger_path, is_over) {
                break;
            }
            let place = kill % receivers;
            processes[place].kill(&ledger_path);
            processes[place] = Process::start(store, &ledger_path, receivers + kill);
            *addresses[place].lock().unwrap() = processes[place].receiver.address;
        }
        senders.into_iter().flat_map(|sender| sender.join().unwrap()).collect()
    });
    runtime.block_on(quiet(&inbox));
    check(&acknowledged, &ledger(&ledger_path)).unwrap()
}

#[test]
fn a_lane_keeps_its_order_on_sqlite() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("inbox.db");
    let store = format!("sqlite:{}", path.display());
    let figures = run(&store, 1, folder.path(), async || SqliteInbox::attach(&path).unwrap());
    say(&format!("lanes on SQLite: {figures:?}"));
}

#[test]
fn a_lane_keeps_its_order_with_two_receivers_on_postgres() {
    let Some(schema) = Schema::new() else { return };
    let folder = TempDir::new().unwrap();
    let figures = run(&schema.store(), 2, folder.path(), async || schema.inbox().await);
    say(&format!("lanes with two receivers on PostgreSQL: {figures:?}"));
}
