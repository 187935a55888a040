use panora_hooks::{Event, Verifier, Webhooks, hooks, on};

struct Contact;

#[on("crm.contact.created")]
async fn contact_created(Event(_contact): Event<Contact>) {}

fn main() {
    let _ = Webhooks::new(Verifier::new("secret").unwrap()).hooks(hooks![contact_created]);
}
