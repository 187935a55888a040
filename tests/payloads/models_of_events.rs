//! Every event of the catalogue, with its model.

// One line per hook.
#[rustfmt::skip]
#[path = "every_event.rs"]
mod every_event;

use std::sync::{Arc, Mutex};

use crate::support::{
    Request, Server, assert_answer,
    vectors::{Vector, vectors},
    verifier,
};
use panora_hooks::{
    HookError, Metadata, Webhooks,
    catalogue::{self, EventType},
    testing::{Outcome, Sample, sample},
};
use serde::Serialize;
use serde_json::{Map, Value, json};

/// The payloads that hooks received, by event type, as their models write them.
#[derive(Clone, Default)]
pub struct Seen(Arc<Mutex<Vec<(String, Value)>>>);

impl Seen {
    fn see(&self, meta: &Metadata, payload: &impl Serialize) {
        let payload = serde_json::to_value(payload).unwrap();
        self.0.lock().unwrap().push((meta.event_type.clone(), payload));
    }

    fn take(&self) -> Vec<(String, Value)> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

fn events() -> impl Iterator<Item = &'static EventType> {
    catalogue::all().iter().filter(|event_type| event_type.payload().is_some())
}

fn payload(sample: &Sample) -> Value {
    serde_json::from_str(&sample.payload()).unwrap()
}

#[test]
fn each_payload_passes_through_its_model_unchanged() {
    let seen = Seen::default();
    let webhooks = Webhooks::new(verifier()).with_state(seen.clone()).hooks(every_event::hooks);
    let server = Server::start(webhooks.into_router("/webhook"));
    for event_type in events() {
        let name = event_type.name();
        for sample in [sample(name), sample(name).as_object()] {
            let signature = sample.signature(&verifier());
            let request = Request::post("/webhook").header("Panora-Signature", signature);
            assert_answer(&server.send(&request.body(sample.body())), 200, "");
            assert_eq!(seen.take(), [(name.to_owned(), payload(&sample))]);
        }
    }
}

async fn run(sample: &Sample, seen: &Seen) -> Outcome {
    sample.run(seen.clone(), every_event::hooks).await
}

/// Returns the objects in a payload, by path.
fn objects(payload: &Value) -> Vec<(String, &Map<String, Value>)> {
    let mut objects = Vec::new();
    let mut rest = vec![(String::new(), payload)];
    while let Some((path, value)) = rest.pop() {
        match value {
            Value::Object(object) => {
                rest.extend(object.iter().map(|(key, value)| (join(&path, key), value)));
                objects.push((path, object));
            }
            Value::Array(items) => {
                rest.extend(items.iter().enumerate().map(|(index, item)| (format!("{path}[{index}]"), item)));
            }
            _ => {}
        }
    }
    objects
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

#[tokio::test]
async fn only_the_id_is_required_and_other_fields_can_be_missing_or_null() {
    let seen = Seen::default();
    for event_type in events() {
        let (name, whole) = (event_type.name(), sample(event_type.name()));
        for (path, object) in objects(&payload(&whole)) {
            let mut required = Vec::new();
            for key in object.keys() {
                let path = join(&path, key);
                let without = whole.clone().remove(&path);
                match run(&without, &seen).await {
                    Outcome::Handled { .. } => {
                        assert_eq!(seen.take()[0].1, payload(&without), "{path}");
                        let null = whole.clone().set(&path, Value::Null);
                        let outcome = run(&null, &seen).await;
                        assert!(outcome.is_handled(), "{path}: {outcome:?}");
                        assert_eq!(seen.take()[0].1, payload(&null), "{path}");
                    }
                    Outcome::Failed { error, .. } => {
                        let problem = format!("field `{key}` is missing");
                        assert!(error.to_string().ends_with(&problem), "{error}");
                        required.push(key);
                    }
                    outcome => panic!("{outcome:?}"),
                }
            }
            assert!(required.len() <= 1, "{name} {path}: {required:?}");
            assert!(required.iter().all(|id| *id == "id" || id.starts_with("id_")), "{required:?}");
            let only = match (&*path, required.first()) {
                ("", Some(id)) => json!({ id.as_str(): "7" }),
                ("[0]", Some(id)) => json!([{ id.as_str(): "7" }]),
                ("" | "[0]", None) => panic!("{name} has no id"),
                _ => continue,
            };
            let outcome = run(&Sample::new(name, &only), &seen).await;
            assert!(outcome.is_handled(), "{outcome:?}");
            assert_eq!(seen.take()[0].1, only);
        }
    }
}

#[tokio::test]
async fn unknown_fields_are_kept_at_any_depth() {
    let seen = Seen::default();
    let unknown = json!({ "deep": [1, 2.5, null, "x"], "big": 1_234_567_890_123_u64 });
    for event_type in events() {
        let mut changed = sample(event_type.name());
        for (path, _) in objects(&payload(&sample(event_type.name()))) {
            changed = changed.set(&join(&path, "from_the_future"), &unknown);
        }
        let outcome = run(&changed, &seen).await;
        assert!(outcome.is_handled(), "{outcome:?}");
        assert_eq!(seen.take()[0].1, payload(&changed));
    }
}

#[tokio::test]
async fn a_wrong_value_is_an_error_that_names_the_field_and_no_value() {
    let seen = Seen::default();
    // serde's messages for a value of the wrong type quote the first two.
    let wrong = [json!("hunter2"), json!(424_242), json!([[[{ "hunter2": 424_242 }]]])];
    for event_type in events() {
        let whole = sample(event_type.name());
        for (path, object) in objects(&payload(&whole)) {
            for key in object.keys() {
                let path = join(&path, key);
                for wrong in &wrong {
                    let sample = whole.clone().set(&path, wrong);
                    let error = match run(&sample, &seen).await {
                        Outcome::Failed { error: HookError::Payload(error), .. } => error,
                        outcome => {
                            assert!(outcome.is_handled(), "{path}: {outcome:?}");
                            assert_eq!(seen.take()[0].1, payload(&sample), "{path}");
                            continue;
                        }
                    };
                    assert!(error.path().unwrap().starts_with(&path), "{error}");
                    let text = format!("{error} {error:?}");
                    assert!(text.contains(event_type.name()), "{text}");
                    assert!(!text.contains("hunter2") && !text.contains("424242"), "{text}");
                }
            }
        }
    }
}

/// Payloads that were not generated from the same facts as the models.
#[tokio::test]
async fn the_payloads_of_the_vectors_fit_their_models() {
    let vectors = vectors();
    let seen = Seen::default();
    for name in [
        "string-connection-created",
        "string-contact-created",
        "string-contacts-pulled",
        "wire-type-push",
        "string-empty-array-pulled",
    ] {
        let sent = vectors.iter().find(|vector| vector.name == name).and_then(Vector::sent).unwrap();
        let payload: Value = serde_json::from_str(&sent.payload).unwrap();
        let sample = Sample::new(&sent.wire_type, &payload).wire_type(sent.wire_type);
        let outcome = run(&sample, &seen).await;
        assert!(outcome.is_handled(), "{name}: {outcome:?}");
        assert_eq!(seen.take()[0].1, payload, "{name}");
    }
}
