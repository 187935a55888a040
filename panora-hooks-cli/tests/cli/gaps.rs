//! `gaps`.

use std::{
    path::Path,
    time::{Duration, SystemTime},
};

use assert_cmd::Command;
use jiff::Timestamp;
use panora_hooks::inbox::{Inbox, NewEvent, SqliteInbox};
use serde_json::{Value, json};
use snapbox::{assert_data_eq, str};
use tempfile::TempDir;

use crate::{
    api::{Api, KEY},
    support::{cli, fails, json_lines, run, verifier},
};

/// The events that were received. Events 3 and 6 are missing.
const ALL_BUT_TWO: [u32; 6] = [1, 2, 4, 5, 7, 8];

/// The beginning of the list.
const BEGIN: &str = "2026-11-27T09:00:00Z";

fn gaps<const N: usize>(api: &Api, folder: &TempDir, args: [&str; N]) -> Command {
    let mut command = cli(["gaps", "--api", &api.url(), "--since", BEGIN]);
    command.env("PANORA_API_KEY", KEY).env_remove("PANORA_WEBHOOK_SECRET").current_dir(folder.path());
    command.args(args);
    command
}

/// Returns a row that was sent some minutes after the beginning.
fn row(number: u32, wire_type: &str, minute: u32) -> Value {
    let sent: Timestamp = BEGIN.parse().unwrap();
    json!({
        "id_event": format!("event-{number}"),
        "type": wire_type,
        "status": "success",
        "provider": "hubspot",
        "timestamp": format!("{:.3}", sent + Duration::from_secs(60 * u64::from(minute))),
        "id_linked_user": "ada",
    })
}

/// Stores events with these numbers in a new file.
fn inbox_with(folder: &Path, numbers: &[u32]) {
    let inbox = SqliteInbox::open(folder.join("panora-inbox.db")).unwrap();
    let events = numbers.iter().map(|number| {
        let data = json!({ "number": number });
        let body = json!({ "id_event": format!("event-{number}"), "type": "crm.company.push", "data": data });
        let signature = verifier().sign(&data.to_string());
        NewEvent::new(verifier().verify(body.to_string().as_bytes(), signature).unwrap())
    });
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(inbox.put(events.collect())).unwrap();
}

/// Eight events of two endpoints, and a read. Those with the numbers of `received` arrived.
fn outage(received: &[u32]) -> (Api, TempDir) {
    let (api, folder) = (Api::start(), tempfile::tempdir().unwrap());
    let mut state = api.state();
    state.add("https://example.com/a", &["crm.company.created"]);
    state.add("https://example.com/b", &["crm.contact.pulled"]);
    state.events = (1..=6).map(|number| row(number, "crm.company.push", 13 * number)).collect();
    state.events.push(row(7, "crm.contact.pulled", 90));
    state.events.push(row(8, "crm.contact.pulled", 91));
    state.events.push(row(9, "crm.company.pull", 92));
    drop(state);
    inbox_with(folder.path(), received);
    (api, folder)
}

