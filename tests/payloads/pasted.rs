//! The hooks to paste: each runs, and the log contains it once.

#[rustfmt::skip]
#[path = "../pasted/with_features.rs"]
mod with_features;
#[rustfmt::skip]
#[path = "../pasted/without_features.rs"]
mod without_features;

use std::fmt::Write as _;

use axum::Router;
use panora_hooks::{
    __cli::{Feature, hook_to_paste},
    Webhooks, catalogue,
    testing::{Sample, sample},
};
use serde_json::json;

use crate::support::{log::Log, verifier};

#[tokio::test]
async fn a_pasted_hook_receives_its_event() {
    for event_type in catalogue::all() {
        let sample = sample(event_type.name());
        let function = event_type.name().replace('.', "_");
        for outcome in
            [sample.run((), with_features::hooks).await, sample.run((), without_features::hooks).await]
        {
            assert!(outcome.is_handled(), "{function}: {outcome:?}");
            assert!(outcome.hook().unwrap().ends_with(&format!("::{function}")), "{outcome:?}");
        }
    }
    let unlisted = Sample::new("crm.contact.imported", json!({ "id": "1" }));
    assert!(unlisted.run((), with_features::hooks).await.is_handled());
    let passthrough = Sample::new("crm.hubspot.passthrough", json!({ "status": 200 }));
    assert!(passthrough.run((), with_features::hooks).await.is_handled());
}

/// Delivers an event to a receiver without hooks, and returns what it logs about the event.
async fn logged(router: &Router, sample: &Sample) -> String {
    let (log, _guard) = Log::of_this_thread();
    assert_eq!(sample.send(router.clone(), &verifier(), "/webhook").await.status(), 200);
    let log = log.take();
    let (_, line) = log.split_once("no hook for this event type ").unwrap();
    line.to_owned()
}

#[tokio::test]
async fn the_first_event_of_a_type_without_a_hook_logs_the_hook_to_paste() {
    let router = Webhooks::new(verifier()).into_router("/webhook");
    let id = "7197465d-c9d3-4094-a2d2-b9fc4346d636";
    let company = sample("crm.company.created").id(id);
    let line = format!("event.id={id} event.type=crm.company.created size={}", company.data().len());
    let hook = hook_to_paste("crm.company.created", Feature::On).unwrap();
    assert_eq!(logged(&router, &company).await, format!("{line} hook_to_paste=\n{hook}\n\n"));
    assert_eq!(logged(&router, &company).await, format!("{line}\n"));
    let other_name = company.wire_type("crm.company.created");
    assert_eq!(logged(&router, &other_name).await, format!("{line}\n"));
}

#[tokio::test]
async fn forged_types_cannot_fill_the_log_with_hooks() {
    let router = Webhooks::new(verifier()).into_router("/webhook");
    let forged = |event_type: &str| Sample::new("crm.contact.imported", json!({})).wire_type(event_type);
    let too_long = format!("crm.{}", "x".repeat(125));
    for event_type in
        [".", "weather", "crm.*", "*", "crm..x", "crm.x.", "CRM.x", "crm.ö", "crm.x\n", "a.b\")]", &too_long]
    {
        let line = logged(&router, &forged(event_type)).await;
        assert!(!line.contains("hook_to_paste") && line.lines().count() == 1, "{line}");
    }

    let mut lines = String::new();
    for number in 0..1000 {
        let event_type = format!("crm.forged.{number}");
        write!(lines, "{}", logged(&router, &forged(&event_type)).await).unwrap();
    }
    assert!(lines.contains(r#"#[panora_hooks::on("crm.forged.0", unlisted)]"#), "{lines}");
    assert_eq!(lines.matches("hook_to_paste=").count(), 32);
    assert!(logged(&router, &sample("crm.deal.created")).await.contains("hook_to_paste="));
}
