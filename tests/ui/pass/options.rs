// Options of hooks, in every form and place.
#![deny(warnings)]
#![no_implicit_prelude]

use ::panora_hooks::{Verifier, Webhooks, hooks, on};

#[on("crm.contact.created", timeout = "30s", attempts = 5, concurrency = 8)]
async fn all() {}

#[on("crm.contact.pulled", timeout = "250ms")]
async fn millis() {}

#[on("crm.deal.created", timeout = "5m")]
async fn trailing_comma() {}

#[on(timeout = "8760h", "crm.deal.pulled")]
async fn before_the_pattern() {}

#[on("crm.note.created", attempts = 1, "crm.note.pulled", concurrency = 4_294_967_295)]
async fn between_patterns() {}

#[on("crm.imported.contact", unlisted, timeout = r"1h", attempts = 0x10, crate = ::panora_hooks)]
async fn beside_other_options() {}

macro_rules! hook {
    ($name:ident, $event:literal, $timeout:literal, $attempts:expr) => {
        #[on($event, timeout = $timeout, attempts = $attempts)]
        async fn $name() {}
    };
}

hook!(of_a_macro, "crm.task.created", "2h", 3);

// The names that generated code uses mean something else here.
#[allow(dead_code)]
struct Duration;
#[allow(dead_code)]
struct NonZeroU32;
#[allow(dead_code)]
struct Some;
#[allow(dead_code)]
struct None;

fn main() {
    let hooks = hooks![
        all,
        millis,
        trailing_comma,
        before_the_pattern,
        between_patterns,
        beside_other_options,
        of_a_macro,
    ];
    let webhooks = Webhooks::new(Verifier::new("secret").unwrap()).hooks(hooks);
    let shown = ::std::format!("{webhooks:?}");
    for part in [
        "timeout: Some(30s), attempts: Some(5), concurrency: Some(8)",
        "timeout: Some(250ms), attempts: None, concurrency: None",
        "timeout: Some(31536000s)",
        "attempts: Some(1), concurrency: Some(4294967295)",
        "timeout: Some(3600s), attempts: Some(16)",
        "timeout: Some(7200s), attempts: Some(3)",
    ] {
        ::std::assert!(shown.contains(part), "{part}: {shown}");
    }
}