#[test]
fn missing_events_are_listed_and_counted_by_hour() {
    let (api, folder) = outage(&ALL_BUT_TWO);
    let (status, printed, notes) = run(&mut gaps(&api, &folder, ["--until", "2026-11-27T12:00:00Z"]));
    assert_eq!(status, 1);
    assert_data_eq!(
        printed,
        str![[r#"
sent                      type                 id_event  provider  linked user
2026-11-27T09:39:00.000Z  crm.company.created  event-3   hubspot   ada
2026-11-27T10:18:00.000Z  crm.company.created  event-6   hubspot   ada

hour                  type                 missing
2026-11-27T09:00:00Z  crm.company.created  1 of 4
2026-11-27T10:00:00Z  crm.company.created  1 of 2

2 of 8 compared events, sent from 2026-11-27T09:00:00Z to 2026-11-27T12:00:00Z, are missing

"#]]
    );
    assert_data_eq!(
        notes,
        str![[r#"
the list does not show deliveries: events that were sent while their endpoint was disabled, or that still wait in the sender's queue, also count as missing

"#]]
    );
    let (status, printed) = json_lines(&mut gaps(&api, &folder, []));
    assert_eq!((status, printed[0]["received"].as_u64()), (1, Some(6)));
    assert_eq!(
        printed[0]["missing"][1],
        json!({
            "id_event": "event-6",
            "event_type": "crm.company.created",
            "wire_type": "crm.company.push",
            "provider": "hubspot",
            "connection": null,
            "linked_user": "ada",
            "status": "success",
            "timestamp": "2026-11-27T10:18:00.000Z",
        })
    );
    let hour = json!({ "hour": "2026-11-27T10:00:00Z", "event_type": "crm.company.created", "sent": 2, "missing": 1 });
    assert_eq!(printed[0]["by_hour"][1], hour);
}

#[test]
fn nothing_is_missing_of_a_scope_that_was_received() {
    let (api, folder) = outage(&ALL_BUT_TWO);
    let (status, printed, notes) =
        run(&mut gaps(&api, &folder, ["--scope", "crm.contact.*", "--grace", "0s"]));
    assert_eq!((status, &*notes), (0, ""));
    assert!(
        printed.starts_with("nothing is missing: 2 compared events, sent from 2026-11-27T09:00:00Z to "),
        "{printed}"
    );
    // The endpoints were not asked for.
    assert!(api.state().calls.iter().all(|call| call == "GET /events"));
}

#[test]
fn the_report_says_what_it_cannot_know() {
    let (api, folder) = outage(&[4, 5, 6]);
    // Events before the first one that was received, and before the creation of an endpoint.
    let mut state = api.state();
    state.endpoints[1]["created_at"] = "2026-11-27T12:00:00.000Z".into();
    state.add("https://example.com/c", &["crm.deal.created"]);
    state.endpoints[2]["active"] = false.into();
    drop(state);
    let (status, printed, notes) = run(&mut gaps(&api, &folder, ["--until", "2026-11-27T12:00:00Z"]));
    assert_eq!(status, 0);
    assert_data_eq!(
        printed,
        str![[r#"
nothing is missing: 3 compared events, sent from 2026-11-27T09:00:00Z to 2026-11-27T12:00:00Z, were received

"#]]
    );
    assert_data_eq!(
        notes,
        str![[r#"
event types not compared, because no active endpoint subscribes to them: crm.deal.created
events not compared, because they were sent before the inbox shows any event (2026-11-27T09:52:00Z): 3
events not compared, because they were sent before an endpoint subscribed to their type: 2

"#]]
    );
}

#[test]
fn a_period_without_events_is_not_taken_for_a_complete_one() {
    let (api, folder) = outage(&ALL_BUT_TWO);
    let (status, _, notes) = run(&mut gaps(&api, &folder, ["--scope", "crm.deal.created"]));
    assert_eq!(status, 0);
    assert!(notes.starts_with("warning: no event was compared: "), "{notes}");
}

#[test]
fn events_under_way_are_left_out() {
    let (api, folder) = (Api::start(), tempfile::tempdir().unwrap());
    inbox_with(folder.path(), &[1]);
    let sent = |number: u32, ago: u64| {
        let mut row = row(number, "crm.company.push", 0);
        let sent = Timestamp::try_from(SystemTime::now() - Duration::from_secs(ago)).unwrap();
        row["timestamp"] = format!("{sent:.3}").into();
        row
    };
    api.state().events = vec![sent(1, 1000), sent(2, 200)];
    let scope = ["--scope", "crm.company.created"];
    let mut hour = cli(["gaps", "--api", &api.url(), "--since", "1h"]);
    hour.env("PANORA_API_KEY", KEY).current_dir(folder.path()).args(scope);
    assert_eq!(run(&mut hour).0, 0);
    assert_eq!(run(hour.args(["--grace", "1m"])).0, 1);
}

#[test]
fn a_search_that_cannot_be_made_is_not_reported_as_missing_events() {
    let (api, folder) = outage(&ALL_BUT_TWO);
    fails(
        &mut gaps(&api, &folder, ["--until", "2026-11-27T08:00:00Z"]),
        2,
        "no event is compared, because the period from 2026-11-27T09:00:00Z to 2026-11-27T08:00:00Z is empty: check \
         --since, --until and --grace",
    );
    fails(
        &mut gaps(&api, &folder, ["--scope", "crm.contct.created"]),
        2,
        "nothing is sent under the name `crm.contct.created`: subscribe to `crm.contact.created`",
    );
    fails(
        gaps(&api, &folder, []).env("PANORA_API_KEY", "sk_prod_unknown"),
        3,
        "the API answered 500, as it does to a key that it does not know: check the key; if it is right, the API's \
         own log says more",
    );
    let (status, _, error) = run(&mut gaps(&api, &folder, ["--inbox", "other.db"]));
    assert_eq!(status, 3, "{error}");
    for endpoint in &mut api.state().endpoints {
        endpoint["active"] = false.into();
    }
    fails(
        &mut gaps(&api, &folder, []),
        2,
        "no endpoint of the project is active: name event types with --scope",
    );
}

#[test]
fn an_empty_inbox_is_not_taken_for_a_complete_one() {
    let (api, folder) = outage(&[]);
    let (status, _, notes) = run(&mut gaps(&api, &folder, []));
    assert_eq!(status, 1);
    assert!(notes.starts_with("warning: the inbox is empty: "), "{notes}");
}
