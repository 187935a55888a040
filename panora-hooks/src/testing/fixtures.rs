//! A payload for each event type of the catalogue.

use std::collections::HashMap;

use serde_json::value::RawValue;

use super::json::Json;
use crate::catalogue::EventType;

/// Generated from the facts in `tests/facts`, and checked against the models.
const FILES: [(&str, &str); 8] = [
    ("accounting", include_str!("fixtures/accounting.json")),
    ("ats", include_str!("fixtures/ats.json")),
    ("connection", include_str!("fixtures/connection.json")),
    ("crm", include_str!("fixtures/crm.json")),
    ("ecommerce", include_str!("fixtures/ecommerce.json")),
    ("filestorage", include_str!("fixtures/filestorage.json")),
    ("hris", include_str!("fixtures/hris.json")),
    ("ticketing", include_str!("fixtures/ticketing.json")),
];

#[expect(clippy::expect_used, reason = "the files are the crate's, and tested")]
pub(super) fn find(event_type: &EventType) -> Json {
    let file = FILES.iter().find(|(vertical, _)| *vertical == event_type.vertical());
    let (_, text) = file.expect("a file for each vertical that has events");
    let fixtures: HashMap<&str, &RawValue> = serde_json::from_str(text).expect("a file of JSON");
    let fixture = fixtures.get(event_type.name()).expect("a fixture for each event type");
    Json::parse(fixture.get()).expect("JSON in JSON")
}
