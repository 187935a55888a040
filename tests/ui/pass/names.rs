// Names of hooks, of traits that every type implements, and of constants, none of which clashes
// with a name that the macros use.
#![deny(warnings)]
#![allow(non_camel_case_types, non_snake_case, non_upper_case_globals)]

use panora_hooks::{Metadata, Verifier, Webhooks, hooks, on};

trait OnEverything {
    const CARRIED: u8 = 1;
    const DEFINITION: u8 = 2;
    fn function() -> u8 {
        3
    }
    fn register(self) -> u8
    where
        Self: Sized,
    {
        4
    }
}

impl<T> OnEverything for T {}

#[on("crm.contact.created")]
async fn LISTED(_: Metadata) {}

#[on("crm.deal.created")]
async fn CLASHES() {}

#[on("crm.company.created")]
async fn IS_FOUND() {}

#[on("crm.note.created")]
async fn __hook() {}

#[on("crm.task.created")]
async fn registry() {}

#[on("filestorage.file.created")]
async fn NotAHook() {}

// Above the list: a macro and a hook may share a name.
macro_rules! connection_created {
    () => {
        connection_created
    };
}

#[on("connection.created")]
async fn connection_created() {}

#[allow(deprecated)]
mod deprecated {
    #[deprecated]
    #[panora_hooks::on("ticketing.ticket.created")]
    pub async fn ticket_created() {}
}

// A module and a type may, too.
mod deal_pulled {}

#[on("crm.deal.pulled")]
async fn deal_pulled() {}

mod types {
    pub struct task_pulled {}
}
use types::task_pulled;

#[on("crm.task.pulled")]
async fn task_pulled(_: Metadata) {
    let _ = task_pulled {};
}

#[on("ticketing.comment.created")]
async fn never_ends() -> Result<(), String> {
    std::future::pending().await
}

fn webhooks() -> Webhooks {
    Webhooks::new(Verifier::new("secret").unwrap())
}

fn main() {
    let names = webhooks().hooks(hooks![LISTED, CLASHES, IS_FOUND, __hook, registry, NotAHook]);
    assert_eq!(names.scopes().len(), 6);
    let types = webhooks().hooks(hooks![deal_pulled, task_pulled]);
    assert_eq!(types.scopes(), ["crm.deal.pulled", "crm.task.pulled"]);
    let _ = connection_created!();
    let connection = webhooks().hooks(hooks![connection_created, never_ends]);
    assert_eq!(connection.scopes(), ["connection.created", "ticketing.comment.created"]);
    #[allow(deprecated)]
    let ticket = webhooks().hooks(hooks![deprecated::ticket_created]);
    assert_eq!(ticket.scopes(), ["ticketing.ticket.created"]);
    assert_eq!(<u8 as OnEverything>::function() + u8::CARRIED + u8::DEFINITION + 0.register(), 10);
}
