//! Complete deliveries over sockets.

use std::{
    net::Ipv4Addr,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::Router;
use panora_hooks::inbox::SqliteInbox;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use super::{
    disk::folder,
    load::{Delivery, deliveries, plain, working},
};
use crate::median::median;

const ROUNDS: usize = 5;
const SENDERS: usize = 64;
const RUN: Duration = Duration::from_millis(1200);

pub(crate) async fn compare() -> anyhow::Result<()> {
    println!(
        "\nHTTP, {SENDERS} connections: answered a second, with SQLite and a worker beside, and without inbox"
    );
    println!("{:>8} {:>12} {:>12} {:>10}", "size", "without", "with", "ratio");
    for (bytes, most) in [(1024, 150_000), (16 * 1024, 50_000)] {
        let (mut without, mut with, mut ratios) = (vec![], vec![], vec![]);
        for _ in 0..ROUNDS {
            let plain = serve(plain()?, deliveries(most, bytes)?).await?;
            let folder = folder()?;
            let (router, worker) = working(SqliteInbox::open(folder.path().join("inbox.db"))?)?;
            let stored = serve(router, deliveries(most, bytes)?).await?;
            worker.abort();
            without.push(plain);
            with.push(stored);
            ratios.push(stored / plain);
        }
        let [without, with, ratio] = [without, with, ratios].map(median);
        println!("{bytes:>8} {without:>12.0} {with:>12.0} {ratio:>10.2}");
    }
    Ok(())
}

/// Returns the number of deliveries answered per second.
async fn serve(router: Router, deliveries: Vec<Delivery>) -> anyhow::Result<f64> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    let server = tokio::spawn(axum::serve(listener, router).into_future());
    let deliveries = Arc::new(deliveries);
    let begun = Instant::now();
    let senders: Vec<_> = (0..SENDERS)
        .map(|sender| {
            let deliveries = Arc::clone(&deliveries);
            tokio::spawn(async move {
                let mut stream = TcpStream::connect(address).await?;
                stream.set_nodelay(true)?;
                let mut answer = [0; 1024];
                let mut count = 0_u32;
                for Delivery { body, signature } in deliveries.iter().skip(sender).step_by(SENDERS) {
                    if begun.elapsed() > RUN {
                        break;
                    }
                    let head = format!(
                        "POST /webhook HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\nPanora-Signature: {signature}\r\n\r\n",
                        body.len()
                    );
                    stream.write_all(&[head.as_bytes(), body].concat()).await?;
                    let read = stream.read(&mut answer).await?;
                    anyhow::ensure!(answer[..read].starts_with(b"HTTP/1.1 200"), "not a 200");
                    count += 1;
                }
                Ok(count)
            })
        })
        .collect();
    let mut count = 0_u32;
    for sender in senders {
        count += sender.await??;
    }
    server.abort();
    anyhow::ensure!((count as usize) < deliveries.len(), "there were too few deliveries");
    Ok(f64::from(count) / begun.elapsed().as_secs_f64())
}
