//! Payloads: the catalogue, the models, and values that are not what they look like.

mod any_event;
mod catalogue;
mod models;
mod models_of_events;
mod pasted;
#[path = "../support/mod.rs"]
mod support;
mod unpaired_surrogates;
