// A list means the function that its path leads to, as a call does.
#![deny(warnings)]

use panora_hooks::{Verifier, Webhooks, hooks, on};

#[on("crm.contact.created")]
async fn shadowed() {}

mod inner {
    use super::*;

    // It hides the one that the glob import brings.
    #[on("crm.deal.created")]
    async fn shadowed() {}

    pub fn scopes() -> Vec<&'static str> {
        webhooks().hooks(hooks![shadowed]).scopes()
    }

    pub fn scopes_of_the_outer() -> Vec<&'static str> {
        webhooks().hooks(hooks![super::shadowed]).scopes()
    }
}

mod glob {
    #[panora_hooks::on("crm.note.created")]
    pub async fn shadowed() {}

    #[panora_hooks::on("crm.task.created")]
    pub async fn renamed() {}
}

fn in_a_function() -> Vec<&'static str> {
    #[on("crm.company.created")]
    async fn shadowed() {}
    let outer = webhooks().hooks(hooks![shadowed]).scopes();
    {
        #[on("crm.engagement.created")]
        async fn shadowed() {}
        [outer, webhooks().hooks(hooks![shadowed]).scopes()].concat()
    }
}

fn beside_a_glob_import() -> Vec<&'static str> {
    use glob::*;
    #[on("crm.stage.pulled")]
    async fn shadowed() {}
    webhooks().hooks(hooks![shadowed, renamed]).scopes()
}

fn by_an_import() -> Vec<&'static str> {
    use glob::renamed as shadowed;
    webhooks().hooks(hooks![shadowed]).scopes()
}

#[on("ticketing.ticket.created")]
async fn lists_itself() {
    assert_eq!(webhooks().hooks(hooks![lists_itself]).scopes(), ["ticketing.ticket.created"]);
}

fn webhooks() -> Webhooks {
    Webhooks::new(Verifier::new("secret").unwrap())
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    assert_eq!(webhooks().hooks(hooks![shadowed]).scopes(), ["crm.contact.created"]);
    assert_eq!(inner::scopes(), ["crm.deal.created"]);
    assert_eq!(inner::scopes_of_the_outer(), ["crm.contact.created"]);
    assert_eq!(in_a_function(), ["crm.company.created", "crm.engagement.created"]);
    assert_eq!(beside_a_glob_import(), ["crm.stage.pulled", "crm.task.created"]);
    assert_eq!(by_an_import(), ["crm.task.created"]);
    let _ = webhooks().hooks(hooks![glob::shadowed]);
    lists_itself().await;
}
