//! A payload for each event type of the catalogue.

use std::collections::HashMap;

use serde_json::value::RawValue;

use super::json::Json;
use crate::catalogue::EventType;

/// Written from facts, and checked against the models.
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

pub(super) fn find(event_type: &EventType) -> Option<Json> {
    let (_, text) = FILES.iter().find(|(vertical, _)| *vertical == event_type.vertical())?;
    let fixtures: HashMap<&str, &RawValue> = serde_json::from_str(text).ok()?;
    serde_json::from_str(fixtures.get(event_type.name())?.get()).ok()
}
