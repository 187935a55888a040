//! `replay` of deliveries that `listen` has not recorded. The tests of `listen` cover the others.

use panora_hooks::testing::sample;
use serde_json::json;

use crate::support::{OK, Raw, cli, json_lines, run, verifier};

#[test]
fn an_event_of_an_inbox_is_sent_as_it_came() {
    use panora_hooks::{
        Webhooks,
        inbox::{Inbox, SqliteInbox},
    };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("inbox.db");
    let sample = sample("crm.company.created");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let inbox = runtime.block_on(async {
        let inbox = SqliteInbox::open(&file).unwrap();
        let (router, _worker) = Webhooks::new(verifier()).with_inbox(inbox.clone()).into_parts("/webhook");
        assert_eq!(sample.send(router, &verifier(), "/webhook").await.status(), 200);
        inbox
    });
    let receiver = Raw::start(OK);
    cli(["replay", "1", "--to", &receiver.url, "--inbox", file.to_str().unwrap()]).assert().success();
    assert_eq!(receiver.requests(), [sample.request_bytes(&verifier(), &receiver.url)]);
    let depth = runtime.block_on(inbox.depth()).unwrap();
    assert_eq!(depth.parked, 1, "it stays in the inbox as it is");
    let (status, _, errors) =
        run(&mut cli(["replay", "2", "--to", &receiver.url, "--inbox", file.to_str().unwrap()]));
    assert_eq!((status, &*errors), (1, "error: there is no event 2 in the inbox\n"));
}

/// Returns a line of a recording of a delivery with these headers.
fn recorded(headers: &str) -> String {
    format!(
        r#"{{"recording":1,"received_at":"2026-11-24T10:00:00Z","method":"POST","target":"/","headers":[{headers}],"body":"{{}}"}}"#
    ) + "\n"
}

/// A pipe can be read only once.
#[test]
fn a_recording_may_come_from_a_pipe() {
    let receiver = Raw::start(OK);
    let mut replay = cli(["replay", "-", "--to", &receiver.url]);
    replay.write_stdin(recorded("").repeat(2)).assert().success();
    assert_eq!(receiver.requests().len(), 2);
    let mut replay = cli(["replay", "/dev/stdin", "--to", &receiver.url]);
    replay.write_stdin(recorded("")).assert().success();
    assert_eq!(receiver.requests().len(), 3);
}

/// The body of the delivery is not readable.
#[test]
fn a_delivery_without_an_id_is_printed_with_null() {
    let receiver = Raw::start(OK);
    let line = recorded(r#"["panora-signature","1"]"#);
    for args in [&["verify"][..], &["explain"], &["replay", "-", "--to", &receiver.url]] {
        let (_, printed) = json_lines(cli([]).args(args).write_stdin(&*line));
        let delivery = printed[0].pointer("/deliveries/0").unwrap_or(&printed[0]);
        assert_eq!(delivery.get("id_event"), Some(&json!(null)), "{args:?}");
    }
}

/// The expectation was fulfilled when the delivery was recorded, and would delay the replay.
#[test]
fn the_header_expect_is_not_replayed() {
    let receiver = Raw::start(OK);
    let line = recorded(r#"["expect","100-continue"],["x-kept","1"]"#);
    cli(["replay", "-", "--to", &receiver.url]).write_stdin(line).assert().success();
    let request = receiver.texts().remove(0).to_lowercase();
    assert!(request.contains("x-kept: 1") && !request.contains("expect"), "{request}");
}
