//! The disk fails to flush the log for a while, and loses the data.
#![cfg(target_os = "linux")]

use std::{
    fs::{self, File, OpenOptions},
    io::{BufRead, BufReader},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use panora_hooks::inbox::SqliteInbox;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::contents::contents;
use crate::process::{Connection, ledger_in, quiet, request};

/// Compiles the library that makes flushes fail. A C compiler is available, because SQLite needs
/// one.
fn library(folder: &Path) -> PathBuf {
    let library = folder.join("failed_sync.so");
    let compiled = Command::new("cc")
        .args(["-shared", "-fPIC", "-O1", "-o"])
        .arg(&library)
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/survival/failed_sync.c"))
        .args(["-ldl", "-lpthread"])
        .status()
        .unwrap();
    assert!(compiled.success());
    library
}

/// A process that is killed on drop.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn event(number: u64) -> Vec<u8> {
    let payload = format!(r#"{{"how":"succeeds","number":{number}}}"#);
    request(&format!("event-{number}"), "crm.contact.created", &payload)
}

/// Overwrites the bytes of the log that the disk has lost. Returns their number.
fn lose(log: &Path, told: &Path) -> usize {
    let file = OpenOptions::new().write(true).open(log).unwrap();
    let mut is_lost = vec![false; usize::try_from(file.metadata().unwrap().len()).unwrap()];
    for line in fs::read_to_string(told).unwrap().lines() {
        let words: Vec<_> = line.split(' ').collect();
        let [what, offset, length] = words[..] else { panic!("{line}") };
        let offset: usize = offset.parse().unwrap();
        let end = match what {
            "truncated" => usize::MAX,
            _ => offset + length.parse::<usize>().unwrap(),
        };
        let end = end.min(is_lost.len());
        is_lost[offset.min(end)..end].fill(what == "lost");
    }
    let lost = is_lost.iter().enumerate().filter(|(_, is_lost)| **is_lost);
    lost.map(|(offset, _)| file.write_all_at(&[0], offset as u64).unwrap()).count()
}

#[test]
fn nothing_acknowledged_follows_an_unflushed_part_of_the_log() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("inbox.db");
    let (fails, told) = (folder.path().join("fails"), folder.path().join("told"));
    let mut receiver = Killed(
        Command::new(env!("CARGO_BIN_EXE_receiver"))
            .args([&format!("sqlite:{}", path.display()), ledger_in(folder.path()).to_str().unwrap(), "0"])
            .env("LD_PRELOAD", library(folder.path()))
            .env("PANORA_SYNC_FAILS", &fails)
            .env("PANORA_SYNC_LOG", &told)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap(),
    );
    let mut line = String::new();
    BufReader::new(receiver.0.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    let mut connection = Connection::open(line.trim().parse().unwrap()).unwrap();
    let runtime = Runtime::new().unwrap();
    let mut acknowledged = Vec::new();
    let mut number = 0;
    for _ in 0..3 {
        for _ in 0..5 {
            number += 1;
            assert_eq!(connection.send(&event(number)).unwrap(), 200);
            acknowledged.push(number);
        }
        // Completing events does not wait for a flush, so the end of the log is only in memory.
        let tool = SqliteInbox::attach(&path).unwrap();
        runtime.block_on(quiet(&tool));
        drop(tool);
        File::create(&fails).unwrap();
        for _ in 0..5 {
            number += 1;
            assert_eq!(connection.send(&event(number)).unwrap(), 503);
        }
        fs::remove_file(&fails).unwrap();
        for _ in 0..5 {
            number += 1;
            assert_eq!(connection.send(&event(number)).unwrap(), 200, "the disk works again");
            acknowledged.push(number);
        }
    }
    receiver.0.kill().unwrap();
    receiver.0.wait().unwrap();
    assert!(fs::read_to_string(&told).unwrap().contains("lost"), "no sync has failed");
    lose(&folder.path().join("inbox.db-wal"), &told);

    let inbox = SqliteInbox::open(&path).unwrap();
    let contents = runtime.block_on(contents(&inbox));
    for number in acknowledged {
        assert!(contents.contains_key(&format!("event-{number}")), "event {number} was acknowledged");
    }
}
