//! Many concurrent senders.

use std::{
    fs,
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
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

/// The sum that the documentation of `Webhooks::max_buffered_bytes` states, in KB: the limit, one
/// body that may always go on, and the data that connections have read.
const MOST_MEMORY_KB: u64 = (256 + 32) * 1024 + SENDERS as u64 * 400;

/// Starts the quickstart for one test at a time, with the highest limit of open files, which it
/// inherits.
fn quickstart() -> (MutexGuard<'static, ()>, Quickstart, SocketAddr) {
    static ALONE: Mutex<()> = Mutex::new(());
    let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let files = rlimit::increase_nofile_limit(u64::MAX).unwrap();
    assert!(files > SENDERS as u64 + 100, "`ulimit -Hn` is {files}");
    let quickstart =
        Quickstart::run(&[("PANORA_WEBHOOK_SECRET", SECRET), ("RUST_LOG", "error")]).introduced();
    let (address, _) = quickstart.request();
    (alone, quickstart, address)
}

#[test]
fn slow_senders_do_not_delay_others() {
    let (_alone, quickstart, address) = quickstart();
    let Delivery { body, .. } = contact();
    let (start, end) = body.split_at(body.len() / 2);
    let mut slow: Vec<_> = (0..SENDERS)
        .map(|_| {
            let mut stream = TcpStream::connect(address).unwrap();
            stream.write_all(&contact().request().head()).unwrap();
            stream.write_all(start).unwrap();
            stream
        })
        .collect();
    assert_eq!(quickstart.deliver(|request| request), 200);
    // The slow senders are not at a disadvantage, either.
    for stream in &mut slow {
        stream.write_all(end).unwrap();
    }
    for mut stream in slow {
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
}

/// The senders need not know the secret, and together their bodies exceed the memory.
#[test]
fn slow_senders_of_large_bodies_do_not_delay_others() {
    let (_alone, quickstart, address) = quickstart();
    let request = Request::post("/webhook").header("Panora-Signature", "0".repeat(64));
    let head = request.header("Content-Length", (32 << 20).to_string()).head();
    let slow: Vec<_> = (0..SENDERS)
        .map(|_| {
            let mut stream = TcpStream::connect(address).unwrap();
            stream.write_all(&head).unwrap();
            // Writes as much as the receiver accepts at once.
            stream.set_nonblocking(true).unwrap();
            while stream.write(&[b' '; 8 << 10]).is_ok() {}
            stream
        })
        .collect();
    assert_eq!(quickstart.deliver(|request| request), 200);
    drop(slow);
}

#[test]
#[cfg(target_os = "linux")]
fn concurrent_large_bodies_take_no_more_memory_than_documented() {
    let (_alone, quickstart, address) = quickstart();
    let delivery = Delivery::encoded("crm.company.push", &format!("[{:?}]", "x".repeat(1024 * 1024)));
    let request: Request = delivery.request();
    let bytes: Arc<[u8]> = [request.head(), delivery.body].concat().into();
    let client = runtime::Builder::new_current_thread().enable_all().build().unwrap();
    client.block_on(async {
        let senders: Vec<_> = (0..SENDERS)
            .map(|_| {
                let bytes = Arc::clone(&bytes);
                // Connects one after the other, because the queue of unaccepted connections is
                // shorter.
                let stream = TcpStream::connect(address).unwrap();
                stream.set_nonblocking(true).unwrap();
                let mut stream = tokio::net::TcpStream::from_std(stream).unwrap();
                tokio::spawn(async move {
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
