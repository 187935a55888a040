//! Payloads, which are hidden unless they are revealed, and credentials, which always are.

use panora_hooks::{
    inbox::{EventKey, Inbox, MemoryInbox, Select},
    testing::sample,
};
use panora_hooks_dashboard::Access;

use crate::support::{Site, put, put_dead};

const CONNECTION: &str = r#"{"id_connection":"visible","provider_slug":"visible-too","token_type":"oauth2",
    "access_token":"canary-1","refresh_token":"canary-2","connection_token":"canary-3"}"#;

#[tokio::test]
async fn no_page_holds_a_value_of_a_payload_without_access_to_data() {
    let inbox = MemoryInbox::new();
    let data =
        r#"{"name":"canary","list":[{"mail":"canary@example.com"}],"number":4711471147,"canary@key":1}"#;
    put(&inbox, "plain", "crm.task.push", data).await;
    put(&inbox, "connection", "connection.created", CONNECTION).await;
    put_dead(&inbox, "dead", "an error").await;
    let site = Site::new(inbox, Access::operate());
    for path in [
        "/overview",
        "/events",
        "/event/1",
        "/event/2",
        "/event/3",
        "/dead",
        "/actions",
        "/audit",
        "/confirm?action=drop&event=1",
        "/events?text=canary",
    ] {
        let answer = site.get(path).await;
        let body =
            answer.body.replace("text=canary", "").replace("“canary”", "").replace("value=\"canary\"", "");
        for value in ["canary", "4711471147", "visible"] {
            assert!(!body.contains(value), "{value} on {path}: {body}");
        }
    }
    site.get("/event/1")
        .await
        .assert(200, &["&quot;name&quot;: text of 6", "&quot;number&quot;: number", "?: number"]);
}

#[tokio::test]
async fn credentials_stay_hidden_in_a_revealed_payload() {
    let inbox = MemoryInbox::new();
    put(&inbox, "connection", "connection.created", CONNECTION).await;
    // The type is not signed, so the same payload may come under another.
    put(&inbox, "other", "crm.task.push", CONNECTION).await;
    let site = Site::new(inbox.clone(), Access::operate().with_data().named("ada"));
    for key in [1, 2] {
        let page = site.post(&format!("/event/{key}/reveal")).await;
        page.assert(200, &["visible", "visible-too", "oauth2", "Credentials are hidden", "(hidden)"])
            .assert_absent(&["canary"]);
    }
    let audit = inbox.audit(None, 10).await.unwrap();
    let audit: Vec<_> =
        audit.iter().map(|entry| (entry.record.who.as_deref(), &*entry.record.what)).collect();
    assert_eq!(audit, [(Some("ada"), "event 2"), (Some("ada"), "event 1")]);
}

#[tokio::test]
async fn the_credentials_of_the_sample_connection_are_recognised() {
    let payload = sample("connection.created").payload();
    let inbox = MemoryInbox::new();
    put(&inbox, "sample", "connection.created", &payload).await;
    let site = Site::new(inbox, Access::read().with_data());
    let page = site.post("/event/1/reveal").await.assert(200, &["id_connection"]);
    let payload: serde_json::Value = serde_json::from_str(&payload).unwrap();
    for name in ["access_token", "refresh_token", "connection_token"] {
        page.assert_absent(&[payload[name].as_str().unwrap()]);
    }
}

#[tokio::test]
async fn data_that_was_dropped_is_not_offered() {
    let inbox = MemoryInbox::new();
    put_dead(&inbox, "dead", "an error").await;
    let site = Site::new(inbox, Access::operate().with_data());
    site.act("action=drop&event=1").await;
    let page = site.get("/event/1").await;
    let page = page.assert(200, &["The data was pruned or dropped.", "attempts were removed with the data"]);
    page.assert_absent(&["Reveal", "confirm?"]);
}

#[tokio::test]
async fn a_reveal_without_a_payload_is_not_recorded() {
    let inbox = MemoryInbox::new();
    put_dead(&inbox, "dead", "an error").await;
    inbox.discard(Select::Keys(vec![EventKey::new(1)]), 1).await.unwrap();
    // Nested too deep to be shown without its credentials.
    put(&inbox, "deep", "crm.task.push", &format!("{}{}", "[".repeat(200), "]".repeat(200))).await;
    let site = Site::new(inbox.clone(), Access::read().with_data());
    site.post("/event/1/reveal").await.assert(200, &["The data was pruned or dropped."]);
    site.post("/event/2/reveal").await.assert(200, &["nested too deep"]);
    site.post("/event/3/reveal").await.assert(404, &[]);
    site.post("/event/2/reveal?state=undead").await.assert(400, &[]);
    assert!(inbox.audit(None, 10).await.unwrap().is_empty());
}
