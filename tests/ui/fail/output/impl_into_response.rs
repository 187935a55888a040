use panora_hooks::{Verifier, Webhooks, hooks, on};
use axum::response::IntoResponse;

#[on("crm.contact.created")]
async fn contact_created() -> impl IntoResponse {}

fn main() {
    let _ = Webhooks::new(Verifier::new("secret").unwrap()).hooks(hooks![contact_created]);
}
