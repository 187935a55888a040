//! Events that are in lanes.

use std::time::Duration;

use panora_hooks::inbox::{
    AttemptOutcome, Decision, EventKey, EventState, Inbox, Lane, LeaseRequest, MemoryInbox,
};
use panora_hooks_dashboard::Access;

use crate::{
    support::{Site, new_event, put, put_event, settle},
    wrapped::Wrapped,
};

const LANE: &str = "000102030405060708090a0b0c0d0e0f";

async fn put_in_lane(inbox: &impl Inbox, lane: &str, id: &str) -> EventKey {
    let event = new_event(id, "crm.task.push", &format!("[\"{id}\"]"));
    put_event(inbox, event.in_lane(lane.parse::<Lane>().unwrap())).await
}

/// An inbox with events of a lane: 1 is dead, 2 is the delayed head, 3 and 4 wait. Event 5 is the
/// head of another lane, and 6 has no lane.
async fn two_lanes() -> MemoryInbox {
    let inbox = MemoryInbox::new();
    for id in ["dead-1", "delayed-2", "waiting-3", "waiting-4"] {
        put_in_lane(&inbox, LANE, id).await;
    }
    settle(&inbox, Decision::Bury("a mistake".to_owned()), AttemptOutcome::Failed, Some("a mistake")).await;
    let later = Decision::RetryAfter(Duration::from_secs(3600));
    settle(&inbox, later, AttemptOutcome::Failed, Some("the service is busy")).await;
    put_in_lane(&inbox, "ffffffffffffffffffffffffffffffff", "ready-5").await;
    put(&inbox, "ready-6", "crm.task.push", "[]").await;
    inbox
}

async fn state(inbox: &impl Inbox, key: u128) -> EventState {
    inbox.get(EventKey::new(key)).await.unwrap().unwrap().info.state
}

#[tokio::test]
async fn a_list_of_a_lane_has_its_events_alone_and_marks_the_head() {
    let site = Site::new(two_lanes().await, Access::operate());
    let page = site.get(&format!("/events?lane={LANE}")).await;
    let page = page.assert(200, &[&format!("4 events in any state of lane {LANE}"), "delayed</span>, head<"]);
    assert_eq!(page.body.matches(", head<").count(), 1);
    page.assert_absent(&["ready-5", "ready-6"]);
    let page = site.get("/events").await.assert(200, &["ready-5", "ready-6", "ready</span>, head<"]);
    assert_eq!(page.body.matches(", head<").count(), 2);
    let page = site.get("/events?state=waiting").await;
    page.assert(200, &["2 waiting events", "waiting-3", "waiting-4"]).assert_absent(&["delayed-2"]);
}

#[tokio::test]
async fn the_filter_by_lane_stays_on_the_following_pages_and_in_the_form() {
    let inbox = MemoryInbox::new();
    for number in 1..=60 {
        put_in_lane(&inbox, LANE, &format!("event-{number}")).await;
    }
    let site = Site::new(inbox, Access::operate());
    let first = site.get(&format!("/events?lane={}&state=waiting", LANE.to_uppercase())).await;
    let first =
        first.assert(200, &[&format!("59 waiting events of lane {LANE}"), &format!("value=\"{LANE}\"")]);
    let links = first.links();
    let link = |part: &str| links.iter().find(|link| link.contains(part)).unwrap();
    let older = site.get(&format!("/{}", link("older="))).await.assert(200, &["event-2<", "event-10<"]);
    older.assert_absent(&["event-1<", "event-11<"]);
    assert!(link("event/60").contains(LANE) && link("action=drop").contains(LANE), "{links:?}");
}

#[tokio::test]
async fn an_event_links_to_its_lane_and_to_the_head_for_which_it_waits() {
    let site = Site::new(two_lanes().await, Access::read());
    let of_lane = format!("../events?lane={LANE}");
    let waiting = site.get("/event/4").await.assert(200, &["waiting", "; its head is <a"]);
    for link in [&of_lane, &format!("../event/2?lane={LANE}")] {
        assert!(waiting.links().contains(link), "{link}");
    }
    waiting.assert_absent(&["this event is its head"]);
    let head = site.get("/event/2").await.assert(200, &["; this event is its head"]);
    assert!(head.links().contains(&of_lane));
    let dead = site.get("/event/1").await.assert(200, &[LANE]);
    dead.assert_absent(&["its head"]);
    site.get("/event/6").await.assert(200, &["ready-6"]).assert_absent(&["<dt>Lane</dt>"]);
}

