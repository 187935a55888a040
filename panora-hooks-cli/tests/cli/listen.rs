//! `listen`, and `replay` of its recordings.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    path::Path,
};

use serde_json::{Value, json};
use snapbox::{assert_data_eq, str};

use crate::support::{Listening, OK, Raw, cli, fails, json as printed, json_lines, piped, run};

const CANARY: &str = "canary-in-a-payload";

fn send(listening: &Listening) -> Value {
    let to = listening.url();
    printed(&mut cli(["send", "crm.company.created", "--to", &to, "--set", &format!("name={CANARY}")]))
}

#[test]
fn deliveries_are_shown_as_they_come_without_values() {
    let mut listening = Listening::start([]);
    send(&listening);
    let line = listening.line();
    assert_data_eq!(
        &line,
        str!["[..]Z  verified  crm.company.push  (crm.company.created)  [..]-[..]-[..]  1.8 KiB  -> 200"]
    );
    assert!(!line.contains(CANARY));

    // A sample has no age, because its times are fixed.
    let changed = ["--set", "modified_at=2024-01-01T00:00:00Z"];
    cli(["send", "crm.company.created", "--to", &listening.url()]).args(changed).assert().success();
    assert_data_eq!(listening.line(), str!["[..]  1.8 KiB  [..] d old  -> 200"]);

    let (status, _) = json_lines(
        cli(["send", "crm.company.created", "--to", &listening.url()])
            .env("PANORA_WEBHOOK_SECRET", "another"),
    );
    assert_eq!(status, 1);
    assert_data_eq!(
        listening.line(),
        str![
            "[..]Z  refused: the signature does not match: other data was signed, or another secret was used  crm.company.push  [..] -> 400"
        ]
    );
    assert_eq!(listening.interrupt(), 0);
}

#[test]
fn json_and_payloads_are_shown_on_request() {
    let mut listening = Listening::start(["--json", "--show-data"]);
    let sent = send(&listening);
    let line = listening.json();
    assert_eq!(line["id_event"], sent["deliveries"][0]["id_event"]);
    assert_eq!(line["data"]["name"], CANARY);
    for (key, value) in [
        ("verdict", json!("verified")),
        ("reason", json!(null)),
        ("event_type", json!("crm.company.created")),
        ("wire_type", json!("crm.company.push")),
        ("status", json!(200)),
    ] {
        assert_eq!(line[key], value);
    }
    assert!(line["age_seconds"].is_null() && line["size"].as_u64().unwrap() > 1000);

    let mut listening = Listening::start(["--json"]);
    send(&listening);
    assert!(!listening.line().contains(CANARY));
}

#[test]
fn without_a_secret_nothing_is_verified() {
    let mut listening = Listening::start_with("", ["--json"]);
    send(&listening);
    assert_eq!(listening.json()["verdict"], "unchecked");
}

#[test]
fn a_recording_is_replayed_unchanged() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("deliveries.jsonl");
    let file = file.to_str().unwrap();
    let first = Raw::start(OK);
    let mut listening = Listening::start(["--record", file, "--forward", &first.url, "--json"]);
    cli(["send", "crm.company.created", "--to", &listening.url(), "--count", "3"]).assert().success();
    // Refused deliveries are forwarded and recorded, too, because these are worth looking at.
    post(&listening.url(), b"\xff\x00 not json", &[("Panora-Signature", "abc"), ("X-Odd", "\u{e9}")]);
    for _ in 0..4 {
        let line = listening.json();
        assert_eq!((&line["status"], &line["forwarded"]["status"]), (&json!(200), &json!(200)));
    }
    assert_eq!(listening.interrupt(), 0);
    assert_private(Path::new(file));

    let again = Raw::start(OK);
    let (status, replayed) = json_lines(&mut cli(["replay", file, "--to", &again.url]));
    assert_eq!((status, replayed[0]["deliveries"].as_array().unwrap().len()), (0, 4));
    assert_eq!((&replayed[0]["recording"], replayed[0].get("event_type")), (&json!(file), None));
    // Everything but the headers of the connection.
    let of_the_connection = ["host:", "connection:", "panora-hooks-forwarded-by:"];
    let strip = |raw: &Raw| {
        let strip = |request: &Vec<u8>| -> (Vec<String>, Vec<u8>) {
            let end = request.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
            let (head, body) = request.split_at(end);
            let lines = head
                .split(|byte| *byte == b'\n')
                .map(|line| String::from_utf8_lossy(line).trim().to_lowercase());
            let mut lines: Vec<_> =
                lines.filter(|line| !of_the_connection.iter().any(|name| line.starts_with(name))).collect();
            lines.sort();
            (lines, body.to_vec())
        };
        let mut requests: Vec<_> = raw.requests().iter().map(strip).collect();
        requests.sort();
        requests
    };
    assert_eq!(strip(&again), strip(&first));
    assert!(strip(&first).iter().any(|(head, body)| body.ends_with(b"\xff\x00 not json")
        && head.iter().any(|line| line.starts_with("x-odd:"))));
}

