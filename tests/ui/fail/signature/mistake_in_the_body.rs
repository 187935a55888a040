use panora_hooks::{Event, Verifier, Webhooks, hooks, on};

#[on("crm.contact.created")]
async fn contact_created(Event(name): Event<String>) {
    let _length: usize = name;
}

fn main() {
    let _ = Webhooks::new(Verifier::new("secret").unwrap()).hooks(hooks![contact_created]);
}
