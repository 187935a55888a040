//! Filters, pages of the list, and the search by text.

use std::ops::RangeInclusive;

use panora_hooks::inbox::{AttemptOutcome, Decision, Inbox, MemoryInbox};
use panora_hooks_dashboard::Access;

use crate::support::{Answer, Site, new_event, one_of_each, put, put_dead, seconds_from_now, settle};

/// Returns the keys on a page, in order.
fn keys(answer: &Answer) -> Vec<u32> {
    let rows = answer.body.split("<th scope=\"row\"><a href=\"event/").skip(1);
    rows.map(|row| row.split(['"', '?']).next().unwrap().parse().unwrap()).collect()
}

/// Returns the link with a text.
fn link(answer: &Answer, text: &str) -> Option<String> {
    let end = format!("\">{text}</a>");
    let before = answer.body.split(&end).next().filter(|before| before.len() < answer.body.len())?;
    Some(before.rsplit("href=\"").next()?.replace("&amp;", "&"))
}

#[tokio::test]
async fn pages_neither_skip_nor_repeat_an_event() {
    let inbox = MemoryInbox::new();
    for number in 1..=120 {
        put(&inbox, &format!("event-{number}"), "crm.task.push", &format!("[{number}]")).await;
    }
    let site = Site::new(inbox.clone(), Access::read());
    let first = site.get("/events").await.assert(200, &["120 events in any state"]);
    assert_eq!(keys(&first), (71..=120).rev().collect::<Vec<_>>());
    assert_eq!(link(&first, "Newer events"), None);
    // New events do not move the following pages.
    for number in 121..=130 {
        put(&inbox, &format!("event-{number}"), "crm.task.push", &format!("[{number}]")).await;
    }
    let second = site.get(&format!("/{}", link(&first, "Older events").unwrap())).await;
    assert_eq!(keys(&second), (21..=70).rev().collect::<Vec<_>>());
    let third = site.get(&format!("/{}", link(&second, "Older events").unwrap())).await;
    assert_eq!(keys(&third), (1..=20).rev().collect::<Vec<_>>());
    assert_eq!(link(&third, "Older events"), None);
    let back = site.get(&format!("/{}", link(&third, "Newer events").unwrap())).await;
    assert_eq!(keys(&back), (21..=70).rev().collect::<Vec<_>>());
    let back = site.get(&format!("/{}", link(&back, "Newer events").unwrap())).await;
    assert_eq!(keys(&back), (71..=120).rev().collect::<Vec<_>>());
    let newest = site.get(&format!("/{}", link(&back, "Newer events").unwrap())).await;
    assert_eq!(keys(&newest), (121..=130).rev().collect::<Vec<_>>());
    assert_eq!(link(&newest, "Newer events"), None);
}

#[tokio::test]
async fn filters_select_and_stay_on_the_following_pages() {
    let inbox = one_of_each().await;
    for number in 6..=70 {
        put_dead(&inbox, &format!("dead-{number}"), &format!("order {number} is locked")).await;
    }
    let group = inbox.error_groups(10).await.unwrap()[0].fingerprint;
    let site = Site::new(inbox, Access::read());
    let (before, after) = (seconds_from_now(-3600), seconds_from_now(3600));
    for (query, expected) in [
        ("state=dead", 66),
        ("state=done", 1),
        ("type=crm.company.created", 1),
        ("type=crm.company.push", 1),
        ("type=crm.nothing", 0),
        // An hour from now in UTC.
        (&format!("from={before}-02:00"), 0),
        ("id=dead-2", 1),
        ("id=nonsense", 0),
        (&format!("group={group}"), 65),
        (&format!("from={before}"), 70),
        (&format!("from={after}"), 0),
        (&format!("until={before}"), 0),
        (&format!("from={before}&until={after}&state=parked"), 1),
        // A form sends every field.
        ("state=&type=&from=&until=&id=parked-4&group=&text=", 1),
    ] {
        let page = site.get(&format!("/events?{query}")).await;
        let noun = format!("<p id=\"summary\"><bdi>{expected} ");
        let page = page.assert(200, &[&noun]);
        assert_eq!(keys(&page).len(), expected.min(50), "{query}");
    }
    let page = site.get("/events?state=dead&type=crm.task.created").await;
    let older = link(&page, "Older events").unwrap();
    assert!(older.contains("state=dead") && older.contains("type=crm.task.created"), "{older}");
    assert_eq!(keys(&site.get(&format!("/{older}")).await).len(), 16);
}

