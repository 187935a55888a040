//! Texts that strangers have written.

use panora_hooks::inbox::{AttemptOutcome, AuditRecord, Decision, Inbox, MemoryInbox};
use panora_hooks_dashboard::Access;

use crate::support::{Site, put, put_settled};

const HOSTILE: &str =
    "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>\u{202e}gpj.exe\u{1b}[31m\n\0&amp;";

/// An inbox in which every text from outside is hostile.
async fn hostile_inbox() -> MemoryInbox {
    let inbox = MemoryInbox::new();
    let bury = Decision::Bury(format!("reason {HOSTILE}"));
    let event = (HOSTILE, HOSTILE);
    put_settled(&inbox, event, bury, AttemptOutcome::Failed, Some(HOSTILE)).await;
    let long = "long ".repeat(20_000);
    let bury = Decision::Bury(format!("long reason {long}"));
    put_settled(&inbox, (&long, &long), bury, AttemptOutcome::Panicked, Some(&long)).await;
    let record = AuditRecord::new(Some(HOSTILE.to_owned()), HOSTILE, HOSTILE, 1);
    inbox.add_audit(record).await.unwrap();
    let nested = format!(r#"{{"a":{}}}"#, serde_json::to_string(HOSTILE).unwrap());
    put(&inbox, "payload", "crm.task.push", &nested).await;
    inbox
}

fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

#[tokio::test]
async fn hostile_texts_are_escaped_visible_isolated_and_bounded_on_every_page() {
    let site = Site::new(hostile_inbox().await, Access::operate().with_data().named(HOSTILE));
    let parameter = encoded(HOSTILE);
    let mut answers = Vec::new();
    for path in [
        "/overview".to_owned(),
        "/events".to_owned(),
        "/event/1".to_owned(),
        "/event/2".to_owned(),
        "/event/3".to_owned(),
        "/dead".to_owned(),
        "/audit".to_owned(),
        "/actions".to_owned(),
        format!("/events?type={parameter}&id={parameter}"),
        format!("/events?text={parameter}"),
        format!("/events?state={parameter}"),
        format!("/event/{parameter}"),
        format!("/event/1?type={parameter}&text={parameter}"),
        format!("/confirm?action=drop&state=dead&type={parameter}"),
        format!("/confirm?action={parameter}"),
        format!("/overview?range={parameter}"),
    ] {
        answers.push((path.clone(), site.get(&path).await));
    }
    answers.push(("reveal".to_owned(), site.post("/event/3/reveal").await));
    answers.push(("act".to_owned(), site.act(&format!("action=drop&state=dead&type={parameter}")).await));
    for (path, answer) in answers {
        answer.assert_absent(&["<script>", "<img", "\"><img"]);
        // The value of a field has to stay as it is. A field is isolated from the text around it.
        let texts = answer.body.split(" value=\"").enumerate().map(|(place, part)| match place {
            0 => part,
            _ => part.split_once('"').unwrap().1,
        });
        for text in texts {
            assert!(!text.contains(['\u{202e}', '\u{1b}', '\0']), "{path}: {text}");
        }
        assert!(answer.body.len() < 200_000, "{path}: {} bytes", answer.body.len());
    }
    site.get("/event/1").await.assert(
        200,
        &[
            "<bdi>&lt;script&gt;",
            "<span class=\"escape\">\\u{202e}</span>",
            "<span class=\"escape\">\\u{1b}</span>",
        ],
    );
}

#[tokio::test]
async fn the_links_of_a_hostile_group_lead_to_its_events() {
    let site = Site::new(hostile_inbox().await, Access::operate());
    let page = site.get("/dead").await.assert(200, &["The type is too long or empty for a link."]);
    let link =
        page.links().into_iter().find(|link| link.starts_with("events?") && link.contains("group=")).unwrap();
    site.get(&format!("/{link}")).await.assert(200, &["<p id=\"summary\"><bdi>1 dead event of type"]);
    let link = page.links().into_iter().find(|link| link.starts_with("confirm?action=replay")).unwrap();
    site.act(link.strip_prefix("confirm?").unwrap()).await.assert(200, &["Completed: 1 event replayed."]);
}
