use panora_hooks::{Verifier, Webhooks, hooks, on};
use axum::extract::Path;

#[on("crm.contact.created")]
async fn contact_created(_: Path<String>) {}

fn main() {
    let _ = Webhooks::new(Verifier::new("secret").unwrap()).hooks(hooks![contact_created]);
}
