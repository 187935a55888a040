//! Complete receivers over sockets, each in its own process, under load from one client in turn.

use std::{
    env,
    ffi::OsStr,
    io::{BufRead, BufReader, Write},
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use axum::Router;
use panora_hooks::{Verifier, Webhooks, hooks, on};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use super::{
    bodies::{Delivery, SECRET},
    peers::by_hand,
    ratio::SIZES,
    table::Row,
};
use crate::median::median;

const ROUNDS: usize = 7;
const CONNECTIONS: usize = 32;

/// The duration of the load on a receiver, first to warm up, then to count.
const WARM_UP: Duration = Duration::from_millis(300);
const RUN: Duration = Duration::from_secs(1);

/// The variable that makes this program a receiver.
pub(crate) const RECEIVER: &str = "PANORA_BENCH_RECEIVER";

#[on("crm.contact.created")]
async fn contact_created() {}

#[on("crm.company.created")]
async fn company_created() {}

/// Serves on a port that it prints, until it is killed.
pub(crate) async fn serve(receiver: &str) -> anyhow::Result<()> {
    let router: Router = match receiver {
        "hooks" => Webhooks::new(Verifier::new(SECRET)?)
            .hooks(hooks![contact_created, company_created])
            .into_router("/webhook"),
        "by_hand" => by_hand::router(SECRET)?,
        receiver => anyhow::bail!("unknown receiver `{receiver}`"),
    };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    println!("{}", listener.local_addr()?.port());
    std::io::stdout().flush()?;
    axum::serve(listener, router).await?;
    Ok(())
}

/// Compares the generated router with one written by hand.
pub(crate) async fn against_by_hand() -> anyhow::Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (size, least) in SIZES.into_iter().zip([1.0, 1.4, 1.7]) {
        let ratio =
            compare(size, Cores::Apart, || Receiver::of_this_program("by_hand", Cores::Apart)).await?;
        rows.push(Row::at_least(format!("router / axum by hand, {} KB", size >> 10), ratio, least));
    }
    Ok(rows)
}

/// Compares the generated router with Express, if npm can install it.
pub(crate) async fn against_express() -> anyhow::Result<Vec<Row>> {
    let folder = tempfile::tempdir()?;
    let installed = Command::new("npm")
        .args(["install", "--silent", "--no-audit", "--no-fund", "express@5.3.0"])
        .current_dir(folder.path())
        .status();
    if !installed.is_ok_and(|status| status.success()) {
        println!("skipped: Express (npm did not install it)");
        return Ok(Vec::new());
    }
    let mut rows = Vec::new();
    for size in SIZES {
        let ratio = compare(size, Cores::Shared, || Receiver::express(folder.path())).await?;
        rows.push(Row::at_least(format!("router / Express 5, {} KB", size >> 10), ratio, 9.0));
    }
    Ok(rows)
}

/// Returns the ratio of the requests that the generated router and another receiver answer. Both
/// only verify the deliveries.
async fn compare(
    size: usize,
    cores: Cores,
    other: impl Fn() -> anyhow::Result<Receiver>,
) -> anyhow::Result<f64> {
    cores.take_client()?;
    let request = request(&Delivery::of(size)?);
    let mut ratios = Vec::new();
    for _ in 0..ROUNDS {
        let hooks = Receiver::of_this_program("hooks", cores)?.answered_per_second(&request).await?;
        ratios.push(hooks / other()?.answered_per_second(&request).await?);
    }
    Ok(median(ratios))
}

fn request(delivery: &Delivery) -> Vec<u8> {
    let Delivery { body, signature, .. } = delivery;
    let length = body.len();
    format!(
        "POST /webhook HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\nPanora-Signature: {signature}\r\n\r\n{body}"
    )
    .into_bytes()
}

/// A process that is killed on drop.
struct Receiver {
    process: Child,
    address: SocketAddr,
}

impl Receiver {
    fn of_this_program(receiver: &str, cores: Cores) -> anyhow::Result<Self> {
        Self::start(cores.receiver(env::current_exe()?).env(RECEIVER, receiver))
    }

    fn express(folder: &Path) -> anyhow::Result<Self> {
        let program = concat!(env!("CARGO_MANIFEST_DIR"), "/speed/peers/express.mjs");
        let mut node = Cores::Shared.receiver("node");
        Self::start(node.arg(program).arg(folder).env("SECRET", SECRET).env("NODE_ENV", "production"))
    }

    fn start(command: &mut Command) -> anyhow::Result<Self> {
        let mut process = command.stdout(Stdio::piped()).spawn()?;
        let mut port = String::new();
        let output = process.stdout.take().context("there is no output")?;
        BufReader::new(output).read_line(&mut port)?;
        let port = port.trim().parse().context("the receiver did not print its port")?;
        Ok(Self { process, address: (Ipv4Addr::LOCALHOST, port).into() })
    }

    async fn answered_per_second(&self, request: &[u8]) -> anyhow::Result<f64> {
        self.load(request, WARM_UP).await?;
        let begun = Instant::now();
        let answered = self.load(request, RUN).await?;
        Ok(f64::from(answered) / begun.elapsed().as_secs_f64())
    }

    /// Sends a request repeatedly on many connections, each time after the previous answer.
    async fn load(&self, request: &[u8], run: Duration) -> anyhow::Result<u32> {
        let end = Instant::now() + run;
        let connections = (0..CONNECTIONS).map(|_| async {
            let mut stream = TcpStream::connect(self.address).await?;
            stream.set_nodelay(true)?;
            let mut answered = 0;
            while Instant::now() < end {
                stream.write_all(request).await?;
                read_answer(&mut stream).await?;
                answered += 1;
            }
            anyhow::Ok(answered)
        });
        Ok(futures_util::future::try_join_all(connections).await?.into_iter().sum())
    }
}

/// The assignment of two cores.
#[derive(Clone, Copy)]
enum Cores {
    /// The receiver runs on the first core, and the client on the second.
    Apart,
    /// Both run on both cores.
    Shared,
}

impl Cores {
    fn receiver(self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new("taskset");
        command.args(["--cpu-list", if let Self::Apart = self { "0" } else { "0,1" }]).arg(program);
        command
    }

    fn take_client(self) -> anyhow::Result<()> {
        let list = if let Self::Apart = self { "1" } else { "0,1" };
        let pid = std::process::id().to_string();
        let taken = Command::new("taskset").args(["--all-tasks", "--cpu-list", "--pid", list, &pid]).output();
        let taken = taken.context("`taskset` of util-linux is not installed")?;
        ensure!(
            taken.status.success(),
            "a second core is needed: {}",
            String::from_utf8_lossy(&taken.stderr)
        );
        Ok(())
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

async fn read_answer(stream: &mut TcpStream) -> anyhow::Result<()> {
    let mut answer = [0; 1024];
    let mut length = 0;
    loop {
        let read = stream.read(answer.get_mut(length..).context("the answer is long")?).await?;
        ensure!(read > 0, "the receiver closed the connection");
        length += read;
        let text = std::str::from_utf8(&answer[..length])?;
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        ensure!(head.starts_with("HTTP/1.1 200"), "not a 200");
        let expected = head.lines().find_map(|line| {
            let (name, value) = line.split_once(": ")?;
            name.eq_ignore_ascii_case("content-length").then(|| value.parse::<usize>())?.ok()
        });
        if body.len() >= expected.unwrap_or(0) {
            return Ok(());
        }
    }
}
