//! Stores that lack optional parts, and stores that do not answer.

use panora_hooks::inbox::{Capabilities, Capability, MemoryInbox};
use panora_hooks_dashboard::Access;

use crate::{
    support::{Site, one_of_each},
    wrapped::Wrapped,
};

#[tokio::test]
async fn parts_that_the_store_lacks_are_not_offered() {
    let site = Site::new(Wrapped::new(one_of_each().await), Access::operate().with_data());
    let overview = site.get("/overview").await.assert(200, &["1 event is dead", "keeps no figures"]);
    overview.assert_absent(&["href=\"dead\"", "href=\"audit\"", "<svg"]);
    let event = site.get("/event/2").await;
    event
        .assert(200, &["does not record attempts", "confirm?action=replay", "inbox replay 2"])
        .assert_absent(&["confirm?action=drop", "inbox drop 2"]);
    site.get("/events?state=dead").await.assert(200, &["dead-2"]).assert_absent(&["action=drop"]);
    site.get("/dead").await.assert(404, &["does not group", "events?state=dead"]);
    site.get("/audit").await.assert(404, &["keeps no audit"]);
    for query in ["action=drop&event=2", "action=drop&state=dead"] {
        site.get(&format!("/confirm?{query}")).await.assert(400, &["cannot drop"]);
        site.post(&format!("/actions?{query}")).await.assert(400, &["cannot drop"]);
    }
    site.act("action=replay&state=dead").await.assert(200, &["Completed: 1 event replayed."]);
    site.post("/event/5/reveal").await.assert(200, &["canary"]);
}

#[tokio::test]
async fn links_lead_only_to_parts_that_the_store_has() {
    let store = Wrapped {
        capabilities: Capabilities::CORE.with(Capability::Audit),
        ..Wrapped::new(one_of_each().await)
    };
    let site = Site::new(store, Access::operate());
    for path in ["/overview", "/events", "/event/2", "/actions", "/audit"] {
        for link in site.get(path).await.assert(200, &[]).links() {
            let link = link.trim_start_matches("../");
            if link.starts_with('#') || link.starts_with("event/") || link.starts_with("actions?") {
                continue;
            }
            let answer = site.get(&format!("/{link}")).await;
            assert_eq!(answer.status, 200, "{link} on {path}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_query_ends_after_two_seconds_and_the_page_says_so() {
    let site = Site::new(Wrapped::new(MemoryInbox::new()).waiting(), Access::operate().with_data());
    for path in ["/overview", "/events", "/event/2", "/events?text=a", "/confirm?action=replay&event=2"] {
        let start = tokio::time::Instant::now();
        let answer = site.get(path).await;
        answer.assert(503, &["did not answer within two seconds", "<nav aria-label=\"Pages\">"]);
        assert_eq!(start.elapsed().as_secs(), 2, "{path}");
    }
    site.post("/event/2/reveal").await.assert(503, &[]);
    site.get("/events").await.assert(503, &["Narrow the filter"]);
    site.get("/overview").await.assert(503, &["Try again later"]).assert_absent(&["filter"]);
}

#[tokio::test(start_paused = true)]
async fn counts_and_neighbours_that_take_too_long_are_left_out() {
    let store = Wrapped { is_slow: true, ..Wrapped::new(one_of_each().await) };
    let site = Site::new(store, Access::operate());
    let start = tokio::time::Instant::now();
    let page = site.get("/events?state=dead").await;
    page.assert(200, &["dead-2", "dead events, which take too long to count"]);
    let page = site.get("/event/2").await.assert(200, &["dead-2", "List of events"]);
    page.assert_absent(&["Newer event", "Older event"]);
    assert!(start.elapsed().as_millis() < 1500);
}
