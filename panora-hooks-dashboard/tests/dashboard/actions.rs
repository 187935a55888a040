//! Replays and drops.

use std::time::Duration;

use panora_hooks::inbox::{
    AttemptOutcome, Capabilities, Capability, Decision, EventKey, EventState, Inbox, MemoryInbox,
};
use panora_hooks_dashboard::Access;
use tokio::time::timeout;

use crate::{
    support::{Site, one_of_each, put, put_dead, settle},
    wrapped::Wrapped,
};

async fn state(inbox: &impl Inbox, key: u128) -> EventState {
    inbox.get(EventKey::new(key)).await.unwrap().unwrap().info.state
}

/// Returns (who, action, what, events) of the audit, oldest first.
async fn audit(inbox: &impl Inbox) -> Vec<(Option<String>, String, String, u64)> {
    let entries = inbox.audit(None, 100).await.unwrap().into_iter().rev();
    entries
        .map(|entry| (entry.record.who, entry.record.action, entry.record.what, entry.record.events))
        .collect()
}

async fn many_dead(number: u32) -> MemoryInbox {
    let inbox = MemoryInbox::new();
    for place in 1..=number {
        put(&inbox, &format!("event-{place}"), "crm.task.push", &format!("[{place}]")).await;
    }
    let bury = Decision::Bury("the service is gone".to_owned());
    settle(&inbox, bury, AttemptOutcome::Failed, Some("the service is gone")).await;
    inbox
}

#[tokio::test]
async fn the_confirmation_names_the_events_and_changes_nothing() {
    let inbox = one_of_each().await;
    let site = Site::new(inbox.clone(), Access::operate());
    site.get("/confirm?action=replay&event=2")
        .await
        .assert(200, &["event 2 (dead)", "panora-hooks inbox replay 2"]);
    let page = site.get("/confirm?action=drop&state=dead&type=crm.task.push").await;
    page.assert(
        200,
        &[
            "1 dead event of type crm.task.created",
            "panora-hooks inbox drop --state dead --type crm.task.created",
            "gone for good",
        ],
    );
    assert_eq!(state(&inbox, 2).await, EventState::Dead);
    assert!(audit(&inbox).await.is_empty());
}

#[tokio::test]
async fn an_event_is_replayed_and_dropped_under_the_name_of_the_operator() {
    let inbox = one_of_each().await;
    let site = Site::new(inbox.clone(), Access::operate().named("ada"));
    site.act("action=replay&event=2").await.assert(200, &["Completed: 1 event replayed.", "ada"]);
    assert_eq!(state(&inbox, 2).await, EventState::Ready);
    site.act("action=drop&event=4").await.assert(200, &["Completed: 1 event dropped."]);
    assert_eq!(state(&inbox, 4).await, EventState::Done);
    let ada = || Some("ada".to_owned());
    let expected = [
        (ada(), "replay started".to_owned(), "event 2".to_owned(), 0),
        (ada(), "replay".to_owned(), "event 2".to_owned(), 1),
        (ada(), "drop started".to_owned(), "event 4".to_owned(), 0),
        (ada(), "drop".to_owned(), "event 4".to_owned(), 1),
    ];
    assert_eq!(audit(&inbox).await, expected);
    site.get("/audit").await.assert(200, &["ada", "replay", "event 2", "drop", "event 4"]);
    site.get("/actions").await.assert(200, &["Completed: 1 event replayed.", "Completed: 1 event dropped."]);
}

#[tokio::test]
async fn a_filter_is_replayed_in_batches() {
    let inbox = many_dead(1234).await;
    let site = Site::new(inbox.clone(), Access::operate().named("ada"));
    let page = site.act("action=replay&state=dead").await;
    page.assert(200, &["Completed: 1,234 events replayed."]);
    let depth = inbox.depth().await.unwrap();
    assert_eq!((depth.dead.number(), depth.ready.number()), (0, 1234));
    let audit = audit(&inbox).await;
    assert_eq!((&*audit[0].1, &*audit[0].2, audit[0].3), ("replay started", "dead events", 0));
    assert_eq!((&*audit[1].1, &*audit[1].2, audit[1].3), ("replay", "dead events", 1234));
}

