// Options of hooks, in every form and place.
#![deny(warnings)]
#![no_implicit_prelude]

use ::panora_hooks::{
    Event, Metadata, Verifier, Webhooks, hooks,
    models::{
        crm::{ContactRow, Engagement},
        ticketing::{Ticket, UserRow},
    },
    on,
};
use ::std::{boxed::Box, option::Option, vec::Vec};

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

#[on("ticketing.comment.created", "ticketing.comment.pulled", timeout = "1s", serial)]
async fn serial() {}

#[on(serial, "ticketing.*")]
async fn serial_before_a_prefix() {}

#[on("ticketing.user.pulled", serial_by = "/0/id_connection")]
async fn first_row(_rows: Event<Option<Vec<UserRow>>>) {}

#[on("crm.user.*", "crm.stage.pulled", serial_by = "/10/a/b")]
async fn prefix_of_lists(_meta: Metadata) {}

#[on("crm.company.created", "ecommerce.product.created", serial_by = "/user_id")]
async fn objects() {}

#[on("crm.engagement.created", serial_by = "/type/not/checked")]
async fn model(Event(_): Event<Box<Engagement>>, _meta: Metadata) {}

#[on("ticketing.attachment.created", serial_by = r"/a~1b/m~0n")]
async fn value(_data: Event<::serde_json::Value>) {}

#[on("crm.imported.deal", "crm.hubspot.passthrough", unlisted, serial_by = "/statusText")]
async fn unlisted() {}

#[on("crm.imported.rows", unlisted, serial_by = "/0")]
async fn element(_rows: Event<Vec<ContactRow>>) {}

macro_rules! serial_hook {
    ($event:literal, $pointer:expr, $($option:tt)*) => {
        #[on($event, serial_by = $pointer, $($option)*)]
        async fn serial_of_a_macro(_ticket: Event<Ticket>) {}
    };
}

serial_hook!("ticketing.ticket.created", "/status", attempts = 2);

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
        serial,
        serial_before_a_prefix,
        first_row,
        prefix_of_lists,
        objects,
        model,
        value,
        unlisted,
        element,
        serial_of_a_macro,
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
        "timeout: Some(1s), attempts: None, concurrency: None, serial: Some(All)",
        r#"serial: Some(By("/0/id_connection"))"#,
        r#"serial: Some(By("/a~1b/m~0n"))"#,
        r#"attempts: Some(2), concurrency: None, serial: Some(By("/status"))"#,
    ] {
        ::std::assert!(shown.contains(part), "{part}: {shown}");
    }
}
