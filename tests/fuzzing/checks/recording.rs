//! A recording is read or refused, and a recording that was read is written back unchanged.

use panora_hooks_cli::recording::{Recorder, Recording};

/// # Panics
///
/// Panics if it is not.
pub fn check(bytes: &[u8]) {
    let read: Vec<_> = Recording::new(bytes).collect();
    let (last, before) = read.split_last().expect("nothing is an error, too");
    assert!(before.iter().all(Result::is_ok), "it goes on after an error");
    let deliveries: Vec<_> = before.iter().chain([last]).flatten().collect();
    if deliveries.is_empty() {
        return;
    }
    let file = tempfile::NamedTempFile::new().unwrap();
    let mut recorder = Recorder::open(file.path()).unwrap();
    for delivery in &deliveries {
        recorder.record(delivery).unwrap();
    }
    let again: Vec<_> = Recording::open(file.path()).unwrap().map(Result::unwrap).collect();
    assert!(again.iter().eq(deliveries), "a delivery was written that is not the one that was read");
}
