//! The overview: the sentence on top, the states and the figures.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use panora_hooks::inbox::{AttemptOutcome, Decision, Figures, Inbox, MemoryInbox};
use panora_hooks_dashboard::Access;

use crate::support::{Answer, Site, one_of_each, put, put_dead, put_parked, put_settled};

/// Returns the part of the page that a screen reader announces.
fn status(page: &Answer) -> &str {
    let status = page.body.split_once("id=\"attention-status\" role=\"status\"").unwrap().1;
    status.split_once("</div>").unwrap().0
}

#[tokio::test]
async fn the_overview_says_in_words_whether_anything_needs_attention() {
    let inbox = MemoryInbox::new();
    let site = Site::new(inbox.clone(), Access::read());
    site.get("/overview").await.assert(200, &["Nothing needs attention.", "No event is ready."]);
    put_dead(&inbox, "dead", "an error").await;
    put_dead(&inbox, "dead too", "an error").await;
    site.get("/overview").await.assert(200, &["Attention is needed: 2 events are dead."]);
}

#[tokio::test]
async fn an_event_that_waits_for_a_worker_needs_attention() {
    let (start, offset) = (SystemTime::now(), Arc::new(AtomicU64::new(0)));
    let seconds = Arc::clone(&offset);
    let inbox =
        MemoryInbox::new().with_clock(move || start + Duration::from_secs(seconds.load(Ordering::Relaxed)));
    put(&inbox, "waits", "crm.task.push", "[]").await;
    let site = Site::new(inbox, Access::read());
    site.get("/overview").await.assert(200, &["Nothing needs attention."]);
    let mut statuses = Vec::new();
    for (age, words) in [(300, "5 min"), (360, "6 min")] {
        offset.store(age, Ordering::Relaxed);
        let page = site.get("/overview").await;
        let age = format!("The oldest ready event has waited for {words}.");
        let page = page.assert(200, &[&age, "no running worker", "ready events wait for a worker"]);
        statuses.push(status(&page).to_owned());
    }
    // The age changes all the time, and is not announced.
    assert_eq!(statuses[0], statuses[1]);
}

#[tokio::test]
async fn delayed_events_need_attention_while_every_attempt_fails() {
    let figures = |handled, failed_attempts| {
        let mut figures = Figures::default();
        (figures.handled, figures.failed_attempts) = (handled, failed_attempts);
        vec![("crm.task.created".to_owned(), figures)]
    };
    let inbox = MemoryInbox::new();
    let site = Site::new(inbox.clone(), Access::read());
    inbox.add_figures(figures(0, 3)).await.unwrap();
    // An attempt may fail without a delayed event.
    site.get("/overview").await.assert(200, &["Nothing needs attention."]);
    let later = Decision::RetryAfter(Duration::from_secs(3600));
    put_settled(&inbox, ("1", "crm.task.push"), later, AttemptOutcome::Failed, Some("busy")).await;
    put_parked(&inbox, "2").await;
    let page = site.get("/overview").await;
    let page = page.assert(
        200,
        &[
            "Attention is needed: 1 event is delayed, and every attempt of the last 10 minutes failed.",
            "1 event delayed: failed, and run again later.",
            "1 event parked",
        ],
    );
    assert!(page.links().contains(&"events?state=delayed".to_owned()));
    inbox.add_figures(figures(1, 0)).await.unwrap();
    site.get("/overview").await.assert(200, &["Nothing needs attention.", "1 event delayed"]);
}

#[tokio::test]
async fn the_overview_counts_events_by_state() {
    let site = Site::new(one_of_each().await, Access::read());
    let page = site.get("/overview").await;
    for state in ["ready", "delayed", "parked", "dead"] {
        let row = format!("<span class=\"state {state}\">{state}</span></a></th><td class=\"number\">1</td>");
        assert!(page.body.contains(&row), "{state}: {}", page.body);
    }
    let row = "<span class=\"state leased\">leased</span></a></th><td class=\"number\">0</td>";
    assert!(page.body.contains(row));
}

/// An inbox with figures that are as old as this.
async fn inbox_with_figures(age: Duration) -> MemoryInbox {
    let inbox = MemoryInbox::new().with_clock(move || SystemTime::now() - age);
    let mut figures = Figures::default();
    (figures.arrived, figures.handled, figures.failed_attempts, figures.dead) = (1200, 7, 3, 2);
    for _ in 0..7 {
        figures.latency.record(Duration::from_secs(30 * 24 * 60 * 60));
        figures.attempt_duration.record(Duration::from_millis(100));
    }
    let mut quick = Figures::default();
    quick.attempt_duration.record(Duration::from_millis(2));
    let figures = vec![("crm.deal.created".to_owned(), quick), ("crm.task.created".to_owned(), figures)];
    inbox.add_figures(figures).await.unwrap();
    inbox
}

#[tokio::test]
async fn charts_show_the_figures_with_axes_and_as_a_table() {
    for (range, minutes, rate) in [("hour", 2, "1200"), ("day", 20, "120"), ("week", 120, "20")] {
        let site = Site::new(inbox_with_figures(Duration::from_secs(minutes * 60)).await, Access::read());
        let page = site.get(&format!("/overview?range={range}")).await;
        page.assert(
            200,
            &[
                "role=\"img\" aria-labelledby=\"arrivals-title arrivals-text\"",
                "<title id=\"arrivals-title\">Arrived and handled events</title>",
                &format!("Arrived: 1,200 in total, at most {rate} events per minute."),
                "events per minute</text>",
                // An element that is not closed would contain those after it, and hide them.
                "</line><text",
                "</polyline></svg>",
                "Failed attempts: 3 in total",
                "<td class=\"number\">1,200</td>",
                "<th scope=\"col\">From (UTC)</th>",
            ],
        );
    }
}

#[tokio::test]
async fn a_step_that_is_not_over_is_counted_but_not_drawn() {
    let site = Site::new(inbox_with_figures(Duration::ZERO).await, Access::read());
    // An hour, so that the step does not end while the test runs.
    let page = site.get("/overview?range=week").await;
    let page = page.assert(200, &["Arrived: 1,200 in total, at most 0 events per minute."]);
    let row = page.body.split_once(" (not over yet)</th>").unwrap().1;
    assert!(row.starts_with("<td class=\"number\">1,200</td>"), "{row}");
    let points = page.body.split_once(" points=\"").unwrap().1.split('"').next().unwrap();
    assert_eq!(points.split(' ').count(), 167);
}

#[tokio::test]
async fn the_slowest_and_the_most_failing_types_are_ranked() {
    let site = Site::new(inbox_with_figures(Duration::ZERO).await, Access::read());
    let page = site.get("/overview").await.assert(200, &["rounded up, to at most twice the exact value"]);
    let slowest = page.body.split_once("Slowest event types").unwrap().1;
    let (task, deal) = (slowest.find("crm.task.created"), slowest.find("crm.deal.created"));
    assert!(task.unwrap() < deal.unwrap());
    assert!(slowest.contains("<td class=\"number\">128 ms</td>"), "{slowest}");
    // The last bucket has no limit.
    assert!(slowest.contains("<td class=\"number\">over 12 d 10 h</td>"), "{slowest}");
    let failing = page.body.split("Event types that fail most often").last().unwrap();
    assert!(failing.contains("crm.task.created") && !failing.contains("crm.deal.created"));
}
