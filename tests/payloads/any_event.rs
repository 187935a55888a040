//! One hook for all events of a vertical.

use std::sync::{Arc, Mutex};

use panora_hooks::{
    Event, HookError, RawData,
    catalogue::{self, Shape},
    hooks,
    models::crm,
    on,
    testing::{Outcome, Sample, sample},
};
use serde_json::json;

/// The variants that hooks received, as `Debug` shows them.
type Seen = Arc<Mutex<Vec<String>>>;

macro_rules! seen_by {
    ($($vertical:ident: $pattern:literal,)*) => {
        $(
            #[on($pattern)]
            async fn $vertical(event: Event<panora_hooks::models::$vertical::AnyEvent>, seen: State<Seen>) {
                seen.lock().unwrap().push(format!("{:?}", event.0));
            }
        )*

        pub fn list(registry: &mut Registry<Seen>) {
            registry.hooks(hooks![$($vertical),*]);
        }
    };
}

mod hook {
    use panora_hooks::{Event, Registry, State, hooks, on};

    use super::Seen;

    seen_by! {
        accounting: "accounting.*",
        ats: "ats.*",
        crm: "crm.*",
        ecommerce: "ecommerce.*",
        filestorage: "filestorage.*",
        hris: "hris.*",
        marketingautomation: "marketingautomation.*",
        ticketing: "ticketing.*",
    }
}

async fn variant(sample: &Sample) -> String {
    let seen = Seen::default();
    let outcome = sample.run(Arc::clone(&seen), hook::list).await;
    assert!(outcome.is_handled(), "{outcome:?}");
    let mut seen = seen.lock().unwrap();
    let [shown] = &mut seen[..] else { panic!("{seen:?}") };
    std::mem::take(shown)
}

#[tokio::test]
async fn each_event_type_has_its_variant() {
    for event_type in catalogue::all().iter().filter(|event_type| event_type.vertical() != "connection") {
        let name = event_type.name();
        let expected = match (event_type.payload(), event_type.shape()) {
            (None, _) => "Other(RawData {".to_owned(),
            (Some(row), Shape::List) => format!("{}Pulled([{row} {{", row.strip_suffix("Row").unwrap()),
            (Some(model), Shape::Object) => {
                let action = name.rsplit('.').next().unwrap();
                let (first, rest) = action.split_at(1);
                format!("{model}{}{rest}({model} {{", first.to_uppercase())
            }
        };
        for text in std::iter::once(name).chain(event_type.wire_names()) {
            for sample in [sample(name).wire_type(text), sample(name).wire_type(text).as_object()] {
                let shown = variant(&sample).await;
                assert!(shown.starts_with(&expected), "{text}: {shown:.60}");
            }
        }
    }
}

#[tokio::test]
async fn an_event_without_a_variant_keeps_its_data() {
    for sample in [
        Sample::new("crm.contact.merged", json!({ "id": 1 })),
        Sample::new("marketingautomation.list.created", json!([1])),
        sample("crm.contact.created").set(".", json!(null)),
        sample("crm.contact.pulled").set(".", json!(null)),
    ] {
        let bytes = sample.data().len();
        assert_eq!(variant(&sample).await, format!("Other(RawData {{ bytes: {bytes}, .. }})"));
    }
}

#[on("crm.*")]
async fn typed(Event(event): Event<crm::AnyEvent>) -> Result<(), String> {
    match event {
        crm::AnyEvent::ContactCreated(contact) if contact.first_name.as_deref() == Some("Ada") => Ok(()),
        crm::AnyEvent::ContactPulled(contacts) if contacts.is_empty() => Ok(()),
        crm::AnyEvent::Other(RawData(data)) => Err(data),
        event => Err(format!("{event:?}")),
    }
}

#[tokio::test]
async fn a_hook_can_match_on_the_variant() {
    let created = sample("crm.contact.created").set("first_name", "Ada");
    assert!(created.run((), hooks![typed]).await.is_handled());
    let pulled = Sample::new("crm.contact.pulled", json!([]));
    assert!(pulled.run((), hooks![typed]).await.is_handled());
    let other = Sample::new("crm.contact.merged", json!({ "id": "1" }));
    let outcome = other.run((), hooks![typed]).await;
    assert_eq!(outcome.error().unwrap().to_string(), r#""{\"id\":\"1\"}""#);
}

#[tokio::test]
async fn a_payload_that_does_not_fit_its_variant_is_an_error() {
    let sample = sample("crm.contact.created").set("first_name", 1);
    match sample.run((), hooks![typed]).await {
        Outcome::Failed { error: HookError::Payload(error), .. } => {
            assert_eq!(error.path(), Some("first_name"));
        }
        outcome => panic!("{outcome:?}"),
    }
}
