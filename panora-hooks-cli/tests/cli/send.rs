//! `send`.

use std::{collections::HashSet, io::Read};

use panora_hooks::testing::sample;
use serde_json::{Value, json};
use snapbox::{assert_data_eq, str};

use crate::support::{Listening, OK, Raw, cli, json as printed, kill, run, start, verifier};

fn payload(body: &Value) -> Value {
    serde_json::from_str(body["data"].as_str().unwrap()).unwrap()
}

#[test]
fn a_sample_is_sent_byte_for_byte_as_the_sender_makes_it() {
    for event_type in ["crm.company.created", "crm.contact.pulled", "connection.created"] {
        let receiver = Raw::start(OK);
        cli(["send", event_type, "--to", &receiver.url]).assert().success();
        let body = &receiver.bodies()[0];
        let payload = payload(body);
        let mut expected = sample(event_type).id(body["id_event"].as_str().unwrap());
        // The one value that differs between deliveries.
        for id in ["id", "id_connection"] {
            if let Some(value) = payload.get(id) {
                expected = expected.set(id, value);
            }
        }
        let expected = expected.request_bytes(&verifier(), &receiver.url);
        assert_eq!(receiver.texts(), [String::from_utf8(expected).unwrap()]);
    }
}

#[test]
fn an_event_type_may_be_given_as_its_wire_type() {
    let receiver = Raw::start(OK);
    cli(["send", "crm.company.push", "--to", &receiver.url]).assert().success();
    assert_eq!(receiver.bodies()[0]["type"], "crm.company.push");
}

#[test]
fn values_are_json_or_texts() {
    let receiver = Raw::start(OK);
    let sets = [
        "name=Acme=1",
        "number_of_employees=5",
        "email_addresses=[]",
        "industry=\"12\"",
        "addresses[0].city=null",
    ];
    let mut command = cli(["send", "crm.company.created", "--to", &receiver.url]);
    command.args(sets.iter().flat_map(|set| ["--set", set])).assert().success();
    let payload = payload(&receiver.bodies()[0]);
    assert_eq!(payload["name"], "Acme=1");
    assert_eq!(payload["number_of_employees"], 5);
    assert_eq!(payload["email_addresses"], json!([]));
    assert_eq!(payload["industry"], "12");
    assert_eq!(payload["addresses"][0]["city"], Value::Null);
}

#[test]
fn a_payload_may_come_from_a_file_and_be_sent_as_an_object() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("payload.json");
    std::fs::write(&file, "{ \"b\": 1.0,\n \"a\": \"\\u00e9\" }\n").unwrap();
    let receiver = Raw::start(OK);
    let send = |event_type: &str| {
        cli(["send", event_type, "--to", &receiver.url, "--object", "--data", file.to_str().unwrap()])
    };
    send("crm.company.created").assert().success().stderr("");
    send("weather.changed")
        .assert()
        .success()
        .stderr("warning: the catalogue does not hold `weather.changed`\n");
    cli(["send", "crm.company.created", "--to", &receiver.url, "--data", "-"])
        .write_stdin("[1]")
        .assert()
        .success();
    let bodies = receiver.texts().into_iter().map(|text| text.split_once("\"data\":").unwrap().1.to_owned());
    assert_eq!(
        bodies.collect::<Vec<_>>(),
        [
            r#"{"b":1,"a":"é"},"type":"crm.company.push"}"#,
            r#"{"b":1,"a":"é"},"type":"weather.changed"}"#,
            r#""[1]","type":"crm.company.push"}"#,
        ]
    );
}