#[tokio::test]
async fn a_filter_that_cannot_be_parsed_is_explained() {
    let site = Site::new(one_of_each().await, Access::read());
    for (query, part) in [
        ("state=undead", "give ready, waiting"),
        ("from=yesterday", "give a time such as"),
        ("group=xyz", "give 16 hex digits"),
        ("lane=17", "give 32 hex digits"),
        ("older=first", "give the number of an event"),
    ] {
        site.get(&format!("/events?{query}")).await.assert(400, &[part]);
    }
    site.get("/overview?range=year").await.assert(400, &["give hour, day or week"]);
}

#[tokio::test]
async fn counts_stop_at_ten_thousand() {
    let inbox = MemoryInbox::new();
    let events =
        (0..10_001).map(|number| new_event(&format!("{number}"), "crm.task.push", &format!("[{number}]")));
    inbox.put(events.collect()).await.unwrap();
    let site = Site::new(inbox, Access::operate());
    site.get("/events").await.assert(200, &["10,000+ events in any state"]);
    site.get("/confirm?action=drop&state=ready").await.assert(200, &["Drop ", "10,000+ ready events"]);
}

#[tokio::test]
async fn a_text_is_searched_in_the_errors_of_failures() {
    let inbox = one_of_each().await;
    for number in 6..=230 {
        let reason = if number % 2 == 0 { "Order is LOCKED" } else { "timeout" };
        put_dead(&inbox, &format!("dead-{number}"), reason).await;
    }
    let even = |keys: RangeInclusive<u32>| keys.rev().filter(|key| key % 2 == 0).collect::<Vec<_>>();
    let site = Site::new(inbox, Access::operate());
    let first = site.get("/events?text=locked").await;
    let first = first.assert(
        200,
        &["newest 10,000 dead events: dead events whose error", "Searches the newest 10,000 failures"],
    );
    assert_eq!(keys(&first), even(132..=230));
    // An action would apply to events that the search does not show.
    first.assert_absent(&["confirm?"]);
    let second = site.get(&format!("/{}", link(&first, "Older events").unwrap())).await;
    assert_eq!(keys(&second), even(32..=130));
    let third = site.get(&format!("/{}", link(&second, "Older events").unwrap())).await;
    assert_eq!(keys(&third), even(6..=30));
    assert_eq!(link(&third, "Older events"), None);
    let back = site.get(&format!("/{}", link(&third, "Newer events").unwrap())).await;
    assert_eq!(keys(&back), keys(&second));
    let back = site.get(&format!("/{}", link(&back, "Newer events").unwrap())).await;
    assert_eq!(keys(&back), keys(&first));
    assert_eq!(link(&back, "Newer events"), None);
    let busy = site.get("/events?text=busy&state=delayed").await;
    assert_eq!(keys(&busy.assert(200, &["newest 10,000 delayed events"])), [3]);
    site.get("/confirm?action=drop&text=locked").await.assert(400, &["search by text"]);
}

#[tokio::test]
async fn an_event_links_to_its_neighbours_of_the_same_filter() {
    let inbox = one_of_each().await;
    for number in 6..=8 {
        put_dead(&inbox, &format!("dead-{number}"), "order is locked").await;
    }
    let site = Site::new(inbox, Access::read());
    let page = site.get("/event/6?state=dead").await;
    assert_eq!(link(&page, "Newer event").as_deref(), Some("../event/7?state=dead"));
    assert_eq!(link(&page, "Older event").as_deref(), Some("../event/2?state=dead"));
    let page = site.get("/event/6").await;
    assert_eq!(link(&page, "Older event").as_deref(), Some("../event/5"));
    let page = site.get("/event/8?state=dead&text=locked").await;
    assert_eq!(link(&page, "Newer event"), None);
    assert_eq!(link(&page, "Older event").as_deref(), Some("../event/7?state=dead&text=locked"));
    let page = site.get("/event/6?text=locked").await;
    assert_eq!(link(&page, "Older event"), None);
}

#[tokio::test]
async fn a_search_ends_after_the_newest_ten_thousand_failures() {
    let inbox = MemoryInbox::new();
    put_dead(&inbox, "dead-1", "needle").await;
    put_dead(&inbox, "dead-2", "needle").await;
    let events =
        (3..=10_001).map(|number| new_event(&number.to_string(), "crm.task.push", &number.to_string()));
    inbox.put(events.collect()).await.unwrap();
    settle(&inbox, Decision::Bury("hay".to_owned()), AttemptOutcome::Failed, None).await;
    let site = Site::new(inbox, Access::read());
    let page = site.get("/events?text=needle").await;
    assert_eq!(keys(&page), [2]);
    assert_eq!(link(&page, "Older events"), None);
}
