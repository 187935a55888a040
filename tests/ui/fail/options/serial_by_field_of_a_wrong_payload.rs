use panora_hooks::{Event, Verifier, Webhooks, hooks, models::crm::Company, on};

#[on("crm.contact.created", serial_by = "/first_name")]
async fn contact_created(_company: Event<Company>) {}

fn main() {
    let _ = Webhooks::new(Verifier::new("secret").unwrap()).hooks(hooks![contact_created]);
}