#[tokio::test]
async fn the_head_is_found_in_every_state() {
    let inbox = MemoryInbox::new();
    for id in ["head-1", "waiting-2"] {
        put_in_lane(&inbox, LANE, id).await;
    }
    let site = Site::new(inbox.clone(), Access::read());
    let link = format!("../event/1?lane={LANE}");
    assert!(site.get("/event/2").await.links().contains(&link), "ready");
    inbox.lease(LeaseRequest::new(1, Duration::from_secs(60))).await.unwrap();
    assert_eq!(state(&inbox, 1).await, EventState::Leased);
    assert!(site.get("/event/2").await.links().contains(&link), "leased");
}

#[tokio::test]
async fn the_events_of_a_lane_are_replayed_and_dropped() {
    let inbox = two_lanes().await;
    let site = Site::new(inbox.clone(), Access::operate());
    let query = format!("action=replay&state=dead&lane={LANE}");
    site.get(&format!("/confirm?{query}")).await.assert(
        200,
        &[
            &format!("Replay <bdi>1 dead event of lane {LANE}</bdi>?"),
            &format!("panora-hooks inbox replay --state dead --lane {LANE}"),
            "goes to the end of its lane",
        ],
    );
    site.act(&query).await.assert(200, &["Completed: 1 event replayed."]);
    assert_eq!(state(&inbox, 1).await, EventState::Waiting);
    site.get("/confirm?action=replay&event=1").await.assert(400, &["waiting and leased events run without"]);
    let page = site.act(&format!("action=drop&state=waiting&lane={LANE}")).await;
    page.assert(200, &["Completed: 3 events dropped.", &format!("waiting events of lane {LANE}")]);
    assert_eq!(state(&inbox, 2).await, EventState::Delayed);
    assert_eq!(state(&inbox, 4).await, EventState::Done);
}

#[tokio::test]
async fn the_successor_of_a_dropped_head_is_not_dropped_with_a_later_page() {
    let inbox = MemoryInbox::new();
    put_in_lane(&inbox, LANE, "head-1").await;
    // A page has 500 events.
    for number in 2..=600 {
        let id = format!("alone-{number}");
        put(&inbox, &id, "crm.task.push", &format!("[\"{id}\"]")).await;
    }
    for id in ["waiting-601", "waiting-602"] {
        put_in_lane(&inbox, LANE, id).await;
    }
    put_in_lane(&inbox, "ffffffffffffffffffffffffffffffff", "head-603").await;
    let site = Site::new(inbox.clone(), Access::operate());
    site.act("action=drop&state=ready").await.assert(200, &["Completed: 601 events dropped."]);
    assert_eq!(state(&inbox, 601).await, EventState::Ready);
    assert_eq!(state(&inbox, 602).await, EventState::Waiting);
    assert_eq!(state(&inbox, 603).await, EventState::Done);
}

#[tokio::test]
async fn the_overview_counts_waiting_events() {
    let page = Site::new(two_lanes().await, Access::read()).get("/overview").await;
    let row = "<a href=\"events?state=waiting\"><span class=\"state waiting\">waiting</span></a></th>\
               <td class=\"number\">2</td><td>waits for the earlier events of its lane</td>";
    page.assert(200, &[row]);
}

#[tokio::test]
async fn a_store_without_lanes_is_not_asked_for_them() {
    let store = Wrapped::new(two_lanes().await);
    let site = Site::new(store, Access::operate());
    site.get("/events").await.assert(200, &[]).assert_absent(&["name=\"lane\""]);
    site.get("/overview").await.assert(200, &[]).assert_absent(&["state=waiting"]);
    site.get("/confirm?action=replay&state=dead").await.assert(200, &[]).assert_absent(&["lane"]);
    for path in ["events?", "event/2?", "confirm?action=replay&state=dead&"] {
        let page = site.get(&format!("/{path}lane={LANE}")).await;
        page.assert(400, &["The parameter “lane” is not valid: this inbox has no lanes."]);
    }
}
