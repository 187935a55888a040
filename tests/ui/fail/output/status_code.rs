use panora_hooks::{Verifier, Webhooks, hooks, on};
use axum::http::StatusCode;

#[on("crm.contact.created")]
async fn contact_created() -> StatusCode {
    StatusCode::OK
}

fn main() {
    let _ = Webhooks::new(Verifier::new("secret").unwrap()).hooks(hooks![contact_created]);
}
