use panora_hooks::{Event, Verifier, Webhooks, hooks, models::crm::ContactRow, on};

#[on("crm.contact.pulled")]
async fn contacts_pulled(Event(_rows): Event<Vec<Vec<ContactRow>>>) {}

fn main() {
    let _ = Webhooks::new(Verifier::new("secret").unwrap()).hooks(hooks![contacts_pulled]);
}
