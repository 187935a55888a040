//! The power fails: what the system had not written to the disk yet is gone.
//!
//! The receiver is stopped in mid-stream, and the image of its disk copied as it is. What the system still
//! holds in memory is not in the copy.

use std::{collections::HashMap, path::Path, process::Command};

use panora_hooks::inbox::{EventInfo, SqliteInbox};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::{
    disk::{Mount, new_image},
    process::{Receiver, Senders, contents, delivery, ledger_in},
    say,
    support::is_long,
};

const SENDERS: usize = 16;

/// How many events were acknowledged, and how many of them are gone. `None` without the right to mount.
fn cut(store: &str) -> Option<(usize, usize)> {
    let folder = TempDir::new().unwrap();
    let image = new_image(folder.path());
    let copy = folder.path().join("copy");
    let disk = Mount::image(&image)?;
    let path = disk.path().join("inbox.db");
    let mut receiver =
        Receiver::start(&format!("{store}:{}", path.display()), &ledger_in(folder.path()), 0).unwrap();
    let senders = Senders::new(receiver.address);
    let acknowledged = senders.send_while(SENDERS, || {
        senders.wait_for(fastrand::usize(200..2000));
        receiver.signal("-STOP");
        let acknowledged = senders.acknowledged();
        let copied = Command::new("cp").arg("--sparse=always").args([&image, &copy]).status().unwrap();
        assert!(copied.success());
        receiver.kill();
        acknowledged
    });
    drop(disk);
    let disk = Mount::image(&copy)?;
    let there = stored(&disk.path().join("inbox.db"));
    let gone = acknowledged.iter().filter(|number| !there.contains_key(&delivery(**number).0)).count();
    Some((acknowledged.len(), gone))
}

fn stored(path: &Path) -> HashMap<String, EventInfo> {
    // A file that cannot even be opened holds nothing.
    let Ok(inbox) = SqliteInbox::attach(path) else { return HashMap::new() };
    Runtime::new().unwrap().block_on(contents(&inbox))
}

#[test]
fn sqlite_loses_nothing() {
    let cuts = if is_long() { 10 } else { 2 };
    let mut all = 0;
    for _ in 0..cuts {
        let Some((acknowledged, gone)) = cut("sqlite") else { return };
        assert_eq!(gone, 0, "of {acknowledged}");
        all += acknowledged;
    }
    say(&format!("SQLite, {cuts} power cuts: {all} acknowledged, none lost"));
}

/// The test would find it.
#[test]
fn who_does_not_wait_for_the_disk_loses_events() {
    let mut all = 0;
    for _ in 0..10 {
        let Some((acknowledged, gone)) = cut("careless") else { return };
        all += acknowledged;
        if gone > 0 {
            say(&format!("without waiting for the disk: {all} acknowledged, {gone} lost"));
            return;
        }
    }
    panic!("nothing of {all} was lost: this test shows nothing");
}
