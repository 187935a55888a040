use panora_hooks::{Event, Verifier, Webhooks, hooks, models::crm::Company, on};

#[on("crm.contact.created")]
async fn contact_created(Event(_company): Event<Company>) {}

fn main() {
    let _ = Webhooks::new(Verifier::new("secret").unwrap()).hooks(hooks![contact_created]);
}
