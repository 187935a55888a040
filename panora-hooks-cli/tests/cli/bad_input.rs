//! Each error is one sentence, with its exit status.

use std::{fs, net::TcpListener};

use crate::support::{OK, Raw, SECRET, cli, fails, run};

const TO: &str = "http://127.0.0.1:1/webhook";
const AWAY: &str = "no connection to http://127.0.0.1:1: start the receiver, or check the URL (Connection refused (os error 111))";

#[test]
fn an_unreachable_or_invalid_url_is_an_error() {
    fails(&mut cli(["send", "crm.company.created", "--to", TO]), 3, AWAY);
    fails(&mut cli(["send", "crm.company.created", "--to", TO, "--count", "1000"]), 3, AWAY);
    for url in ["127.0.0.1:8000", "ftp://a/b", "", "http://"] {
        let says = "expected a URL such as `http://127.0.0.1:8000/webhook`";
        fails(&mut cli(["send", "crm.company.created", "--to", url]), 2, says);
        fails(&mut cli(["listen", "--port", "0", "--forward", url]), 2, says);
    }
}

#[test]
fn a_port_in_use_is_an_error() {
    let taken = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let says = format!(
        "port {port} is in use: stop what listens there, or take another with --port (Address already in use (os error 98))"
    );
    fails(&mut cli(["listen", "--port", &port]), 3, &says);
}

#[test]
fn an_unknown_event_type_or_invalid_payload_is_an_error() {
    let send = |args: &[&str]| {
        let mut command = cli(["send", "--to", TO]);
        command.args(args);
        command
    };
    fails(
        &mut send(&["crm.contct.created"]),
        2,
        "unknown event type `crm.contct.created`, perhaps `crm.contact.created`; it can still be sent with a payload of your own",
    );
    fails(
        &mut send(&["ats.eecos.pulled"]),
        2,
        "`ats.eecos.pulled` is a misspelling: write `ats.eeocs.pulled`",
    );
    fails(
        &mut send(&["crm.company.created", "--set", "name"]),
        2,
        "`name` sets nothing: expected a path and a value, such as `name=Acme` or `lines[0].quantity=2`",
    );
    fails(
        &mut send(&["crm.company.created", "--set", "name.first=Ada"]),
        2,
        "`name.first` leads nowhere: the value before `first` is not an object",
    );
    fails(
        send(&["crm.company.created", "--data", "-"]).write_stdin("{\"a\":\nsecret}"),
        2,
        "the payload is not JSON: line 2, column 1",
    );
    fails(
        &mut send(&["crm.company.created", "--data", "/nowhere"]),
        2,
        "cannot read `/nowhere`: No such file or directory (os error 2)",
    );
    fails(
        send(&["crm.company.created", "--object", "--data", "-"]).write_stdin("\"text\""),
        2,
        "a payload that is a text cannot be sent as it is: nobody could tell it from a payload in a string",
    );
}

#[test]
fn a_file_that_is_not_a_recording_is_neither_replayed_nor_changed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    let file = path.to_str().unwrap();
    let receiver = Raw::start(OK);
    let line = |body: &str| {
        format!(
            "{{\"recording\":1,\"received_at\":\"2026-11-24T10:00:00Z\",\"method\":\"POST\",\"target\":\"/\",\"headers\":[],\"body\":\"{body}\"}}\n"
        )
    };
    let cases = [
        (String::new(), "the recording is empty: nothing was delivered while it was made"),
        (
            "{\"secret\":1}".to_owned(),
            "the file is not a recording: `panora-hooks listen --record FILE` makes one",
        ),
        (
            "\u{0}\u{1}\n".to_owned(),
            "the file is not a recording: `panora-hooks listen --record FILE` makes one",
        ),
        (
            line("x") + "secret\n" + &line("x"),
            "line 2 of the recording is damaged: remove it, and the others can be read",
        ),
        (
            line("x") + &line("x")[..50],
            "line 2, the last of the recording, is cut off: remove it, and the others can be read",
        ),
        (
            line("x").replace(":1,", ":2,"),
            "the recording has format 2, but this program knows only 1: update it",
        ),
        (
            line("x").replace("\"x\"", "{\"base64\":\"#\"}"),
            "line 1 of the recording is damaged: remove it, and the others can be read",
        ),
    ];
    for (text, says) in cases {
        fs::write(&path, &text).unwrap();
        let cannot = format!("cannot replay `{file}`: {says}");
        fails(&mut cli(["replay", file, "--to", &receiver.url]), 2, &cannot);
        assert_eq!(fs::read_to_string(&path).unwrap(), text, "nothing is lost");
    }
    assert_eq!(receiver.requests().len(), 0, "half a recording is not replayed");
    fails(
        &mut cli(["replay", "/nowhere", "--to", &receiver.url]),
        2,
        "cannot read `/nowhere`: No such file or directory (os error 2)",
    );
    let folder = folder.path().to_str().unwrap();
    let is_folder = "Is a directory (os error 21)";
    fails(
        &mut cli(["replay", folder, "--to", &receiver.url]),
        2,
        &format!("cannot read `{folder}`: {is_folder}"),
    );
    fails(
        &mut cli(["listen", "--port", "0", "--record", folder]),
        2,
        &format!("cannot record to `{folder}`: {is_folder}"),
    );
    fails(
        &mut cli(["listen", "--port", "0", "--record", "/nowhere/file"]),
        2,
        "cannot record to `/nowhere/file`: No such file or directory (os error 2)",
    );
    fs::write(&path, "not a recording").unwrap();
    fails(
        &mut cli(["listen", "--port", "0", "--record", file]),
        2,
        &format!(
            "cannot record to `{file}`: the file is not a recording: `panora-hooks listen --record FILE` makes one"
        ),
    );
}

