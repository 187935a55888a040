//! The content of the pages.

use std::time::Duration;

use panora_hooks::inbox::{AttemptOutcome, Decision, Inbox, MemoryInbox};
use panora_hooks_dashboard::Access;

use crate::support::{Site, one_of_each, put, put_dead, put_settled, settle};

#[tokio::test]
async fn an_event_shows_what_happened_to_it() {
    let inbox = MemoryInbox::new();
    put(&inbox, "the id", "crm.task.push", r#"{"name":"Ada"}"#).await;
    let retry = Decision::RetryAfter(Duration::ZERO);
    settle(&inbox, retry.clone(), AttemptOutcome::Failed, Some("the first error")).await;
    settle(&inbox, retry, AttemptOutcome::TimedOut, None).await;
    settle(&inbox, Decision::Complete, AttemptOutcome::Handled, None).await;
    let site = Site::new(inbox, Access::operate());
    let page = site.get("/event/1").await;
    page.assert(
        200,
        &[
            "<title>Event 1 · panora-hooks</title>",
            "the id",
            "crm.task.created",
            "crm.task.push",
            "Attempt 1: failed",
            "the first error",
            "took 25 ms",
            "worker-of-the-tests",
            "Attempt 2: timed out",
            "Attempt 3: succeeded",
            "panora-hooks inbox show 1",
            "panora-hooks inbox replay 1",
        ],
    );
    site.get("/event/2").await.assert(404, &["The inbox holds no event 2."]);
    site.get("/event/first").await.assert(404, &[]);
}

#[tokio::test]
async fn attempts_that_are_not_kept_are_mentioned() {
    let inbox = MemoryInbox::new();
    put(&inbox, "often", "crm.task.push", "[]").await;
    for number in 1..=60 {
        let retry = Decision::RetryAfter(Duration::ZERO);
        settle(&inbox, retry, AttemptOutcome::Failed, Some(&format!("error {number}"))).await;
    }
    let site = Site::new(inbox, Access::read());
    let page = site.get("/event/1").await.assert(200, &["Attempts 21 to 40 are not kept."]);
    page.assert(200, &["error 20<", "error 41<"]).assert_absent(&["error 21<", "error 40<"]);
}

#[tokio::test]
async fn dead_events_are_grouped_by_their_error() {
    let inbox = one_of_each().await;
    for number in 6..=8 {
        put_dead(&inbox, &format!("dead-{number}"), &format!("order {number} is locked")).await;
    }
    let site = Site::new(inbox, Access::operate());
    let page = site.get("/dead").await.assert(200, &["order 8 is locked", "customer 17 is missing"]);
    page.assert_absent(&["order 7 is locked"]);
    assert!(page.body.contains("<td class=\"number\">3</td>"));
    page.assert(
        200,
        &[
            "<th scope=\"row\"><a href=\"events?type=crm.task.created\"",
            "aria-label=\"Events: 3 events of type crm.task.created\">Events</a>",
            "aria-label=\"Replay… 3 events of type crm.task.created\">Replay…</a>",
            "aria-label=\"Drop… 1 event of type crm.task.created\">Drop…</a>",
        ],
    );
    let link = site.get("/event/7").await.links().into_iter().find(|link| link.contains("group=")).unwrap();
    let same = site.get(link.strip_prefix("..").unwrap()).await;
    same.assert(200, &["3 dead events with an error of group"]).assert_absent(&["dead-2"]);
    let empty = Site::new(MemoryInbox::new(), Access::operate());
    empty.get("/dead").await.assert(200, &["No event is dead."]);
}

#[tokio::test]
async fn groups_that_a_filter_cannot_tell_apart_are_one_row() {
    let inbox = MemoryInbox::new();
    let bury = || Decision::Bury("a shared error".to_owned());
    for (id, wire_type) in [("1", "crm.task.push"), ("2", "crm.task.created"), ("3", "crm.deal.push")] {
        put_settled(&inbox, (id, wire_type), bury(), AttemptOutcome::Failed, None).await;
    }
    let page = Site::new(inbox, Access::operate()).get("/dead").await;
    let page = page.assert(200, &["Events: 2 events of type crm.task.created"]);
    assert_eq!(page.body.matches("a shared error").count(), 2);
}

#[tokio::test]
async fn long_errors_are_cut() {
    let inbox = MemoryInbox::new();
    let error = format!("start {}end", "x".repeat(5000));
    let bury = Decision::Bury(error.clone());
    put_settled(&inbox, ("1", "crm.task.push"), bury, AttemptOutcome::Failed, Some(&error)).await;
    let site = Site::new(inbox, Access::operate());
    for (path, length) in [("/event/1", 4096), ("/dead", 256), ("/events", 256)] {
        let page = site.get(path).await.assert(200, &[]);
        let texts = page.body.split("start ").skip(1).map(|text| text.split("</bdi>").next().unwrap());
        let longest = texts.map(|text| text.chars().count()).max();
        assert!(longest.unwrap() < length, "{path}: {longest:?}");
        page.assert_absent(&["xend"]);
    }
}

#[tokio::test]
async fn every_row_has_a_header() {
    let inbox = one_of_each().await;
    let site = Site::new(inbox, Access::operate());
    site.act("action=replay&event=2").await;
    for path in ["/actions", "/audit"] {
        let page = site.get(path).await.assert(200, &[]);
        let rows = page.body.split_once("<tbody>").unwrap().1.matches("<tr>").count();
        assert_eq!(page.body.matches("<th scope=\"row\"><").count(), rows, "{path}");
    }
}

#[tokio::test]
async fn the_audit_has_pages() {
    let inbox = one_of_each().await;
    for number in 1..=150 {
        let record =
            panora_hooks::inbox::AuditRecord::new(None, "replay", format!("entry {number}."), number);
        inbox.add_audit(record).await.unwrap();
    }
    let site = Site::new(inbox, Access::read());
    let first = site.get("/audit").await.assert(200, &["entry 150.", "entry 51.", "not named"]);
    first.assert_absent(&["entry 50."]);
    let second = site.get("/audit?before=51").await.assert(200, &["entry 50.", "entry 1."]);
    second.assert_absent(&["entry 51.", "Older entries"]);
    assert!(first.links().contains(&"audit?before=51".to_owned()));
    site.get("/audit?before=x").await.assert(400, &["give the number of an entry"]);
}

#[tokio::test]
async fn every_page_has_landmarks_a_title_and_labels() {
    let site = Site::new(one_of_each().await, Access::operate().with_data());
    for (path, tab) in [
        ("/overview", "overview"),
        ("/events", "events"),
        ("/event/2", "events"),
        ("/dead", "dead"),
        ("/actions", "actions"),
        ("/audit", "audit"),
    ] {
        let page = site.get(path).await.assert(
            200,
            &[
                "<html lang=\"en\">",
                "<title>",
                "<main id=\"main\"",
                "<header>",
                "<nav aria-label=\"Pages\">",
                "<h1>",
                "href=\"#main\"",
            ],
        );
        let current = format!("{tab}\" aria-current=\"page\"");
        assert!(page.body.contains(&current), "{path}");
        for input in page.body.split("<input id=\"").skip(1) {
            let id = input.split('"').next().unwrap();
            assert!(page.body.contains(&format!("<label for=\"{id}\"")), "{id} on {path}");
        }
        let (tables, headers) = (page.body.matches("<table").count(), page.body.matches("<thead>").count());
        assert_eq!(tables, headers, "{path}");
    }
}
