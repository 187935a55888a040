//! Every event of the catalogue, in its model.

#[path = "../support/mod.rs"]
mod support;

// One line for each hook.
#[rustfmt::skip]
mod every_event;

use std::sync::{Arc, Mutex};

use panora_hooks::{
    HookError, Metadata, Webhooks,
    catalogue::{self, EventType, Shape},
    testing::{Outcome, Sample, sample},
};
use serde::Serialize;
use serde_json::{Map, Value, json};
use support::{Request, Server, assert_answer, verifier};

/// What hooks were given, by event type, as their models write it.
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
fn each_arrives_in_its_model_and_leaves_it_unchanged() {
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

/// The way to the first object of a fixture, and the object.
fn object(event_type: &EventType) -> (&'static str, Map<String, Value>) {
    let payload = payload(&sample(event_type.name()));
    match (event_type.shape(), payload) {
        (Shape::Object, Value::Object(object)) => ("", object),
        (Shape::List, Value::Array(rows)) => ("[0].", rows[0].as_object().unwrap().clone()),
        (_, payload) => panic!("{}: {payload}", event_type.name()),
    }
}

fn path(prefix: &str, key: &str) -> String {
    format!("{prefix}{key}").replace("].[", "][")
}

async fn run(sample: &Sample, seen: &Seen) -> Outcome {
    sample.run(seen.clone(), every_event::hooks).await
}

#[tokio::test]
async fn every_field_but_the_id_can_be_missing_or_null() {
    let seen = Seen::default();
    for event_type in events() {
        let (prefix, object) = object(event_type);
        let mut required = Vec::new();
        for key in object.keys() {
            let path = path(prefix, key);
            let without = sample(event_type.name()).remove(&path);
            match run(&without, &seen).await {
                Outcome::Handled { .. } => {
                    assert_eq!(seen.take()[0].1, payload(&without), "{path}");
                    let null = sample(event_type.name()).set(&path, Value::Null);
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
        let [id] = &*required else { panic!("{}: {required:?}", event_type.name()) };
        assert!(*id == "id" || id.starts_with("id_"), "{id}");
        let only = match event_type.shape() {
            Shape::Object => json!({ *id: "7" }),
            Shape::List => json!([{ *id: "7" }]),
        };
        let sample = Sample::new(event_type.name(), &only);
        assert!(run(&sample, &seen).await.is_handled());
        assert_eq!(seen.take()[0].1, only);
    }
}

#[tokio::test]
async fn unknown_fields_are_kept_wherever_they_are() {
    let seen = Seen::default();
    let unknown = json!({ "deep": [1, 2.5, null, "x"], "big": 18_446_744_073_709_551_615_u64 });
    for event_type in events() {
        let (prefix, object) = object(event_type);
        let mut sample = sample(event_type.name()).set(&path(prefix, "from_the_future"), &unknown);
        for (key, value) in &object {
            // Every nested object is one that knows its fields, but for `field_mappings` and free JSON.
            if value.pointer("/0").is_some_and(Value::is_object) {
                sample = sample.set(&path(prefix, &format!("{key}[0].from_the_future")), &unknown);
            }
        }
        assert!(run(&sample, &seen).await.is_handled());
        assert_eq!(seen.take()[0].1, payload(&sample));
    }
}

#[tokio::test]
async fn what_does_not_fit_is_an_error_that_names_the_field_and_no_value() {
    let seen = Seen::default();
    // No field takes this, but those that hold whatever the provider said.
    let wrong = json!([[[{ "hunter2": "hunter2" }]]]);
    for event_type in events() {
        let (prefix, object) = object(event_type);
        let mut refused = 0;
        for key in object.keys() {
            let path = path(prefix, key);
            let sample = sample(event_type.name()).set(&path, &wrong).id("the-id");
            let error = match run(&sample, &seen).await {
                Outcome::Failed { error: HookError::Payload(error), .. } => error,
                outcome => {
                    assert!(outcome.is_handled(), "{path}: {outcome:?}");
                    assert_eq!(seen.take()[0].1, payload(&sample), "{path}");
                    continue;
                }
            };
            refused += 1;
            assert!(error.path().unwrap().starts_with(&path), "{error}");
            let text = format!("{error} {error:?}");
            assert!(text.contains("the-id") && text.contains(event_type.name()), "{text}");
            assert!(!text.contains("hunter2"), "{text}");
        }
        assert!(refused + 2 >= object.len(), "{}: {refused} of {}", event_type.name(), object.len());
    }
}
