//! Recordings preserve deliveries with any content.

use std::{fs, io::Write, time::SystemTime};

use panora_hooks_cli::recording::{Recorded, Recorder, Recording, RecordingError};
use proptest::{collection::vec, prelude::*};

fn recorded(body: &[u8], value: &[u8]) -> Recorded {
    let headers = vec![("panora-signature".to_owned(), value.to_vec()), ("x".to_owned(), b"y".to_vec())];
    Recorded::new("POST", "/webhook?a=b", headers, body.to_vec())
}

fn read(bytes: &[u8]) -> Vec<Result<Recorded, RecordingError>> {
    Recording::new(bytes).collect()
}

proptest! {
    #[test]
    fn a_recording_is_read_as_it_was_written(bodies in vec((vec(any::<u8>(), 0..64), vec(any::<u8>(), 0..8)), 1..4)) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deliveries.jsonl");
        let deliveries: Vec<_> = bodies.iter().map(|(body, value)| recorded(body, value)).collect();
        for delivery in &deliveries {
            // The file is opened again each time, and continued.
            Recorder::open(&path).unwrap().record(delivery).unwrap();
        }
        let read: Vec<_> = Recording::open(&path).unwrap().map(Result::unwrap).collect();
        prop_assert_eq!(&read, &deliveries);
        prop_assert_eq!(read[0].signature(), Some(&*bodies[0].1));
    }

    #[test]
    fn a_file_that_is_not_a_recording_is_an_error_that_shows_nothing_of_it(mut bytes in vec(any::<u8>(), 1..200)) {
        bytes.extend(b"canary");
        let read = read(&bytes);
        prop_assert_eq!(read.len(), 1);
        let error = read.into_iter().next().unwrap().unwrap_err();
        let shown = format!("{error} {error:?}");
        prop_assert!(!shown.contains("canary"), "{}", shown);
    }
}

#[test]
fn a_time_is_kept_to_the_nanosecond() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deliveries.jsonl");
    let delivery = recorded(b"{}", b"");
    Recorder::open(&path).unwrap().record(&delivery).unwrap();
    let read = Recording::open(&path).unwrap().next().unwrap().unwrap();
    assert_eq!(read.received_at, delivery.received_at);
    assert!(read.received_at <= SystemTime::now());
}

/// Returns the text of a recording of two deliveries.
fn two_deliveries() -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deliveries.jsonl");
    let mut recorder = Recorder::open(&path).unwrap();
    recorder.record(&recorded(b"1", b"")).unwrap();
    recorder.record(&recorded(b"2", b"")).unwrap();
    fs::read_to_string(&path).unwrap()
}

#[test]
fn an_error_names_the_line_and_ends_the_reading() {
    let text = two_deliveries();
    let line = |number: usize| text.lines().nth(number).unwrap();

    let damaged = format!("{}\n?\n{}\n", line(0), line(1));
    let results = read(damaged.as_bytes());
    assert!(matches!(&results[..], [Ok(_), Err(RecordingError::Damaged { line: 2 })]), "{results:?}");
    let results = read(&text.as_bytes()[..text.len() - 5]);
    assert!(matches!(&results[..], [Ok(_), Err(RecordingError::CutOff { line: 2 })]), "{results:?}");
    // Only the newline is missing.
    assert!(read(text.trim_end().as_bytes()).iter().all(Result::is_ok));
    assert!(matches!(&read(b"")[..], [Err(RecordingError::Empty)]));
    let newer = text.replace("\"recording\":1", "\"recording\":7");
    assert!(matches!(&read(newer.as_bytes())[..], [Err(RecordingError::Newer { found: 7 })]));
}

#[test]
fn a_file_that_is_not_a_recording_is_not_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.txt");
    fs::File::create(&path).unwrap().write_all(b"mine").unwrap();
    assert!(matches!(Recorder::open(&path), Err(RecordingError::NotARecording)));
    assert_eq!(fs::read(&path).unwrap(), b"mine");
}

#[test]
fn two_signatures_count_as_none() {
    let mut delivery = recorded(b"{}", b"a");
    delivery.headers.push(("Panora-Signature".to_owned(), b"b".to_vec()));
    assert_eq!(delivery.signature(), None);
}

#[test]
fn debug_shows_neither_signature_nor_body() {
    let shown = format!("{:?}", recorded(b"canary", b"canary"));
    assert!(!shown.contains("canary") && shown.contains("panora-signature"), "{shown}");
}

/// Editors add blank lines and byte order marks, and other systems use other line breaks.
#[test]
fn white_space_and_byte_order_marks_are_not_damage() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deliveries.jsonl");
    let text = two_deliveries();
    let joined = text.trim_end().replace('\n', "\n\n \t\n");
    for text in [
        format!("{text}\n"),
        format!("{text}\n\r\n  \n\t"),
        format!("\n\n{text}"),
        format!("\u{feff}{text}"),
        format!("\u{feff}\n\u{feff}{text}\u{feff}"),
        text.replace('\n', "\r\n"),
        text.replace('{', "  {").replace("  {\"base64", "{\"base64"),
        joined,
    ] {
        let results = read(text.as_bytes());
        assert!(matches!(&results[..], [Ok(_), Ok(_)]), "{text:?}: {results:?}");
        fs::write(&path, &text).unwrap();
        Recorder::open(&path).unwrap().record(&recorded(b"3", b"")).unwrap();
        assert_eq!(Recording::open(&path).unwrap().map(Result::unwrap).count(), 3, "{text:?}");
    }
    for blank in ["", "\n", "\u{feff}", " \r\n\n"] {
        assert!(matches!(&read(blank.as_bytes())[..], [Err(RecordingError::Empty)]), "{blank:?}");
        fs::write(&path, blank).unwrap();
        Recorder::open(&path).unwrap().record(&recorded(b"3", b"")).unwrap();
        assert_eq!(Recording::open(&path).unwrap().map(Result::unwrap).count(), 1, "{blank:?}");
    }
}

#[test]
fn a_damaged_first_line_is_reported_and_recording_continues() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deliveries.jsonl");
    Recorder::open(&path).unwrap().record(&recorded(b"1", b"")).unwrap();
    let line = fs::read_to_string(&path).unwrap();
    for (damaged, is_cut_off) in [
        (format!("?\n{line}"), false),
        (format!("{}\n{line}", &line[20..100]), false),
        (format!("{}\n{line}", &line[..100]), false),
        (format!("\n\0\0\0\n?\n\n{line}"), false),
        (format!("{}\n", &line[..40]), false),
        (line[..40].to_owned(), true),
        (format!("\u{feff}{}", &line[..40]), true),
    ] {
        let results = read(damaged.as_bytes());
        let number = 1 + u64::from(damaged.starts_with('\n'));
        match &results[..] {
            [Err(RecordingError::Damaged { line })] if !is_cut_off => assert_eq!(*line, number),
            [Err(RecordingError::CutOff { line })] if is_cut_off => assert_eq!(*line, number),
            results => panic!("{damaged:?}: {results:?}"),
        }
        fs::write(&path, &damaged).unwrap();
        Recorder::open(&path).unwrap().record(&recorded(b"2", b"")).unwrap();
        let added = fs::read_to_string(&path).unwrap();
        assert!(read(added.lines().last().unwrap().as_bytes())[0].is_ok());
    }
}