#[tokio::test]
async fn a_group_of_dead_events_is_dropped_and_other_events_stay() {
    let inbox = one_of_each().await;
    for number in 6..=9 {
        put_dead(&inbox, &format!("dead-{number}"), &format!("order {number} is locked")).await;
    }
    let site = Site::new(inbox.clone(), Access::operate());
    let groups = site.get("/dead").await.assert(200, &["order 9 is locked", "customer 17 is missing"]);
    let confirm = groups.links().into_iter().find(|link| link.starts_with("confirm?action=drop")).unwrap();
    // Only dead events have a group, so a group implies the state.
    let group = confirm.split_once("group=").unwrap().1;
    let implied = site.get(&format!("/confirm?action=drop&group={group}")).await;
    implied.assert(200, &["4 dead events"]);
    let confirmation = site.get(&format!("/{confirm}")).await.assert(200, &["4 dead events"]);
    let form = confirmation.links().into_iter().find(|link| link.starts_with("actions?")).unwrap();
    site.submit(&format!("/{form}")).await.assert(200, &["Completed: 4 events dropped."]);
    assert_eq!(state(&inbox, 2).await, EventState::Dead);
    assert_eq!(state(&inbox, 6).await, EventState::Done);
}

#[tokio::test]
async fn an_action_needs_a_filter_that_it_can_apply() {
    let inbox = one_of_each().await;
    let site = Site::new(inbox.clone(), Access::operate());
    for (query, part) in [
        ("action=drop", "needs a state"),
        ("action=drop&state=&type=crm.task.created", "needs a state"),
        ("action=drop&state=done", "Done events cannot be dropped"),
        ("action=replay&state=ready", "run without a replay"),
        ("action=replay&state=waiting", "run without a replay"),
        ("action=drop&state=dead&text=missing", "search by text"),
        ("action=explode&state=dead", "give replay or drop"),
        ("state=dead", "give replay or drop"),
        ("action=drop&event=two", "give the number of an event"),
    ] {
        for answer in
            [site.get(&format!("/confirm?{query}")).await, site.post(&format!("/actions?{query}")).await]
        {
            answer.assert(400, &[part]);
        }
    }
    site.get("/confirm?action=drop&event=99").await.assert(404, &["The inbox holds no event 99."]);
    let form = "/actions?action=drop&event=99&state=dead&run=1";
    site.post(form).await.assert(404, &["The inbox holds no event 99."]);
    site.get("/confirm?action=replay&event=5").await.assert(400, &["run without a replay"]);
    let empty = site.get("/confirm?action=drop&state=leased").await;
    empty.assert(200, &["No event matches"]).assert_absent(&["<form"]);
    // Only the form of a confirmation says which events were confirmed.
    for query in ["action=drop&event=2", "action=drop&event=2&run=1", "action=drop&state=dead"] {
        site.post(&format!("/actions?{query}")).await.assert(400, &["is not valid"]);
    }
    assert_eq!(inbox.depth().await.unwrap().parked, 1);
}

