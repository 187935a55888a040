use panora_hooks::{Event, Verifier, Webhooks, hooks, on};

#[on("crm.contact.created")]
fn contact_created<T>(_: &str, _: impl Send, _: Event<T>, _: Event<T>) {}

fn main() {
    let _ = Webhooks::new(Verifier::new("secret").unwrap()).hooks(hooks![contact_created]);
}
