//! Stopping `listen` while a sender, the reader of its output, or a receiver does not respond.

use std::{
    fs,
    io::Write,
    net::{TcpListener, TcpStream},
    sync::mpsc,
    thread,
    time::Duration,
};

use panora_hooks::testing::sample;
use snapbox::{assert_data_eq, str};

use crate::support::{Listening, cli, kill, verifier};

/// Longer than stopping takes on any machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// Forwards a delivery to a receiver that never answers, and returns the line about it that the
/// stopped listener prints.
fn stopped(is_given_up: bool) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("deliveries.jsonl");
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let to = format!("http://{}/webhook", silent.local_addr().unwrap());
    let mut listening = Listening::start(["--forward", &to, "--record", file.to_str().unwrap()]);
    let mut sender = TcpStream::connect(listening.address).unwrap();
    sender.write_all(&sample("crm.company.created").request_bytes(&verifier(), &listening.url())).unwrap();
    let under_way = silent.accept().unwrap();
    let sender = (!is_given_up).then_some(sender);
    kill("-INT", &listening.pid());
    let line = listening.line();
    assert_eq!(listening.end(), 0);
    assert_eq!(fs::read_to_string(file).unwrap().lines().count(), 1);
    drop((sender, under_way));
    line
}

#[test]
fn a_delivery_in_flight_is_reported_at_shutdown() {
    for is_given_up in [false, true] {
        assert_data_eq!(
            stopped(is_given_up),
            str![
                "[..]Z  verified  crm.company.push [..] -> http://127.0.0.1:[..] had not answered when this was stopped"
            ]
        );
    }
}

#[test]
fn listen_ends_although_its_output_is_not_read() {
    let listening = Listening::start(["--show-data"]);
    // More than a pipe can hold.
    cli(["send", "crm.company.created", "--to", &listening.url(), "--count", "100"]).assert().success();
    let pid = listening.pid();
    let (told, ended) = mpsc::channel();
    thread::spawn(move || told.send(listening.interrupt()));
    let status = ended.recv_timeout(PATIENCE);
    if status.is_err() {
        kill("-KILL", &pid);
    }
    assert_eq!(status, Ok(0));
}