#[test]
fn each_delivery_is_a_new_event_except_duplicates() {
    let receiver = Raw::start(OK);
    let sent = printed(&mut cli([
        "send",
        "crm.company.created",
        "--to",
        &receiver.url,
        "--count",
        "30",
        "--duplicate",
        "--shuffle",
    ]));
    assert_eq!((&sent["failed"], sent["deliveries"].as_array().unwrap().len()), (&json!(0), 60));
    let bodies = receiver.bodies();
    let ids: Vec<_> = bodies.iter().map(|body| body["id_event"].as_str().unwrap().to_owned()).collect();
    let payloads: HashSet<_> = bodies.iter().map(|body| body["data"].to_string()).collect();
    assert_eq!((ids.len(), payloads.len()), (60, 30));
    let told: HashSet<_> = sent["deliveries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|sent| sent["id_event"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(told, ids.iter().cloned().collect());
    assert_eq!(told.len(), 30);
    // Another run sends new events.
    cli(["send", "crm.company.created", "--to", &receiver.url]).assert().success();
    assert!(!payloads.contains(&receiver.bodies()[60]["data"].to_string()));
}

#[test]
fn the_rate_is_not_exceeded() {
    let receiver = Raw::start(OK);
    let start = std::time::Instant::now();
    cli(["send", "crm.company.created", "--to", &receiver.url, "--count", "6", "--rate", "20"])
        .assert()
        .success();
    // The first delivery goes at once, the last after 250 ms, or later on a slow machine.
    assert!(start.elapsed() >= std::time::Duration::from_millis(250));
}

#[test]
fn few_are_listed_and_many_are_counted() {
    let receiver = Raw::start(OK);
    let (status, printed, _) =
        run(&mut cli(["send", "crm.company.created", "--to", &receiver.url, "--count", "2"]));
    assert_eq!(status, 0);
    assert_data_eq!(
        printed,
        str![[r#"
id_event                              answer  latency
[..]  200     [..]s
[..]  200     [..]s

"#]]
    );
    let (status, printed, _) =
        run(&mut cli(["send", "crm.company.created", "--to", &receiver.url, "--count", "50"]));
    assert_eq!(status, 0);
    assert_data_eq!(
        &printed,
        str![[r#"
answer  deliveries
200     50

50 in [..]s, [..] a second

latency: median [..]s, 95 % [..]s, 99 % [..]s, longest [..]s
up to [..]s #[..]
...
"#]]
    );
    assert!(printed.lines().filter(|line| line.contains('#')).count() >= 1);
}

#[test]
fn an_event_type_that_is_never_sent_is_a_warning() {
    let receiver = Raw::start(OK);
    cli(["send", "crm.contact.updated", "--to", &receiver.url])
        .assert()
        .success()
        .stderr("warning: no known release of Panora sends `crm.contact.updated`\n");
}

#[test]
fn ctrl_c_reports_the_deliveries_sent_so_far() {
    let mut receiver = Listening::start([]);
    let mut sending =
        start(["send", "crm.contact.created", "--to", &receiver.url(), "--count", "1000", "--rate", "2"]);
    receiver.line();
    // The answer to the first delivery has arrived when the second is sent.
    receiver.line();
    kill("-INT", &sending.id().to_string());
    let (mut printed, mut errors) = (String::new(), String::new());
    sending.stdout.take().unwrap().read_to_string(&mut printed).unwrap();
    sending.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
    assert_eq!(sending.wait().unwrap().code(), Some(1));
    assert!(printed.contains("  200  "), "{printed}");
    assert!(
        errors.starts_with("error: stopped: ") && errors.ends_with(" of 1000 deliveries were answered\n"),
        "{errors}"
    );
}

#[test]
fn the_reason_for_a_missing_answer_is_printed() {
    let hangs_up = Raw::start("");
    let (status, printed, errors) = run(&mut cli(["send", "crm.contact.created", "--to", &hangs_up.url]));
    assert!(status == 1 && printed.contains("no answer"), "{printed}");
    let origin = hangs_up.url.trim_end_matches("/webhook");
    assert!(errors.starts_with(&format!("warning: {origin} gave no answer (")), "{errors}");
}

#[test]
fn a_refusal_and_a_redirect_are_reported() {
    let refusing = Raw::start("HTTP/1.1 400 Bad Request\r\nContent-Length: 4\r\n\r\nnope");
    let (status, _, errors) = run(&mut cli(["send", "crm.company.created", "--to", &refusing.url]));
    assert_eq!(
        (status, &*errors),
        (1, "error: the delivery was not acknowledged: the sender would not send it again\n")
    );
    let redirecting = Raw::start(
        "HTTP/1.1 301 Moved\r\nLocation: https://example.com/webhook/?canary\r\nContent-Length: 0\r\n\r\n",
    );
    let (status, printed, errors) = run(&mut cli(["send", "crm.company.created", "--to", &redirecting.url]));
    assert_eq!((status, redirecting.requests().len()), (1, 1), "no redirect is followed");
    assert!(printed.contains("301"));
    assert_data_eq!(
        errors,
        str![[r#"
warning: the sender loses an event that is redirected (to `https://example.com/webhook/?..`): answer at the exact URL of the endpoint
error: the delivery was not acknowledged: the sender would not send it again

"#]]
    );
}

/// In the sender's notation, which a receiver reads.
#[test]
fn unpaired_surrogates_are_sent_as_they_are() {
    let mut listening = Listening::start(["--json", "--show-data"]);
    let to = listening.url();
    let set = ["--set", r#"name="\ud83d""#, "--set", r#""\ude00"=1"#];
    cli(["send", "crm.company.created", "--to", &to]).args(set).assert().success();
    let heard = listening.json();
    assert_eq!((&heard["verdict"], &heard["data"]["name"]), (&json!("verified"), &json!("\u{fffd}")));
    assert_eq!(heard["data"]["\u{fffd}"], 1);
    let data = br#"{"name":"\ud83d"}"#;
    for object in [&[][..], &["--object"]] {
        let mut send = cli(["send", "crm.company.created", "--data", "-", "--to", &to]);
        send.args(object).write_stdin(&data[..]).assert().success();
        let heard = listening.json();
        assert_eq!((&heard["verdict"], &heard["data"]["name"]), (&json!("verified"), &json!("\u{fffd}")));
    }
}
