use panora_hooks::{Event, Verifier, Webhooks, hooks, models::crm::Contact, on};

#[on("ticketing.contact.pulled")]
async fn contacts_pulled(Event(_rows): Event<Vec<panora_hooks::models::crm::ContactRow>>) {}

#[on("ticketing.contact.created")]
#[allow(deprecated)]
async fn contact_created(Event(_contact): Event<Contact>) {}

fn main() {
    let _ = Webhooks::new(Verifier::new("secret").unwrap()).hooks(hooks![contacts_pulled, contact_created]);
}
