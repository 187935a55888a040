//! Checks that generated source agrees with the facts and the catalogue.
//!
//! A test that finds a stale file writes it again and fails: read the diff, and commit it.

mod facts;
mod fixtures;
mod pasted;
mod plan;
mod source;

use std::{fs, path::Path};

use facts::Facts;
use panora_hooks::__cli::Feature;

#[test]
fn models_are_up_to_date() {
    let facts = Facts::read();
    let stale: Vec<_> = plan::modules(&facts)
        .iter()
        .filter(|module| {
            let path = format!("../panora-hooks/src/models/{}.rs", module.name);
            !is_fresh(&path, &source::module(module))
        })
        .map(|module| module.name.clone())
        .collect();
    assert_none(&stale);
}

#[test]
fn fixtures_are_up_to_date() {
    let facts = Facts::read();
    let stale: Vec<_> = fixtures::by_vertical(&plan::modules(&facts))
        .into_iter()
        .filter(|(vertical, text)| {
            !is_fresh(&format!("../panora-hooks/src/testing/fixtures/{vertical}.json"), text)
        })
        .map(|(vertical, _)| vertical)
        .collect();
    assert_none(&stale);
}

#[test]
fn the_hooks_for_every_event_are_up_to_date() {
    let is_fresh = is_fresh("payloads/every_event.rs", &source::every_event());
    assert!(is_fresh, "stale, and written again");
}

#[test]
fn the_hooks_to_paste_are_up_to_date() {
    let files = [("with_features", Feature::On), ("without_features", Feature::Off)];
    let is_stale =
        |(name, feature): &(&str, Feature)| !is_fresh(&format!("pasted/{name}.rs"), &pasted::hooks(*feature));
    let stale: Vec<_> = files.into_iter().filter(is_stale).map(|(name, _)| name.to_owned()).collect();
    assert_none(&stale);
}

#[track_caller]
fn assert_none(stale: &[String]) {
    assert!(stale.is_empty(), "stale, and written again: {stale:?}");
}

/// Returns whether a file has this content, and writes it otherwise.
fn is_fresh(path: &str, text: &str) -> bool {
    let path = Path::new(path);
    let is_fresh = fs::read_to_string(path).is_ok_and(|found| found == text);
    if !is_fresh {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    is_fresh
}