#[test]
fn a_missing_or_padded_secret_is_an_error() {
    let unset = "the environment variable `PANORA_WEBHOOK_SECRET` is not set: set it to the `secret` of the webhook endpoint";
    for args in [&["sign"][..], &["verify"], &["explain"], &["send", "crm.company.created", "--to", TO]] {
        fails(cli([]).args(args).env_remove("PANORA_WEBHOOK_SECRET"), 2, unset);
    }
    let padded = format!("{SECRET}\n");
    fails(
        cli(["sign"]).env("PANORA_WEBHOOK_SECRET", &padded),
        2,
        "the environment variable `PANORA_WEBHOOK_SECRET` begins or ends with white space, perhaps a pasted newline: remove it",
    );
}

#[test]
fn a_body_without_valid_data_is_neither_signed_nor_verified() {
    let sign = |args: &[&str], text: &str| {
        let mut command = cli(["sign"]);
        command.args(args).write_stdin(text);
        command
    };
    fails(
        &mut sign(&[], "[]"),
        2,
        "cannot sign `-`: the body is not a JSON object with the texts `id_event` and `type`",
    );
    fails(
        &mut sign(&[], "{\"id_event\":\"1\",\"type\":\"x\"}"),
        2,
        "cannot sign `-`: the body has no `data`",
    );
    let mut verify = cli(["verify"]);
    fails(
        verify.write_stdin("{}"),
        2,
        "`-` is not a recording: a body needs the signature that came with it, in --signature",
    );
    fails(&mut sign(&["--data"], "secret"), 2, "cannot sign `-`: it is not JSON");
}

#[test]
fn a_missing_or_wrong_inbox_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("text.db");
    fs::write(&file, "a text that is long enough for a header of SQLite, and is none, of course: 1234567890")
        .unwrap();
    let file = file.to_str().unwrap();
    fails(
        &mut cli(["inbox", "depth", "--inbox", "/nowhere.db"]),
        3,
        "cannot open the inbox `/nowhere.db`: start the receiver once, or say where it is with --inbox or PANORA_INBOX (No such file or directory (os error 2))",
    );
    let says = |is: &str| format!("`{file}` {is}: check --inbox or PANORA_INBOX");
    let (status, _, errors) = run(&mut cli(["inbox", "depth", "--inbox", file]));
    assert_eq!((status, errors.lines().count()), (3, 1), "{errors}");
    assert!(errors.contains(&says("is not an inbox, or it is damaged")), "{errors}");
    let other = rusqlite::Connection::open(folder.path().join("other.db")).unwrap();
    other.execute_batch("CREATE TABLE other(a)").unwrap();
    let other = folder.path().join("other.db");
    let other = other.to_str().unwrap();
    fails(&mut cli(["inbox", "depth", "--inbox", other]), 2, &says("is not an inbox").replace(file, other));
    let (status, _, errors) = run(&mut cli(["inbox", "show", "abc"]));
    assert!(status == 2 && errors.contains("expected the number of an event, such as `17`"), "{errors}");
    fails(
        &mut cli(["inbox", "depth", "--inbox", "postgres://u:canary@127.0.0.1:1/db"]),
        3,
        "the database of the inbox cannot be reached: start it, or check the URL (Connection refused (os error 111))",
    );
    fails(
        &mut cli(["inbox", "depth", "--inbox", "postgres://u:canary@127.0.0.1:no/db"]),
        2,
        "the URL of the inbox cannot be used: the port is not a number from 1 to 65535: percent-encode `/`, `?`, \
         `#` and `@` in a password",
    );
    fails(
        &mut cli(["inbox", "drop"]),
        3,
        "cannot open the inbox `panora-inbox.db`: start the receiver once, or say where it is with --inbox or PANORA_INBOX (No such file or directory (os error 2))",
    );
}
