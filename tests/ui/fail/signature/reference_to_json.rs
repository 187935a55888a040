use panora_hooks::{Verifier, Webhooks, hooks, on};

#[derive(serde::Deserialize)]
struct Contact {}
use axum::Json;

#[on("crm.contact.created")]
async fn contact_created(_: &Json<Contact>) {}

fn main() {
    let _ = Webhooks::new(Verifier::new("secret").unwrap()).hooks(hooks![contact_created]);
}
