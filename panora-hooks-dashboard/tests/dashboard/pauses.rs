//! Pausing and resuming event types.

use panora_hooks::inbox::{Inbox, MemoryInbox};
use panora_hooks_dashboard::Access;

use crate::{
    support::{Site, one_of_each},
    wrapped::Wrapped,
};

#[tokio::test]
async fn an_operator_pauses_and_resumes_event_types_under_a_name() {
    let inbox = one_of_each().await;
    let site = Site::new(inbox.clone(), Access::operate().named("ada"));
    site.get("/overview").await.assert(200, &["href=\"pauses\""]).assert_absent(&["1 event paused"]);
    site.get("/pauses").await.assert(200, &["Nothing is paused."]);
    let question = site.get("/pauses?pattern=crm.*").await;
    let question = question.assert(200, &["id=\"question\"", "panora-hooks inbox pause 'crm.*'"]);
    assert!(inbox.paused().await.unwrap().is_empty());
    let form = question.links().into_iter().find(|link| link.contains("action=pause")).unwrap();
    let page = site.submit(&format!("/{form}")).await.assert(200, &["crm.*"]);
    assert_eq!(inbox.paused().await.unwrap(), ["crm.*"]);
    let overview = site.get("/overview").await;
    overview.assert(200, &["1 event paused", "No event is ready."]);

    let form = page.links().into_iter().find(|link| link.contains("action=resume")).unwrap();
    site.submit(&format!("/{form}")).await.assert(200, &["Nothing is paused."]);
    assert!(inbox.paused().await.unwrap().is_empty());
    let audit = inbox.audit(None, 10).await.unwrap().into_iter().rev();
    let audit: Vec<_> =
        audit.map(|entry| (entry.record.who, entry.record.action, entry.record.what)).collect();
    let by_ada = |action: &str| (Some("ada".to_owned()), action.to_owned(), "crm.*".to_owned());
    assert_eq!(audit, [by_ada("pause"), by_ada("resume")]);
}

#[tokio::test]
async fn a_pause_needs_an_action_and_a_pattern() {
    let inbox = MemoryInbox::new();
    let site = Site::new(inbox.clone(), Access::operate());
    let long = "x".repeat(300);
    for query in [
        "",
        "action=pause",
        "pattern=crm.*",
        "action=stop&pattern=crm.*",
        &*format!("action=pause&pattern={long}"),
    ] {
        site.post(&format!("/pauses?{query}")).await.assert(400, &[]);
    }
    assert!(inbox.paused().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_store_that_cannot_pause_offers_no_pause() {
    let site = Site::new(Wrapped::new(MemoryInbox::new()), Access::operate());
    site.get("/overview").await.assert(200, &[]).assert_absent(&["pauses"]);
    site.get("/pauses").await.assert(404, &["cannot pause"]);
    site.post("/pauses?action=pause&pattern=crm.*").await.assert(404, &["cannot pause"]);
}