#[tokio::test]
async fn one_filter_has_one_action_at_a_time_and_it_can_be_stopped() {
    let inbox = many_dead(1200).await;
    let store = Wrapped {
        capabilities: Capabilities::CORE.with(Capability::Discard).with(Capability::Audit),
        ..Wrapped::new(inbox.clone()).waiting()
    };
    let site = Site::new(store.clone(), Access::operate().named("ada"));
    let form = "/actions?action=replay&state=dead&type=crm.task.created&newest=1200";
    let started = site.post(form).await;
    let job = format!("/{}", started.location());
    site.get(&job).await.assert(200, &["Running: 0 events replayed so far.", "Stop"]);
    // The same filter, in another spelling, and for another action.
    for query in
        ["action=drop&type=crm.task.push&state=dead", "action=replay&state=dead&type=crm.task.created"]
    {
        let refused = site.post(&format!("/actions?{query}&newest=1200")).await;
        let refused = refused.assert(409, &["still running"]);
        assert!(refused.links().contains(&started.location().to_owned()), "{}", refused.body);
    }
    // Another filter is independent.
    assert_eq!(site.post("/actions?action=drop&state=parked&newest=1200").await.status, 303);
    let stopped = site.post(&format!("{job}/stop")).await;
    assert_eq!(
        (stopped.status.as_u16(), format!("/action/{}", &stopped.location()[3..])),
        (303, job.clone())
    );
    site.get(&job).await.assert(200, &["Stopping: 0 events replayed so far."]);
    store.permits.add_permits(100);
    let ended = async {
        while audit(&inbox).await.iter().filter(|entry| entry.1 == "replay").count() == 0 {
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(20), ended).await.unwrap();
    let replayed = inbox.depth().await.unwrap().ready.number();
    assert_eq!(replayed, 500);
    let page = site.get(&job).await;
    page.assert(200, &["Stopped: 500 events replayed."]);
    let entry = audit(&inbox).await.into_iter().find(|entry| entry.1 == "replay").unwrap();
    assert_eq!(entry.2, "dead events of type crm.task.created (stopped)");
    assert_eq!(entry.3, 500);
    let stop = audit(&inbox).await.into_iter().find(|entry| entry.1 == "stop").unwrap();
    let expected = "replay of dead events of type crm.task.created";
    assert_eq!((stop.0.as_deref(), &*stop.2), (Some("ada"), expected));
    // The filter is free again.
    site.act("action=replay&state=dead&type=crm.task.created").await;
    // A job that has ended is not stopped any more.
    let (stops, latest) = (audit(&inbox).await.len(), site.get("/actions").await);
    let latest = latest.links().into_iter().find(|link| link.starts_with("action/")).unwrap();
    site.post(&format!("/{latest}/stop")).await;
    site.get(&format!("/{latest}")).await.assert(200, &["Completed: 700 events replayed."]);
    assert_eq!(audit(&inbox).await.len(), stops);
}

#[tokio::test]
async fn an_action_goes_on_without_its_browser() {
    let inbox = many_dead(700).await;
    let store = Wrapped {
        capabilities: Capabilities::CORE.with(Capability::Audit),
        ..Wrapped::new(inbox.clone()).waiting()
    };
    let site = Site::new(store.clone(), Access::operate());
    // The request is dropped while the store does not answer.
    let start = site.post("/actions?action=replay&state=dead&newest=700");
    assert!(timeout(Duration::from_millis(100), start).await.is_err());
    store.permits.add_permits(100);
    let completed = async {
        while inbox.depth().await.unwrap().dead != 0 {
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(20), completed).await.unwrap();
}

#[tokio::test]
async fn an_event_that_fails_again_is_replayed_once() {
    let inbox = many_dead(3).await;
    let site = Site::new(inbox.clone(), Access::operate());
    site.act("action=replay&state=dead").await.assert(200, &["3 events replayed"]);
    let bury = Decision::Bury("again".to_owned());
    settle(&inbox, bury, AttemptOutcome::Failed, None).await;
    assert_eq!(inbox.get(EventKey::new(1)).await.unwrap().unwrap().info.run, 2);
}

#[tokio::test]
async fn nothing_is_changed_or_shown_without_its_entry_in_the_audit() {
    let inbox = many_dead(3).await;
    put(&inbox, "secret", "crm.task.push", r#"{"name":"canary"}"#).await;
    let store = Wrapped {
        capabilities: Capabilities::CORE.with(Capability::Discard).with(Capability::Audit),
        refuses_audit: true,
        ..Wrapped::new(inbox.clone())
    };
    let site = Site::new(store, Access::operate().with_data());
    site.act("action=drop&state=dead")
        .await
        .assert(200, &["Failed: 0 events dropped.", "disk of the inbox is full"]);
    assert_eq!(inbox.depth().await.unwrap().dead, 3);
    site.act("action=drop&event=2").await.assert(200, &["Failed: 0 events dropped."]);
    assert_eq!(inbox.depth().await.unwrap().dead, 3);
    site.post("/event/4/reveal").await.assert(500, &[]).assert_absent(&["canary"]);
}

#[tokio::test]
async fn an_unknown_action_is_not_found() {
    let site = Site::new(one_of_each().await, Access::operate());
    for path in ["/action/1", "/action/nonsense"] {
        site.get(path).await.assert(404, &["This process runs no such action."]);
    }
    site.post("/action/1/stop").await.assert(404, &[]);
}
