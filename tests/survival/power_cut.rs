//! A power failure: everything that the system has not written to the disk yet is gone.
//!
//! The receiver is stopped while deliveries arrive, and the image of its disk is copied. The copy
//! does not contain data that the system still has in memory.

use std::{collections::HashMap, path::Path};

use panora_hooks::inbox::{
    EventInfo, EventKey, EventState, Filter, Inbox, NewEvent, ParkReason, Query, Select, SqliteInbox,
};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::{
    contents::contents,
    disk::{Mount, copy_image, may_mount, new_image},
    process::{Receiver, Senders, delivery, ledger_in},
    say,
    support::{is_long, verifier},
};

const SENDERS: usize = 16;

/// Cuts the power of a receiver. Returns the number of acknowledged events, and the number of them
/// that are gone.
fn cut(store: &str) -> (usize, usize) {
    let folder = TempDir::new().unwrap();
    let image = new_image(folder.path());
    let disk = Mount::image(&image);
    let path = disk.path().join("inbox.db");
    let mut receiver =
        Receiver::start(&format!("{store}:{}", path.display()), &ledger_in(folder.path()), 0).unwrap();
    let senders = Senders::new(receiver.address);
    let (acknowledged, copy) = senders.send_while(SENDERS, || {
        senders.wait_for(fastrand::usize(200..2000));
        receiver.signal("-STOP");
        let acknowledged = senders.acknowledged();
        let copy = copy_image(&image);
        receiver.kill();
        (acknowledged, copy)
    });
    drop(disk);
    assert!(!acknowledged.is_empty(), "nothing was acknowledged, so nothing could be lost");
    let disk = Mount::image(&copy);
    let there = stored(&disk.path().join("inbox.db"));
    let gone = acknowledged.iter().filter(|number| !there.contains_key(&delivery(**number).0)).count();
    (acknowledged.len(), gone)
}

fn stored(path: &Path) -> HashMap<String, EventInfo> {
    // A file that cannot be opened contains no events.
    let Ok(inbox) = SqliteInbox::attach(path) else { return HashMap::new() };
    Runtime::new().unwrap().block_on(contents(&inbox))
}

#[test]
fn sqlite_loses_nothing() {
    if !may_mount() {
        return;
    }
    let cuts = if is_long() { 20 } else { 2 };
    let mut all = 0;
    for _ in 0..cuts {
        let (acknowledged, gone) = cut("sqlite");
        assert_eq!(gone, 0, "of {acknowledged}");
        all += acknowledged;
    }
    say(&format!("SQLite, {cuts} power cuts: {all} acknowledged, none lost"));
}

/// Proves that the test above would detect a loss.
#[test]
fn a_store_that_does_not_wait_for_the_disk_loses_events() {
    if !may_mount() {
        return;
    }
    let mut all = 0;
    for _ in 0..10 {
        let (acknowledged, gone) = cut("careless");
        all += acknowledged;
        if gone > 0 {
            say(&format!("without waiting for the disk: {all} acknowledged, {gone} lost"));
            return;
        }
    }
    panic!("nothing of {all} was lost: this test shows nothing");
}

fn parked(number: u32) -> NewEvent {
    let data = format!(r#"{{"number":{number}}}"#);
    let body = format!(r#"{{"id_event":"{number}","type":"crm.contact.created","data":{data}}}"#);
    let delivery = verifier().verify(body.as_bytes(), verifier().sign(&data)).unwrap();
    NewEvent::new(delivery).parked(ParkReason::Unhandled)
}

#[test]
fn a_replay_and_a_discard_survive_a_power_cut() {
    if !may_mount() {
        return;
    }
    let folder = TempDir::new().unwrap();
    let image = new_image(folder.path());
    let disk = Mount::image(&image);
    let runtime = Runtime::new().unwrap();
    let inbox = SqliteInbox::open(disk.path().join("inbox.db")).unwrap();
    let keys: Vec<_> = runtime
        .block_on(inbox.put((0..40).map(parked).collect()))
        .unwrap()
        .into_iter()
        .map(panora_hooks::inbox::Put::key)
        .collect();
    let states = |copy: &Path| -> HashMap<EventKey, EventState> {
        let disk = Mount::image(copy);
        let inbox = SqliteInbox::attach(disk.path().join("inbox.db")).unwrap();
        let all = runtime.block_on(inbox.list(Query::new(Filter::new()))).unwrap().items;
        all.into_iter().map(|info| (info.key, info.state)).collect()
    };
    let have_state = |states: &HashMap<EventKey, EventState>, keys: &[EventKey], state| {
        assert!(keys.iter().all(|key| states[key] == state), "{state} after the power cut: {states:?}");
    };

    let replayed = keys[..10].to_vec();
    assert_eq!(runtime.block_on(inbox.replay(Select::Keys(replayed), 10)).unwrap(), 10);
    let after_replay = states(&copy_image(&image));
    have_state(&after_replay, &keys[..10], EventState::Ready);
    have_state(&after_replay, &keys[10..], EventState::Parked);

    let discarded = keys[10..20].to_vec();
    assert_eq!(runtime.block_on(inbox.discard(Select::Keys(discarded), 10)).unwrap(), 10);
    let after_discard = states(&copy_image(&image));
    have_state(&after_discard, &keys[10..20], EventState::Done);
    have_state(&after_discard, &keys[20..], EventState::Parked);
    drop(inbox);
}
