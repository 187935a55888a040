use panora_hooks::{Event, Verifier, Webhooks, hooks, models::crm::Company, on};

type Payload = Event<Company>;

#[on("crm.contact.created")]
async fn contact_created(_: Payload) {}

fn main() {
    let _ = Webhooks::new(Verifier::new("secret").unwrap()).hooks(hooks![contact_created]);
}
