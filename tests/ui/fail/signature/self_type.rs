use panora_hooks::{Event, Verifier, Webhooks, hooks, on};

#[on("crm.contact.created")]
async fn contact_created(_: Event<Self>) {}

fn main() {
    let _ = Webhooks::new(Verifier::new("secret").unwrap()).hooks(hooks![contact_created]);
}
