//! The events of an action: those of its confirmation, each of them once.

use panora_hooks::inbox::{
    AttemptOutcome, Capabilities, Capability, Decision, EventKey, EventState, Inbox, MemoryInbox, Select,
};
use panora_hooks_dashboard::Access;

use crate::{
    support::{Site, one_of_each, put_dead, put_done, settle},
    wrapped::{Fault, Wrapped},
};

async fn state_and_run(inbox: &impl Inbox, key: u128) -> (EventState, u32) {
    let info = inbox.get(EventKey::new(key)).await.unwrap().unwrap().info;
    (info.state, info.run)
}

/// Returns a dashboard of a store with faults.
fn failing(inbox: &MemoryInbox, faults: impl IntoIterator<Item = Fault>) -> Site {
    let capabilities = Capabilities::CORE.with(Capability::Discard).with(Capability::Audit);
    let store = Wrapped { capabilities, ..Wrapped::new(inbox.clone()).failing(faults) };
    Site::new(store, Access::operate())
}

/// Returns the last entry of the audit.
async fn last_entry(inbox: &impl Inbox) -> (String, String, u64) {
    let record = inbox.audit(None, 1).await.unwrap().remove(0).record;
    (record.action, record.what, record.events)
}

#[tokio::test]
async fn events_that_match_after_the_confirmation_are_left_out() {
    for (action, expected) in [("drop", EventState::Done), ("replay", EventState::Ready)] {
        let inbox = MemoryInbox::new();
        for id in ["first", "second"] {
            put_dead(&inbox, id, "an error").await;
        }
        let site = Site::new(inbox.clone(), Access::operate());
        let page = site.get(&format!("/confirm?action={action}&state=dead")).await;
        page.assert(
            200,
            &[
                "2 dead events",
                "It ends with event 2,",
                "Set PANORA_INBOX (and PANORA_INBOX_SCHEMA) to this inbox first.",
            ],
        );
        let form = site.confirmation(&format!("action={action}&state=dead")).await;
        put_dead(&inbox, "third", "an error").await;
        site.submit(&form).await.assert(200, &["Completed: 2 events"]);
        assert_eq!(state_and_run(&inbox, 1).await.0, expected);
        assert_eq!(state_and_run(&inbox, 2).await.0, expected);
        assert_eq!(state_and_run(&inbox, 3).await, (EventState::Dead, 1));
    }
}

#[tokio::test]
async fn an_event_that_has_changed_since_the_confirmation_is_left_alone() {
    let inbox = one_of_each().await;
    let site = Site::new(inbox.clone(), Access::operate());
    for action in ["replay", "drop"] {
        let form = site.confirmation(&format!("action={action}&event=2")).await;
        inbox.replay(Select::Keys(vec![EventKey::new(2)]), 1).await.unwrap();
        let (_, run) = state_and_run(&inbox, 2).await;
        let now = format!("now it is ready, in run {run}");
        site.post(&form).await.assert(409, &["has changed since the confirmation", &now]);
        assert_eq!(state_and_run(&inbox, 2).await, (EventState::Ready, run));
        // In the confirmed state again, but in another run.
        let bury = Decision::Bury("again".to_owned());
        settle(&inbox, bury, AttemptOutcome::Failed, None).await;
        site.post(&form).await.assert(409, &["has changed since the confirmation"]);
        assert_eq!(state_and_run(&inbox, 2).await, (EventState::Dead, run));
    }
}

#[tokio::test(start_paused = true)]
async fn a_replay_without_an_answer_is_not_repeated() {
    for query in ["state=done", "event=1", "state=dead", "event=3"] {
        let inbox = MemoryInbox::new();
        for id in ["1", "2"] {
            put_done(&inbox, id).await;
        }
        for id in ["3", "4"] {
            put_dead(&inbox, id, "an error").await;
        }
        let site = failing(&inbox, [Fault::Unanswered]);
        let page = site.act(&format!("action=replay&{query}")).await;
        page.assert(200, &["Completed: at least 0 events replayed."]);
        let key = if ["state=done", "event=1"].contains(&query) { 1 } else { 3 };
        assert_eq!(state_and_run(&inbox, key).await, (EventState::Done, 2), "{query}");
        let entry = last_entry(&inbox).await;
        assert!(entry.1.ends_with(" (at least)"), "{entry:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_action_is_tried_again_while_the_store_is_unreachable() {
    let inbox = one_of_each().await;
    let site = failing(&inbox, [Fault::Unavailable, Fault::Unavailable]);
    site.act("action=drop&state=dead").await.assert(200, &["1 event dropped."]);
    assert_eq!(state_and_run(&inbox, 2).await.0, EventState::Done);
}

#[tokio::test]
async fn an_action_whose_store_panics_ends_with_an_entry_in_the_audit() {
    for (query, what) in [("state=dead", "dead events"), ("event=2", "event 2")] {
        let inbox = one_of_each().await;
        let site = failing(&inbox, [Fault::Panic]);
        let page = site.act(&format!("action=replay&{query}")).await;
        page.assert(200, &["Failed: at least 0 events replayed. ", "The store panicked."]);
        let expected = ("replay".to_owned(), format!("{what} (failed) (at least)"), 0);
        assert_eq!(last_entry(&inbox).await, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn a_stop_takes_effect_before_the_next_try() {
    let inbox = one_of_each().await;
    let site = failing(&inbox, [Fault::Unavailable; 5]);
    let started = site.post(&site.confirmation("action=drop&state=dead").await).await;
    let job = format!("/{}", started.location());
    site.get(&job).await.assert(200, &["Running: 0 events dropped so far."]);
    let stop = format!("{job}/stop");
    site.post(&stop).await;
    site.get(&job).await.assert(200, &["Stopped: at least 0 events dropped."]);
    assert_eq!(state_and_run(&inbox, 2).await.0, EventState::Dead);
    assert!(last_entry(&inbox).await.1.contains("(stopped)"));
}

#[tokio::test]
async fn the_replay_of_done_events_says_that_they_run_again() {
    let site = Site::new(one_of_each().await, Access::operate());
    for query in ["event=1", "state=done"] {
        let page = site.get(&format!("/confirm?action=replay&{query}")).await;
        page.assert(200, &["Done events run again, too"]);
    }
    let page = site.get("/confirm?action=replay&state=dead").await;
    page.assert_absent(&["Done events"]);
}
