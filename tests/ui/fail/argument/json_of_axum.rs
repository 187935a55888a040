use panora_hooks::{Verifier, Webhooks, hooks, on};
use axum::Json;

#[on("crm.contact.created")]
async fn contact_created(_: Json<String>) {}

fn main() {
    let _ = Webhooks::new(Verifier::new("secret").unwrap()).hooks(hooks![contact_created]);
}