#[test]
fn a_replay_is_signed_again_on_request() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("deliveries.jsonl");
    let file = file.to_str().unwrap();
    let mut listening = Listening::start(["--record", file]);
    send(&listening);
    listening.line();
    drop(listening);

    let mut receiver = Listening::start_with("another secret", ["--json"]);
    let replay = |args: &[&str]| {
        let mut command = cli(["replay", file, "--to", &receiver.url()]);
        run(command.env("PANORA_WEBHOOK_SECRET", "another secret").args(args)).0
    };
    assert_eq!((replay(&[]), replay(&["--resign"])), (1, 0));
    assert_eq!(receiver.json()["verdict"], "refused");
    assert_eq!(receiver.json()["verdict"], "verified");
    cli(["verify", file]).assert().success();
    cli(["verify", file]).env("PANORA_WEBHOOK_SECRET", "another secret").assert().code(1);
}

#[test]
fn recording_continues_an_existing_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("deliveries.jsonl");
    for _ in 0..2 {
        let mut listening = Listening::start(["--record", file.to_str().unwrap()]);
        send(&listening);
        listening.line();
        assert_eq!(listening.interrupt(), 0);
        // Simulates a recorder that was interrupted in the middle of a line.
        let mut text = fs::read_to_string(&file).unwrap();
        text.push_str("{\"recording\":1,\"rec");
        fs::write(&file, text).unwrap();
    }
    let text = fs::read_to_string(&file).unwrap();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.len(), 4);
    let whole = [lines[0], lines[2]].join("\n");
    fs::write(&file, whole).unwrap();
    cli(["verify", file.to_str().unwrap()]).assert().success();
}

#[test]
fn the_answer_or_its_absence_is_passed_on() {
    let refusing = Raw::start(
        "HTTP/1.1 308 Permanent Redirect\r\nLocation: /elsewhere\r\nContent-Type: text/odd\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nbody",
    );
    let mut listening = Listening::start(["--forward", &refusing.url]);
    let answer = post(&listening.url(), b"{}", &[]);
    assert!(answer.starts_with("HTTP/1.1 308 ") && answer.ends_with("\r\n\r\nbody"), "{answer}");
    for header in ["location: /elsewhere", "content-type: text/odd", "content-encoding: gzip"] {
        assert!(answer.contains(header), "{answer}");
    }
    assert_data_eq!(
        listening.line(),
        str!["[..]  refused: the header `Panora-Signature` is missing  2 B  -> 308 in [..]s"]
    );

    let mut listening = Listening::start(["--forward", "http://127.0.0.1:1/webhook"]);
    let answer = post(&listening.url(), b"{}", &[]);
    assert!(answer.starts_with("HTTP/1.1 502 "), "{answer}");
    assert_data_eq!(
        listening.line(),
        str!["[..] -> no connection to http://127.0.0.1:1: start the receiver, or check the URL"]
    );
}

#[test]
fn a_failure_to_record_is_reported() {
    let mut listening = Listening::start(["--json", "--record", "/dev/full"]);
    send(&listening);
    assert!(listening.json()["not_recorded"].as_str().unwrap().contains("No space left"));
}

#[test]
fn listen_ends_when_its_output_is_closed() {
    let mut listening = Listening::start([]);
    let url = listening.url();
    send(&listening);
    listening.line();
    listening.hang_up();
    // The first line that cannot be written ends the command; later deliveries find no listener.
    let sent = || cli(["send", "crm.company.created", "--to", &url]).output().unwrap().status.code();
    while sent() != Some(3) {}
    assert_eq!(listening.end(), 0);
}

#[test]
fn a_recording_may_be_replayed_into_itself() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("deliveries.jsonl");
    let file = file.to_str().unwrap();
    let listening = Listening::start(["--record", file]);
    send(&listening);
    cli(["replay", file, "--to", &listening.url()]).assert().success();
    drop(listening);
    assert_eq!(fs::read_to_string(file).unwrap().lines().count(), 2);
}

fn assert_private(path: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
    }
    #[cfg(not(unix))]
    let _ = path;
}

/// Sends a POST with any body, and returns the raw answer.
fn post(url: &str, body: &[u8], headers: &[(&str, &str)]) -> String {
    use std::{
        io::{Read, Write},
        net::TcpStream,
    };
    let address = url.strip_prefix("http://").unwrap().split('/').next().unwrap();
    let mut connection = TcpStream::connect(address).unwrap();
    let mut request = format!(
        "POST /webhook HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {}\r\n",
        body.len()
    );
    request.extend(headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")));
    connection.write_all(&[request.as_bytes(), b"\r\n", body].concat()).unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    answer
}

/// Each verdict is printed while the recording may continue, so it is never in memory as a whole.
#[test]
fn a_recording_is_verified_and_explained_line_by_line() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("deliveries.jsonl");
    let mut listening = Listening::start(["--record", file.to_str().unwrap()]);
    send(&listening);
    listening.line();
    drop(listening);
    let recorded = fs::read(&file).unwrap();
    for (command, says) in [("verify", "verified"), ("explain", "the signature matches")] {
        let mut child = piped([command, "-"]);
        let mut input = child.stdin.take().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        for _ in 0..2 {
            input.write_all(&recorded).unwrap();
            let line = lines.next().unwrap().unwrap();
            assert!(line.contains(says), "{line}");
        }
        drop(input);
        assert!(child.wait().unwrap().success() && lines.next().is_none());
    }
}

#[test]
fn listen_does_not_forward_to_its_own_address() {
    let port = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port().to_string();
    let to = format!("http://localhost:{port}/webhook");
    fails(
        &mut cli(["listen", "--port", &port, "--forward", &to]),
        2,
        "this listener itself has that address: give the URL of the receiver, or take another port",
    );
}
