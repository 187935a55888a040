use panora_hooks::{Event, Verifier, Webhooks, hooks, models::crm::Contact, on};

#[on("crm.contact.*")]
async fn contact(Event(_contact): Event<Contact>) {}

fn main() {
    let _ = Webhooks::new(Verifier::new("secret").unwrap()).hooks(hooks![contact]);
}
