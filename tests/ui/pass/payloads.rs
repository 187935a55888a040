//! Payload types that fit, and types of the user's own, which always do.

#![deny(warnings)]

use panora_hooks::{
    Event, HookError, Metadata, RawData, Verifier, Webhooks, hooks,
    models::{Connection, PassthroughRetryResult, crm, ticketing},
    on,
};

mod own {
    /// Named like one of the crate's, for an event that it does not know anything of.
    #[derive(serde::Deserialize)]
    pub struct Contact {
        pub first_name: Option<String>,
    }

    #[derive(serde::Deserialize)]
    pub struct With<T> {
        #[serde(flatten)]
        pub inner: T,
        pub favourite: Option<bool>,
    }
}

#[on("connection.created")]
async fn connected(_connection: Event<Connection>) {}

#[on("crm.contact.created")]
async fn contact_created(Event(contact): Event<crm::Contact>) -> Result<(), HookError> {
    drop(contact.first_name);
    Ok(())
}

#[on("crm.contact.pulled")]
async fn contacts_pulled(Event(rows): Event<Vec<crm::ContactRow>>, _meta: Metadata) {
    drop(rows);
}

#[on("crm.deal.created")]
async fn nothing(_deal: Event<Option<crm::Deal>>) {}

#[on("crm.deal.pulled")]
async fn boxed(_deals: Event<Option<Box<Vec<crm::DealRow>>>>) {}

#[on("crm.note.created", "crm.note.updated", "crm.note.deleted")]
#[allow(deprecated)]
async fn alike(_note: Event<crm::Note>) {}

#[on("crm.note.pulled")]
async fn own_type(Event(contact): Event<own::Contact>) {
    drop(contact.first_name);
}

#[on("crm.task.created", "crm.task.pulled")]
async fn own_wrapper(Event(task): Event<own::With<crm::Company>>) {
    drop((task.inner, task.favourite));
}

#[on("crm.stage.pulled")]
async fn own_collection(_rows: Event<std::collections::VecDeque<crm::ContactRow>>) {}

#[on("crm.company.created", "crm.company.pulled")]
async fn value(_data: Event<serde_json::Value>) {}

#[on("crm.*")]
async fn any_of_a_vertical(Event(event): Event<crm::AnyEvent>) {
    match event {
        crm::AnyEvent::UserPulled(users) => drop(users),
        crm::AnyEvent::Other(RawData(data)) => drop(data),
        _ => {}
    }
}

#[on("crm.engagement.*")]
async fn any_of_an_object(_event: Event<crm::AnyEvent>) {}

#[on("crm.user.pulled")]
async fn any_of_one(_event: Event<crm::AnyEvent>) {}

#[on("*")]
async fn any_of_all(_event: Event<ticketing::AnyEvent>) {}

#[on("crm.salesforce.passthrough")]
async fn any_that_is_no_event(_event: Event<crm::AnyEvent>) {}

#[on("crm.hubspot.passthrough")]
async fn answered(_answer: Event<PassthroughRetryResult>) {}

#[on("crm.custom.happened", unlisted)]
async fn unlisted(_contact: Event<crm::Contact>) {}

#[on("accounting.*")]
async fn nothing_sends_these(_contact: Event<crm::Contact>) {}

#[deprecated]
#[derive(serde::Deserialize)]
struct Old;

#[on("crm.user.created")]
#[allow(deprecated)]
async fn deprecated(_old: Event<Old>) {}

type Alias = Event<Vec<ticketing::TicketRow>>;

#[on("ticketing.ticket.pulled")]
async fn alias(_: Alias) {}

macro_rules! hook {
    ($name:ident, $event:literal, $ty:ty) => {
        #[on($event)]
        async fn $name(_payload: Event<$ty>) {}
    };
}

hook!(by_macro, "ticketing.tag.pulled", Vec<ticketing::TagRow>);

fn main() {
    #[on("ticketing.ticket.created")]
    async fn inside(_ticket: Event<ticketing::Ticket>) {}

    let webhooks = Webhooks::new(Verifier::new("secret").unwrap()).hooks(hooks![
        connected,
        contact_created,
        contacts_pulled,
        nothing,
        boxed,
        alike,
        own_type,
        own_wrapper,
        own_collection,
        value,
        any_of_a_vertical,
        any_of_an_object,
        any_of_one,
        any_of_all,
        any_that_is_no_event,
        answered,
        deprecated,
        unlisted,
        nothing_sends_these,
        alias,
        by_macro,
        inside,
    ]);
    assert!(webhooks.scopes().contains(&"crm.custom.happened"));
}
