//! Many senders at once.

use std::{
    fs,
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    sync::Arc,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    runtime, task,
};

use crate::{
    program::Quickstart,
    support::{Delivery, Request, SECRET, contact},
};

const SENDERS: usize = 1000;

/// What the documentation of `Webhooks::max_buffered_bytes` and the page on deployment state, in KB: the limit, a body that
/// goes on without waiting, what 1,000 connections have read, and the program itself.
const MOST_MEMORY_KB: u64 = (256 + 32 + 160) * 1024;

fn quickstart() -> (Quickstart, SocketAddr) {
    let quickstart =
        Quickstart::run(&[("PANORA_WEBHOOK_SECRET", SECRET), ("RUST_LOG", "error")]).introduced();
    let (address, _) = quickstart.request();
    (quickstart, address)
}

#[test]
fn slow_senders_keep_nobody_waiting() {
    let (quickstart, address) = quickstart();
    let Delivery { body, .. } = contact();
    let (start, end) = body.split_at(body.len() / 2);
    let slow: Vec<_> = (0..SENDERS)
        .map(|_| {
            let mut stream = TcpStream::connect(address).unwrap();
            stream.write_all(&contact().request().head()).unwrap();
            stream.write_all(start).unwrap();
            stream
        })
        .collect();
    assert_eq!(quickstart.deliver(|request| request), 200);
    // Nor are they any worse off.
    for mut stream in slow {
        stream.write_all(end).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn large_bodies_at_once_take_no_more_memory_than_stated() {
    let (quickstart, address) = quickstart();
    let delivery = Delivery::encoded("crm.company.push", &format!("[{:?}]", "x".repeat(1024 * 1024)));
    let request: Request = delivery.request();
    let bytes: Arc<[u8]> = [request.head(), delivery.body].concat().into();
    let client = runtime::Builder::new_current_thread().enable_all().build().unwrap();
    client.block_on(async {
        let senders: Vec<_> = (0..SENDERS)
            .map(|_| {
                let bytes = Arc::clone(&bytes);
                tokio::spawn(async move {
                    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
                    // All begin before one ends.
                    for piece in bytes.chunks(64 * 1024) {
                        stream.write_all(piece).await.unwrap();
                        task::yield_now().await;
                    }
                    let mut answer = String::new();
                    stream.read_to_string(&mut answer).await.unwrap();
                    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
                })
            })
            .collect();
        for sender in senders {
            sender.await.unwrap();
        }
    });
    let status = fs::read_to_string(format!("/proc/{}/status", quickstart.child.id())).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB"));
    let peak: u64 = peak.unwrap().parse().unwrap();
    println!("peak: {} MiB", peak / 1024);
    assert!(peak < MOST_MEMORY_KB, "{} MiB", peak / 1024);
}
