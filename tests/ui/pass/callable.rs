// A hook is still the function that it was.
#![deny(warnings)]

use panora_hooks::{Event, Verifier, Webhooks, hooks, on};

#[on("crm.contact.created")]
async fn contact_created(Event(name): Event<String>) -> Result<(), std::fmt::Error> {
    if name.is_empty() { Err(std::fmt::Error) } else { Ok(()) }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let _ = Webhooks::new(Verifier::new("secret").unwrap()).hooks(hooks![contact_created]);
    assert!(contact_created(Event("Ada".to_owned())).await.is_ok());
    let as_a_value: fn(_) -> _ = contact_created;
    assert!(as_a_value(Event(String::new())).await.is_err());
}
