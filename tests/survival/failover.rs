//! A standby takes over while deliveries arrive.

use std::{
    cell::RefCell,
    io,
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicU16, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use sqlx::{AssertSqlSafe, PgPool};
use tokio::runtime::Runtime;

use crate::{own_server::Server, postgres::Schema, process::Lost, say, server::run, support::is_long};

/// Much longer than a switchover, which takes about a second.
const LONGEST_OUTAGE: Duration = Duration::from_secs(20);

#[test]
fn a_promoted_standby_has_every_event_and_stores_soon() {
    let Some(primary) = Server::start("") else { return };
    let proxy = Proxy::start(primary.port);
    let standby = primary.start_standby();
    let servers = RefCell::new((primary, standby));
    // Dropped before the servers, because its tables are dropped there.
    let schema = Schema::on(&format!("postgres://postgres@{}/postgres", proxy.address));
    let runtime = Runtime::new().unwrap();
    let mut outages = Vec::new();
    run(&schema, if is_long() { 10 } else { 1 }, Lost::Server, || {
        let (primary, standby) = &mut *servers.borrow_mut();
        primary.stop();
        // The receiver connects to a server that accepts no writes, and stays connected.
        proxy.forward_to(standby.port);
        runtime.block_on(connected(&schema, standby));
        standby.promote();
        let promoted = Instant::now();
        runtime.block_on(stores(&schema, standby));
        outages.push(promoted.elapsed());
        let next = standby.start_standby();
        *primary = std::mem::replace(standby, next);
    });
    say(&format!("after a standby had taken over, events were stored within {outages:?}"));
}

/// Waits until the receiver has a session on a server.
async fn connected(schema: &Schema, server: &Server) {
    let pool = PgPool::connect(&server.url()).await.unwrap();
    let deadline = Instant::now() + LONGEST_OUTAGE;
    let sessions = "SELECT count(*) FROM pg_stat_activity WHERE application_name = $1";
    while sqlx::query_scalar::<_, i64>(sessions).bind(&schema.name).fetch_one(&pool).await.unwrap() == 0 {
        assert!(Instant::now() < deadline, "the receiver does not connect");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Waits until a server stores further events.
async fn stores(schema: &Schema, server: &Server) {
    let pool = PgPool::connect(&server.url()).await.unwrap();
    let last = async || {
        let last = AssertSqlSafe(format!("SELECT coalesce(max(seq), 0) FROM {}.event", schema.name));
        sqlx::query_scalar::<_, i64>(last).fetch_one(&pool).await.unwrap()
    };
    let (before, deadline) = (last().await, Instant::now() + LONGEST_OUTAGE);
    while last().await == before {
        assert!(Instant::now() < deadline, "events are not stored any more");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// An address that forwards to one of several servers.
struct Proxy {
    address: SocketAddr,
    port: Arc<AtomicU16>,
}

impl Proxy {
    fn start(port: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let port = Arc::new(AtomicU16::new(port));
        let target = Arc::clone(&port);
        thread::spawn(move || {
            for client in listener.incoming() {
                let port = target.load(Ordering::SeqCst);
                thread::spawn(move || client.and_then(|client| forward(&client, port)));
            }
        });
        Self { address, port }
    }

    /// Connects new clients to another server. Existing connections end with their server.
    fn forward_to(&self, port: u16) {
        self.port.store(port, Ordering::SeqCst);
    }
}

fn forward(client: &TcpStream, port: u16) -> io::Result<()> {
    let server = TcpStream::connect(("127.0.0.1", port))?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    thread::scope(|scope| {
        scope.spawn(|| copy(client, &server));
        copy(&server, client);
    });
    Ok(())
}

fn copy(mut from: &TcpStream, mut to: &TcpStream) {
    drop(io::copy(&mut from, &mut to));
    drop(to.shutdown(Shutdown::Write));
    drop(from.shutdown(Shutdown::Read));
}
