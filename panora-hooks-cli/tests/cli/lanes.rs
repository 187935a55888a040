//! `inbox`, on events that are in lanes.

use std::{path::Path, time::Duration};

use assert_cmd::Command;
use panora_hooks::{
    inbox::{Decision, Inbox, Lane, LeaseRequest, NewEvent, Settlement, SqliteInbox},
    testing::sample,
};
use serde_json::json;
use snapbox::{assert_data_eq, str};
use tokio::runtime::Runtime;

use crate::support::{cli, fails, json as printed, run, verifier};

const LANE: &str = "000102030405060708090a0b0c0d0e0f";

fn inbox<const N: usize>(file: &Path, args: [&str; N]) -> Command {
    let mut command = cli(["inbox"]);
    command.args(args).env("PANORA_INBOX", file);
    command
}

/// Creates an inbox with a dead event of a lane, a delayed head, two events that wait for it, and
/// an event without a lane.
fn fill(file: &Path) {
    let inbox = SqliteInbox::open(file).unwrap();
    let lane: Lane = LANE.parse().unwrap();
    let event = |name: &str| {
        let sample = sample("crm.contact.created").set("first_name", name).id(name);
        NewEvent::new(verifier().verify(sample.body().as_bytes(), sample.signature(&verifier())).unwrap())
    };
    let lease = || inbox.lease(LeaseRequest::new(10, Duration::from_mins(1)));
    Runtime::new().unwrap().block_on(async {
        let in_lane = ["dead", "head", "second", "third"].map(|name| event(name).in_lane(lane));
        inbox.put(in_lane.into()).await.unwrap();
        for decision in [Decision::Bury("no use".to_owned()), Decision::RetryAfter(Duration::from_hours(1))] {
            let leased = lease().await.unwrap();
            let settlements = leased.iter().map(|leased| Settlement::new(leased.token, decision.clone()));
            inbox.settle(settlements.collect()).await.unwrap();
        }
        inbox.put(vec![event("alone")]).await.unwrap();
    });
}

#[test]
fn the_head_of_a_lane_and_the_events_that_wait_for_it_are_shown() {
    let folder = tempfile::tempdir().unwrap();
    let file = &folder.path().join("inbox.db");
    fill(file);
    assert_data_eq!(
        run(&mut inbox(file, ["list"])).1,
        str![[r#"
id  state          type                 received              tried  size     why
1   dead           crm.contact.created  [..]Z  1      [..] KiB  no use
2   delayed, head  crm.contact.created  [..]Z  1      [..] KiB
3   waiting        crm.contact.created  [..]Z  0      [..] KiB
4   waiting        crm.contact.created  [..]Z  0      [..] KiB
5   ready          crm.contact.created  [..]Z  0      [..] KiB

"#]]
    );
    let depth = printed(&mut inbox(file, ["depth"]));
    assert_eq!((&depth["waiting"], &depth["delayed"], &depth["ready"]), (&json!(2), &json!(1), &json!(1)));
    let (_, depth, _) = run(&mut inbox(file, ["depth"]));
    assert!(depth.contains("waiting  2"), "{depth}");

    let head = run(&mut inbox(file, ["show", "2"])).1;
    let lane = format!("lane         {LANE}\n");
    assert!(head.contains("state        delayed, head of its lane\n") && head.contains(&lane), "{head}");
    let third = run(&mut inbox(file, ["show", "4"])).1;
    assert!(third.contains("state        waiting\nwaits for    event 2\n"), "{third}");
    let alone = run(&mut inbox(file, ["show", "5"])).1;
    assert!(!alone.contains("lane"), "{alone}");
    for (id, lane, is_head) in
        [("2", json!(LANE), true), ("4", json!(LANE), false), ("5", json!(null), false)]
    {
        let event = printed(&mut inbox(file, ["show", id]));
        assert_eq!((&event["lane"], &event["is_head"]), (&lane, &json!(is_head)), "{id}");
    }
}

#[test]
fn the_events_of_a_lane_are_selected_replayed_and_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let file = &folder.path().join("inbox.db");
    fill(file);
    let ids = |args: &[&str]| -> Vec<_> {
        let listed = printed(inbox(file, ["list"]).args(args));
        listed["events"].as_array().unwrap().iter().map(|event| event["id"].as_i64().unwrap()).collect()
    };
    assert_eq!(ids(&["--lane", LANE]), [1, 2, 3, 4]);
    assert_eq!(ids(&["--lane", LANE, "--state", "waiting"]), [3, 4]);
    assert_eq!(ids(&["--state", "waiting"]), [3, 4]);

    let asks =
        format!("there is no terminal to ask on, so add --yes: run all events of lane {LANE} once more?");
    fails(&mut inbox(file, ["replay", "--lane", LANE]), 2, &asks);
    let (status, _, note) = run(&mut inbox(file, ["replay", "3"]));
    assert_eq!((status, &*note), (1, "event 3 is waiting: it runs without a replay\n"));
    let replay = ["replay", "--lane", LANE, "--state", "dead", "--yes"];
    inbox(file, replay).assert().success().stdout("1 event replayed\n");
    assert_eq!(ids(&["--state", "waiting"]), [1, 3, 4]);

    inbox(file, ["drop", "2", "--yes"]).assert().success();
    assert_eq!(ids(&["--lane", LANE, "--state", "ready"]), [3]);
    let drop = ["drop", "--lane", LANE, "--state", "waiting", "--yes"];
    inbox(file, drop).assert().success().stdout("2 events dropped\n");
    assert_eq!(ids(&["--lane", LANE, "--state", "done"]), [1, 2, 4]);
}

#[test]
fn only_the_head_of_a_lane_is_dropped_with_the_ready_events() {
    let folder = tempfile::tempdir().unwrap();
    let file = &folder.path().join("inbox.db");
    fill(file);
    // The head, event 2, is ready then, and so is event 5.
    inbox(file, ["replay", "2"]).assert().success();
    inbox(file, ["drop", "--state", "ready", "--yes"]).assert().success().stdout("2 events dropped\n");
    for (id, state) in [("2", "done"), ("3", "ready"), ("4", "waiting"), ("5", "done")] {
        assert_eq!(printed(&mut inbox(file, ["show", id]))["state"], state, "{id}");
    }
}

#[test]
fn a_text_that_is_not_a_lane_is_an_error() {
    for command in ["list", "replay", "drop"] {
        let (status, _, error) = run(&mut cli(["inbox", command, "--lane", "17"]));
        assert!(status == 2 && error.contains("expected a lane of 32 hexadecimal digits"), "{error}");
    }
}
