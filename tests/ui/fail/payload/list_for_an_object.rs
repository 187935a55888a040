use panora_hooks::{Event, Verifier, Webhooks, hooks, models::crm::Contact, on};

#[on("crm.contact.created")]
async fn contact_created(Event(_contacts): Event<Option<Vec<Contact>>>) {}

fn main() {
    let _ = Webhooks::new(Verifier::new("secret").unwrap()).hooks(hooks![contact_created]);
}
