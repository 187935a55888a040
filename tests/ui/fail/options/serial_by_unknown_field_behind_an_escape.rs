use panora_hooks::{Event, Verifier, Webhooks, hooks, models::crm::Contact, on};

#[on("crm.contact.created", serial_by = "/user~1id")]
async fn contact_created(_contact: Event<Contact>) {}

fn main() {
    let _ = Webhooks::new(Verifier::new("secret").unwrap()).hooks(hooks![contact_created]);
}
